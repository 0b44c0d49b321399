"""Where time comes from. Everything that looks at a clock is given one, so that tests can move it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """The wall clock (aware UTC), a clock that never steps, and a way to wait."""

    def now(self) -> datetime:
        """The time of day, aware, in UTC. It may step in either direction."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never steps, and counts while the machine is suspended."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FixedClock:
    """A clock that stands still until it is told to move. `sleep` moves it."""

    def __init__(self, now: datetime = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)) -> None:
        if now.tzinfo is None:
            raise ValueError("FixedClock takes an aware time")
        self._now = now.astimezone(UTC)
        self._monotonic = 1000.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.advance(seconds=seconds)

    def advance(self, delta: timedelta | None = None, *, seconds: float = 0) -> None:
        """Move both clocks forward."""
        step = (delta or timedelta()) + timedelta(seconds=seconds)
        with self._lock:
            self._now += step
            self._monotonic += step.total_seconds()

    def step_to(self, now: datetime) -> None:
        """Step the wall clock alone, as an administrator or NTP would."""
        self._now = now.astimezone(UTC)


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970 in UTC: how the engine's tables keep a moment. Takes aware times only."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone")
    return (moment - EPOCH) // MICROSECOND


def from_micros(micros: int) -> datetime:
    """The aware UTC time of a stored moment."""
    return EPOCH + timedelta(microseconds=micros)
