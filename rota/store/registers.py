"""What the tables say about everything but the jobs themselves: who works, what is due, what was logged."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager

from rota.jobs import JobState, StateCode
from rota.store import prune
from rota.store.views import (
    AttemptView,
    BatchView,
    DispatcherView,
    EventRow,
    LogLine,
    PauseView,
    Progress,
    ScheduleView,
    TickView,
    WorkerView,
)
from rota.store.work import Work


class Registers(ABC):
    """The part of a Store that only reads registers. Lists are in the order in which people want to see them."""

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Work]:
        """The tables, to be read."""

    def is_overdue(self, slack: float) -> bool:
        """Whether there are jobs that should have been deleted `slack` seconds ago: nobody prunes."""
        with self._reading() as work:
            return prune.is_overdue(work, slack)

    # --- of one job ---

    def attempts(self, key: str) -> list[AttemptView]:
        """The executions of a job that were not its last, oldest first."""
        names = ("key", "attempt", "claim", "ending", "started_at", "ended_at", "next_at", "error", "host")
        with self._reading() as work:
            rows = work.rows("attempts", key=key)
        return [AttemptView(**dict(zip(names, row, strict=True))) for row in rows]

    def lines(self, key: str, attempt: int | None = None) -> list[LogLine]:
        """What a job printed and logged, of one attempt or of all."""
        with self._reading() as work:
            rows = work.rows("lines", key=key) if attempt is None else work.rows("lines_of", key=key, attempt=attempt)
        return [LogLine(key=row[0], attempt=row[1], at=row[2], level=row[3], text=row[4]) for row in rows]

    def progress(self, key: str) -> Progress | None:
        """How far a job is."""
        with self._reading() as work:
            row = work.one("progress", key=key)
        if row is None:
            return None
        return Progress(key=row[0], at=row[1], done=row[2], total=row[3], message=row[4])

    def meta(self, key: str) -> str | None:
        """What the application keeps with a job, encoded."""
        with self._reading() as work:
            value: str | None = work.value("meta", key=key)
        return value

    def repeated(self, keys: Sequence[str], states: Collection[JobState]) -> frozenset[str]:
        """Which jobs have a repetition, or one of a repetition, that is alive or has ended in one of the states."""
        with self._reading() as work:
            codes = work.list(StateCode[state.name] for state in states)
            rows = work.rows("repeated", keys=work.list(keys), states=codes)
        return frozenset(row[0] for row in rows)

    def dependencies(self, key: str) -> list[str]:
        """Keys of the jobs that a job still waits for."""
        return self._keys("dependencies", key)

    def dependents(self, key: str) -> list[str]:
        """Keys of the jobs that wait for a job."""
        return self._keys("dependents", key)

    def children(self, key: str) -> list[str]:
        """Keys of the jobs that a job enqueued."""
        return self._keys("children", key)

    def _keys(self, statement: str, key: str) -> list[str]:
        with self._reading() as work:
            return [row[0] for row in work.rows(statement, key=key)]

    # --- who works ---

    def dispatchers(self) -> list[DispatcherView]:
        """The processes that claim."""
        with self._reading() as work:
            now = work.lease_now
            rows = work.rows("dispatchers")
        return [
            DispatcherView(
                token=row[0],
                host=row[1],
                pid=row[2],
                boot_id=row[3],
                queues=_queues(row[4]),
                started_at=row[5],
                seen_at=row[6],
                alive=row[7] >= now,
            )
            for row in rows
        ]

    def workers(self) -> list[WorkerView]:
        """The processes that run jobs, as their dispatchers told last."""
        with self._reading() as work:
            rows = work.rows("workers")
        return [
            WorkerView(
                name=f"{row[1]}.{row[2]}",
                token=row[0],
                host=row[1],
                pid=row[2],
                state=row[3],
                born_at=row[4],
                seen_at=row[5],
                key=row[6],
                job_id=row[7],
                queues=_queues(row[8]),
                finished=row[9],
                failed=row[10],
                busy=row[11],
            )
            for row in rows
        ]

    def pauses(self) -> list[PauseView]:
        """What nobody claims from now, who said so, and why."""
        names = ("scope", "name", "by", "why", "at", "until")
        with self._reading() as work:
            return [PauseView(**dict(zip(names, row, strict=True))) for row in work.rows("pauses", now=work.now)]

    # --- schedules ---

    def schedules(self) -> list[ScheduleView]:
        """All schedules, by id."""
        with self._reading() as work:
            return [_schedule(row) for row in work.rows("schedules")]

    def schedule(self, id: str) -> ScheduleView | None:  # noqa: A002 - the public word
        """One schedule."""
        with self._reading() as work:
            row = work.one("schedule", id=id)
        return None if row is None else _schedule(row)

    def ticks(self, schedule: str | None = None, *, limit: int = 50) -> list[TickView]:
        """The latest ticks, of one schedule or of all."""
        names = ("schedule", "due", "taken_at", "key", "skipped")
        with self._reading() as work:
            if schedule is None:
                rows = work.rows("ticks", limit=limit)
            else:
                rows = work.rows("ticks_of", id=schedule, limit=limit)
        return [TickView(**dict(zip(names, row, strict=True))) for row in rows]

    # --- batches and events ---

    def batch(self, key: str) -> BatchView | None:
        """One batch."""
        with self._reading() as work:
            row = work.one("batch", key=key)
        return None if row is None else _batch(row)

    def batches(self, limit: int = 50) -> list[BatchView]:
        """The latest batches."""
        with self._reading() as work:
            return [_batch(row) for row in work.rows("batches", limit=limit)]

    def events(self, after: int, limit: int = 500) -> list[EventRow]:
        """Realtime messages after the one with this number."""
        with self._reading() as work:
            rows = work.rows("events", after=after, limit=limit)
        return [EventRow(room=row[0], name=row[1], payload=row[2], at=row[3], number=row[4]) for row in rows]

    def last_event(self) -> int:
        """The number of the newest realtime message, 0 if there is none."""
        with self._reading() as work:
            return int(work.value("last_event"))


def _queues(text: str) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _schedule(row: tuple[object, ...]) -> ScheduleView:
    names = ("id", "definition", "enabled", "last_due", "next_due", "error")
    values = dict(zip(names, row, strict=True))
    return ScheduleView(**{**values, "enabled": bool(values["enabled"])})  # type: ignore[arg-type]


def _batch(row: tuple[object, ...]) -> BatchView:
    names = ("key", "name", "created_at", "closed", "total", "finished", "failed", "canceled", "ended_at", "parent")
    values = dict(zip(names, row, strict=True))
    return BatchView(**{**values, "closed": bool(values["closed"])})  # type: ignore[arg-type]
