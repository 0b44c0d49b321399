"""`rota jobs` shows and steers jobs; secrets are never shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.cli.state import who
from rota.jobs import Ending, JobSpec, Outcome, new_key
from rota.sites.bench import Bench
from rota.sites.site import Site
from rota.store import ClaimCursor, Want
from tests.cli.conftest import SITE, Rota, write_app


def enqueue(bench: Bench, job_id: str, **more: Any) -> str:
    key = new_key()
    values = {"method": "job_app.tasks.f", "queue": "default", "user": "Administrator", "timeout": 300.0, **more}
    with Site.load(bench, SITE) as site, site.store.turn() as turn:
        turn.insert([JobSpec(key=key, id=job_id, created_at=site.store.now(), **values)])
    return key


def claim(bench: Bench) -> list[Any]:
    with Site.load(bench, SITE) as site, site.store.turn() as turn:
        token = new_key()
        turn.register(token, host="h", pid=1, boot_id="b", queues=["default", "short"], lease=20)
        return turn.claim(token, [Want("default", 10), Want("short", 10)], 10, ClaimCursor())


def fail(bench: Bench, job_id: str, error: str = "ValueError: no", **more: Any) -> str:
    key = enqueue(bench, job_id, **more)
    (claimed,) = claim(bench)
    with Site.load(bench, SITE) as site, site.store.turn() as turn:
        turn.record([Outcome(key=key, claim=claimed.number, ending=Ending.FAILED, error=error)])
    return key


def state_of(bench: Bench, key: str) -> str:
    with Site.load(bench, SITE) as site:
        view = site.store.job(key)
    return view.state.value if view else "gone"


def test_stats_count_each_state(bench: Bench, rota: Rota, site: str) -> None:
    enqueue(bench, "one")
    counts = json.loads(rota("jobs", "stats", "--json").out)
    assert counts == {"scheduled": 0, "queued": 1, "started": 0, "finished": 0, "failed": 0, "canceled": 0}


def test_the_list_is_newest_first_and_can_be_narrowed(bench: Bench, rota: Rota, site: str) -> None:
    for number, queue in enumerate(("default", "short", "default")):
        enqueue(bench, f"job {number}", queue=queue)
    found = json.loads(rota("jobs", "list", "--queue", "default", "--json").out)
    assert [one["id"] for one in found] == ["job 2", "job 0"]


def test_the_table_shows_what_people_need(bench: Bench, rota: Rota, site: str) -> None:
    enqueue(bench, "import::7")
    out = rota("jobs", "list").out
    assert "import::7" in out
    assert "job_app.tasks.f" in out
    assert "queued" in out


def test_an_empty_list_says_so(rota: Rota, site: str) -> None:
    assert rota("jobs", "list").lines == ["no jobs"]
    assert json.loads(rota("jobs", "list", "--json").out) == []


def test_show_hides_secrets(bench: Bench, rota: Rota, site: str) -> None:
    kwargs = '{"user":"ada","password":"hunter2","nested":{"api_key":"k"},"code":"4711"}'
    enqueue(bench, "secretive", kwargs=kwargs, options={"mask": ["code"]})
    answer = rota("jobs", "show", "secretive", "--json")
    assert json.loads(answer.out)["arguments"] == {
        "user": "ada",
        "password": "***",
        "nested": {"api_key": "***"},
        "code": "***",
    }
    assert "hunter2" not in rota("jobs", "show", "secretive").out


def test_show_has_the_error(bench: Bench, rota: Rota, site: str) -> None:
    fail(bench, "bad", "Traceback\nValueError: no stock")
    assert "ValueError: no stock" in rota("jobs", "show", "bad").out


def test_retry_makes_a_new_job_that_names_the_old_one(bench: Bench, rota: Rota, site: str) -> None:
    old = fail(bench, "again")
    assert rota("jobs", "retry", "again").code == 0
    shown = json.loads(rota("jobs", "show", "again", "--json").out)
    assert (shown["state"], shown["retry_of"]) == ("queued", old)


def test_retry_of_all_failed_ones(bench: Bench, rota: Rota, site: str) -> None:
    fail(bench, "a")
    fail(bench, "b")
    assert len(rota("jobs", "retry", "--all-failed").lines) == 2
    assert json.loads(rota("jobs", "stats", "--json").out)["queued"] == 2


def test_retry_needs_to_know_which(rota: Rota, site: str) -> None:
    assert rota("jobs", "retry").code == 2
    assert rota("jobs", "retry", "x", "--all-failed").code == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a", "--state", "failed"], "name jobs by their id"),
        (["--all-failed", "--state", "failed"], "name jobs by their id"),
        (["a", "--since", "2h"], "--since and --dry-run go with --state"),
        (["a", "b", "--kwargs", "{}"], "the arguments of one job"),
        (["a", "--kwargs", "{"], "no JSON that can be read"),
        (["a", "--kwargs", "[1]"], "takes a JSON object"),
        (["--state", "failed", "--since", "lately"], "--since takes a span"),
        (["--state", "failed", "--rate", "0"], "the rate is a number of jobs a second"),
    ],
)
def test_a_retry_that_makes_no_sense_is_refused(
    bench: Bench, rota: Rota, site: str, words: list[str], message: str
) -> None:
    fail(bench, "a")
    answer = rota("jobs", "retry", *words)
    assert (answer.code, message in answer.err) == (2, True), answer.err
    assert json.loads(rota("jobs", "stats", "--json").out)["queued"] == 0


def test_retry_with_edited_arguments_keeps_the_old_ones_and_who_it_was(bench: Bench, rota: Rota, site: str) -> None:
    write_app(bench, "edit_app", tasks="def pay(amount, *, account, password=None): ...\n")
    assert rota("install-app", "edit_app").code == 0
    kwargs = '{"amount":5,"account":"A-1","password":"hunter2"}'
    old = fail(bench, "pay", method="edit_app.tasks.pay", kwargs=kwargs)
    assert "got an unexpected keyword" in rota("jobs", "retry", "pay", "--kwargs", '{"accuont": "A-2"}').err
    assert rota("jobs", "retry", "pay", "--kwargs", '{"account": "A-2"}').code == 0
    shown = json.loads(rota("jobs", "show", "pay", "--json").out)
    assert (shown["retry_of"], shown["retried_by"]) == (old, who())
    assert shown["arguments"] == {"amount": 5, "account": "A-2", "password": "***"}
    assert shown["old_arguments"] == {"amount": 5, "account": "A-1", "password": "***"}
    assert "hunter2" not in rota("jobs", "show", "pay").out + json.dumps(shown)


def test_a_bulk_retry_can_be_counted_first_and_is_a_job(bench: Bench, rota: Rota, site: str) -> None:
    fail(bench, "a")
    fail(bench, "b")
    assert rota("jobs", "retry", "--state", "failed", "--dry-run").lines == ["2 failed jobs match"]
    assert rota("jobs", "retry", "--state", "failed", "--method", "other.f").lines == ["0 failed jobs match"]
    assert rota("jobs", "retry", "--state", "canceled").lines == ["0 canceled jobs match"]
    assert json.loads(rota("jobs", "stats", "--json").out)["queued"] == 0
    answer = rota("jobs", "retry", "--state", "failed", "--since", "2h", "--rate", "5")
    assert answer.lines[0].startswith("2 failed jobs are run again, 5 a second, by the job ")
    (job,) = json.loads(rota("jobs", "list", "--state", "queued", "--json").out)
    assert (job["method"], job["queue"]) == ("rota.sites.retrying.run_matching", "long")


def test_cancel_keeps_a_job_from_running(bench: Bench, rota: Rota, site: str) -> None:
    key = enqueue(bench, "stop me")
    assert rota("jobs", "cancel", "stop me").lines == ["stop me: canceled"]
    assert state_of(bench, key) == "canceled"


def test_cancel_of_a_job_that_is_over_is_refused(bench: Bench, rota: Rota, site: str) -> None:
    key = fail(bench, "over")
    answer = rota("jobs", "cancel", "over")
    assert (answer.code, answer.lines) == (1, ["over: is failed already"])
    assert state_of(bench, key) == "failed"


def test_purge_deletes_failed_jobs_only_when_asked_twice(bench: Bench, rota: Rota, site: str) -> None:
    key = fail(bench, "keep")
    assert rota("jobs", "purge", "--state", "failed").code == 2
    assert state_of(bench, key) == "failed"
    assert rota("jobs", "purge", "--state", "failed", "--yes").lines == ["Purged 1 jobs"]
    assert state_of(bench, key) == "gone"


def test_purge_jobs_cancels_what_waits_in_a_queue(bench: Bench, rota: Rota, site: str) -> None:
    short, default = enqueue(bench, "s", queue="short"), enqueue(bench, "d")
    assert rota("purge-jobs", "--queue", "short").lines == ["Purged 1 jobs"]
    assert (state_of(bench, short), state_of(bench, default)) == ("canceled", "queued")


def test_show_pending_jobs_lists_each_queue_in_order(bench: Bench, rota: Rota, site: str) -> None:
    enqueue(bench, "1", kwargs='{"n":1}')
    enqueue(bench, "2", kwargs='{"n":2}')
    assert rota("show-pending-jobs").lines == [
        "-----Pending Jobs-----",
        "-----Queue :default-----",
        "job_app.tasks.f {'n': 1}",
        "job_app.tasks.f {'n': 2}",
    ]


def test_a_site_with_jobs_is_not_ready_for_migration(bench: Bench, rota: Rota, site: str) -> None:
    enqueue(bench, "waits")
    answer = rota("ready-for-migration")
    expected = f"NOT READY for migration: site {site} has pending background jobs"
    assert (answer.code, answer.lines) == (1, [expected])


@pytest.mark.parametrize("command", [["show"], ["cancel"], ["retry"]])
def test_an_unknown_job_is_named(rota: Rota, site: str, command: list[str]) -> None:
    answer = rota("jobs", *command, "nobody")
    assert (answer.code, answer.err) == (1, "rota: there is no job 'nobody'\n")


@pytest.mark.parametrize("command", [["jobs", "list"], ["jobs", "purge"], ["purge-jobs"]])
def test_an_unknown_queue_is_named_with_those_that_exist(rota: Rota, site: str, command: list[str]) -> None:
    answer = rota(*command, "--queue", "nope")
    assert answer.code == 2
    assert "Queue should be one of short, default, long; 'nope' is not." in answer.err


def test_the_site_may_be_named_before_and_after_the_command(bench: Bench, rota: Rota, site: str) -> None:
    assert rota("--site", site, "jobs", "stats").code == 0
    assert rota("jobs", "stats", "--site", site).code == 0
    for answer in (rota("--site", "nope", "jobs", "stats"), rota("jobs", "stats", "--site", "nope")):
        assert answer.code == 2
        assert f"there is no site 'nope' in this bench (sites: {site})" in answer.err
