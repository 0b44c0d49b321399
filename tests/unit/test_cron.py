"""Cron expressions mean what cron(8) says, through every change of the clocks."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rota.cron import Cron
from rota.errors import InvalidCron, UnknownTimeZone

MINUTE = timedelta(minutes=1)
FAST = 1.0  # seconds of processor time; a hundredth of it, but that garbage may be collected meanwhile

# Zone, and the first minute (UTC) of each new offset. Kolkata never changes: the control.
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, 1, 0)),  # 02:00 -> 03:00
    ("Europe/Berlin", datetime(2026, 10, 25, 1, 0)),  # 03:00 -> 02:00
    ("America/New_York", datetime(2026, 3, 8, 7, 0)),  # 02:00 -> 03:00
    ("America/New_York", datetime(2026, 11, 1, 6, 0)),  # 02:00 -> 01:00
    ("America/Santiago", datetime(2026, 4, 5, 3, 0)),  # 24:00 -> 23:00
    ("America/Santiago", datetime(2026, 9, 6, 4, 0)),  # 00:00 -> 01:00, at midnight
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0)),  # 02:00 -> 01:30, by half an hour
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, 30)),  # 02:00 -> 02:30
    ("Asia/Beirut", datetime(2026, 3, 28, 22, 0)),  # 00:00 -> 01:00
    ("Asia/Beirut", datetime(2026, 10, 24, 21, 0)),  # 24:00 -> 23:00
    ("Africa/Casablanca", datetime(2026, 2, 15, 2, 0)),  # 03:00 -> 02:00, as Ramadan begins
    ("Africa/Casablanca", datetime(2026, 3, 22, 2, 0)),  # 02:00 -> 03:00
    ("Asia/Kolkata", datetime(2026, 3, 29, 1, 0)),
]
ANY = range(60)
Matches = Callable[[datetime], bool]


def at(minutes: range | set[int], hours: range | set[int], weekdays: set[int] | None = None) -> Matches:
    """A wall clock's match, spelled out; Sunday is 0."""
    return lambda wall: (
        wall.minute in minutes and wall.hour in hours and (weekdays is None or wall.isoweekday() % 7 in weekdays)
    )


WILDCARD: list[tuple[str, Matches]] = [
    ("* * * * *", at(ANY, ANY)),
    ("*/5 * * * *", at(range(0, 60, 5), ANY)),
    ("17 * * * *", at({17}, ANY)),
    ("0/10 * * * *", at(range(0, 60, 10), ANY)),
    ("0 */2 * * *", at({0}, range(0, 24, 2))),
    ("* 2 * * *", at(ANY, {2})),
    ("* 3 * * *", at(ANY, {3})),
    ("*/7 1 * * *", at(range(0, 60, 7), {1})),
    ("*/20 0 * * *", at({0, 20, 40}, {0})),
    ("*/20 23 * * *", at({0, 20, 40}, {23})),
    ("*/30 * * * 0", at({0, 30}, ANY, {0})),
    ("*/10 0,1 * * SUN", at(range(0, 60, 10), {0, 1}, {0})),
]
FIXED: list[tuple[str, Matches]] = [
    ("30 2 * * *", at({30}, {2})),
    ("0 0 * * *", at({0}, {0})),
    ("30 0 * * *", at({30}, {0})),
    ("0 1 * * *", at({0}, {1})),
    ("45 1 * * *", at({45}, {1})),
    ("0 2 * * *", at({0}, {2})),
    ("15,45 1,2,3 * * *", at({15, 45}, {1, 2, 3})),
    ("0/15 2 * * *", at({0, 15, 30, 45}, {2})),
    ("59 23 * * *", at({59}, {23})),
    ("0 3 * * *", at({0}, {3})),
    ("0-59 0-23 * * *", at(ANY, ANY)),
    ("0 9-17 * * 1-5", at({0}, range(9, 18), {1, 2, 3, 4, 5})),
    ("30 0 * * 7", at({30}, {0}, {0})),
]


