"""All sites that a dispatcher serves: which are awake, when each is to be looked at, which have come or gone.

A site sleeps when nothing goes on there; sleeping sites cost a round of the loop nothing, so a bench may have many.
"""

from __future__ import annotations

import logging
import selectors
import time
from collections.abc import Callable, Iterator, Mapping

from rota.engine.frozen import FrozenWriters
from rota.engine.holdings import Holdings
from rota.errors import StoreError
from rota.store import Store
from rota.store.notify import LOOK_AGAIN_SECONDS

log = logging.getLogger("rota.dispatcher")

Sites = Callable[[], Mapping[str, Callable[[], Store]]]

SITES_SECONDS = 30.0
# Looks at sleeping sites are made several at once, so that the process itself wakes up seldom.
TICK_SECONDS = 0.5
LOOK_SECONDS = 5.0
# With many sites each is looked at less often; no more seldom than this, as a store takes a longer pause for a sleep
# of our own, and then calls nobody lost.
LONGEST_LOOK_SECONDS = 10.0
LOOKS_A_SECOND = 20.0


class Roster:
    """The sites by name. What is asked for by `stir` is awake until it has nothing more to do."""

    def __init__(
        self,
        sites: Sites,
        make: Callable[[str, Callable[[], Store]], Holdings],
        selector: selectors.BaseSelector,
        *,
        frozen: FrozenWriters,
    ) -> None:
        self._sites = sites
        self._make = make
        self._selector = selector
        self._frozen = frozen
        self._locks_at = 0.0
        self._all: dict[str, Holdings] = {}
        self.awake: dict[str, Holdings] = {}
        self._sites_at = 0.0
        self._tick_at = 0.0
        self._timer_at = float("inf")
        self._order: list[str] = []
        self._again: dict[str, float] = {}

    def __iter__(self) -> Iterator[Holdings]:
        return iter(list(self._all.values()))

    def __bool__(self) -> bool:
        return bool(self._all)

    def stir(self, name: str) -> Holdings:
        """The site of that name, which has something to do now."""
        one = self.awake[name] = self._all[name]
        return one

    def wake(self, name: str) -> Holdings | None:
        """Somebody says that there is something new; a site that is not known is looked for."""
        if name not in self._all:
            self._sites_at = 0.0
            return None
        one = self.stir(name)
        one.wake()
        return one

    def wake_all(self) -> None:
        for name in self._all:
            self.wake(name)

    def wants_round_at(self) -> float:
        """When sleeping sites want attention next: seconds, monotonic."""
        return min(self._sites_at, self._tick_at, self._timer_at, *self._again.values())

    def tick(self, now: float) -> None:
        """Find new sites, wake those whose time has come, and look at some that sleep."""
        if now >= self._sites_at:
            self._sites_at = now + SITES_SECONDS
            self._find()
        if now >= self._timer_at:
            self._wake_due(now)
        for name in [name for name, moment in self._again.items() if moment <= now]:
            del self._again[name]
            self.wake(name)
        if now >= self._tick_at:
            self._look_at_some(now)

    def look(self, now: float) -> None:
        """See when the next scheduled job comes due, where one may have been added; maintain what has just come up."""
        for one in self.awake.values():
            if one.unmaintained:
                one.maintain(now)
            if one.due_unknown:
                one.look(now)
                self._listen(one, now)

    def rest(self, now: float) -> None:
        """Let those sleep that have nothing to do until their own next moment."""
        for name, one in list(self.awake.items()):
            if one.may_sleep():
                del self.awake[name]
                self._timer_at = min(self._timer_at, one.next_at(now))

    def maintain_all(self) -> None:
        """Another process of this machine has died: see what it left."""
        now = time.monotonic()
        for name in self._all:
            self.stir(name).maintain(now)

    def leave(self) -> None:
        for one in self:
            one.leave()

    def _wake_due(self, now: float) -> None:
        self._timer_at = float("inf")
        for name, one in self._all.items():
            if name in self.awake:
                continue
            moment = one.next_at(now)
            if moment <= now:
                self.stir(name)
            else:
                self._timer_at = min(self._timer_at, moment)

    def _look_at_some(self, now: float) -> None:
        if not self._all:
            self._tick_at = self._sites_at
            return
        interval = min(max(LOOK_SECONDS, len(self._all) / LOOKS_A_SECOND), LONGEST_LOOK_SECONDS)
        count = max(1, round(len(self._all) * TICK_SECONDS / interval))
        self._tick_at = now + interval * count / len(self._all)
        for _ in range(count):
            self._look_at_next(now)
        if now >= self._locks_at:
            # Once for all sites: the system lists the locks of all files at once.
            self._locks_at = now + LOOK_SECONDS
            self._frozen.look([file for one in self for file in one.files], now)

    def _look_at_next(self, now: float) -> None:
        self._order = self._order or list(self._all)
        name = self._order.pop()
        if name not in self._all or self._all[name].is_at_rest(now):
            return
        one = self.stir(name)
        one.look(now)
        one.maintain(now)
        self._listen(one, now)

    def _listen(self, one: Holdings, now: float) -> None:
        listener = one.listen(now)
        if listener is not None:
            self._selector.register(listener, selectors.EVENT_READ, lambda _: self._hear(one))

    def _hear(self, one: Holdings) -> None:
        """Its database says that something is there."""
        listener = one.listener
        if listener is None:
            return
        try:
            listener.drain()
        except StoreError as error:
            log.warning("%s: does not hear from its database any more: %s", one.name, error)
            self._selector.unregister(listener)
            one.stop_listening()
        # A sender that has just said something commits more without a word.
        self._again[one.name] = time.monotonic() + LOOK_AGAIN_SECONDS
        self.wake(one.name)

    def _find(self) -> None:
        openers = self._sites()
        for name, opener in openers.items():
            if name not in self._all:
                self._all[name] = self._make(name, opener)
                self.stir(name)
        for name in [name for name, one in self._all.items() if name not in openers and not one.held]:
            one = self._all.pop(name)
            self.awake.pop(name, None)
            if one.listener is not None:
                self._selector.unregister(one.listener)
            one.leave()
