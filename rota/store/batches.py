"""Jobs that are watched together: how many there are, how many ended how, and what is enqueued when all have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rota.jobs import JobSpec
from rota.store.wire import decode_spec, encode_spec
from rota.store.work import Work


class _Counts(NamedTuple):
    closed: int
    total: int
    finished: int
    failed: int
    canceled: int
    ended_at: int | None
    on_success: str | None
    on_failure: str | None
    on_complete: str | None

    @property
    def is_over(self) -> bool:
        return bool(self.closed) and self.finished + self.failed + self.canceled >= self.total


def open_batch(
    work: Work,
    key: str,
    name: str,
    *,
    on_success: JobSpec | None,
    on_failure: JobSpec | None,
    on_complete: JobSpec | None,
) -> None:
    """Begin a batch: jobs whose `batch` is `key` count for it."""
    specs = {"on_success": on_success, "on_failure": on_failure, "on_complete": on_complete}
    texts = {name: None if spec is None else encode_spec(spec) for name, spec in specs.items()}
    work.run("open_batch", key=key, name=name, now=work.now, **texts)


def enter(work: Work, specs: Sequence[JobSpec]) -> None:
    """Count new jobs into their batches."""
    counts = Counter(spec.batch for spec in specs if spec.batch is not None)
    for key, count in sorted(counts.items()):
        work.run("add_to_batch", key=key, count=count)


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
    if counts.failed and counts.on_failure is not None:
        wanted.append(counts.on_failure)
        work.run("end_batch_failure", key=key)
    if counts.is_over:
        wanted.append(counts.on_complete)
        if not counts.failed and not counts.canceled:
            wanted.append(counts.on_success)
        work.run("end_batch", key=key, now=work.now)
    return [decode_spec(text) for text in wanted if text is not None]