@functools.cache
def minutes_around(zone: str, change: datetime) -> list[tuple[datetime, datetime]]:
    """Each minute of the day around a change: as UTC, and as the clock on the wall shows it."""
    start = change.replace(tzinfo=UTC) - timedelta(hours=14)
    moments = [start + MINUTE * count for count in range(28 * 60)]
    return [(moment, moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for moment in moments]


def due_by_wall_clock(minutes: list[tuple[datetime, datetime]], matches: Matches) -> list[datetime]:
    return [moment for moment, wall in minutes if matches(wall)]


def due_once(minutes: list[tuple[datetime, datetime]], matches: Matches) -> list[datetime]:
    """What cron(8) does with fixed times: the first pass, and right after the gap if there is no pass."""
    due: set[datetime] = set()
    latest = minutes[0][1] - MINUTE
    for moment, wall in minutes:
        shown_anew = [latest + MINUTE * step for step in range(1, (wall - latest) // MINUTE + 1)]
        if any(map(matches, shown_anew)):
            due.add(moment)
        latest = max(latest, wall)
    return sorted(due)


def due_between(expression: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    def walk() -> Iterator[datetime]:
        moment = cron.next_after(start - MINUTE)
        while moment <= end:
            yield moment
            moment = cron.next_after(moment)

    cron = Cron.parse(expression, zone)
    return list(walk())


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize(("expression", "matches"), WILDCARD, ids=[text for text, _ in WILDCARD])
def test_a_wildcard_job_follows_the_wall_clock(zone: str, change: datetime, expression: str, matches: Matches) -> None:
    minutes = minutes_around(zone, change)
    due = due_between(expression, zone, minutes[0][0], minutes[-1][0])
    assert due == due_by_wall_clock(minutes, matches)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
@pytest.mark.parametrize(("expression", "matches"), FIXED, ids=[text for text, _ in FIXED])
def test_a_fixed_job_is_neither_lost_nor_doubled(
    zone: str, change: datetime, expression: str, matches: Matches
) -> None:
    minutes = minutes_around(zone, change)
    due = due_between(expression, zone, minutes[0][0], minutes[-1][0])
    assert due == due_once(minutes, matches)


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_every_five_minutes_is_every_five_minutes(zone: str, change: datetime) -> None:
    start = change.replace(tzinfo=UTC) - timedelta(hours=3)
    due = due_between("*/5 * * * *", zone, start, start + timedelta(hours=6))
    assert due == [start + MINUTE * 5 * count for count in range(73)]


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_half_past_two_comes_once_a_day(zone: str, change: datetime) -> None:
    tz = ZoneInfo(zone)
    start = change.replace(tzinfo=UTC) - timedelta(days=3)
    days = [due.astimezone(tz).date() for due in due_between("30 2 * * *", zone, start, start + timedelta(days=6))]
    assert days == sorted(set(days))
    assert len(days) == (days[-1] - days[0]).days + 1


@pytest.mark.parametrize(("zone", "change"), CHANGES)
def test_the_fixtures_are_real_changes(zone: str, change: datetime) -> None:
    tz = ZoneInfo(zone)
    new = change.replace(tzinfo=UTC)
    is_change = new.astimezone(tz).utcoffset() != (new - MINUTE).astimezone(tz).utcoffset()
    assert is_change == (zone != "Asia/Kolkata")


def test_a_skipped_time_runs_right_after_the_gap() -> None:
    due = Cron.parse("30 2 * * *", "Europe/Berlin").next_after(datetime(2026, 3, 28, 12, tzinfo=UTC))
    assert due == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_times_skipped_together_run_once() -> None:
    cron = Cron.parse("0,30 2,3 * * *", "Europe/Berlin")
    assert cron.upcoming(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), 3) == [
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
        datetime(2026, 3, 30, 0, 0, tzinfo=UTC),
    ]


def test_from_within_the_repeated_hour_a_fixed_job_waits_for_the_next_day() -> None:
    second_pass = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert Cron.parse("30 2 * * *", "Europe/Berlin").next_after(second_pass) == datetime(
        2026, 10, 26, 1, 30, tzinfo=UTC
    )


def test_fixed_seconds_come_once_in_the_repeated_hour_too() -> None:
    cron = Cron.parse("30 2 * * * 15", "Europe/Berlin")
    assert cron.upcoming(datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == [
        datetime(2026, 10, 25, 0, 30, 15, tzinfo=UTC),
        datetime(2026, 10, 26, 1, 30, 15, tzinfo=UTC),
    ]


def test_a_day_that_a_zone_left_out_is_made_up_for() -> None:
    # Samoa had no 30 December 2011.
    due = Cron.parse("30 2 * * *", "Pacific/Apia").next_after(datetime(2011, 12, 30, 0, tzinfo=UTC))
    assert due == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("* * * * * 0/30", ["00:00:30", "00:01:00", "00:01:30"]),
        ("* * * * * 0/5", ["00:00:05", "00:00:10", "00:00:15"]),
        ("*/2 * * * * 10", ["00:00:10", "00:02:10", "00:04:10"]),
        ("* * * * *", ["00:01:00", "00:02:00", "00:03:00"]),
        ("@hourly", ["01:00:00", "02:00:00", "03:00:00"]),
        (" 1-59/2   * * * * ", ["00:01:00", "00:03:00", "00:05:00"]),
        ("15,45 * * * *", ["00:15:00", "00:45:00", "01:15:00"]),
        ("30 2-23/5 * * *", ["02:30:00", "07:30:00", "12:30:00"]),
    ],
)
def test_times_of_day(expression: str, expected: list[str]) -> None:
    due = Cron.parse(expression).upcoming(datetime(2026, 1, 1, tzinfo=UTC), 3)
    assert [f"{moment:%H:%M:%S}" for moment in due] == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("@daily", ["2026-01-02", "2026-01-03"]),
        ("@Midnight", ["2026-01-02", "2026-01-03"]),
        ("@weekly", ["2026-01-04", "2026-01-11"]),
        ("@monthly", ["2026-02-01", "2026-03-01"]),
        ("@yearly", ["2027-01-01", "2028-01-01"]),
        ("@annually", ["2027-01-01", "2028-01-01"]),
        ("0 0 * * 7", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * 0", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * */7", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * mon-Fri", ["2026-01-02", "2026-01-05"]),
        ("0 0 1 jan,Jul *", ["2026-07-01", "2027-01-01"]),
        ("0 0 * * 5L", ["2026-01-30", "2026-02-27"]),
        ("0 0 * * L5", ["2026-01-30", "2026-02-27"]),
        ("0 0 * * L1,L5", ["2026-01-26", "2026-01-30"]),
        ("0 0 * * 5#2", ["2026-01-09", "2026-02-13"]),
        ("0 0 L * *", ["2026-01-31", "2026-02-28"]),
        ("0 0 LW * *", ["2026-01-30", "2026-02-27"]),
        ("0 0 29 2 *", ["2028-02-29", "2032-02-29"]),
        ("0 0 13 * 5", ["2026-01-02", "2026-01-09"]),  # day of month *or* day of week
        ("0 0 1 */3 *", ["2026-04-01", "2026-07-01"]),
    ],
)
def test_days(expression: str, expected: list[str]) -> None:
    due = Cron.parse(expression).upcoming(datetime(2026, 1, 1, tzinfo=UTC), 2)
    assert [f"{moment:%Y-%m-%d}" for moment in due] == expected


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("0 0 31 2 *", "day-of-month field '31': these months have no such day"),
        ("0 0 30 2 *", "day-of-month field '30': these months have no such day"),
        ("0 0 31 4,6,9,11 *", "day-of-month field '31': these months have no such day"),
        ("0 0 */29 2 2#5", "never meet"),
        ("R * * * *", "minute field 'R': a random time would differ between schedulers"),
        ("R R * * *", "minute field 'R': a random time"),
        ("* * * * * R", "second field 'R': a random time"),
        ("*/0 * * * *", "minute field '*/0': a step of 0 never ends"),
        ("0 22-2 * * *", "hour field '22-2': 22-2 runs backwards: write it as two ranges"),
        ("0 0 ? * *", "day-of-month field '?': write * for any"),
        ("0 0 15W * *", "day-of-month field '15W': is not understood"),
        ("0 0 32 * *", "day-of-month field '32': is not understood"),
        ("60 * * * *", "minute field '60': is not understood"),
        ("* 24 * * *", "hour field '24': is not understood"),
        ("* * * 13 *", "month field '13': is not understood"),
        ("* * * * 8", "day-of-week field '8': is not understood"),
        ("* * * * * 60", "second field '60': is not understood"),
        ("* * * * 5#6", "day-of-week field '5#6': is not understood"),
        ("1,,2 * * * *", "minute field '1,,2': is not understood"),
        ("-5 * * * *", "minute field '-5': is not understood"),
        ("٣ * * * *", "minute field '٣': is not understood"),
        ("* * * *", "has 4 fields; it takes five"),
        ("* * * * * * *", "has 7 fields"),
        ("", "has 0 fields"),
        ("@reboot", "is no known nickname (@hourly, "),
        ("every day", "has 2 fields"),
        ("9" * 199 + " * * * *", "is 207 characters long; at most 200 are read"),
        ("9" * 180 + " * * * *", "minute field"),
        (",".join("1" * 60) + " * * * *" + " " * 200, "at most 200"),
    ],
)
def test_what_means_nothing_is_refused_with_the_field_named(expression: str, reason: str) -> None:
    with pytest.raises(InvalidCron) as caught:
        Cron.parse(expression)
    assert reason in str(caught.value)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "Europe", "a\0b"])
