"""Run jobs again by hand: one with its arguments edited, or all that a filter picks, as a paced job of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rota.engine.job import Job
from rota.engine.options import MOST_SECONDS
from rota.engine.queue import Caller, Queue
from rota.errors import NoSuchJobError, UnknownQueue, UsageError
from rota.jobs import LONG, JobSpec, JobState
from rota.sites.context import Context, current
from rota.sites.jobs import jobs_of
from rota.sites.running import Running
from rota.store import JobFilter, JobView, Store

#: The key of a job's options that says by whom, of which job, and in place of which arguments it was run again.
RETRIED = "retried"
PAGE = 500
MOST_RATE = 1000.0
# A bulk retry may take so many times as long as its pace says, and this much longer, in seconds.
SLACK, MARGIN = 2, 600.0
# How long it waits at a time: a cancel is noticed meanwhile.
SLICE_SECONDS = 0.25
CHUNK_SECONDS = 0.5
METHOD = "rota.sites.retrying.run_matching"


def retry_one(context: Context, key_or_id: str, *, by: str, edit: Mapping[str, Any] | None = None) -> Job:
    """Enqueue the call of a job that has ended again, as a new job that knows who did it.

    `edit`: arguments to take in place of the old ones of these names; the new job keeps what they were.

    Raises:
        NoSuchJobError: there is no such job.
        UsageError: it has not ended, or its function does not take these arguments.
    """
    queue = jobs_of(context).queue
    view = queue.store.job(key_or_id)
    if edit is None or view is None:
        spec = queue.retry_spec(key_or_id)
        return _published(queue, _noted(spec, by))
    kwargs = {**queue.decode(view.kwargs), **edit}
    check_arguments(context.site.resolver.resolve(view.method), view.method, kwargs)
    spec = queue.retry_spec(view.key, kwargs=kwargs)
    return _published(queue, _noted(spec, by, replaced=view.kwargs))


def check_arguments(function: Callable[..., Any], path: str, kwargs: Mapping[str, Any]) -> None:
    """See that a function can be called with these arguments by name.

    Raises:
        UsageError: one is missing, or it has none of that name; the message says what it takes.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # built in, and says nothing of itself
        return
    try:
        signature.bind(**kwargs)
    except TypeError as error:
        raise UsageError(f"{path}{signature} can't be called so: {error}") from error


def who_retried(view: JobView) -> Mapping[str, Any] | None:
    """`{"of": key, "by": who, "kwargs": the old ones, encoded, or None}` of a job that was run again by hand."""
    found = view.options.get(RETRIED)
    # A later retry by other means copies the options of the job before it.
    return found if isinstance(found, dict) and found.get("of") == view.retry_of is not None else None


def _noted(spec: JobSpec, by: str, replaced: str | None = None) -> JobSpec:
    return spec._replace(options={**spec.options, RETRIED: {"of": spec.retry_of, "by": by, "kwargs": replaced}})


def _published(queue: Queue, spec: JobSpec) -> Job:
    return queue.handle(spec, queue.publish([spec])[0])


