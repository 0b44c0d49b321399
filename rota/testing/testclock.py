"""A clock that a test moves: the machine's time until then, and where the test has put it from there on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo

from rota.clock import SystemClock


class TestClock:
    """Runs with the machine's clock, `ahead` of it, or stands still. Waiting moves it and takes no time."""

    __test__ = False

    def __init__(self) -> None:
        self._machine = SystemClock()
        self.reset()

    def reset(self) -> None:
        """Back to the machine's time."""
        self._ahead = timedelta()
        self._slept = 0.0
        self._stands_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether only the test moves it."""
        return self._stands_at is not None

    def now(self) -> datetime:
        return self._stands_at or self._machine.now() + self._ahead

    def monotonic(self) -> float:
        """The machine's, and what was slept: leases are no part of what a test moves."""
        return self._machine.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += seconds
        self.move_to(self.now() + timedelta(seconds=seconds))

    def move_to(self, moment: datetime) -> None:
        """Make it `moment` now."""
        if self._stands_at is not None:
            self._stands_at = moment.astimezone(UTC)
        else:
            self._ahead += moment - self.now()

    @contextmanager
    def standing_at(self, moment: datetime) -> Iterator[None]:
        """Stand at a moment inside the block; afterwards it is as late as it was before."""
        before, self._stands_at = self._stands_at, moment.astimezone(UTC)
        try:
            yield
        finally:
            self._stands_at = before


def moment_of(when: datetime | str, zone: tzinfo) -> datetime:
    """An aware moment from a datetime or an ISO text; without an offset of its own it is in `zone`.

    A time that the zone skips in spring is the one that many minutes after the change; of one that comes twice in
    autumn, it is the first.
    """
    moment = datetime.fromisoformat(when) if isinstance(when, str) else when
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)
