"""Which jobs to claim, and which worker gets which: short ones several at once, slow or unknown ones alone."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable

from rota.engine.crew import Crew, Hand, Held
from rota.engine.holdings import Holdings
from rota.engine.pace import HORIZON_SECONDS, Pace
from rota.engine.settings import DispatcherSettings
from rota.engine.watch import PATIENCE_SECONDS
from rota.store import Want

# Jobs of a queue with a longer default timeout never hold all workers.
LONG_TIMEOUT_SECONDS = 600.0
SLOW = float("inf")
# How much a turn's time counts in the average of all.
WEIGHT = 0.2
# A worker whose job should be over so soon has the next one claimed ahead, and such a claim waits no longer for it.
AHEAD_SECONDS = 0.2


class HandOut:
    """Shares the workers of one host among sites and queues."""

    def __init__(self, crew: Crew, pace: Pace, settings: DispatcherSettings) -> None:
        self._crew = crew
        self._pace = pace
        self._settings = settings
        self._turn_seconds = 0.0
        self._horizon = HORIZON_SECONDS  #: seconds of work that a worker may have
        self._long = [name for name, timeout in settings.queues.items() if timeout > LONG_TIMEOUT_SECONDS]
        self._turn = 0
        #: queues that may not have all workers
        self.capped = frozenset(self._long) | settings.limits.keys()

    def note_turn(self, seconds: float) -> None:
        """A turn took so long: a worker must have enough to do until the next one."""
        self._turn_seconds += WEIGHT * (seconds - self._turn_seconds)
        self._horizon = max(HORIZON_SECONDS, 2 * self._turn_seconds)

    # --- claiming ---

    def room(self, sites: Iterable[Holdings], hungry: Collection[Holdings]) -> int:
        """How many more claims the workers can take."""
        horizon = self._horizon
        depth = max((self._pace.depth(one.name, horizon) for one in hungry), default=0)
        room = -sum(len(one.waiting) for one in sites)
        for hand in self._crew:
            if hand.is_open and hand.runs_async:
                room += max(0, self._settings.worker.async_jobs - len(hand.held))
            elif hand.is_open and (not hand.held or hand.load < horizon):
                room += max(0, (1 if hand.is_new else max(1, depth)) - len(hand.held))
        return max(0, room + self._ahead(hungry))

    def _ahead(self, hungry: Collection[Holdings]) -> int:
        """How many may be claimed for workers that are still busy: none that another host or site has a worker for."""
        # The first one to be free would have to serve the other site.
        return self._free_soon() if len(hungry) == 1 and all(one.backlog for one in hungry) else 0

    def _free_soon(self) -> int:
        """How many workers are busy, and should be through with their one job in a moment."""
        now = time.monotonic()
        return sum(1 for hand in self._crew if self._is_free_soon(hand, now))

    def _is_free_soon(self, hand: Hand, now: float) -> bool:
        if not hand.is_open or hand.runs_async or len(hand.held) != 1 or hand.load < SLOW:
            return False
        (held,) = hand.held.values()
        seconds = self._pace.estimate(held.site, held.claim.method)
        # By what is usual, and by what is so: nothing is claimed ahead for a worker whose job turns out to be slow.
        return seconds is not None and seconds <= AHEAD_SECONDS and now - held.given_at <= AHEAD_SECONDS

    def patience(self) -> float:
        """How long a claim may wait for a worker before others get it: seconds."""
        short = any(hand.is_open and hand.load < SLOW for hand in self._crew)
        return AHEAD_SECONDS if short or self._free_soon() else PATIENCE_SECONDS

    def share(self, one: Holdings, room: int, hungry: Collection[Holdings]) -> int:
        """How many of them this site may have: no more than the others that are hungry."""
        if room <= 0 or one not in hungry:
            return 0
        share = min(room, -(-room // len(hungry)))
        if self._pace.depth(one.name, self._horizon) > 1:
            return share
        # Without a measure, or with slow jobs, only free workers count, and those that run others of their kind.
        free = sum(1 for hand in self._crew if hand.is_open and (not hand.held or hand.runs_async))
        free += self._ahead(hungry)
        return min(share, max(free, 1) if any(hand.runs_async for hand in self._crew) else free)

    def wants(self, sites: Iterable[Holdings], limit: int) -> list[Want]:
        """How many of each queue, in the queues' order, so that long ones leave a worker to the others."""
        counts: dict[str, int] = {}
        for one in sites:
            for ref, held in one.held.items():
                if ref not in one.ended:
                    counts[held.claim.queue] = counts.get(held.claim.queue, 0) + 1
        most = dict.fromkeys(self._settings.queues, limit) | self._most_long(counts)
        for name, allowed in self._settings.limits.items():
            if name in most:
                most[name] = min(most[name], max(0, allowed - counts.get(name, 0)))
        return [Want(name, min(limit, count)) for name, count in most.items() if count > 0]

    def _most_long(self, counts: dict[str, int]) -> dict[str, int]:
        """What is left for queues of long jobs; several share it, and take the odd one in turn."""
        workers, long = self._settings.workers, self._long
        if not long:
            return {}
        reserved = 1 if workers > 1 and len(long) < len(self._settings.queues) else 0
        left = max(0, workers - reserved - sum(counts.get(name, 0) for name in long))
        each, odd = divmod(left, len(long))
        self._turn += 1
        return {name: each + (1 if (number + self._turn) % len(long) < odd else 0) for number, name in enumerate(long)}

    # --- placing ---

    def place(self, held: Held) -> bool:
        """Give a claim to a worker, if there is one for it."""
        seconds = self._pace.estimate(held.site, held.claim.method)
        hand = self._choose(held, seconds)
        if hand is None or not self._crew.give(hand, held):
            return False
        alone = held.claim.crashes > 0 or hand.is_new or not self._pace.is_short(seconds)
        held.load = SLOW if alone or seconds is None else seconds
        held.given_at = time.monotonic()
        hand.load += held.load
        return True

    def _choose(self, held: Held, seconds: float | None) -> Hand | None:
        """A worker that runs others of an `async def` job, or a free one, or the one with least to do."""
        suspect = held.claim.crashes > 0
        if not suspect and self._pace.is_async(held.site, held.claim.method):
            for hand in self._crew:
                if hand.is_open and hand.runs_async and len(hand.held) < self._settings.worker.async_jobs:
                    return hand
        best: Hand | None = None
        for hand in self._crew:
            if hand.retiring or hand.doomed:
                continue
            if not hand.held:
                return hand
            if best is None or hand.load < best.load:
                best = hand
        if best is None or suspect or seconds is None or not self._pace.is_short(seconds):
            return None
        return best if best.load + seconds <= self._horizon else None
