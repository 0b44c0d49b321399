"""Ticks in the tables: due times are taken, many at once, and stand there with their jobs (protocol K2)."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from rota.errors import UsageError
from rota.jobs import JobState
from rota.store.insert import insert
from rota.store.views import TickRow
from rota.store.words import Inserted
from rota.store.work import Work


def take(work: Work, due: Sequence[tuple[str, int]]) -> frozenset[str]:
    """Take a due time of each of these schedules; those of which it was neither taken before nor switched off.

    Raises:
        UsageError: a schedule is named twice.
    """
    if len({id_ for id_, _ in due}) < len(due):
        raise UsageError("one due time of a schedule is taken after the other")
    rows = [{"id": id_, "due": moment} for id_, moment in sorted(due)]
    return frozenset(row[0] for row in work.rows("take_ticks", rows=json.dumps(rows)))


def put(work: Work, ticks: Sequence[TickRow], *, free: Collection[str] = ()) -> list[Inserted]:
    """Insert what became of due times that were taken, in their order; `free`: as `insert` has it."""
    if any((one.spec is None) == (one.skipped is None) for one in ticks):
        raise UsageError("a tick has either a job or a reason why it has none")
    work.put(
        "insert_tick",
        [
            {
                "id": one.schedule,
                "due": one.due,
                "now": work.now,
                "key": one.spec.key if one.spec else None,
                "skipped": one.skipped,
            }
            for one in ticks
        ],
    )
    inserted = iter(insert(work, [one.spec for one in ticks if one.spec is not None], free=free))
    return [Inserted("", JobState.CANCELED) if one.spec is None else next(inserted) for one in ticks]
