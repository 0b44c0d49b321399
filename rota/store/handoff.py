"""What happens on the documents' own connection: publish jobs, prove a claim, finish, keep a cursor.

On SQLite these are rows of `rota_outbox` and `rota_ledger` in site.db, which settling carries over to jobs.db. On
PostgreSQL the engine's tables are in the same database, so the documents' transaction changes them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from rota.db import Connection, Statements
from rota.errors import JobLost
from rota.jobs import JobSpec
from rota.store.close import LiveRow
from rota.store.insert import check_claim, insert
from rota.store.record import end, finish_own, finished
from rota.store.wire import encode_specs, key, text
from rota.store.words import ClaimRef
from rota.store.work import Work

WorkOn = Callable[[Connection], Work]
#: microseconds; nobody takes a claim away that is younger, unless its dispatcher had hardly any lease left
FRESH = 1_000_000


class Handoff:
    """Every call is part of the transaction that is open on `tx`, and belongs at its end: it may take row locks."""

    def __init__(self, sql: Statements, work_on: WorkOn, now: Callable[[], int]) -> None:
        self._sql = sql
        self._work_on = work_on
        self._now = now

    def publish(self, tx: Connection, specs: Sequence[JobSpec], claim: ClaimRef | None = None) -> None:
        """Enqueue jobs with the transaction (E3). Inside a job, `claim` makes it a fenced midway commit (W3).

        Raises:
            JobLost: the job has lost its claim; roll back.
        """
        if tx.dialect == "sqlite":
            self._fill_outbox(tx, specs)
            if claim is not None:
                self.fence(tx, claim)
            return
        work = self._work_on(tx)
        if claim is not None:
            check_claim(work, claim)
        insert(work, specs)
        notify(work)

    def fence(self, tx: Connection, claim: ClaimRef) -> None:
        """Let a midway commit of a job pass only while it has its claim (W3): the last statement before the commit.

        Raises:
            JobLost: it has lost it; roll back.
        """
        if tx.dialect == "sqlite":
            if not tx.run(self._sql["fence"], {"key": claim.key, "claim": claim.number}):
                raise lost(claim)
        else:
            check_claim(self._work_on(tx), claim)

    def finish(
        self, tx: Connection, claim: ClaimRef, result: str | None = None, children: Sequence[JobSpec] = ()
    ) -> None:
        """Make the last commit of a job its end (W4): `children`, with its `on_success`, are enqueued by it.

        Raises:
            JobLost: it has lost its claim, or was finished before; roll back.
        """
        if tx.dialect == "sqlite":
            if children:
                self._fill_outbox(tx, children)
            ended = {"key": claim.key, "claim": claim.number, "result": result, "now": self._now()}
            if not tx.run(self._sql["finish"], ended):
                raise lost(claim)
            return
        work = self._work_on(tx)
        if not children:
            if not finish_own(work, claim, result):
                raise lost(claim)
        else:
            held = work.one("hold_to_finish", key=claim.key, claim=claim.number)
            if held is None:
                raise lost(claim)
            end(work, finished(work, LiveRow._make(held[:-1]), result), children)
        notify(work)

    def begun(self, tx: Connection, claim: ClaimRef, claimed_at: int = 0) -> bool:
        """May this claim be run (W1)? False: it was finished or taken away before it began; report LOST.

        `claimed_at`: microseconds. On PostgreSQL a claim that was just made is run unasked: asking costs a round trip,
        and what it spares is work that the fence refuses anyway.
        """
        if tx.dialect == "sqlite":
            return tx.value(self._sql["is_done"], {"key": claim.key}) is None
        if 0 <= self._now() - claimed_at < FRESH:
            return True
        held = tx.value(self._sql["holds_claim_now"], {"key": claim.key, "claim": claim.number})
        return held is not None

    def read_cursor(self, tx: Connection, job_key: str) -> str | None:
        """The cursor that a resumable job of this key has saved."""
        value: str | None = tx.value(self._sql["read_cursor"], {"key": job_key})
        return value

    def write_cursor(self, tx: Connection, claim: ClaimRef, value: str) -> None:
        """Save a resumable job's cursor with the batch's own writes. It says under which claim the job got there."""
        tx.run(self._sql["write_cursor"], {"key": claim.key, "claim": claim.number, "value": value})

    def _fill_outbox(self, tx: Connection, specs: Sequence[JobSpec]) -> None:
        rows = [
            {
                "key": key(spec.key),
                "id": text(spec.id, "id"),
                "root": text(spec.root, "root"),
                "method": text(spec.method, "method"),
                "mode": spec.mode.value,
                "parent": spec.parent,
                "made_by": spec.made_by,
                "spec": encoded,
            }
            for spec, encoded in zip(specs, encode_specs(specs), strict=True)
        ]
        tx.run_many(self._sql["outbox_insert"], rows)


def lost(claim: ClaimRef) -> JobLost:
    """The error of a job that may commit nothing more."""
    return JobLost(f"job {claim.key} has lost its claim {claim.number}: another attempt may be running")


def notify(work: Work) -> None:
    """Wake the dispatchers that listen (PostgreSQL) once the transaction has committed."""
    if work.woken and work.notifier is not None:
        work.tx.once_committed(partial(work.notifier.tell, work.tx, frozenset(work.woken)))
