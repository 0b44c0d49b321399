"""`rota jobs pause` keeps jobs from being claimed, and everything that shows them says who did, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from rota.cli.state import who
from rota.clock import from_micros
from rota.engine.options import end_of
from rota.sites.bench import Bench
from rota.sites.jobs import jobs_of
from rota.sites.site import Site
from tests.cli.conftest import Rota
from tests.cli.test_jobs import claim, enqueue


@pytest.mark.parametrize("words", [["--queue", "default"], ["--method", "job_app.tasks.f"], ["--all"]])
def test_what_is_paused_is_not_claimed_until_it_is_resumed(
    bench: Bench, rota: Rota, site: str, words: list[str]
) -> None:
    paused, other = enqueue(bench, "paused"), enqueue(bench, "other", queue="short", method="job_app.tasks.g")
    assert rota("jobs", "pause", *words).code == 0
    assert [one.key for one in claim(bench)] == ([] if words == ["--all"] else [other])
    assert rota("jobs", "resume", *words).code == 0
    assert paused in [one.key for one in claim(bench)]
    answer = rota("jobs", "resume", *words)
    assert (answer.code, "was not paused" in answer.out) == (1, True)


def test_a_pause_says_who_why_and_until_when(bench: Bench, rota: Rota, site: str) -> None:
    before = datetime.now().astimezone()
    rota("jobs", "pause", "--queue", "short", "--why", "upstream is down", "--until", "2h")
    (pause,) = json.loads(rota("jobs", "pauses", "--json").out)
    assert (pause["scope"], pause["name"], pause["by"], pause["why"]) == ("queue", "short", who(), "upstream is down")
    seconds = (datetime.fromisoformat(pause["until"]) - before).total_seconds()
    assert 7200 <= seconds < 7260
    assert "upstream is down" in rota("jobs", "pauses").out


@pytest.mark.parametrize("words", [["--queue", "default"], ["--method", "job_app.tasks.f"], ["--all"]])
def test_jobs_that_are_paused_say_so(bench: Bench, rota: Rota, site: str, words: list[str]) -> None:
    enqueue(bench, "waits")
    rota("jobs", "pause", *words, "--why", "invoices are wrong")
    claim(bench)
    (listed,) = json.loads(rota("jobs", "list", "--json").out)
    assert (listed["state"], listed["waits_for"], listed["paused"]["by"]) == ("queued", "pause", who())
    assert "invoices are wrong" in rota("jobs", "list").out
    assert "invoices are wrong" in rota("jobs", "show", "waits").out


def test_a_job_that_runs_is_not_called_paused(bench: Bench, rota: Rota, site: str) -> None:
    enqueue(bench, "runs")
    claim(bench)
    rota("jobs", "pause", "--all")
    (listed,) = json.loads(rota("jobs", "list", "--json").out)
    assert (listed["state"], listed["waits_for"], listed["paused"]) == ("started", None, None)


def test_doctor_and_status_name_the_pause(rota: Rota, site: str) -> None:
    rota("jobs", "pause", "--method", "job_app.tasks.f", "--why", "the bank is closed")
    expected = f"job_app.tasks.f by {who()}: the bank is closed"
    assert f"Paused: {expected}" in rota("doctor").lines
    assert f"  paused: {expected}" in rota("scheduler", "status").lines
    assert json.loads(rota("scheduler", "status", "--json").out)["pauses"][0]["why"] == "the bank is closed"


def test_nothing_paused_says_so(rota: Rota, site: str) -> None:
    assert rota("jobs", "pauses").lines == ["nothing is paused"]
    assert json.loads(rota("jobs", "pauses", "--json").out) == []


def test_maintenance_mode_is_not_resumed_by_mistake(rota: Rota, site: str) -> None:
    rota("set-maintenance-mode", "on")
    answer = rota("jobs", "resume", "--all")
    assert answer.code == 2
    assert "set-maintenance-mode off" in answer.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "say what is meant"),
        (["--queue", "short", "--all"], "say what is meant"),
        (["--queue", "nope"], "Queue should be one of"),
        (["--method", ""], "dotted path"),
        (["--all", "--until", "soon"], '--until takes a span as in "2h"'),
        (["--all", "--until", "2001-01-01 10:00"], "is over"),
    ],
)
def test_a_pause_that_can_not_be_is_refused(rota: Rota, site: str, words: list[str], message: str) -> None:
    answer = rota("jobs", "pause", *words)
    assert answer.code == 2
    assert message in answer.err
    assert json.loads(rota("jobs", "pauses", "--json").out) == []


def test_until_takes_a_time_in_its_own_zone_or_the_sites(rota: Rota, site: str) -> None:
    assert rota("jobs", "pause", "--all", "--until", "2099-01-01 05:30+05:30").code == 0
    (pause,) = json.loads(rota("jobs", "pauses", "--json").out)
    assert pause["until"] == "2099-01-01T00:00:00+00:00"
    naive = end_of("until", "2099-01-01 05:30", now=0, zone=ZoneInfo("Asia/Kolkata"))
    assert from_micros(naive).isoformat() == pause["until"]


def test_an_app_pauses_as_its_user(bench: Bench, rota: Rota, site: str) -> None:
    with Site.load(bench, site) as opened, opened.open() as context:
        jobs = jobs_of(context)
        jobs.pause(queue="short", why="three failures in a row", until=datetime(2099, 1, 1, tzinfo=UTC))
        (pause,) = opened.store.pauses()
        assert (pause.by, pause.why, pause.until) == ("Administrator", "three failures in a row", 4070908800_000_000)
        assert jobs.resume(queue="short")
        assert not jobs.resume(queue="short")
