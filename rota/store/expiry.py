"""Take claims from dispatchers whose lease is over: X1 and X2 of three steps, the third is `Turn.expire`.

A lease that is over proves nothing about the worker. So before its claim is given to anybody else, the claim's fence is
raised: from then on it can commit no more, whether its worker is dead, frozen, or about to come back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from rota.clock import Clock
from rota.db import Connection
from rota.errors import StoreBusy
from rota.store.words import LostClaim
from rota.store.work import Work

AT_ONCE = 1000
# Looks between two searches for claims under tokens that nobody knows: they come from restores only.
ORPHANS_EVERY = 60
# A look that comes this much later than a beat was held up, and whoever renews leases may have been, too.
STALLED = 2.5


class Expiry:
    """One maintainer's view of others' leases. Any number of them may work at once."""

    def __init__(
        self,
        *,
        reading: Callable[[], AbstractContextManager[Work]],
        changing: Callable[[], AbstractContextManager[Work]],
        site: Callable[[], AbstractContextManager[Connection]] | None,
        raise_fence: str,
        clock: Clock,
        beat: float,
    ) -> None:
        self._reading = reading
        self._changing = changing
        self._site = site
        self._raise_fence = raise_fence
        self._clock = clock
        self._beat = beat
        self._last_look: float | None = None
        self._looks = 0
        self._boot_id = boot_id() if site is not None else ""

    def lost(self) -> list[LostClaim]:
        """Claims whose dispatcher's lease is over (X1); none at the first look after being held up itself."""
        now, last = self._clock.monotonic(), self._last_look
        self._last_look = now
        if last is None or now - last > STALLED * self._beat:
            return []
        with self._reading() as work:
            tokens = self._expired(work)
            look_for_orphans = self._looks % ORPHANS_EVERY == 0
            self._looks += 1
            if not tokens and not look_for_orphans:
                return []
            with work.scanning():
                rows = work.rows("started_by", tokens=work.list(tokens), orphans=look_for_orphans, limit=AT_ONCE)
            return [_lost(row) for row in rows]

    def _expired(self, work: Work) -> list[str]:
        return [row[0] for row in work.rows("expired", now=work.lease_now, boot_id=self._boot_id)]

    def raise_fence(self, lost: Sequence[LostClaim]) -> list[LostClaim]:
        """Shut these claims out (X2): those that can commit no more now. While site.db is being written: none."""
        if self._site is None or not lost:
            return list(lost)
        rows = [{"key": one.key, "claim": one.number} for one in lost]
        try:
            with self._site() as connection, connection.transaction():
                connection.run_many(self._raise_fence, rows)
        except StoreBusy:
            return []
        return list(lost)

    def forget(self) -> int:
        """Delete dispatchers whose lease is over and that hold nothing any more; how many."""
        with self._reading() as work:
            if not self._expired(work):
                return 0
        with self._changing() as work:
            with work.scanning():
                empty = [token for token in self._expired(work) if work.value("started_of", token=token) is None]
            for token in empty:
                work.run("drop_workers", token=token)
                work.run("drop_dispatcher", token=token)
        return len(empty)


def _lost(row: Sequence[object]) -> LostClaim:
    names = ("key", "number", "id", "root", "method", "queue", "user", "attempt", "crashes", "failures")
    return LostClaim(**dict(zip((*names, "token", "host", "body"), row, strict=True)))  # type: ignore[arg-type]


def boot_id() -> str:
    """Which boot of the machine this is: leases on SQLite count by a clock that begins with it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
