"""What the store answers: one frozen value for each thing it keeps. Moments are microseconds since 1970, UTC."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rota.jobs import JobSpec, JobState


@dataclass(frozen=True, kw_only=True)
class JobView:
    """A job as it stands, live or final."""

    key: str
    id: str
    state: JobState
    waits_for: str | None  #: why it can't be claimed: time, dependency, concurrency, rate, pause, predecessor
    queue: str
    lane: int
    method: str
    user: str
    created_at: int
    run_at: int | None  #: not before this, while it is scheduled
    started_at: int | None  #: of the latest attempt
    ended_at: int | None
    attempt: int
    crashes: int
    failures: int
    claim: int  #: number of the latest claim, 0 if there was none
    cancel_requested: bool
    root: str
    parent: str | None
    made_by: int | None
    retry_of: str | None
    batch: str | None
    concurrency_key: str | None
    result: str | None  #: encoded
    error: str | None
    reason: str | None  #: why it was canceled, or why its result was left out
    winner: str | None  #: key of the job that took its place
    token: str | None  #: of the dispatcher that holds it
    host: str | None  #: where it runs or ran last
    pid: int | None  #: of the worker that runs it
    body: str  #: JSON object: `kwargs` (encoded, a string), `timeout`, `options`, `mode`, ...

    @cached_property
    def _body(self) -> Mapping[str, Any]:
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}

    @property
    def kwargs(self) -> str:
        """The encoded arguments; "{}" when the stored body can't be read."""
        return str(self._body.get("kwargs", "{}"))

    @property
    def timeout(self) -> float:
        """Seconds."""
        return float(self._body.get("timeout", 0))

    @property
    def options(self) -> Mapping[str, Any]:
        """`JobSpec.options`."""
        options: Mapping[str, Any] = self._body.get("options", {})
        return options

    @property
    def slot(self) -> int | None:
        """0 for the job that its id stands for, 1 for its successor, None once it is final."""
        if self.state.is_final:
            return None
        return 1 if self.waits_for == "predecessor" else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs a listing shows; what is None is not looked at."""

    states: frozenset[JobState] | None = None
    id: str | None = None
    queue: str | None = None
    method: str | None = None
    user: str | None = None
    batch: str | None = None
    root: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """An execution that was not the job's last: why it ended, and what came of it."""

    key: str
    attempt: int
    claim: int
    ending: str  #: failed, later, released, lost, unsent
    started_at: int | None
    ended_at: int
    next_at: int | None  #: when it was to run again
    error: str | None
    host: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """A line that a job printed or logged."""

    key: str
    attempt: int
    at: int
    level: str  #: DEBUG, INFO, WARNING, ERROR, CRITICAL, or OUTPUT for what it printed
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is."""

    key: str
    at: int
    done: float | None = None
    total: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatcherView:
    """A process that claims."""

    token: str
    host: str
    pid: int
    boot_id: str
    queues: tuple[str, ...]
    started_at: int
    seen_at: int
    alive: bool  #: its lease is not over


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker as its dispatcher tells of it."""

    pid: int
    state: str  #: idle, busy, starting
    born_at: int
    key: str | None = None  #: of the job it runs
    finished: int = 0
    failed: int = 0
    busy: float = 0.0  #: seconds it spent on jobs


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerView:
    """A worker, with its dispatcher."""

    name: str  #: HOST.PID
    token: str
    host: str
    pid: int
    state: str
    born_at: int
    seen_at: int
    key: str | None
    job_id: str | None
    queues: tuple[str, ...]
    finished: int
    failed: int
    busy: float  #: seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A schedule as `migrate` or its document defines it."""

    id: str
    definition: str  #: JSON, which only `rota.schedule` reads
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TickRow:
    """A due time that was taken, with its job, or with the reason why it has none."""

    schedule: str
    due: int  #: microseconds since 1970
    spec: JobSpec | None = None
    skipped: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleView:
    """A schedule and how far its ticks are."""

    id: str
    definition: str
    enabled: bool
    last_due: int  #: the tick that was taken last; at first, when it was defined
    next_due: int | None  #: shown only
    error: str | None  #: why it can't run


@dataclass(frozen=True, slots=True, kw_only=True)
class TickView:
    """One due time of a schedule, and what came of it."""

    schedule: str
    due: int
    taken_at: int
    key: str | None
    skipped: str | None  #: the reason, if no job was made


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseView:
    """A queue, method or the whole site that nobody claims from."""

    scope: str  #: queue, method, site
    name: str  #: "" for the site
    by: str
    why: str
    at: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchView:
    """Jobs that were enqueued to be watched together. A batch inside another one counts there as one job."""

    key: str
    name: str
    created_at: int
    closed: bool  #: nobody adds to it any more
    total: int
    finished: int
    failed: int
    canceled: int
    ended_at: int | None
    parent: str | None = None  #: key of the batch that it is a part of

    @property
    def pending(self) -> int:
        return self.total - self.finished - self.failed - self.canceled


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A realtime message that waits to be sent out."""

    room: str
    name: str
    payload: str  #: JSON
    at: int
    number: int = field(default=0)  #: given by the store, increasing