def test_an_unknown_zone_is_one_clear_error(zone: str) -> None:
    with pytest.raises(UnknownTimeZone, match="write an IANA name"):
        Cron.parse("* * * * *", zone)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("0 9 * * 1-5", "At 09:00 on Monday through Friday"),
        ("*/5 * * * *", "Every fifth minute of every hour"),
        ("* * * * * 0/30", "Every 30th second of every minute"),
        ("@daily", "At 00:00 every day"),
    ],
)
def test_an_expression_is_told_in_words(expression: str, words: str) -> None:
    assert Cron.parse(expression).explain() == words


def test_the_latest_due_time_is_found_without_walking_to_it() -> None:
    every_second = Cron.parse("* * * * * *")
    start, until = datetime(1990, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    assert every_second.latest(after=start, until=until) == datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert Cron.parse("0 0 1 1 *").latest(after=start, until=until) == datetime(2026, 1, 1, tzinfo=UTC)
    assert Cron.parse("0 0 1 1 *").latest(after=until, until=until + timedelta(days=9)) is None


def test_the_latest_due_time_may_be_the_end_itself() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert Cron.parse("0 12 * * *").latest(after=noon - MINUTE, until=noon) == noon
    assert Cron.parse("0 12 * * *").latest(after=noon, until=noon + MINUTE) is None


def numbers(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high)
    span = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    step = st.tuples(st.just("*") | number.map(str) | span, st.integers(1, high)).map(
        lambda pair: "/".join(map(str, pair))
    )
    return st.lists(st.just("*") | number.map(str) | span | step, min_size=1, max_size=3).map(",".join)


expressions = st.tuples(
    numbers(0, 59),
    numbers(0, 23),
    numbers(1, 31) | st.sampled_from(["L", "LW"]),
    numbers(1, 12),
    numbers(0, 7) | st.sampled_from(["5L", "L1", "MON#3", "FRI"]),
    st.just("") | numbers(0, 59),
).map(" ".join)
zones = st.sampled_from([zone for zone, _ in CHANGES] + ["Antarctica/Troll", "UTC"])
moments = st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))


