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
    of_ledger: bool = False  #: the ledger in site.db finished it (SQLite)
    call_back: bool = False  #: no worker had it: its `on_stopped` job is to be made here


class End(NamedTuple):
    """A job that `done` has since this transaction, as far as others have to do with it."""

    key: str
    id: str
    slot: int
    claim: int
    concurrency_key: str | None
    batch: str | None
    state: StateCode = StateCode.FINISHED
    winner: str | None = None


def close(work: Work, closed: Sequence[Closed], *, promote: bool = True) -> list[JobSpec]:
    """Write outcomes and do what follows; the jobs that have to be inserted for it.

    `promote`: let successors take over (not when the caller gives the slot to another).
    """
    callbacks: list[JobSpec] = []
    while closed:
        work.put("insert_done", [_done_row(work, one) for one in closed])
        callbacks += _stop_callbacks(work, closed)
        closed, more = _follow(work, [_end(one) for one in closed], promote=promote)
        callbacks += more
        promote = True
    return callbacks


def follow(work: Work, ends: Sequence[End]) -> list[JobSpec]:
    """Do what follows from ends that are written; the jobs that have to be inserted for it."""
    if not ends:
        return []
    doomed, callbacks = _follow(work, ends, promote=True)
    return callbacks + close(work, doomed)


def _end(one: Closed) -> End:
    row = one.row
    return End(row.key, row.id, row.slot, row.claim, row.concurrency_key, row.batch, one.state, one.winner)


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
        "written": 1 if one.of_ledger else None,
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


def _follow(work: Work, ends: Sequence[End], *, promote: bool) -> tuple[list[Closed], list[JobSpec]]:
    """Successors, dependents, keys and batches go on; what is to be closed next, and what is to be enqueued."""
    # On SQLite one look at two indexes that are empty as a rule spares two for each job.
    doomed = [] if work.sqlite and not work.value("has_followers") else _pass_on(work, ends, promote=promote)
    gates.open_keys(work, [one.concurrency_key for one in ends])
    return doomed, _leave_batches(work, ends)


def _pass_on(work: Work, closed: Sequence[End], *, promote: bool) -> list[Closed]:
    """Successors and dependents go on; those that depended on what failed are taken out, to be closed next."""
    ends = {one.key: one for one in closed}
    ids = [one.id for one in closed if one.slot == 0] if promote else []
    doomed: list[Closed] = []
    going_on: list[Standing] = []
    seen: set[str] = set()
    keys = list(ends)
    # As a rule nobody has named them, and each one's key is its id.
    listed = work.keys(ids) if ids == keys else work.list(ids)
    for kind, key, on_key, allow_failure in work.rows("followers", ids=listed, keys=work.keys(keys)):
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
    work.many("drop_dependencies", [{"key": one.key} for one in closed if one.state is StateCode.CANCELED])
    return doomed


def _take_over(work: Work, key: str) -> None:
    """The successor becomes what its id stands for."""
    if not work.run("take_slot", key=key):
        return
    successor = Standing._make(work.rows("standing", key=key)[0])
    if successor.run_at is None:
        gates.advance(work, [successor])


def _leave_batches(work: Work, ends: Iterable[End]) -> list[JobSpec]:
    counts: dict[str, Counter[str]] = {}
    for one in ends:
        if one.batch is not None:
            word = "replaced" if one.winner is not None else one.state.name.lower()
            counts.setdefault(one.batch, Counter())[word] += 1
    return [spec for key in sorted(counts) for spec in batches.leave(work, key, counts[key])]
