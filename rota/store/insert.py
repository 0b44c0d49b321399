"""Put jobs into the tables: new ones at once, those of an id that is alive by the rules of `place`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rota.errors import (
    JobLost,
    StoreBusy,
    StoreDeadlock,
    StoreError,
    StoreFull,
    StoreTimeout,
    StoreUnavailable,
    UsageError,
)
from rota.jobs import JobSpec, JobState, Mode, StateCode
from rota.store import batches, gates
from rota.store.close import Closed, LiveRow, close
from rota.store.place import DEDUPLICATED, SUPERSEDED, Placement, Seat, place
from rota.store.wire import Waits, job_row, live_row, rate_key
from rota.store.words import ClaimRef, Inserted
from rota.store.work import Work

CHUNK = 500
# Each try found that another transaction had decided about the id meanwhile; more of them means that something else is
# wrong.
TRIES = 20
# Errors of the database itself, which have nothing to do with what is being inserted ...
OUTAGES = (StoreBusy, StoreUnavailable, StoreFull, StoreDeadlock, StoreTimeout)
# ... and what a job that makes no sense raises otherwise: it must not hold up the others.
BAD_DATA = (StoreError, UsageError, ValueError, TypeError, LookupError)


def check_claim(work: Work, claim: ClaimRef) -> None:
    """See that a job still has its claim, and keep it until this transaction ends.

    Raises:
        JobLost: it has not.
    """
    if work.value("holds_claim", key=claim.key, claim=claim.number) is None:
        raise JobLost(f"job {claim.key} has lost its claim {claim.number}: another attempt may be running")


def insert(work: Work, specs: Sequence[JobSpec]) -> list[Inserted]:
    """Insert jobs whose keys are new; the answers stand in the order of `specs`."""
    answers: dict[str, Inserted] = {}
    together = frozenset(spec.key for spec in specs)
    for start in range(0, len(specs), CHUNK):
        _insert_chunk(work, specs[start : start + CHUNK], together, answers)
    return [answers[spec.key] for spec in specs]


def _insert_chunk(work: Work, specs: Sequence[JobSpec], together: frozenset[str], answers: dict[str, Inserted]) -> None:
    work.put("insert_job", [job_row(spec) for spec in specs])
    work.know_lanes({(spec.queue, spec.lane) for spec in specs})
    gates.put_limits(work, specs)
    batches.enter(work, specs)
    needs, doomed = _dependencies(work, specs, together)
    answers.update((one.row.key, Inserted(one.row.key, JobState.CANCELED)) for one in doomed)
    standing = [spec for spec in specs if spec.key not in answers]
    fresh, contested = _split(work, standing)
    refused = _insert_live(work, fresh, needs, slot=0, answers=answers)
    callbacks = close(work, doomed)
    # By id, as another transaction that contests the same ids takes them in this order, too.
    for spec in sorted([*refused, *contested], key=lambda one: one.id):
        callbacks += _contest(work, spec, needs, answers)
    gates.open_for(work, standing)
    if callbacks:
        insert(work, callbacks)


def _dependencies(
    work: Work, specs: Sequence[JobSpec], together: frozenset[str]
) -> tuple[dict[str, int], list[Closed]]:
    """How many jobs each one has to wait for, and those that would wait in vain."""
    needs: dict[str, int] = {}
    doomed: list[Closed] = []
    for spec in specs:
        if spec.depends_on:
            needs[spec.key], failed = gates.depend(work, spec, together)
            if failed is not None:
                reason = f"it depends on job {failed}, which did not finish or is not there"
                doomed.append(_stillborn(spec, reason, winner=None, call_back=True))
    return needs, doomed


def _split(work: Work, specs: Sequence[JobSpec]) -> tuple[list[JobSpec], list[JobSpec]]:
    """Those that are the first of their id here, and those that surely meet another one."""
    taken: set[str] = set()
    named = [spec.id for spec in specs if spec.id != spec.key]
    if work.sqlite and named:
        taken = {row[0] for row in work.rows("taken_ids", ids=work.list(set(named)))}
    fresh: list[JobSpec] = []
    contested: list[JobSpec] = []
    for spec in specs:
        (contested if spec.id in taken else fresh).append(spec)
        taken.add(spec.id)
    return fresh, contested


def _insert_live(
    work: Work, specs: Sequence[JobSpec], needs: dict[str, int], *, slot: int, answers: dict[str, Inserted]
) -> list[JobSpec]:
    """Insert into a slot that should be free; back come those whose slot another transaction has taken."""
    if not specs:
        return []
    rows = []
    for spec in specs:
        waits = Waits.PREDECESSOR if slot else gates.first_gate(work, spec, needs.get(spec.key, 0))
        rows.append(live_row(spec, slot=slot, waits=waits, needs=needs.get(spec.key, 0)))
    ready = [row for row in rows if row["waits"] == Waits.NOTHING]
    for row, seq in zip(ready, work.places(len(ready)), strict=True):
        row["seq"] = seq
    inside = {row[0] for row in work.put("insert_live", rows)}
    refused = [] if work.sqlite else [spec for spec in specs if spec.key not in inside]
    lost = {spec.key for spec in refused}
    for row in rows:
        if row["key"] not in lost:
            answers[row["key"]] = Inserted(row["key"], StateCode(row["state"]).state)
    work.woken.update(row["queue"] for row in ready if row["key"] not in lost)
    return refused


def _contest(work: Work, spec: JobSpec, needs: dict[str, int], answers: dict[str, Inserted]) -> list[JobSpec]:
    """Settle it between a job and those of its id; the callbacks that come of it."""
    callbacks: list[JobSpec] = []
    for _ in range(TRIES):
        seats = {seat.slot: seat for seat in (Seat._make(row) for row in work.rows("seats", id=spec.id))}
        placement = place(spec, seats.get(0), seats.get(1))
        if placement.slot is None:
            lost = _stillborn(spec, DEDUPLICATED, winner=placement.winner, call_back=False)
            work.run("move_dependents", key=spec.key, winner=placement.winner)
            answers[spec.key] = Inserted(spec.key, JobState.CANCELED, placement.winner)
            return [*callbacks, *close(work, [lost])]
        if placement.leaves is not None:
            callbacks += _supersede(work, placement.leaves, spec)
        keeper = replace(spec, run_at=_waiting_time(spec, placement))
        if not _insert_live(work, [keeper], needs, slot=placement.slot, answers=answers):
            return callbacks
    raise StoreDeadlock(f"job {spec.id!r} could not be enqueued: others of its id came and went {TRIES} times")


def _waiting_time(spec: JobSpec, placement: Placement) -> int | None:
    """When the new one may run: REPLACE goes on waiting where the one it replaces stood, the others by themselves."""
    if spec.mode is Mode.REPLACE and placement.leaves is not None and placement.leaves.run_at is not None:
        return placement.leaves.run_at
    return spec.run_at


def _supersede(work: Work, seat: Seat, winner: JobSpec) -> list[JobSpec]:
    row = work.one("take_waiting", key=seat.key)
    if row is None:
        return []
    work.run("move_dependents", key=seat.key, winner=winner.key)
    closed = Closed(LiveRow._make(row), StateCode.CANCELED, reason=SUPERSEDED, winner=winner.key)
    return close(work, [closed], promote=False)


def _stillborn(spec: JobSpec, reason: str, *, winner: str | None, call_back: bool) -> Closed:
    """A job that is final as it comes."""
    row = LiveRow(
        key=spec.key,
        id=spec.id,
        slot=1,
        state=StateCode.QUEUED,
        attempt=0,
        crashes=0,
        failures=0,
        claim=0,
        started_at=None,
        token=None,
        queue=spec.queue,
        concurrency_key=spec.concurrency_key,
        rate_key=rate_key(spec),
        batch=spec.batch,
        cancel_requested=0,
    )
    return Closed(row, StateCode.CANCELED, reason=reason, winner=winner, call_back=call_back)
