"""What an execution's end means: done, run again and when, or failed, and which callbacks follow. Pure.

The store has the last word: a claim that is not ours any more, a ledger that says done, or a cancel wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Protocol

from rota.clock import Clock, to_micros
from rota.engine.report import Report
from rota.errors import InvalidRetry
from rota.jobs import Ending, JobSpec, Outcome, new_key
from rota.retry import RetryPolicy
from rota.store import OnStopped, Stopped, read_body

MICROSECOND = 1_000_000
MAX_CRASHES = 3
# Frappe runs a job again for these, up to five times, a second later each time.
TRANSIENT = frozenset(
    f"rota.errors.{name}"
    for name in (
        "RetryBackgroundJobError", "StoreDeadlock", "StoreBusy", "QueryDeadlockError", "LockTimeoutError"
    )
)  # fmt: skip
TRANSIENT_RETRIES = 5
# A job that takes its worker down goes back at once the first time, as it may have been the machine; then slower.
CRASH_DELAYS = (0.0, 2.0, 10.0, 60.0)
# RQ's limit for callbacks, in seconds.
CALLBACK_TIMEOUT = 60.0
ON_SUCCESS = '"on_success"'
SUCCESS, FAILURE, STOPPED = "success", "failure", "stopped"


class Parent(Protocol):
    """Whose callback it is."""

    @property
    def key(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def user(self) -> str: ...


class FailedJob(Protocol):
    """What people are told of a job that has failed."""

    @property
    def id(self) -> str: ...
    @property
    def method(self) -> str: ...
    @property
    def body(self) -> str: ...


#: takes the site's name, the job, and its error's text
OnFailed = Callable[[str, FailedJob, str | None], None]


class Ended(Parent, Protocol):
    """What an outcome is decided about: a Claim, or what the store tells of a lost one."""

    @property
    def number(self) -> int: ...
    @property
    def crashes(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def body(self) -> str: ...


def decide(ended: Ended, report: Report, *, now: int, random: Random, max_crashes: int = MAX_CRASHES) -> Outcome:
    """What is to be recorded of an execution that ended so. `now`: microseconds.

    `max_crashes`: how many workers a job may take down that says nothing of its own about it.
    """
    if report.ending is Ending.RETURNED:
        callback = success_callback(ended, report.result, now=now)
        children = report.children if callback is None else (*report.children, callback)
        return Outcome(ended.key, ended.number, report.ending, report.result, children=children)
    outcome = Outcome(key=ended.key, claim=ended.number, ending=report.ending, error=report.error)
    if report.ending is Ending.COMMITTED:
        return outcome
    body = _readable(ended.body)
    options = body.get("options") or {}
    stopped = _callback(ended, ended.number, body, STOPPED, now, error=report.error)
    outcome = outcome._replace(on_stopped=stopped)
    if report.ending is Ending.RELEASED:
        return outcome
    if report.ending is Ending.LATER:
        return outcome._replace(run_at=report.run_at)
    if report.ending is Ending.LOST:
        delay = _delay_after_crash(ended.crashes + 1, _whole(options.get("max_crashes"), max_crashes))
    else:
        delay = _delay_after_failure(ended.failures + 1, report, options, random)
    if delay is None:
        return outcome._replace(on_failure=_callback(ended, ended.number, body, FAILURE, now, error=report.error))
    return outcome._replace(run_at=now + int(delay * MICROSECOND))


def success_callback(ended: Ended, result: str | None, *, now: int) -> JobSpec | None:
    """The job of `on_success`, if there is one. Whoever finishes a job in the documents' transaction adds it there."""
    if ON_SUCCESS not in ended.body:
        return None  # as with most jobs: nothing to decode
    return _callback(ended, ended.number, _readable(ended.body), SUCCESS, now, result=result)


def on_stopped(clock: Clock) -> OnStopped:
    """What a store calls for the job of `on_stopped`, when a job is canceled that no worker has."""

    def make(stopped: Stopped) -> JobSpec | None:
        body, now = _readable(stopped.body), to_micros(clock.now())
        return _callback(stopped, stopped.claim, body, STOPPED, now, error=stopped.reason)

    return make


def _delay_after_failure(failures: int, report: Report, options: Mapping[str, Any], random: Random) -> float | None:
    policy = _policy(options)
    wanted = policy is not None and (policy.wants(report.error_types) if report.wanted is None else report.wanted)
    if policy is not None and wanted:
        return policy.delay(failures, random).total_seconds() if failures < policy.attempts else None
    if TRANSIENT.intersection(report.error_types) and failures <= TRANSIENT_RETRIES:
        return float(failures)
    return None


def _delay_after_crash(crashes: int, most: int) -> float | None:
    if crashes >= most:
        return None
    return CRASH_DELAYS[min(crashes, len(CRASH_DELAYS)) - 1]


def _policy(options: Mapping[str, Any]) -> RetryPolicy | None:
    # Checked at enqueue; what an older or newer Rota wrote differently means no retries.
    try:
        return RetryPolicy.of(options.get("retry"))
    except InvalidRetry:
        return None


def _callback(
    parent: Parent,
    number: int,
    body: Mapping[str, Any],
    kind: str,
    now: int,
    *,
    result: str | None = None,
    error: str | None = None,
) -> JobSpec | None:
    """A callback is a job of its own, with its parent's arguments; `options.callback` says of what it tells."""
    method = (body.get("options") or {}).get(f"on_{kind}")
    if not isinstance(method, str):
        return None
    told = {"kind": kind, "of": parent.key, "id": parent.id, "result": result, "error": error}
    key = new_key()
    return JobSpec(
        key=key,
        id=key,
        method=method,
        queue=parent.queue,
        user=parent.user,
        created_at=now,
        timeout=CALLBACK_TIMEOUT,
        kwargs=str(body.get("kwargs", "{}")),
        parent=parent.key,
        made_by=number,
        options={"job_name": method, "callback": {name: value for name, value in told.items() if value is not None}},
    )


def _readable(body: str) -> dict[str, Any]:
    try:
        return read_body(body)
    except ValueError:
        return {}


def _whole(value: Any, default: int) -> int:
    return value if isinstance(value, int) and value > 0 else default
