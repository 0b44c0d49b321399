"""What follows when jobs become final, in the transaction that makes them so.

Their outcome is written, their successors take their ids, their concurrency keys and batches are given back, and what
depends on them goes on or is canceled. What has to be enqueued for it (callbacks) is handed back to the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from rota.jobs import JobSpec, StateCode
from rota.store import batches, gates
from rota.store.gates import Standing
from rota.store.wire import Waits, clean
from rota.store.words import Stopped
from rota.store.work import Work


class LiveRow(NamedTuple):
    """A row of `live` as the statements that take or hold one return it."""

    key: str
    id: str
    slot: int
    state: int
    attempt: int
    crashes: int
    failures: int
    claim: int
    started_at: int | None
    token: str | None
    queue: str
    concurrency_key: str | None
    rate_key: str | None
    batch: str | None
    cancel_requested: int


@dataclass(frozen=True, slots=True)
class Closed:
    """A job that was taken out of `live`, and how it ended."""

    row: LiveRow
    state: StateCode
    result: str | None = None
    result_until: int | None = None
    error: str | None = None
    reason: str | None = None
    winner: str | None = None
    ended_at: int | None = None
    call_back: bool = False  #: no worker had it: its `on_stopped` job is to be made here


def close(work: Work, closed: Sequence[Closed], *, promote: bool = True, written: bool = False) -> list[JobSpec]:
    """Write outcomes and do what follows; the jobs that have to be inserted for it.

    `promote`: let successors take over (not when the caller gives the slot to another). `written`: `done` has them.
    """
    callbacks: list[JobSpec] = []
    while closed:
        if not written:
            work.put("insert_done", [_done_row(work, one) for one in closed])
        callbacks += _stop_callbacks(work, closed)
        doomed = _follow(work, closed, promote=promote)
        gates.open_keys(work, (one.row.concurrency_key for one in closed))
        callbacks += _leave_batches(work, closed)
        closed, written, promote = doomed, False, True
    return callbacks


def _done_row(work: Work, one: Closed) -> dict[str, Any]:
    row = one.row
    return {
        "key": row.key,
        "state": one.state,
        "attempt": row.attempt,
        "crashes": row.crashes,
        "failures": row.failures,
        "claim": row.claim,
        "started_at": row.started_at,
        "ended_at": work.now if one.ended_at is None else one.ended_at,
        "result": one.result,
        "result_until": one.result_until,
        "error": None if one.error is None else clean(one.error, work.settings.max_error),
        "reason": None if one.reason is None else clean(one.reason, work.settings.max_error),
        "winner": one.winner,
        "token": row.token,
    }


def _stop_callbacks(work: Work, closed: Iterable[Closed]) -> list[JobSpec]:
    if work.on_stopped is None:
        return []
    made = []
    for one in closed:
        facts = work.one("facts", key=one.row.key) if one.call_back else None
        if facts is None:
            continue
        id_, root, method, queue, user, body = facts
        stopped = Stopped(
            key=one.row.key,
            id=id_,
            root=root,
            method=method,
            queue=queue,
            user=user,
            claim=one.row.claim,
            attempt=one.row.attempt,
            body=body,
            reason=one.reason or "",
        )
        spec = work.on_stopped(stopped)
        if spec is not None:
            made.append(spec)
    return made


def _follow(work: Work, closed: Sequence[Closed], *, promote: bool) -> list[Closed]:
    """Successors and dependents go on; those that depended on what failed are taken out, to be closed next."""
    ends = {one.row.key: one for one in closed}
    ids = {one.row.id for one in closed if one.row.slot == 0} if promote else set()
    doomed: list[Closed] = []
    going_on: list[Standing] = []
    seen: set[str] = set()
    for kind, key, on_key, allow_failure in work.rows("followers", ids=work.list(ids), keys=work.list(ends)):
        if kind == "successor":
            _take_over(work, key)
            continue
        seen.add(on_key)
        end = ends[on_key]
        if end.state is StateCode.FINISHED or allow_failure:
            row = work.one("count_down", key=key)
            if row is not None and Standing._make(row).waits == Waits.DEPENDENCY:
                going_on.append(Standing._make(row))
        elif (row := work.one("take_waiting", key=key)) is not None:
            reason = f"it depends on job {on_key}, which {end.state.name.lower()}"
            doomed.append(Closed(LiveRow._make(row), StateCode.CANCELED, reason=reason, call_back=True))
    gates.advance(work, [job for job in going_on if not job.needs])
    work.many("drop_dependents", [{"on_key": key} for key in seen])
    work.many("drop_dependencies", [{"key": one.row.key} for one in closed if one.state is StateCode.CANCELED])
    return doomed


def _take_over(work: Work, key: str) -> None:
    """The successor becomes what its id stands for."""
    if not work.run("take_slot", key=key):
        return
    successor = Standing._make(work.rows("standing", key=key)[0])
    if successor.run_at is None:
        gates.advance(work, [successor])


def _leave_batches(work: Work, closed: Iterable[Closed]) -> list[JobSpec]:
    counts: dict[str, Counter[str]] = {}
    for one in closed:
        if one.row.batch is not None:
            word = "replaced" if one.winner is not None else one.state.name.lower()
            counts.setdefault(one.row.batch, Counter())[word] += 1
    return [spec for key in sorted(counts) for spec in batches.leave(work, key, counts[key])]