# --- many ---


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Which jobs that have ended are meant."""

    state: JobState = JobState.FAILED
    method: str | None = None
    queue: str | None = None
    user: str | None = None
    since: int | None = None  #: microseconds: ended then or later

    def of(self, store: Store, *, before: str | None = None) -> Iterator[JobView]:
        """They, the newest first, enqueued before the job with the key `before`.

        One that was run again is left out while its repetition is alive, once that has finished, and if that is one of
        them itself.
        """
        wanted = JobFilter(states=frozenset({self.state}), method=self.method, queue=self.queue, user=self.user)
        while page := store.listing(wanted, limit=PAGE, before=before):
            before = page[-1].key
            again = self.repeated(store, [one.key for one in page])
            recent = (one for one in page if self.since is None or (one.ended_at or 0) >= self.since)
            yield from (one for one in recent if one.key not in again)

    def repeated(self, store: Store, keys: Sequence[str]) -> frozenset[str]:
        """Those of the jobs for which a repetition stands."""
        return store.repeated(keys, {JobState.FINISHED, self.state})


def retry_matching(context: Context, wanted: Matching, *, by: str, rate: float = 50.0) -> Job:
    """Enqueue a job that runs again, newest first, what matches now: `rate` jobs a second, until it is canceled.

    Its progress counts them. What fails again meanwhile is not run a third time.

    Raises:
        UsageError: jobs of that state have nothing to run again, or the rate is none.
        UnknownQueue: the bench has no such queue.
    """
    if wanted.state not in (JobState.FAILED, JobState.CANCELED):
        raise UsageError(f"only failed and canceled jobs are run again together, not {wanted.state} ones")
    if not 0 < rate <= MOST_RATE:
        raise UsageError(f"the rate is a number of jobs a second above 0, up to {MOST_RATE:g}, not {rate:g}")
    queues = list(context.site.config.queues())
    if wanted.queue not in (None, *queues):
        raise UnknownQueue(str(wanted.queue), queues)
    jobs = jobs_of(context)
    count = sum(1 for _ in wanted.of(jobs.queue.store))
    kwargs = {
        "state": wanted.state.value,
        "method": wanted.method,
        "queue": wanted.queue,
        "user": wanted.user,
        "since": wanted.since,
        "by": by,
        "rate": rate,
    }
    return jobs.queue.enqueue(
        METHOD,
        kwargs,
        caller=Caller(user=context.user),
        queue=LONG,
        timeout=min(SLACK * count / rate + MARGIN, MOST_SECONDS),
        job_name=f"retry {count} {wanted.state} jobs",
        retry=3,
    )


def run_matching(
    *,
    state: str,
    method: str | None,
    queue: str | None,
    user: str | None,
    since: int | None,
    by: str,
    rate: float,
) -> dict[str, int]:
    """The job that `retry_matching` enqueues; how many were run again, and how many could or need not be.

    Each chunk is inserted under this job's own claim, as its children. So one that is run again itself knows where it
    was: they went from the newest to the oldest.
    """
    running, jobs = current().running, jobs_of(current())
    if running is None:
        raise UsageError("this runs as a job: use retry_matching")
    store = jobs.queue.store
    wanted = Matching(state=JobState(state), method=method, queue=queue, user=user, since=since)
    before = [one.retry_of for one in store.jobs(store.children(running.key)) if one.retry_of]
    found = [one.key for one in wanted.of(store, before=min(before, default=running.key))]
    total, done, refused = len(before) + len(found), len(before), 0
    size = max(1, int(rate * CHUNK_SECONDS))
    for start in range(0, len(found), size):
        began = current().site.clock.monotonic()
        chunk = found[start : start + size]
        # Somebody may have run some of them again meanwhile.
        again = wanted.repeated(store, chunk)
        specs = _repeated(jobs.queue, running, [key for key in chunk if key not in again], by)
        jobs.queue.publish(specs, by=running.ref)
        refused += len(chunk) - len(specs)
        done += len(chunk)
        running.progress(done, total)
        if done < total:
            _wait(running, began + len(chunk) / rate)
    return {"retried": done - refused, "refused": refused}


def _repeated(queue: Queue, running: Running, keys: list[str], by: str) -> list[JobSpec]:
    specs = []
    for key in keys:
        try:
            specs.append(_noted(queue.retry_spec(key, caller=Caller(parent=running.ref)), by))
        except (UsageError, NoSuchJobError) as error:
            # It was purged meanwhile, or what is kept of it can't be read: the others are not to wait for it.
            running.log(str(error))
    return specs


def _wait(running: Running, until: float) -> None:
    clock = current().site.clock
    while (left := until - clock.monotonic()) > 0:
        running.check()
        clock.sleep(min(left, SLICE_SECONDS))
