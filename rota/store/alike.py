"""Jobs that differ in key and arguments only, and wait for nothing, go in together: as a rule all of one enqueue."""

from __future__ import annotations

from collections.abc import Sequence

from rota.jobs import JobSpec, JobState
from rota.store.wire import (
    KEY_DIGITS,
    KEY_LENGTH,
    body_after_kwargs,
    job_row,
    job_row_without_body,
    key,
    quoted,
    rate_key,
)
from rota.store.words import Inserted
from rota.store.work import Work

AT_ONCE = 1000
#: characters of arguments that one statement carries, if it carries more than one job
TEXT_AT_ONCE = 1 << 20


def are_alike(specs: Sequence[JobSpec]) -> bool:
    """Whether jobs may be inserted by `insert_alike`: no gate, no batch, no id of another job is in question."""
    first = specs[0]
    if first.run_at is not None or first.depends_on or first.batch is not None:
        return False
    if first.concurrency_key is not None or rate_key(first) is not None:
        return False
    common = first.common
    # The slice is `spec.common`, without a property's call for each.
    return all(
        spec.id == spec.key and spec[2:-1] == common and spec.kwargs.isascii() and spec.kwargs.isprintable()
        for spec in specs
    )


def fits_one_statement(specs: Sequence[JobSpec]) -> bool:
    """Whether `insert_alike` needs one statement for these jobs on PostgreSQL."""
    return 0 < len(specs) <= AT_ONCE and are_alike(specs) and len(specs) <= _size(specs)


def insert_alike(work: Work, specs: Sequence[JobSpec]) -> list[Inserted]:
    """Insert jobs that are alike; they can be claimed once this commits."""
    first = specs[0]
    work.know_lanes({(first.queue, first.lane)})
    if len(specs) == 1 and not work.sqlite:
        work.run("insert_one", **job_row(first))
    else:
        _insert_together(work, specs)
    work.woken.add(first.queue)
    return [Inserted(spec.key, JobState.QUEUED) for spec in specs]


def _insert_together(work: Work, specs: Sequence[JobSpec]) -> None:
    first, size = specs[0], _size(specs)
    same = job_row_without_body(first) | {"after_kwargs": body_after_kwargs(first)}
    for start in range(0, len(specs), size):
        keys = [spec.key for spec in specs[start : start + size]]
        kwargs = [spec.kwargs for spec in specs[start : start + size]]
        _check_keys(keys)
        place = work.places([(first.queue, first.lane)])[0] if work.sqlite else 0
        work.run("insert_alike", **same, kwargs=_object(keys, kwargs))
        if work.sqlite:
            work.run("insert_alike_live", **same, keys='["' + '","'.join(keys) + '"]', place=place)


def _object(keys: Sequence[str], texts: Sequence[str]) -> str:
    return "{" + ",".join([f'"{one}":{quoted(text)}' for one, text in zip(keys, texts, strict=True)]) + "}"


def _size(specs: Sequence[JobSpec]) -> int:
    """How many of these jobs one statement takes."""
    return max(1, min(AT_ONCE, TEXT_AT_ONCE // max(len(spec.kwargs) for spec in specs)))


def _check_keys(keys: Sequence[str]) -> None:
    # All at once, as each for itself takes longer than to insert it.
    others = "".join(keys).encode(errors="replace").translate(None, KEY_DIGITS.encode())
    if others or set(map(len, keys)) != {KEY_LENGTH}:
        for one in keys:
            key(one)
