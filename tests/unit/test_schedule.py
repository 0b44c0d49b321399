"""Schedules are due as Frappe's are, miss nothing silently, and say clearly what they can't be."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rota.errors import InvalidSchedule, UnknownTimeZone
from rota.schedule import (
    FREQUENCIES,
    MAX_COUNTED,
    MAX_TICKS,
    CatchUp,
    DueTick,
    Overlap,
    Schedule,
    due,
    from_hooks,
    identity,
    next_due,
)

CREATED = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def hourly(**options: Any) -> Schedule:
    return Schedule.make("app.tasks.hourly", "hourly", jitter=0, **options)


def due_times(schedule: Schedule, last_due: datetime | None, now: datetime) -> list[DueTick]:
    return due(schedule, last_due=last_due, created=CREATED, now=now)


def test_frappes_frequencies_have_frappes_times_queues_and_labels() -> None:
    table = {frequency.label: (frequency.cron, frequency.queue) for frequency in FREQUENCIES.values()}
    assert table == {
        "All": ("", "default"),
        "Hourly": ("0 * * * *", "default"),
        "Hourly Long": ("0 * * * *", "long"),
        "Hourly Maintenance": ("0 * * * *", "long"),
        "Daily": ("0 0 * * *", "default"),
        "Daily Long": ("0 0 * * *", "long"),
        "Daily Maintenance": ("0 0 * * *", "long"),
        "Weekly": ("0 0 * * 0", "default"),
        "Weekly Long": ("0 0 * * 0", "long"),
        "Monthly": ("0 0 1 * *", "default"),
        "Monthly Long": ("0 0 1 * *", "long"),
        "Cron": ("", "default"),
        "Yearly": ("0 0 1 1 *", "default"),
        "Annual": ("0 0 1 1 *", "default"),
    }


@pytest.mark.parametrize(
    ("interval", "cron"),
    [
        (240, "*/4 * * * *"),
        (60, "*/1 * * * *"),
        (10, "*/1 * * * *"),
        (3600, "0 */1 * * *"),
        (7200, "0 */2 * * *"),
        (10**6, "0 */24 * * *"),
    ],
)
def test_all_runs_by_the_scheduler_interval(interval: int, cron: str) -> None:
    (schedule,) = from_hooks({"all": "app.tasks.all"}, scheduler_interval=interval)
    assert schedule.cron == cron
    assert schedule.cron_format == ""


def test_hooks_take_strings_lists_crons_and_dicts() -> None:
    schedules = from_hooks(
        {
            "daily": ["app.tasks.a", "app.tasks.b"],
            "hourly_long": "app.tasks.c",
            "weekly": [{"method": "app.tasks.d", "queue": "short", "timeout": 90, "tz": "Asia/Tokyo"}],
            "cron": {
                "0 9 * * 1-5": ["app.tasks.e", {"method": "app.tasks.f", "catch_up": "none", "overlap": "queue"}],
                "*/5 * * * *": "app.tasks.e",
            },
        }
    )
    assert [(each.method, each.frequency, each.cron, each.queue) for each in schedules] == [
        ("app.tasks.a", "Daily", "0 0 * * *", "default"),
        ("app.tasks.b", "Daily", "0 0 * * *", "default"),
        ("app.tasks.c", "Hourly Long", "0 * * * *", "long"),
        ("app.tasks.d", "Weekly", "0 0 * * 0", "short"),
        ("app.tasks.e", "Cron", "0 9 * * 1-5", "default"),
        ("app.tasks.f", "Cron", "0 9 * * 1-5", "default"),
        ("app.tasks.e", "Cron", "*/5 * * * *", "default"),
    ]
    assert (schedules[3].timeout, schedules[3].tz) == (90, "Asia/Tokyo")
    assert (schedules[5].catch_up, schedules[5].overlap) == (CatchUp.NONE, Overlap.QUEUE)
    assert (schedules[0].catch_up, schedules[0].overlap, schedules[0].source) == ("once", "skip", "hooks")


def test_a_schedule_is_known_by_method_frequency_and_expression() -> None:
    events = {"daily": ["app.tasks.a", "app.tasks.a"], "hourly": "app.tasks.a", "cron": {"0 9 * * *": "app.tasks.a"}}
    ids = [schedule.id for schedule in from_hooks(events)]
    assert ids == ["app.tasks.a|Daily", "app.tasks.a|Hourly", "app.tasks.a|Cron|0 9 * * *"]
    assert ids[2] == identity("app.tasks.a", "Cron", "0 9 * * *")
    assert from_hooks(events)[0].short_name == "tasks.a"


def test_of_two_entries_for_one_schedule_the_later_counts() -> None:
    (schedule,) = from_hooks({"daily": ["app.tasks.a", {"method": "app.tasks.a", "queue": "long"}]})
    assert schedule.queue == "long"


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ({"dayly": "app.tasks.a"}, "schedule 'dayly': scheduler_events has no such key; it knows all, hourly, "),
        ({"cron_long": {"* * * * *": "app.tasks.a"}}, "schedule 'cron_long': scheduler_events has no such key"),
        ({"cron": ["app.tasks.a"]}, "schedule 'cron': takes expressions and their methods"),
        ({"cron": {"": "app.tasks.a"}}, "the frequency `cron` needs a cron expression"),
        ({"cron": {"0 0 31 2 *": "app.tasks.a"}}, "day-of-month field '31': these months have no such day"),
        ({"cron": {5: "app.tasks.a"}}, "cron and tz are texts, not 5"),
        ({"daily": "a_function"}, "'a_function' is not the dotted path of a function, such as app.tasks.daily"),
        ({"daily": ["app.tasks.a()"]}, "'app.tasks.a()' is not the dotted path"),
        ({"daily": [None]}, "None is not the dotted path"),
        ({"daily": {"queue": "long"}}, "schedule 'daily': {'queue': 'long'} names no method"),
        ({"daily": {"method": "app.tasks.a", "que": 1}}, "there is no option 'que'; there are tz, queue, "),
        ({"daily": {"method": "app.tasks.a", "tz": "Mars"}}, "there is no time zone 'Mars'"),
        ({"daily": {"method": "app.tasks.a", "tz": 3}}, "cron and tz are texts"),
        ({"daily": {"method": "app.tasks.a", "queue": None}}, "queue is the name of a queue, not None"),
        ({"daily": {"method": "app.tasks.a", "timeout": 0}}, "timeout is a number of seconds, not 0"),
        ({"daily": {"method": "app.tasks.a", "timeout": "5"}}, "timeout is a number of seconds, not '5'"),
        ({"daily": {"method": "app.tasks.a", "timeout": float("nan")}}, "timeout is a number of seconds, not nan"),
        ({"daily": {"method": "app.tasks.a", "jitter": None}}, "jitter is a number of seconds, not None"),
        ({"daily": {"method": "app.tasks.a", "jitter": True}}, "jitter is a number of seconds, not True"),
        ({"daily": {"method": "app.tasks.a", "catch_up_window": -1}}, "catch_up_window is a number of seconds, not -1"),
        ({"daily": {"method": "app.tasks.a", "catch_up": "twice"}}, "catch_up is one of none, once, all, not 'twice'"),
        ({"daily": {"method": "app.tasks.a", "overlap": 1}}, "overlap is one of skip, queue, replace, allow, not 1"),
        (
            {"daily": {"method": "app.tasks.a", "paused_until": datetime(2026, 1, 1)}},
            "paused_until is a time with a zone",
        ),
        ({"daily": {"method": "app.tasks.a", "paused_until": "2026-01-01"}}, "paused_until is a time with a zone"),
        ({"daily": {"method": "app.tasks.a", "kwargs": [1]}}, "kwargs is a dict, not [1]"),
        (["daily"], "is a dict of frequencies, not ['daily']"),
    ],
)
def test_what_hooks_can_not_mean_is_one_clear_error(events: Any, reason: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        from_hooks(events)
    assert reason in str(caught.value)


def test_an_unknown_frequency_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidSchedule, match="no frequency is called 'Sometimes'; there are all, hourly"):
        Schedule.make("app.tasks.a", "Sometimes")


def test_frequencies_go_by_label_too() -> None:
    assert Schedule.make("app.tasks.a", "Hourly Long", source="user").queue == "long"


def test_a_new_schedule_waits_for_its_first_due_time_after_it_was_made() -> None:
    assert due_times(hourly(), None, CREATED) == []
    assert due_times(hourly(), None, CREATED + HOUR - timedelta(seconds=1)) == []
    (tick,) = due_times(hourly(), None, CREATED + HOUR)
    assert tick == DueTick(due=CREATED + HOUR, run_at=CREATED + HOUR)


def test_a_recorded_due_time_is_not_due_again() -> None:
    assert due_times(hourly(), CREATED + HOUR, CREATED + HOUR) == []
    assert next_due(hourly(), last_due=CREATED + HOUR, created=CREATED) == CREATED + 2 * HOUR


def test_missed_due_times_coalesce_into_the_latest_with_their_count() -> None:
    (tick,) = due_times(hourly(), CREATED, CREATED + 5.5 * HOUR)
    assert (tick.due, tick.coalesced, tick.skipped) == (CREATED + 5 * HOUR, 4, "")


def test_counting_stops_so_that_a_long_downtime_costs_little() -> None:
    schedule = Schedule.make("app.tasks.a", "cron", "* * * * * *")
    (tick,) = due_times(schedule, CREATED, CREATED + 3000 * DAY)
    assert (tick.due, tick.coalesced) == (CREATED + 3000 * DAY, MAX_COUNTED)


@pytest.mark.parametrize(("late", "runs"), [(0, True), (60, True), (61, False), (1800, False)])
def test_catch_up_none_runs_what_is_within_the_grace_alone(late: int, runs: bool) -> None:
    now = CREATED + 3 * HOUR + timedelta(seconds=late)
    (tick,) = due_times(hourly(catch_up="none"), CREATED, now)
    assert (tick.due, tick.coalesced) == (CREATED + 3 * HOUR, 2)
    assert (tick.skipped == "") == runs


def test_a_skipped_tick_says_why() -> None:
    (tick,) = due_times(hourly(catch_up="none"), CREATED, CREATED + 3.5 * HOUR)
    assert tick.skipped == "missed by 0:30:00; catch_up is none, its window 60 s"


def test_a_window_limits_catching_up_once() -> None:
    daily = Schedule.make("app.tasks.a", "daily", jitter=0, catch_up_window=6 * 3600)
    midnight = datetime(2026, 1, 5, tzinfo=UTC)
    assert due_times(daily, CREATED, midnight + 6 * HOUR)[0].skipped == ""
    assert due_times(daily, CREATED, midnight + 7 * HOUR)[0].skipped.startswith("missed by 7:00:00")


def test_catch_up_all_hands_out_every_due_time_in_order() -> None:
    ticks = due_times(hourly(catch_up="all"), CREATED, CREATED + 3.5 * HOUR)
    assert [tick.due for tick in ticks] == [CREATED + HOUR, CREATED + 2 * HOUR, CREATED + 3 * HOUR]
    assert {tick.coalesced for tick in ticks} == {0}


def test_catch_up_all_goes_on_where_a_full_batch_ended() -> None:
    now = CREATED + 250 * HOUR
    first = due_times(hourly(catch_up="all"), None, now)
    second = due_times(hourly(catch_up="all"), first[-1].due, now)
    third = due_times(hourly(catch_up="all"), second[-1].due, now)
    assert [len(first), len(second), len(third)] == [MAX_TICKS, MAX_TICKS, 50]
    assert second[0].due == first[-1].due + HOUR
    assert third[-1].due == now


def test_catch_up_all_skips_as_one_what_is_beyond_its_window() -> None:
    ticks = due_times(hourly(catch_up="all", catch_up_window=2 * 3600), CREATED, CREATED + 6.5 * HOUR)
    assert [(tick.due - CREATED) / HOUR for tick in ticks] == [4, 5, 6]
    assert [(bool(tick.skipped), tick.coalesced) for tick in ticks] == [(True, 3), (False, 0), (False, 0)]


def test_a_stopped_schedule_is_never_due() -> None:
    schedule = dataclasses.replace(hourly(), stopped=True)
    assert due_times(schedule, CREATED, CREATED + 9 * HOUR) == []
    assert next_due(schedule, last_due=None, created=CREATED) is None


def test_a_pause_leaves_its_due_times_out_for_good_and_ends_by_itself() -> None:
    schedule = dataclasses.replace(hourly(), paused_until=CREATED + 3 * HOUR)
    assert due_times(schedule, CREATED, CREATED + 2.5 * HOUR) == []
    assert next_due(schedule, last_due=CREATED, created=CREATED) == CREATED + 3 * HOUR
    (tick,) = due_times(schedule, CREATED, CREATED + 3 * HOUR)
    assert (tick.due, tick.coalesced) == (CREATED + 3 * HOUR, 0)


def test_due_times_are_in_the_schedules_zone_or_else_the_sites() -> None:
    own = Schedule.make("app.tasks.a", "daily", tz="Asia/Tokyo")
    sites = Schedule.make("app.tasks.a", "daily")
    assert next_due(own, last_due=None, created=CREATED, site_tz="Europe/Berlin") == datetime(
        2026, 1, 1, 15, tzinfo=UTC
    )
    assert next_due(sites, last_due=None, created=CREATED, site_tz="Europe/Berlin") == datetime(
        2026, 1, 1, 23, tzinfo=UTC
    )
    with pytest.raises(UnknownTimeZone):
        next_due(sites, last_due=None, created=CREATED, site_tz="Mars")


def test_a_daily_task_runs_once_on_each_day_of_a_year_of_restarts() -> None:
    schedule = Schedule.make("app.tasks.a", "cron", "30 2 * * *", tz="Europe/Berlin")
    last, days = CREATED, []
    for minutes in range(0, 365 * 24 * 60, 97):
        for tick in due_times(schedule, last, CREATED + timedelta(minutes=minutes)):
            last = tick.due
            days.append(tick.due.date())
    assert len(days) == len(set(days)) == 365


def test_the_midnight_jobs_of_200_sites_are_spread_and_stay_where_they_are() -> None:
    schedule = Schedule.make("app.tasks.a", "daily")
    offsets = [schedule.offset(f"site{number}.example") for number in range(200)]
    assert offsets == [schedule.offset(f"site{number}.example") for number in range(200)]
    assert timedelta(0) <= min(offsets) < timedelta(seconds=5)
    assert timedelta(seconds=55) < max(offsets) < timedelta(seconds=60)
    seconds = [int(offset.total_seconds()) for offset in offsets]
    assert max(seconds.count(second) for second in seconds) < 15


def test_the_offset_moves_the_start_and_not_the_due_time() -> None:
    schedule = Schedule.make("app.tasks.a", "hourly", jitter=600)
    (tick,) = due(schedule, last_due=None, created=CREATED, now=CREATED + HOUR, site="a.example")
    assert tick.due == CREATED + HOUR
    assert tick.run_at == tick.due + schedule.offset("a.example")
    assert schedule.offset("a.example") != schedule.offset("b.example")


def test_crons_and_all_start_on_the_second() -> None:
    for schedule in from_hooks({"all": "app.tasks.a", "cron": {"0 9 * * *": "app.tasks.a"}}):
        assert schedule.offset("a.example") == timedelta(0)


def test_what_the_store_keeps_of_a_schedule_is_the_same_schedule_again() -> None:
    schedule = Schedule.make(
        "app.tasks.a",
        "cron",
        "0 9 * * *",
        tz="Europe/Berlin",
        paused_until=CREATED,
        catch_up="all",
        kwargs={"region": "EU"},
        retry={"attempts": 3},
    )
    assert Schedule.from_json(schedule.to_json()) == schedule


@pytest.mark.parametrize("text", ["", "[]", '{"id": "a"}', '{"id": "a", "unknown": 1}', "null"])
def test_a_stored_schedule_that_can_not_be_read_is_named(text: str) -> None:
    with pytest.raises(InvalidSchedule, match="can't be read"):
        Schedule.from_json(text)
