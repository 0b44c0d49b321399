"""After a restore: do site.db and jobs.db fit, and what makes them fit (S3 and S4; SQLite).

Both facts hold at every instant of a pair's life, so whoever finds one broken has files of two moments:

* A claim number that site.db knows was given out by jobs.db, which never forgets one.
* A job that the ledger finished has its row there until the ledger's floor has passed its claim.
"""

from __future__ import annotations

import json
from enum import Enum

from rota.db import Connection, Statements
from rota.store.close import LiveRow, close
from rota.store.insert import insert
from rota.store.record import finished
from rota.store.work import Work

# What is newest is what an older copy lacks, so the start of each process need not read all of history.
LATEST = 1000
ALL = -1


class Older(Enum):
    """Which file is of an earlier moment than the other."""

    NEITHER = ""
    JOBS = "jobs.db"
    SITE = "site.db"


def older(jobs: Connection, site: Connection, sql: Statements) -> Older:
    """Compare the two, under jobs.db's write lock; of files that are both older in part, jobs.db is named."""
    if site.value(sql["known_claim"]) > jobs.value(sql["last_claim"]):
        return Older.JOBS
    return Older.SITE if _not_in_ledger(jobs, site, sql, LATEST) else Older.NEITHER


def make_fit(jobs: Connection, site: Connection, sql: Statements) -> Older:
    """Let no claim number come twice (S3), and let the two pass as a pair; what they were before."""
    found = older(jobs, site, sql)
    jobs.run(sql["raise_counter"], {"claim": site.value(sql["highest_fence"])})
    jobs.run_many(sql["forget_written"], [{"key": key} for key in _not_in_ledger(jobs, site, sql, ALL)])
    return found


def finish_restored(work: Work, site: Connection) -> None:
    """Finish every live job that the ledger calls done, whatever its state (S4)."""
    closed = []
    for key, _, result, ended_at in site.query(work.sql["ledger_done"]):
        row = work.one("take_restored", key=key)
        if row is not None:
            closed.append(finished(work, LiveRow._make(row), result, ended_at=ended_at))
    insert(work, close(work, closed))


def _not_in_ledger(jobs: Connection, site: Connection, sql: Statements, limit: int) -> list[str]:
    # jobs.db first: a row that the ledger drops meanwhile is below its floor when that is read.
    written = jobs.query(sql["written"], {"limit": limit})
    if not written:
        return []
    return [row[0] for row in site.query(sql["not_in_ledger"], {"written": json.dumps(written)})]
