"""`rota scheduler` in Frappe's words; every switch says why nothing fires."""

from __future__ import annotations

import json

import pytest

from rota.schedule import Schedule
from rota.sites.bench import Bench
from rota.sites.site import Site
from rota.store import ScheduleRow
from tests.cli.conftest import SITE, Rota

SCHEDULE = Schedule.make("shop.tasks.nightly", "daily")


def define(bench: Bench, *, days_ago: float = 0, error: str | None = None) -> None:
    """A daily schedule whose last tick was so many days ago."""
    rows = [ScheduleRow(id=SCHEDULE.id, definition=SCHEDULE.to_json())]
    with Site.load(bench, SITE) as site, site.store.turn() as turn:
        turn.put_schedules(rows, since=turn.now - int(days_ago * 86400e6))
        turn.note_schedule(SCHEDULE.id, None, error)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("enable", "Scheduler is enabled for site one.local"),
        ("disable", "Scheduler is disabled for site one.local"),
        ("pause", "Scheduler is paused for site one.local"),
        ("resume", "Scheduler is resumed for site one.local"),
    ],
)
def test_the_sentences_are_frappes(rota: Rota, site: str, command: str, sentence: str) -> None:
    assert rota("--site", site, "scheduler", command).lines == [sentence]


def test_the_short_commands_are_frappes(rota: Rota, site: str) -> None:
    assert rota("enable-scheduler").lines == ["Enabled for one.local"]
    assert rota("disable-scheduler").lines == ["Disabled for one.local"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["scheduler", "disable"], "disabled"),
        (["scheduler", "pause"], "paused"),
        (["set-maintenance-mode", "on"], "maintenance mode"),
        (["set-config", "disable_scheduler", "1"], "disable_scheduler"),
    ],
)
def test_status_says_which_switch_turned_the_schedules_off(rota: Rota, site: str, words: list[str], why: str) -> None:
    assert rota(*words).code == 0
    answer = json.loads(rota("scheduler", "status", "--json").out)
    assert answer["status"] == "disabled"
    assert why in answer["reason"]
    assert rota("scheduler", "status").lines[0] == "Scheduler is disabled for site one.local"


def test_resume_takes_a_pause_back_and_enable_a_disable(rota: Rota, site: str) -> None:
    for word in ("disable", "pause", "resume", "enable"):
        rota("scheduler", word)
    assert rota("scheduler", "status").lines[0] == "Scheduler is enabled for site one.local"


def test_a_new_site_is_enabled_and_says_that_nothing_runs(rota: Rota, site: str) -> None:
    assert rota("scheduler", "status").lines == [
        "Scheduler is enabled for site one.local",
        "  nothing runs: start it with `rota start`",
    ]


def test_status_names_the_next_ticks_and_frappes_json_keys(bench: Bench, rota: Rota, site: str) -> None:
    define(bench)
    answer = json.loads(rota("scheduler", "status", "-f", "json").out)
    assert (answer["site"], answer["status"]) == (site, "enabled")
    assert [one["schedule"] for one in answer["next"]] == [SCHEDULE.id]
    assert answer["late"] == []


def test_status_says_what_is_late_and_why(bench: Bench, rota: Rota, site: str) -> None:
    define(bench, days_ago=3)
    (late,) = json.loads(rota("scheduler", "status", "--json").out)["late"]
    assert late["schedule"] == SCHEDULE.id
    assert late["why"] == "no scheduler is running"


def test_nothing_is_late_while_the_schedules_are_off(bench: Bench, rota: Rota, site: str) -> None:
    define(bench, days_ago=3)
    rota("scheduler", "pause")
    assert json.loads(rota("scheduler", "status", "--json").out)["late"] == []


def test_a_schedule_that_can_not_run_is_a_problem_of_the_doctor(bench: Bench, rota: Rota, site: str) -> None:
    define(bench, error="there is no module 'shop'")
    answer = rota("doctor")
    assert answer.code == 1
    assert f"Problem: {SCHEDULE.id}: there is no module 'shop'" in answer.lines


def test_a_schedule_that_can_not_be_read_is_a_problem_though_no_scheduler_ran(
    bench: Bench, rota: Rota, site: str
) -> None:
    with Site.load(bench, SITE) as opened, opened.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="odd", definition='{"id": "odd"}')])
    (problem,) = [one for one in json.loads(rota("scheduler", "status", "--json").out)["problems"] if "odd" in one]
    assert "can't be read" in problem


def test_the_doctors_words_are_frappes(rota: Rota, site: str) -> None:
    rota("scheduler", "disable")
    lines = rota("doctor").lines
    assert lines[0] == "-----Checking scheduler status-----"
    assert lines[1].startswith("Scheduler inactive for one.local")
    assert "Workers online: 0" in lines
    assert "-----one.local Jobs-----" in lines
