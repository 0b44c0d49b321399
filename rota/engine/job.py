"""A handle on one job, shaped as RQ's `Job` where Frappe's applications touch it. Reads the store when it is asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from rota.clock import from_micros
from rota.engine.cursor import Cursor, FailedRow
from rota.errors import JobFailed, JobNotFinished, NoSuchJobError, UsageError
from rota.jobs import JobSpec, JobState
from rota.store import JobView, read_body

if TYPE_CHECKING:
    from rota.engine.queue import Queue

# How long `wait` sleeps between two looks: short at first, as most who wait do so for a short job.
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 0.005, 0.25


class JobKwargs(dict[str, Any]):
    """`job.kwargs` in RQ's layout, as Frappe fills it; what is not there is looked up in the method's arguments."""

    def __missing__(self, name: str) -> Any:
        inner: Mapping[str, Any] = dict.__getitem__(self, "kwargs")
        return inner[name]

    def __contains__(self, name: object) -> bool:
        return dict.__contains__(self, name) or name in dict.__getitem__(self, "kwargs")

    def get(self, name: str, default: Any = None) -> Any:
        """The value of `name`, outside or among the method's arguments."""
        try:
            return self[name]
        except KeyError:
            return default


class Job:
    """One job: `id`, `key`, how it stands, what it was called with and what became of it."""

    def __init__(
        self,
        queue: Queue,
        *,
        key: str,
        id: str,  # noqa: A002 - RQ's name
        spec: JobSpec | None = None,
        view: JobView | None = None,
        stored: bool = True,
    ) -> None:
        """`stored`: False for an enqueue that the store need not know yet, as its transaction is open."""
        self._queue = queue
        self._spec = spec
        self._view = view
        self._stored = stored
        self._meta: dict[str, Any] | None = None
        self.key = key
        self.id = id

    def __repr__(self) -> str:
        return f"<Job {self.id} {self.method}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)

    # --- how it stands ---

    def refresh(self) -> None:
        """Read the store again.

        Raises:
            NoSuchJobError: the job is not there any more, or its transaction was rolled back.
        """
        view = self._queue.store.job(self.key)
        if view is not None:
            self._view, self._stored = view, True
        elif self._stored or self._queue.is_dropped(self.key):
            raise NoSuchJobError(self.id)

    def get_status(self, refresh: bool = True) -> JobState:
        """`scheduled`, `queued`, `started`, `finished`, `failed` or `canceled`."""
        if refresh or self._view is None:
            self.refresh()
        if self._view is not None:
            return self._view.state
        return JobState.SCHEDULED if self._spec is not None and self._spec.run_at is not None else JobState.QUEUED

    @property
    def status(self) -> JobState:
        return self.get_status()

    @property
    def is_scheduled(self) -> bool:
        return self.get_status() is JobState.SCHEDULED

    @property
    def is_queued(self) -> bool:
        return self.get_status() is JobState.QUEUED

    @property
    def is_started(self) -> bool:
        return self.get_status() is JobState.STARTED

    @property
    def is_finished(self) -> bool:
        return self.get_status() is JobState.FINISHED

    @property
    def is_failed(self) -> bool:
        return self.get_status() is JobState.FAILED

    @property
    def is_canceled(self) -> bool:
        return self.get_status() is JobState.CANCELED

    @property
    def is_own(self) -> bool:
        """Whether it came of the enqueue that gave this handle; False if that found another one of its id."""
        return self._spec is not None

    # --- what became of it ---

    @property
    def result(self) -> Any:
        """What the method returned; None before the end, if it returned nothing, or if that is no longer kept."""
        view = self._seen()
        return None if view is None or view.result is None else self._queue.decode(view.result)

    def return_value(self) -> Any:
        """RQ's name for `result`."""
        return self.result

    @property
    def exc_info(self) -> str | None:
        """The error's traceback as text, of a job that failed."""
        view = self._seen()
        return None if view is None else view.error

    @property
    def meta(self) -> dict[str, Any]:
        """What the application keeps with the job: read when it is first asked for, stored by `save_meta`."""
        if self._meta is None:
            self._meta = self._queue.meta(self.key)
        return self._meta

    @meta.setter
    def meta(self, value: dict[str, Any]) -> None:
        self._meta = value

    def get_meta(self, refresh: bool = True) -> dict[str, Any]:
        """`meta`, read anew."""
        if refresh:
            self._meta = None
        return self.meta

    def save_meta(self) -> None:
        """Store `meta`: at once, whatever becomes of the open transaction, for as long as the job is kept.

        Raises:
            NotEncodable: a value can't be stored, or all of it is larger than a result may be (`max_result_size`).
            NoSuchJobError: the job is not there any more.
            UsageError: the transaction that enqueued it is still open, or `meta` is no dict.
        """
        if self._queue.save_meta(self.key, self.meta):
            return
        self.refresh()
        raise UsageError(
            f"job {self.id} is not there: save its meta once the transaction that enqueues it has committed"
        )

    def wait(self, timeout: float | None = None, *, sleep: Callable[[float], None] = time.sleep) -> Any:
        """Wait for the end, and give what the method returned. `timeout`: seconds; None waits for ever.

        Raises:
            JobNotFinished: it has not ended in that time; it goes on.
            JobFailed: it failed or was canceled.
        """
        end = None if timeout is None else time.monotonic() + timeout
        pause = FIRST_LOOK_SECONDS
        while not (state := self.get_status()).is_final:
            if end is not None and time.monotonic() >= end:
                raise JobNotFinished(f"job {self.id} is {state} after {timeout:g} s; it goes on")
            sleep(pause)
            pause = min(pause * 1.5, LAST_LOOK_SECONDS)
        if state is JobState.FINISHED:
            return self.result
        view = self._view
        raise JobFailed(self.id, state, (view and (view.error or view.reason)) or "")

    @property
    def failed_rows(self) -> list[FailedRow]:
        """The rows that its iterations left out, as they failed: `row` (a name, or a number in a list) and `error`."""
        return Cursor.decode(self._queue.store.cursor(self.key)).failed_rows

    # --- what it is ---

    @property
    def method(self) -> str:
        return self._spec.method if self._spec is not None else self._known().method

    @property
    def func_name(self) -> str:
        """RQ's name for `method`."""
        return self.method

    @property
    def origin(self) -> str:
        """The queue."""
        return self._spec.queue if self._spec is not None else self._known().queue

    @property
    def timeout(self) -> float:
        """Seconds."""
        return self._spec.timeout if self._spec is not None else self._known().timeout

    @property
    def args(self) -> tuple[Any, ...]:
        """RQ's positional arguments; a job of Rota has none."""
        return ()

    @property
    def kwargs(self) -> JobKwargs:
        """`{site, user, method, event, job_name, is_async, kwargs: {the method's}}`; it answers for the latter, too."""
        if self._spec is not None:
            encoded, options, user = self._spec.kwargs, self._spec.options, self._spec.user
        else:
            view = self._known()
            encoded, options, user = view.kwargs, view.options, view.user
        return JobKwargs(
            site=self._queue.site,
            user=user,
            method=self.method,
            event=options.get("event"),
            job_name=options.get("job_name") or self.method,
            is_async=True,
            kwargs=self._queue.decode(encoded),
        )

    @property
    def failure_ttl(self) -> float:
        """Seconds for which a failed job is kept."""
        return self._queue.config.rq_job_failure_ttl

    @property
    def created_at(self) -> datetime:
        """When it was enqueued, aware, in UTC."""
        return from_micros(self._spec.created_at if self._spec is not None else self._known().created_at)

    @property
    def enqueued_at(self) -> datetime:
        """RQ's name for `created_at`, unless it is scheduled for later."""
        return self.created_at

    @property
    def started_at(self) -> datetime | None:
        """When its latest attempt began, aware, in UTC."""
        view = self._seen()
        return None if view is None or view.started_at is None else from_micros(view.started_at)

    @property
    def ended_at(self) -> datetime | None:
        """When it ended, aware, in UTC."""
        view = self._seen()
        return None if view is None or view.ended_at is None else from_micros(view.ended_at)

    def get_position(self) -> int | None:
        """How many jobs of its queue stand before it; None when it is not queued."""
        if self.get_status() is not JobState.QUEUED or self._view is None:
            return None
        return self._queue.count_before(self._view)

    # --- what can be done ---

    def cancel(self, reason: str = "", *, by: str = "") -> Literal["canceled", "canceling", "refused"]:
        """Cancel it: at once while it waits, else by asking it to stop. `refused`: it has ended already."""
        return self._queue.cancel(self.key, reason=reason, by=by)

    def delete(self) -> None:
        """Cancel the job if it waits, and delete what is kept of it.

        Raises:
            UsageError: it is running.
        """
        self._queue.delete(self.key)

    def retry_failed_rows(self) -> Job:
        """Enqueue the same call for the rows that failed and were left out, as a new job.

        Raises:
            UsageError: it has not ended, or no row failed.
        """
        return self._queue.retry(self.key, only_failed_rows=True)

    def hold(self) -> None:
        """Ask a job that iterates to stop at its next row, with its place saved, until `resume`."""
        self._queue.steer(self.key, lambda turn: turn.hold_on(self.key))

    def resume(self) -> None:
        """Let a job that was held go on."""
        self._queue.steer(self.key, lambda turn: turn.go_on(self.key))

    def set_speed(self, rate: float | None) -> None:
        """Let its iterations do so many rows a second at most, from now on; None: as many as they ask for themselves.

        Raises:
            UsageError: that is no speed.
        """
        self._queue.steer(self.key, lambda turn: turn.set_speed(self.key, rate))

    def requeue(self) -> Job:
        """Enqueue the same call again, as a new job."""
        return self._queue.retry(self.key)

    def _seen(self) -> JobView | None:
        if self._view is None or not self._view.state.is_final:
            self.refresh()
        return self._view

    def _known(self) -> JobView:
        if self._view is None:
            self.refresh()
        if self._view is None:
            raise NoSuchJobError(self.id)
        return self._view


def body_values(view: JobView) -> dict[str, Any]:
    """What a stored job was asked for beside its method; empty when it can't be read."""
    try:
        return read_body(view.body)
    except ValueError:
        return {}
