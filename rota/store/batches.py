"""Jobs that are watched together: how many there are, how many ended how, and what is enqueued when all have.

A batch begins with the first job that is enqueued into it and is closed with the last, in their transactions. Inside
another batch it counts as one job, which ends when it is over.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from rota.jobs import JobSpec
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
    is_counted: int

    @property
    def is_over(self) -> bool:
        return bool(self.closed) and self.finished + self.failed + self.canceled >= self.total

    @property
    def ending(self) -> str:
        """How it counts in the batch around it."""
        return "failed" if self.failed else "canceled" if self.canceled else "finished"


def open_batch(work: Work, definition: str) -> None:
    """Begin a batch as `batch_text` defines it: jobs whose `batch` is its key count for it."""
    batch: dict[str, Any] = json.loads(definition)
    if work.run("open_batch", now=work.now, **batch) and batch["parent"] is not None:
        work.run("add_to_batch", key=batch["parent"], count=1)


def enter(work: Work, specs: Sequence[JobSpec]) -> None:
    """Count new jobs into their batches, those that begin with one of them, too."""
    counts: Counter[str] = Counter()
    for spec in specs:
        if spec.batch is not None:
            counts[spec.batch] += 1
            for definition in spec.begins:
                open_batch(work, definition)
    for key, count in sorted(counts.items()):
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
            work.run("count_in_parent", key=key)
            above = leave(work, counts.parent, {counts.ending: 1})
    return [*(decode_spec(text) for text in wanted if text is not None), *above]
