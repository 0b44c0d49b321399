"""What an execution's end means: the table of endings, retries, crashes and callbacks."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.engine.outcome import decide, on_stopped, success_callback
from rota.engine.report import Report
from rota.jobs import Claim, Ending, Outcome, new_key
from rota.store import Stopped

NOW = 1_000_000_000
ALL_CALLBACKS = {"on_success": "app.yes", "on_failure": "app.no", "on_stopped": "app.stop"}


def a_claim(*, crashes: int = 0, failures: int = 0, **options: Any) -> Claim:
    body = json.dumps({"kwargs": '{"a":1}', "timeout": 60, "options": options})
    return Claim(
        key=new_key(), number=7, attempt=1, crashes=crashes, failures=failures, id="x", root="", method="app.run",
        queue="short", user="mia", started_at=0, body=body,
    )  # fmt: skip


def decided(claim: Claim, ending: Ending, **report: Any) -> Outcome:
    return decide(claim, Report(ending=ending, **report), now=NOW, random=Random(1))


def test_a_job_that_returned_is_done_and_its_callback_follows() -> None:
    claim = a_claim(**ALL_CALLBACKS)
    outcome = decided(claim, Ending.RETURNED, result='"r"')
    [child] = outcome.children
    assert (outcome.result, outcome.run_at, outcome.on_failure) == ('"r"', None, None)
    assert (child.method, child.queue, child.user, child.timeout, child.kwargs) == (
        "app.yes", "short", "mia", 60, '{"a":1}',
    )  # fmt: skip
    assert (child.parent, child.made_by) == (claim.key, 7)
    assert child.options["callback"] == {"kind": "success", "of": claim.key, "id": "x", "result": '"r"'}


def test_what_was_committed_needs_nothing_more() -> None:
    outcome = decided(a_claim(**ALL_CALLBACKS), Ending.COMMITTED)
    assert (outcome.children, outcome.on_failure, outcome.on_stopped) == ((), None, None)


def test_a_job_without_a_policy_fails_once() -> None:
    outcome = decided(a_claim(**ALL_CALLBACKS), Ending.FAILED, error="no", error_types=("builtins.ValueError",))
    assert outcome.run_at is None
    assert outcome.on_failure is not None
    assert outcome.on_failure.options["callback"]["error"] == "no"


@pytest.mark.parametrize(("failures", "again"), [(0, True), (1, True), (2, False)])
def test_a_policy_counts_every_run(failures: int, again: bool) -> None:
    claim = a_claim(failures=failures, retry={"attempts": 3, "base": 10, "jitter": False, "backoff": "linear"})
    outcome = decided(claim, Ending.FAILED, error="no", wanted=True)
    assert outcome.run_at == (NOW + (failures + 1) * 10_000_000 if again else None)


def test_no_callback_of_failure_before_the_last_try() -> None:
    assert decided(a_claim(retry={"attempts": 3}, **ALL_CALLBACKS), Ending.FAILED).on_failure is None


def test_an_error_that_the_policy_does_not_want_fails_at_once() -> None:
    assert decided(a_claim(retry={"attempts": 3}), Ending.FAILED, wanted=False).run_at is None


def test_without_the_workers_answer_the_policy_is_asked_by_names() -> None:
    claim = a_claim(retry={"attempts": 3, "on": ["rota.errors.JobTimeout"]})
    assert decided(claim, Ending.FAILED, error_types=("rota.errors.JobTimeout",)).run_at is not None
    assert decided(claim, Ending.FAILED, error_types=("builtins.ValueError",)).run_at is None


@pytest.mark.parametrize("name", ["RetryBackgroundJobError", "StoreDeadlock", "QueryDeadlockError", "StoreBusy"])
def test_deadlocks_and_retry_errors_are_run_again_five_times_a_second_later_each(name: str) -> None:
    types = (f"rota.errors.{name}",)
    delays = [decided(a_claim(failures=n), Ending.FAILED, error_types=types).run_at for n in range(6)]
    assert delays == [NOW + n * 1_000_000 for n in range(1, 6)] + [None]


def test_a_job_that_asked_for_later_burns_nothing() -> None:
    outcome = decided(a_claim(failures=99), Ending.LATER, run_at=NOW + 5)
    assert (outcome.ending, outcome.run_at) == (Ending.LATER, NOW + 5)


def test_a_job_that_was_released_is_not_decided_about() -> None:
    outcome = decided(a_claim(**ALL_CALLBACKS), Ending.RELEASED)
    assert (outcome.run_at, outcome.on_failure) == (None, None)
    assert outcome.on_stopped is not None


def test_crashes_are_slowed_down_and_end_at_the_limit() -> None:
    again = [decided(a_claim(crashes=n, max_crashes=5), Ending.LOST).run_at for n in range(5)]
    assert again == [NOW, NOW + 2_000_000, NOW + 10_000_000, NOW + 60_000_000, None]
    assert [decided(a_claim(crashes=n), Ending.LOST).run_at is None for n in range(3)] == [False, False, True]


def test_a_body_that_cannot_be_read_fails_plainly() -> None:
    claim = a_claim()._replace(body="{")
    outcome = decided(claim, Ending.FAILED, error="no")
    assert (outcome.run_at, outcome.on_failure) == (None, None)


@pytest.mark.parametrize("retry", [{"attempts": -1}, "often", 7.5])
def test_a_policy_that_cannot_be_followed_means_none(retry: Any) -> None:
    assert decided(a_claim(retry=retry), Ending.FAILED).run_at is None


def test_the_callback_of_success_is_made_for_the_documents_transaction() -> None:
    claim = a_claim(on_success="app.yes")
    child = success_callback(claim, None, now=NOW)
    assert child is not None
    assert (child.method, child.created_at) == ("app.yes", NOW)
    assert success_callback(a_claim(), None, now=NOW) is None


def test_a_job_stopped_while_it_waited_has_its_callback(clock: FixedClock) -> None:
    claim = a_claim(**ALL_CALLBACKS)
    stopped = Stopped(
        key=claim.key, id="x", root="", method="app.run", queue="short", user="mia", claim=0, attempt=0,
        body=claim.body, reason="canceled by mia",
    )  # fmt: skip
    child = on_stopped(clock)(stopped)
    assert child is not None
    assert (child.method, child.made_by) == ("app.stop", 0)
