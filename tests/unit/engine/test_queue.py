"""Enqueue's options, handles, cancel, retry and purge, on a real store."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rota.clock import FixedClock, to_micros
from rota.config import Config
from rota.engine.outcome import decide
from rota.engine.queue import STARVED, Caller, Queue
from rota.engine.report import Report
from rota.errors import (
    InvalidRetry,
    JobFailed,
    JobNotFinished,
    NoSuchJobError,
    NotEncodable,
    QueueOverloaded,
    UnknownMethod,
    UnknownQueue,
    UsageError,
    ValidationError,
)
from rota.jobs import Claim, Ending, JobState, Mode
from rota.retry import RetryPolicy
from rota.store import ClaimCursor, ClaimRef, Store, Want

BERLIN = ZoneInfo("Europe/Berlin")
TOKEN = "t" * 32


def refuse_others(path: str) -> None:
    if not path.startswith(("app.", __name__)):
        raise UnknownMethod(path, "not installed")


def some_task(a: int = 0) -> None:
    """A function at the top of its module."""


class Woken:
    count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
def woken() -> Woken:
    return Woken()


@pytest.fixture
def make(store: Store, woken: Woken) -> Callable[..., Queue]:
    def made(**settings: Any) -> Queue:
        config = replace(Config(), **settings)
        return Queue(store=store, config=config, site="one", zone=BERLIN, check_method=refuse_others, wake=woken)

    return made


@pytest.fixture
def queue(make: Callable[..., Queue]) -> Queue:
    return make()


def claim(store: Store, name: str = "default") -> Claim:
    with store.turn() as turn:
        if not any(one.token == TOKEN for one in store.dispatchers()):
            turn.register(TOKEN, host="h", pid=1, boot_id="b", queues=[name], lease=1000)
        [one] = turn.claim(TOKEN, [Want(name, 1)], 1, ClaimCursor())
    return one


def finish(store: Store, one: Claim, report: Report) -> None:
    with store.turn() as turn:
        turn.record([decide(one, report, now=turn.now, random=Random(1))])


def test_a_plain_enqueue_has_frappes_defaults(queue: Queue, clock: FixedClock) -> None:
    spec = queue.spec("app.tasks.run", {"a": 1}, caller=Caller(user="mia"))
    assert (spec.queue, spec.timeout, spec.user, spec.mode, spec.lane) == ("default", 300, "mia", Mode.PLAIN, 1)
    assert (spec.id, spec.created_at, json.loads(spec.kwargs), spec.options) == (
        spec.key, to_micros(clock.now()), {"a": 1}, {}
    )  # fmt: skip


def test_a_function_is_named_by_its_path(queue: Queue) -> None:
    assert queue.spec(some_task).method == f"{__name__}.some_task"


def test_a_function_that_no_worker_could_find_is_refused(queue: Queue) -> None:
    with pytest.raises(NotEncodable, match="method can't be stored"):
        queue.spec(lambda: None)


def test_an_unknown_queue_names_those_there_are(queue: Queue) -> None:
    with pytest.raises(UnknownQueue, match="short, default, long; 'slow' is not"):
        queue.spec("app.run", queue="slow")


def test_a_method_of_no_installed_app_is_refused(queue: Queue) -> None:
    with pytest.raises(UnknownMethod):
        queue.spec("os.system")
    with pytest.raises(UnknownMethod):
        queue.spec("app.run", on_success="os.system")


def test_an_argument_that_cannot_travel_is_refused_with_its_path(queue: Queue) -> None:
    with pytest.raises(NotEncodable, match=r"kwargs\.items\[1\]"):
        queue.spec("app.run", {"items": [1, object()]})


def test_arguments_that_are_too_large_are_refused(make: Callable[..., Queue]) -> None:
    with pytest.raises(NotEncodable):
        make(max_job_size=2000).spec("app.run", {"text": "x" * 3000})


@pytest.mark.parametrize(
    ("given", "seconds"), [(None, 1500), (0, 1500), (60, 60), ("10m", 600), (timedelta(hours=1), 3600), (0.5, 0.5)]
)
def test_a_timeout_is_the_queues_unless_given(queue: Queue, given: Any, seconds: float) -> None:
    assert queue.spec("app.run", queue="long", timeout=given).timeout == seconds


@pytest.mark.parametrize("bad", [-1, "soon", True, [1], float("nan"), 1e12])
def test_a_timeout_that_is_none_is_refused(queue: Queue, bad: Any) -> None:
    with pytest.raises(UsageError, match="timeout"):
        queue.spec("app.run", timeout=bad)


def test_a_delay_counts_from_now(queue: Queue, clock: FixedClock) -> None:
    assert queue.spec("app.run", delay=90).run_at == to_micros(clock.now()) + 90_000_000


def test_run_at_is_the_moment_or_the_sites_local_time(queue: Queue) -> None:
    aware = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)
    assert queue.spec("app.run", run_at=aware).run_at == to_micros(aware)
    assert queue.spec("app.run", run_at=datetime(2030, 6, 1, 14, 0)).run_at == to_micros(aware)


def test_run_at_and_delay_exclude_each_other(queue: Queue) -> None:
    with pytest.raises(UsageError, match="either run_at or delay"):
        queue.spec("app.run", delay=1, run_at=datetime.now())


@pytest.mark.parametrize(
    ("word", "mode"), [(True, Mode.SKIP), ("skip", Mode.SKIP), ("replace", Mode.REPLACE), (False, Mode.PLAIN)]
)
def test_deduplicate_has_four_words(queue: Queue, word: Any, mode: Mode) -> None:
    assert queue.spec("app.run", job_id="x", deduplicate=word).mode is mode


def test_debounce_needs_a_delay(queue: Queue) -> None:
    assert queue.spec("app.run", job_id="x", deduplicate="debounce", delay=5).mode is Mode.DEBOUNCE
    with pytest.raises(UsageError, match="needs a delay"):
        queue.spec("app.run", job_id="x", deduplicate="debounce")


def test_deduplicate_without_an_id_says_what_frappe_says(queue: Queue) -> None:
    with pytest.raises(ValidationError, match=re.escape("`job_id` paramater is required for deduplication.")):
        queue.spec("app.run", deduplicate=True)


@pytest.mark.parametrize("bad", ["", "x" * 256, 5])
def test_an_id_that_is_none_is_refused(queue: Queue, bad: Any) -> None:
    with pytest.raises(UsageError, match="job_id must be a text"):
        queue.spec("app.run", job_id=bad)


def test_a_retry_policy_travels_as_plain_values(queue: Queue) -> None:
    spec = queue.spec("app.run", retry=RetryPolicy(attempts=3))
    assert spec.options["retry"]["attempts"] == 3
    with pytest.raises(InvalidRetry):
        queue.spec("app.run", retry="often")


def test_only_a_starved_queue_takes_a_job_at_its_front(queue: Queue) -> None:
    queue.enqueue_many("app.run", [{}] * STARVED)
    assert not queue.spec("app.run", at_front_when_starved=True).at_front
    queue.enqueue("app.run")
    assert queue.spec("app.run", at_front_when_starved=True).at_front
    assert not queue.spec("app.run", at_front_when_starved=True, queue="long").at_front


def test_priority_and_at_front_decide_the_lane(queue: Queue) -> None:
    lanes = [queue.spec("app.run", **wanted).lane for wanted in ({"priority": -1}, {"at_front": True}, {})]
    assert lanes == sorted(lanes)


@pytest.mark.parametrize("bad", [{"priority": 1.5}, {"tags": [1]}, {"mask": 3}, {"rate_limit": {"key": "x"}}])
def test_options_that_make_no_sense_are_refused(queue: Queue, bad: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        queue.spec("app.run", **bad)


def test_the_limit_of_a_concurrency_key_comes_from_the_settings(make: Callable[..., Queue]) -> None:
    queue = make(concurrency_limits={"api": 2, "tenant:*": 3, "tenant:big:*": 9})
    found = [
        queue.spec("app.run", concurrency_key=key).options.get("concurrency_limit")
        for key in ("api", "tenant:1", "tenant:big:1", "other")
    ]
    assert found == [2, 3, 9, None]


def test_too_many_waiting_jobs_are_refused(make: Callable[..., Queue]) -> None:
    queue = make(max_queued_jobs=2)
    queue.enqueue_many("app.run", [{}, {}])
    with pytest.raises(QueueOverloaded, match=r"Too many queued background jobs \(2\)"):
        queue.enqueue("app.run")
    assert queue.enqueue("app.run", queue="short").is_queued


def test_an_enqueue_wakes_the_dispatchers(queue: Queue, woken: Woken) -> None:
    queue.enqueue("app.run")
    queue.enqueue("app.run", delay=5)
    assert woken.count == 2


def test_a_duplicate_gives_the_job_that_is_there(queue: Queue) -> None:
    first = queue.enqueue("app.run", job_id="x")
    assert queue.enqueue("app.run", job_id="x", deduplicate=True) == first


def test_a_job_waits_for_those_it_depends_on(queue: Queue) -> None:
    first = queue.enqueue("app.run", job_id="first")
    spec = queue.spec("app.run", depends_on=[first, "first", first.key])
    assert spec.depends_on == (first.key,) * 3
    with pytest.raises(NoSuchJobError):
        queue.spec("app.run", depends_on="nothing")


def test_a_handle_shows_the_jobs_way(queue: Queue, store: Store) -> None:
    job = queue.enqueue("app.run", {"a": 1})
    assert (job.is_queued, job.started_at, job.result) == (True, None, None)
    one = claim(store)
    assert (job.is_started, job.started_at is not None) == (True, True)
    finish(store, one, Report(ending=Ending.RETURNED, result='{"b":2}'))
    assert (job.is_finished, job.result, job.wait(0)) == (True, {"b": 2}, {"b": 2})
    assert job.ended_at is not None


def test_waiting_for_a_job_that_fails_raises_its_error(queue: Queue, store: Store) -> None:
    job = queue.enqueue("app.run")
    finish(store, claim(store), Report(ending=Ending.FAILED, error="Traceback\nValueError: no\n"))
    assert job.exc_info == "Traceback\nValueError: no\n"
    with pytest.raises(JobFailed, match="failed: ValueError: no"):
        job.wait(0)


def test_waiting_runs_out_of_time_and_the_job_goes_on(queue: Queue) -> None:
    job = queue.enqueue("app.run")
    with pytest.raises(JobNotFinished):
        job.wait(0)
    assert job.is_queued


def test_kwargs_have_rqs_layout_and_answer_for_the_methods(queue: Queue) -> None:
    wanted = {"import_id": "I-1", "user": "inner"}
    job = queue.find(queue.enqueue("app.run", wanted, event="import", caller=Caller(user="mia")).key)
    assert job is not None
    assert job.kwargs["kwargs"] == wanted
    assert [job.kwargs[name] for name in ("site", "user", "method", "event", "job_name")] == [
        "one", "mia", "app.run", "import", "app.run",
    ]  # fmt: skip
    assert job.kwargs.get("import_id") == job.kwargs["import_id"] == "I-1"
    assert ("import_id" in job.kwargs, "x" in job.kwargs, job.kwargs.get("x", 3)) == (True, False, 3)


def test_a_job_of_an_open_transaction_is_queued_until_it_is_dropped(queue: Queue) -> None:
    job = queue.handle(queue.spec("app.run"))
    assert job.status == "queued"
    assert queue.handle(queue.spec("app.run", delay=5)).is_scheduled
    queue.is_dropped = lambda key: key == job.key
    with pytest.raises(NoSuchJobError):
        job.get_status()


def test_position_counts_those_before_it(queue: Queue) -> None:
    first, second = queue.enqueue("app.run"), queue.enqueue("app.run")
    front = queue.enqueue("app.run", at_front=True)
    assert [job.get_position() for job in (front, first, second)] == [0, 1, 2]
    second.cancel()
    assert second.get_position() is None


def test_cancel_says_what_it_did(queue: Queue, store: Store) -> None:
    waiting = queue.enqueue("app.run", delay=100)
    running = queue.enqueue("app.run")
    claim(store)
    assert [waiting.cancel("late"), running.cancel(), waiting.cancel()] == ["canceled", "canceling", "refused"]
    with pytest.raises(JobFailed, match="canceled"):
        waiting.wait(0)


def test_a_canceled_job_has_its_on_stopped_job(queue: Queue, store: Store) -> None:
    job = queue.enqueue("app.run", {"a": 1}, on_stopped="app.stopped")
    job.cancel()
    one = claim(store)
    assert (one.method, json.loads(one.body)["options"]["callback"]["kind"]) == ("app.stopped", "stopped")


def test_a_retry_is_a_new_job_that_names_the_old_one(queue: Queue, store: Store) -> None:
    job = queue.enqueue("app.run", {"a": 1}, job_id="x", queue="short", timeout=7, tags=["t"], priority=2)
    with pytest.raises(UsageError, match="only a job that has ended"):
        job.requeue()
    finish(store, claim(store, "short"), Report(ending=Ending.FAILED, error="no"))
    again = queue.find(queue.retry("x", kwargs={"a": 2}).key)
    view = store.job(again.key) if again else None
    assert view is not None
    assert (view.retry_of, view.id, view.queue, view.timeout, view.lane) == (job.key, "x", "short", 7, 5)
    assert (json.loads(view.kwargs), view.options) == ({"a": 2}, {"tags": ["t"]})


def test_purge_cancels_what_waits_and_fits(queue: Queue) -> None:
    kept = [queue.enqueue("app.run", event="b"), queue.enqueue("app.run", queue="short", event="a")]
    gone = [queue.enqueue("app.run", event="a"), queue.enqueue("app.run", event="a", delay=60)]
    assert queue.purge(queue="default", event="a") == 2
    assert [job.status for job in kept + gone] == ["queued", "queued", "canceled", "canceled"]


def test_delete_takes_a_waiting_job_away_and_refuses_a_running_one(queue: Queue, store: Store) -> None:
    waiting = queue.enqueue("app.run", delay=100)
    waiting.delete()
    with pytest.raises(NoSuchJobError):
        waiting.get_status()
    running = queue.enqueue("app.run")
    claim(store)
    with pytest.raises(UsageError, match="is running"):
        running.delete()


def test_jobs_of_a_job_that_lost_its_claim_are_not_enqueued(queue: Queue) -> None:
    from rota.errors import JobLost

    spec = queue.spec("app.run", caller=Caller(parent=ClaimRef("0" * 32, 5)))
    with pytest.raises(JobLost):
        queue.publish([spec], by=ClaimRef("0" * 32, 5))


def test_a_job_equals_another_handle_on_it(queue: Queue) -> None:
    job = queue.enqueue("app.run")
    assert {job} == {queue.job(job.key)}
    assert job.status is JobState.QUEUED
