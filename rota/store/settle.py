"""Settling (SQLite): bring jobs.db up to date with what site.db has committed, under jobs.db's write lock.

site.db is read on a connection of its own, after the lock was taken, in a read transaction that ends with each
statement: an older snapshot would bring back what has run and was pruned, the documents' own connection would show
what is not committed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from rota.db import Connection, Statements
from rota.db.connection import Row
from rota.errors import StoreBusy
from rota.jobs import StateCode
from rota.store.close import Closed, LiveRow, close
from rota.store.insert import BAD_DATA, OUTAGES, insert
from rota.store.record import finished
from rota.store.wire import decode_spec
from rota.store.work import Work

LARGE_OUTBOX = 1000
UNREADABLE = "what was enqueued can't be read, so it was not run; its raw text is kept as the job's body: "


@dataclass(slots=True)
class Settled:
    """What of site.db is in jobs.db already, as far as this process knows: to be swept, and not to be read again."""

    seq: int = 0  #: outbox rows up to this one
    done: dict[str, int] = field(default_factory=dict)  #: ledger rows: key and the claim that finished it
    swept: int = 0  #: outbox rows up to this one are deleted

    complete: bool = True  #: False: the outbox was too large for one transaction

    @property
    def is_swept(self) -> bool:
        return self.swept == self.seq and not self.done


def settle(work: Work, site: Connection, before: Settled) -> Settled:
    """Insert the outbox's jobs and finish those that the ledger calls done; what is settled once this commits.

    A huge outbox is carried over in several transactions, so that other writers get in between. One that is not
    complete finishes no job, and must record nothing else either.
    """
    new_jobs, new_ends = site.query(work.sql["unsettled"], {"seq": before.seq})[0]
    if before.complete and not new_jobs and not new_ends:
        return before
    after = Settled(before.seq, dict(before.done), before.swept)
    if new_jobs:
        _insert_outbox(work, site, after)
    if new_ends and after.complete:
        _finish_done(work, site, after)
    return after


def _insert_outbox(work: Work, site: Connection, settled: Settled) -> None:
    rows = site.query(work.sql["outbox"], {"seq": settled.seq, "limit": LARGE_OUTBOX})
    if not rows:
        return  # swept since we asked: whoever did that has brought them here
    known = {row[0] for row in work.rows("known_keys", keys=work.list([row[1] for row in rows]))}
    new = [row for row in rows if row[1] not in known]
    try:
        _insert_rows(work, new)
    except OUTAGES:
        raise
    except BAD_DATA:
        # One of them makes no sense: each for itself, then.
        for row in new:
            try:
                _insert_rows(work, [row])
            except OUTAGES:
                raise
            except BAD_DATA as problem:
                _quarantine(work, row, problem)
    settled.seq = rows[-1][0]
    settled.complete = len(rows) < LARGE_OUTBOX


def _insert_rows(work: Work, rows: Sequence[Row]) -> None:
    with work.savepoint("outbox"):
        insert(work, [decode_spec(row[-1]) for row in rows])


def _quarantine(work: Work, unreadable: Row, problem: Exception) -> None:
    """An unreadable row becomes a failed job, so that it neither vanishes nor holds up the others."""
    _, key, id_, root, method, parent, made_by, text = unreadable
    row = {"key": key, "id": id_, "root": root, "method": method, "queue": "", "lane": 0, "username": ""}
    row |= {"created_at": work.now, "run_at": None, "parent": parent, "made_by": made_by, "retry_of": None}
    row |= {"batch": None, "concurrency_key": None, "body": text}
    work.put("insert_job", [row])
    live = LiveRow(key, id_, 1, StateCode.QUEUED, 0, 0, 0, 0, None, None, "", None, None, None, 0)
    close(work, [Closed(live, StateCode.FAILED, error=f"{UNREADABLE}{problem}")])


def _finish_done(work: Work, site: Connection, settled: Settled) -> None:
    ended = site.query(work.sql["unrecorded"], {"known": work.list(settled.done.values())})
    new = {key: (result, ended_at) for key, done, result, ended_at in ended if settled.done.get(key) != done}
    claims = {key: done for key, done, _, _ in ended if key in new}
    taken = work.rows("take_started", **work.claimed(list(claims.items())))
    rows = [LiveRow._make(row) for row in taken]
    closed = [finished(work, row, new[row.key][0], ended_at=new[row.key][1]) for row in rows]
    insert(work, close(work, closed))
    settled.done.update(claims)


def sweep(site: Connection, sql: Statements, settled: Settled) -> bool:
    """Delete and mark in site.db what is in jobs.db; False if another one writes there: left for later.

    Only what a commit of jobs.db carried may be given here.
    """
    if settled.is_swept:
        return True
    try:
        site.begin()
    except StoreBusy:
        return False
    try:
        site.run(sql["sweep_outbox"], {"seq": settled.seq})
        site.run_many(sql["sweep_ledger"], [{"key": key, "done": done} for key, done in settled.done.items()])
    except BaseException:
        site.rollback()
        raise
    site.commit()
    return True


def prune_ledger(engine: Connection, site: Connection, sql: Statements) -> bool:
    """Raise the floor to below every current claim, and delete what it makes superfluous; False: left for later.

    A claim at or below the floor is refused, so its row in the ledger is not needed to refuse it. By age, a frozen
    worker of a job that failed long ago could commit.
    """
    floor: int = engine.value(sql["lowest_claim"])
    with_cursor = [row[0] for row in site.query(sql["cursor_keys"], {"limit": LARGE_OUTBOX})]
    stale = _without_job(engine, site, sql, with_cursor)
    try:
        site.begin()
    except StoreBusy:
        return False
    try:
        site.run(sql["ledger_floor"], {"claim": floor})
        site.run(sql["prune_ledger"], {"claim": floor})
        site.run_many(sql["drop_cursor"], [{"key": key} for key in stale])
    except BaseException:
        site.rollback()
        raise
    site.commit()
    return True


def _without_job(engine: Connection, site: Connection, sql: Statements, keys: list[str]) -> list[str]:
    """Keys of jobs that were pruned. The outbox first: what has left it is in jobs.db."""
    if not keys:
        return []
    listed = json.dumps(keys)
    there = {row[0] for row in site.query(sql["outbox_has"], {"keys": listed})}
    there |= {row[0] for row in engine.query(sql["known_keys"], {"keys": listed})}
    return [key for key in keys if key not in there]
