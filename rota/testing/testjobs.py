"""What a test asks of jobs: what is enqueued, and that it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rota.engine.job import Job
from rota.jobs import JobState
from rota.payload import import_path
from rota.sites.jobs import jobs_of
from rota.store import JobFilter
from rota.testing.drain import Drain, failures
from rota.testing.testsite import TestSite

Method = str | Callable[..., Any]
MAX_JOBS = 1000
_PAGE = 500


class TestJobs:
    """The jobs of a test's site."""

    __test__ = False

    def __init__(self, site: TestSite) -> None:
        self._site = site
        self._draining = False

    # --- what is there ---

    def enqueued(self, method: Method | None = None, *, queue: str | None = None) -> list[Job]:
        """Jobs that wait to be run, oldest first: those of the open transaction, too, and those due later."""
        context = self._site.current
        jobs = jobs_of(context)
        states = frozenset({JobState.QUEUED, JobState.SCHEDULED})
        stored = [jobs.queue.of_view(view) for view in self._all(JobFilter(states=states))]
        waiting = [jobs.queue.handle(spec) for spec in context.enqueues.all_waiting()]
        path = None if method is None else path_of(method)
        return [
            job for job in (*reversed(stored), *waiting) if path in (None, job.method) and queue in (None, job.origin)
        ]

    def assert_enqueued(
        self,
        method: Method,
        kwargs: Mapping[str, Any] | None = None,
        *,
        queue: str | None = None,
        times: int | None = None,
    ) -> Job:
        """See that a call of `method` is enqueued, with at least these arguments; the newest one.

        `times`: exactly so many.

        Raises:
            AssertionError: none is, or another number; it says what is enqueued.
        """
        found = [job for job in self.enqueued(method, queue=queue) if _has(job, kwargs or {})]
        if times is not None and len(found) != times:
            raise AssertionError(f"{self._call(method, kwargs)} is enqueued {len(found)} times, not {times}")
        if not found:
            raise AssertionError(f"{self._call(method, kwargs, queue)} is not enqueued. {self._listed()}")
        return found[-1]

    def assert_not_enqueued(
        self, method: Method, kwargs: Mapping[str, Any] | None = None, *, queue: str | None = None
    ) -> None:
        """See that no call of `method` with these arguments is enqueued.

        Raises:
            AssertionError: one is.
        """
        if any(_has(job, kwargs or {}) for job in self.enqueued(method, queue=queue)):
            raise AssertionError(f"{self._call(method, kwargs, queue)} is enqueued")

    def failed(self) -> list[Job]:
        """Jobs that have failed for good, oldest first."""
        queue = jobs_of(self._site.current).queue
        return [queue.of_view(view) for view in reversed(self._all(JobFilter(states=frozenset({JobState.FAILED}))))]

    # --- running them ---

    def drain(self, *, max_jobs: int = MAX_JOBS, wait: bool | None = None, allow_failures: bool = False) -> list[Job]:
        """Commit what the test did, and run jobs here until none is left; those that ran, in their order.

        `max_jobs`: more executions than that are taken for a circle. `wait`: go on to jobs that are due later, as
        retries are, by moving the site's clock there; by default, unless the test travels. `allow_failures`: jobs that
        fail for good are left for the test to look at.

        Raises:
            AssertionError: a job failed for good (the message holds its traceback), or there are too many.
        """
        self._site.commit()
        clock = self._site.clock
        ran = self._run(max_jobs, wait=not clock.stands if wait is None else wait)
        failed = failures(ran)
        if failed and not allow_failures:
            told = "\n".join(f"{view.method} failed:\n{view.error}" for view in failed)
            raise AssertionError(f"{len(failed)} of {len(ran)} jobs failed\n{told}")
        queue = jobs_of(self._site.current).queue
        return [queue.of_view(view) for view in ran]

    def run_published(self) -> None:
        """Run what a commit has just published, unless this is inside a run or a transaction that goes on."""
        if self._draining or self._site.current.documents.session.connection.in_transaction:
            return
        self._run(MAX_JOBS, wait=not self._site.clock.stands)

    def _run(self, max_jobs: int, *, wait: bool) -> list[Any]:
        if self._draining:
            raise AssertionError("a job can't drain the queue that it is in")
        self._draining = True
        try:
            return Drain(self._site).run(max_jobs=max_jobs, wait=wait)
        finally:
            self._draining = False

    # --- parts ---

    def _all(self, wanted: JobFilter) -> list[Any]:
        found, before = [], None
        while page := self._site.store.listing(wanted, limit=_PAGE, before=before):
            found += page
            before = page[-1].key
        return found

    def _call(self, method: Method, kwargs: Mapping[str, Any] | None, queue: str | None = None) -> str:
        where = f" in queue {queue}" if queue else ""
        return f"{path_of(method)} with {dict(kwargs or {})}{where}"

    def _listed(self) -> str:
        jobs = self.enqueued()
        if not jobs:
            return "No job is."
        return "\n".join(
            ["These jobs are:", *(f"  {job.method} {job.kwargs['kwargs']} in queue {job.origin}" for job in jobs)]
        )


def path_of(method: Method) -> str:
    """The dotted path of a function, or the path itself."""
    if isinstance(method, str):
        return method
    return str(getattr(method, "path", None) or import_path(method))


def _has(job: Job, wanted: Mapping[str, Any]) -> bool:
    given = job.kwargs["kwargs"]
    return all(name in given and given[name] == value for name, value in wanted.items())
