"""Jobs that are watched together: how many there are, how many ended how, and what is enqueued when all have.

A batch begins with the first job that is enqueued into it and is closed with the last, in their transactions. Inside
another batch it counts as one job, which ends when it is over. A job that is run again by hand takes the place of the
one that failed, so that the batch may still end well.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rota.jobs import JobSpec, StateCode
from rota.store.wire import decode_spec
from rota.store.work import Work


class _Counts(NamedTuple):
    closed: int
    total: int
    finished: int
    failed: int
    canceled: int
    on_success: str | None
    on_failure: str | None
    on_complete: str | None
    parent: str | None
    is_counted: int  #: as what, a StateCode; 0: not yet

    @property
    def is_over(self) -> bool:
        return bool(self.closed) and self.finished + self.failed + self.canceled >= self.total

    @property
    def ending(self) -> StateCode:
        """How it counts in the batch around it."""
        return StateCode.FAILED if self.failed else StateCode.CANCELED if self.canceled else StateCode.FINISHED


def open_batch(work: Work, definition: str) -> None:
    """Begin a batch as `batch_text` defines it: jobs whose `batch` is its key count for it."""
    batch: dict[str, Any] = json.loads(definition)
    if work.run("open_batch", now=work.now, **batch) and batch["parent"] is not None:
        work.run("add_to_batch", key=batch["parent"], count=1)


def enter(work: Work, specs: Sequence[JobSpec]) -> None:
    """Count new jobs into their batches, those that begin with one of them, too."""
    members = [(spec.batch, spec) for spec in specs if spec.batch is not None]
    for _, spec in members:
        for definition in spec.begins:
            open_batch(work, definition)
    counts: Counter[str] = Counter()
    # As every transaction does, one batch after the other by its key: they can't wait for each other in a circle.
    for key, spec in sorted(members, key=lambda one: one[0]):
        counts[key] += 0 if _takes_place(work, key, spec.retry_of) else 1
    for key, count in counts.items():
        work.run("add_to_batch", key=key, count=count)


def closed_by(work: Work, specs: Sequence[JobSpec]) -> list[JobSpec]:
    """Close the batches of which these are the last jobs, once all are in; what is to be enqueued for it."""
    keys = [key for spec in specs if spec.batch is not None for key in spec.ends]
    return [one for key in keys for one in close_batch(work, key)]


def leave(work: Work, key: str, ends: Mapping[str, int]) -> list[JobSpec]:
    """Count ended jobs; what is to be enqueued now. Those that lost to another of their id do not count at all."""
    row = work.one(
        "count_in_batch",
        key=key,
        replaced=ends.get("replaced", 0),
        finished=ends.get("finished", 0),
        failed=ends.get("failed", 0),
        canceled=ends.get("canceled", 0),
    )
    return [] if row is None else _decide(work, key, _Counts._make(row))


def close_batch(work: Work, key: str) -> list[JobSpec]:
    """Nobody adds to it any more; what is to be enqueued if all of its jobs have ended."""
    row = work.one("close_batch", key=key)
    return [] if row is None else _decide(work, key, _Counts._make(row))


def _decide(work: Work, key: str, counts: _Counts) -> list[JobSpec]:
    wanted: list[str | None] = []
    above: list[JobSpec] = []
    if counts.failed and counts.on_failure is not None:
        wanted.append(counts.on_failure)
        work.run("end_batch_failure", key=key)
    if counts.is_over:
        wanted.append(counts.on_complete)
        if not counts.failed and not counts.canceled:
            wanted.append(counts.on_success)
        work.run("end_batch", key=key, now=work.now)
        if counts.parent is not None and not counts.is_counted:
            work.run("count_in_parent", key=key, ending=counts.ending)
            above = leave(work, counts.parent, {counts.ending.name.lower(): 1})
    return [*(decode_spec(text) for text in wanted if text is not None), *above]


def _takes_place(work: Work, key: str, retry_of: str | None) -> bool:
    """Let a job that repeats one which did not finish take its place in the batch; False if it is no such job."""
    row = None if retry_of is None else work.one("ends_of", key=retry_of)
    # Only one can: it leaves the batch by it.
    if row is None or row[1] == StateCode.FINISHED or not work.run("leave_batch", key=retry_of, batch=key):
        return False
    _reopen(work, key, StateCode(row[1]))
    return True


def _reopen(work: Work, key: str, ending: StateCode) -> None:
    """One of the batch's jobs has not ended so after all: neither has the batch, and what counts it as a job of its."""
    row = work.one("counts_of_batch", key=key)
    if row is None:
        return
    counts = _Counts._make(row)
    work.run(
        "reopen_batch", key=key, failed=int(ending is StateCode.FAILED), canceled=int(ending is StateCode.CANCELED)
    )
    if counts.parent is not None and counts.is_counted:
        _reopen(work, counts.parent, StateCode(counts.is_counted))
