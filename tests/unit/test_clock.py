"""The clocks: the system's are the machine's, the fixed one moves only when told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.clock import EPOCH, Clock, FixedClock, SystemClock, from_micros, to_micros

BERLIN_SUMMER = timezone(timedelta(hours=2))


def test_the_system_clock_gives_aware_utc() -> None:
    before = time.time()
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert before <= now.timestamp() <= time.time()


def test_the_system_clock_counts_while_the_machine_is_suspended() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_the_system_clock_sleeps_for_real() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.002)
    assert clock.monotonic() - before >= 0.002


def test_a_fixed_clock_stands_still(clock: FixedClock) -> None:
    assert (clock.now(), clock.monotonic()) == (clock.now(), clock.monotonic())


def test_a_fixed_clock_starts_on_a_monday_at_noon_utc(clock: FixedClock) -> None:
    assert clock.now() == datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "step",
    [
        lambda clock: clock.advance(timedelta(seconds=90)),
        lambda clock: clock.advance(seconds=90),
        lambda clock: clock.advance(timedelta(minutes=1), seconds=30),
        lambda clock: clock.sleep(90),
    ],
    ids=["timedelta", "seconds", "both", "sleep"],
)
def test_advancing_moves_both_clocks(clock: FixedClock, step: object) -> None:
    now, monotonic = clock.now(), clock.monotonic()
    step(clock)
    assert clock.now() - now == timedelta(seconds=90)
    assert clock.monotonic() - monotonic == 90


def test_a_step_of_the_wall_clock_leaves_the_monotonic_one_alone(clock: FixedClock) -> None:
    monotonic = clock.monotonic()
    clock.step_to(datetime(2025, 7, 1, 12, 0, tzinfo=BERLIN_SUMMER))
    assert clock.now() == datetime(2025, 7, 1, 10, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() == monotonic


def test_a_fixed_clock_tells_utc_whatever_zone_it_was_given() -> None:
    clock = FixedClock(datetime(2026, 7, 1, 12, 0, tzinfo=BERLIN_SUMMER))
    assert clock.now().isoformat() == "2026-07-01T10:00:00+00:00"


def test_a_fixed_clock_refuses_a_naive_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        FixedClock(datetime(2026, 1, 5))


@pytest.mark.parametrize("clock", [SystemClock(), FixedClock()], ids=["system", "fixed"])
def test_both_are_clocks(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta()
    assert isinstance(clock.monotonic(), float)


@given(st.datetimes(timezones=st.timezones()))
def test_a_moment_survives_its_way_through_the_tables(moment: datetime) -> None:
    stored = from_micros(to_micros(moment))
    assert stored == moment.astimezone(UTC)
    assert stored.tzinfo is UTC


def test_a_stored_moment_is_in_microseconds_since_1970() -> None:
    assert to_micros(EPOCH + timedelta(seconds=1, microseconds=5)) == 1_000_005
    assert to_micros(EPOCH - timedelta(microseconds=1)) == -1


def test_a_naive_moment_is_never_stored() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        to_micros(datetime(2026, 1, 5))
