"""A dispatcher's token in one site's store, and its lease there: for as long as that lasts, its claims are its own."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from random import Random

from rota.engine.identity import Identity
from rota.store import BeatResult, ClaimRef, Turn
from rota.store.views import WorkerRow

BEAT_SECONDS = 2.0
# With no claims there is nothing to lose by a long lease, and an idle site should cost nothing. Where the store is a
# file, all dispatchers are on this machine, where a death is seen without one.
IDLE_BEAT_SECONDS = {"sqlite": 300.0, "postgresql": 60.0}
IDLE_LEASES_A_BEAT = 2.5
# How often claims are looked for that nobody was told of. Under an old snapshot PostgreSQL walks all dead rows for it:
# only in the first minute after a transaction whose end is not known it is done at each beat.
UNSENT_SECONDS = 60.0


class Lease:
    """Registered at the first beat. What it must not forget when a transaction fails, `retry` sets right."""

    def __init__(
        self, *, identity: Identity, queues: Sequence[str], seconds: float, rows: Callable[[], list[WorkerRow]]
    ) -> None:
        """`seconds`: for how long it is given while there are claims. `rows` tells of the workers at each beat."""
        self._identity = identity
        self._queues = list(queues)
        self._seconds = seconds
        self._rows = rows
        self._random = Random()  # noqa: S311 - spreads beats, guards nothing
        self.token = ""
        self.beat_at = 0.0  #: seconds, monotonic
        self._is_idle = False
        self._unsent_at = 0.0
        self._unsure_until = 0.0

    @property
    def next_at(self) -> float:
        """When the next beat is due: seconds, monotonic; never before it is registered."""
        return self.beat_at if self.token else float("inf")

    def beat(
        self, turn: Turn, now: float, held: Collection[ClaimRef], *, claims: bool, dialect: str
    ) -> BeatResult | None:
        """Register, or renew the lease if it is time; what the store told then. `claims`: this turn is to claim."""
        busy, idle, told = bool(held) or claims, IDLE_BEAT_SECONDS[dialect], None
        seconds = self._seconds if busy else idle * IDLE_LEASES_A_BEAT
        if not self.token:
            self.token = secrets.token_hex(16)
            self._unsent_at = now + UNSENT_SECONDS  # nothing was ever claimed under it
            identity = self._identity
            turn.register(self.token, host=identity.host, pid=identity.pid, boot_id=identity.birth,
                          queues=self._queues, lease=seconds)  # fmt: skip
        elif now >= self.beat_at or (busy and self._is_idle):
            told = self._renew(turn, now, seconds, held)
        else:
            return None
        self._is_idle = not busy
        # Spread: many sites begin at the same moment, and their beats in a row would hold up what is due elsewhere.
        pause = min(BEAT_SECONDS, self._seconds / 4) if busy else idle * self._random.uniform(0.5, 1)
        self.beat_at = now + pause
        turn.workers(self.token, self._rows())
        return told

    def _renew(self, turn: Turn, now: float, seconds: float, held: Collection[ClaimRef]) -> BeatResult:
        told = turn.beat(self.token, seconds, list(held))
        if told.alive and (now < self._unsure_until or now >= self._unsent_at):
            turn.unsent(self.token, list(held))
            self._unsent_at = now + UNSENT_SECONDS
        return told

    def retry(self, now: float, at: float) -> None:
        """A transaction failed at `now`: beat again at `at`.

        A commit that did not answer may happen later, and the look for it itself may have been rolled back.
        """
        self.beat_at = at
        self._unsent_at, self._unsure_until = 0.0, now + UNSENT_SECONDS

    def lapse(self) -> None:
        """It was taken away, or never given: the next beat registers anew."""
        self.token = ""