@settings(max_examples=300, deadline=None)
@given(expressions, zones, moments)
def test_due_times_only_ever_increase_and_come_fast(expression: str, zone: str, moment: datetime) -> None:
    try:
        cron = Cron.parse(expression, zone)
    except InvalidCron:
        return
    assert cron.explain()
    for _ in range(5):
        started = time.thread_time()
        due = cron.next_after(moment)
        assert time.thread_time() - started < FAST
        assert due > moment
        assert due.tzinfo is UTC
        moment = due


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789*/,-#LWR?@ adhilmnrsuy"), max_size=40) | st.text(max_size=300))
def test_any_text_is_parsed_or_refused_fast(text: str) -> None:
    started = time.thread_time()
    with contextlib.suppress(InvalidCron):
        Cron.parse(text)
    assert time.thread_time() - started < FAST


@settings(max_examples=200, deadline=None)
@given(expressions, st.sampled_from(CHANGES), st.integers(-3600 * 6, 3600 * 6))
def test_the_latest_is_the_last_of_all(expression: str, change: tuple[str, datetime], seconds: int) -> None:
    zone, moment = change
    after = moment.replace(tzinfo=UTC) + timedelta(seconds=seconds)
    try:
        cron = Cron.parse(expression, zone)
    except InvalidCron:
        return
    due = cron.upcoming(after, 12)
    assert cron.latest(after=after, until=due[-1]) == due[-1]
    assert cron.latest(after=after, until=due[-1] - timedelta(microseconds=1)) == due[-2]
