"""Keeping a dispatcher's workers at their number: hiring, hearing them, and burying them with what they left."""

from __future__ import annotations

import logging
import selectors
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rota.engine.crew import Crew, Hand, Held
from rota.engine.nursery import Dead
from rota.engine.report import Report
from rota.engine.roster import Roster
from rota.engine.watch import FENCED, Watch
from rota.store.views import WorkerRow

log = logging.getLogger("rota.dispatcher")

FIRST_DELAY_SECONDS, LAST_DELAY_SECONDS = 0.2, 10.0
#: A worker that has waited for work for so long did start, whatever kills it then.
STARTED_SECONDS = 1.0


@dataclass(slots=True)
class Starts:
    """When the next worker may be made: those that die as they start are replaced more and more slowly."""

    failed: int = 0  #: how many of them, one after the other
    next_at: float = 0.0  #: seconds, monotonic

    def note_death(self, now: float, *, lived: float, was_useful: bool) -> None:
        """A worker died after `lived` seconds. `was_useful`: it ended as it should, or had been given work."""
        if was_useful or lived >= STARTED_SECONDS:
            self.failed = 0
            return
        self.next_at = now + min(FIRST_DELAY_SECONDS * 2**self.failed, LAST_DELAY_SECONDS)
        self.failed += 1


class Staff:
    """The workers' births and deaths. What they say goes to `hear`, how their jobs ended to `end`."""

    def __init__(
        self,
        crew: Crew,
        watch: Watch,
        sites: Roster,
        selector: selectors.BaseSelector,
        size: int,
        *,
        hear: Callable[[Hand, Sequence[Any]], None],
        end: Callable[[Held, Report], None],
    ) -> None:
        """`size`: how many workers there should be."""
        self._crew = crew
        self._watch = watch
        self._sites = sites
        self._selector = selector
        self._size = size
        self._hear = hear
        self._end = end
        self._dead: list[tuple[Hand, Dead]] = []
        self.starts = Starts()

    def hire(self, now: float, born_at: int) -> bool:
        """Make the workers that are missing; whether there were any. `born_at`: microseconds."""
        if now < self.starts.next_at:
            return False
        missing = self._size - sum(1 for hand in self._crew if hand.is_open)
        for _ in range(missing):
            hand = self._crew.hire(born_at)
            self._selector.register(hand.reports, selectors.EVENT_READ, lambda _, hand=hand: self._hear_hand(hand))
        return missing > 0

    def _hear_hand(self, hand: Hand) -> None:
        for values in self._crew.read(hand):
            self._hear(hand, values)

    def note_deaths(self) -> None:
        """Hear of births and deaths; the dead are buried once all have been heard.

        Raises:
            NurseryGone: no worker can be made any more.
        """
        self._dead += [(hand, dead) for hand, dead in self._crew.events() if dead is not None]

    def bury_the_dead(self) -> None:
        """Bury the workers that have died since the last call."""
        dead, self._dead = self._dead, []
        for hand, how in dead:
            self._bury(hand, how)

    def _bury(self, hand: Hand, dead: Dead) -> None:
        """Record what a dead worker left: its reports first, then what it had begun; the rest is handed out again."""
        for values in self._crew.read_all(hand):
            self._hear(hand, values)
        self._watch.take_back(hand)
        for serial, held in hand.held.items():
            if not (hand.doomed == FENCED and self._sites.stir(held.site).is_lost(held)):
                self._end(held, self._watch.post_mortem(hand, dead, serial, held))
        if dead.status or hand.doomed:
            log.warning("worker %d %s%s", dead.pid, dead.cause, f" ({hand.doomed})" if hand.doomed else "")
        was_useful = dead.status == 0 or bool(hand.finished or hand.failed or hand.held or hand.doomed)
        now = time.monotonic()
        self.starts.note_death(now, lived=now - hand.spawned_at, was_useful=was_useful)
        self._selector.unregister(hand.reports)
        self._crew.bury(hand)

    # --- being seen ---

    def rows(self, site: str) -> list[WorkerRow]:
        """The workers, as a site may see them."""
        return [self._row(hand, site) for hand in self._crew if hand.pid]

    def _row(self, hand: Hand, site: str) -> WorkerRow:
        running = [hand.held[serial] for serial in hand.slate.running() if serial in hand.held]
        ours = [held.claim.key for held in running if held.site == site]
        return WorkerRow(
            pid=hand.pid,
            state="busy" if running else "idle",
            born_at=hand.born_at,
            key=ours[0] if ours else None,
            finished=hand.finished,
            failed=hand.failed,
            busy=hand.busy,
        )
