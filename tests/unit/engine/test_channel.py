"""A job's alarm: its time limit strikes between two of its steps, and never within a commit."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from rota.engine import channel
from rota.engine.channel import Alarm
from tests.support.waiting import wait_until

HOUR = 3600.0


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The alarm's clock, in seconds: its only item."""
    time = [1000.0]
    monkeypatch.setattr(channel, "time", SimpleNamespace(monotonic=lambda: time[0]))
    return time


@pytest.fixture
def alarm(now: list[float]) -> Iterator[Alarm]:
    before = signal.getsignal(signal.SIGALRM)
    made = Alarm()
    yield made
    made.stop()
    signal.signal(signal.SIGALRM, before)


def test_what_strikes_inside_a_block_is_called_after_the_outermost_one(alarm: Alarm, now: list[float]) -> None:
    called: list[str] = []
    alarm.set("timeout", HOUR, lambda: called.append("timeout"))
    with alarm:
        now[0] += HOUR
        with alarm:
            signal.raise_signal(signal.SIGALRM)
        assert called == []
    wait_until(lambda: called == ["timeout"])


def test_what_is_set_inside_a_block_is_called_after_it(alarm: Alarm) -> None:
    called: list[str] = []
    with alarm:
        alarm.set("flush", 0.0, lambda: called.append("flush"))
    wait_until(lambda: called == ["flush"])


def test_what_was_cleared_is_not_called(alarm: Alarm, now: list[float]) -> None:
    called: list[str] = []
    alarm.set("timeout", HOUR, lambda: called.append("timeout"))
    alarm.clear("timeout")
    now[0] += HOUR
    signal.raise_signal(signal.SIGALRM)
    assert called == []
