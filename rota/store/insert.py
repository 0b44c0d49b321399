"""Put jobs into the tables: new ones at once, those of an id that is alive by the rules of `place`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

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
from rota.store.alike import are_alike, insert_alike
from rota.store.close import Closed, LiveRow, close
from rota.store.place import DEDUPLICATED, SUPERSEDED, Placement, Seat, place
from rota.store.wire import Waits, is_key, job_row, live_row, rate_key
from rota.store.words import ClaimRef, Inserted
from rota.store.work import Work

CHUNK = 500
# Each try found that another transaction had decided about the id meanwhile; more of them means that something else is
# wrong.
TRIES = 200
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


def insert(work: Work, specs: Sequence[JobSpec], *, free: Collection[str] = ()) -> list[Inserted]:
    """Insert jobs whose keys are new; the answers stand in the order of `specs`.

    `free`: ids that nobody had a moment ago, and that no other transaction inserts several of: they go in together.
    """
    if not specs:
        return []
    if are_alike(specs):
        return insert_alike(work, specs)
    together = frozenset(spec.key for spec in specs)
    entry = _Entry(work, needs={}, answers={}, places=_places(work, specs))
    callbacks: list[JobSpec] = []
    for start in range(0, len(specs), CHUNK):
        chunk = specs[start : start + CHUNK]
        doomed = entry.write_facts(chunk, together)
        entry.take_seats([spec for spec in chunk if spec.id == spec.key and spec.key not in entry.answers])
        callbacks += close(work, doomed)
    callbacks += entry.take_named_seats([spec for spec in specs if spec.key not in entry.answers], free)
    gates.open_for(work, specs)
    insert(work, [*callbacks, *batches.closed_by(work, specs)])
    return [entry.answers[spec.key] for spec in specs]


def _places(work: Work, specs: Sequence[JobSpec]) -> dict[str, int | None]:
    """A place in its lane for each job, in their order, where one statement can't draw them as it inserts."""
    if not work.sqlite:
        if all(spec.id == spec.key for spec in specs):
            return {}
        # Who draws a place must hold a lock on the table by then: dispatchers rely on it when they look behind.
        work.run("lock_live")
    places = work.places([(spec.queue, spec.lane) for spec in specs])
    return {spec.key: place for spec, place in zip(specs, places, strict=True)}


@dataclass(slots=True)
class _Entry:
    """Jobs on their way into the tables, all in one call."""

    work: Work
    needs: dict[str, int]  #: how many jobs each one waits for
    answers: dict[str, Inserted]
    places: dict[str, int | None]

    def write_facts(self, specs: Sequence[JobSpec], together: frozenset[str]) -> list[Closed]:
        """Write what is known of jobs; back come those that depend on what will never be."""
        work = self.work
        work.put("insert_job", [job_row(spec) for spec in specs])
        work.know_lanes({(spec.queue, spec.lane) for spec in specs})
        gates.put_limits(work, specs)
        batches.enter(work, specs)
        needs, doomed = _dependencies(work, specs, together)
        self.needs.update(needs)
        self.answers.update((one.row.key, Inserted(one.row.key, JobState.CANCELED)) for one in doomed)
        return doomed

    def take_seats(self, specs: Sequence[JobSpec], slot: int = 0) -> list[JobSpec]:
        """Insert into a slot that should be free; back come those whose slot another transaction has taken."""
        rows = []
        for spec in specs:
            needs = self.needs.get(spec.key, 0)
            waits = Waits.PREDECESSOR if slot else gates.first_gate(self.work, spec, needs)
            place = self.places.get(spec.key) if waits is Waits.NOTHING else None
            rows.append({**live_row(spec, slot=slot, waits=waits, needs=needs), "seq": place})
        inside = {row[0] for row in self.work.put("insert_live", rows)}
        for row in rows:
            if self.work.sqlite or row["key"] in inside:
                self.answers[row["key"]] = Inserted(row["key"], StateCode(row["state"]).state)
                if row["waits"] == Waits.NOTHING:
                    self.work.woken.add(row["queue"])
        return [spec for spec in specs if spec.key not in self.answers]

    def take_named_seats(self, specs: Sequence[JobSpec], known_free: Collection[str]) -> list[JobSpec]:
        """Insert jobs of ids that may be alive; the callbacks that come of it."""
        callbacks: list[JobSpec] = []
        free, contested = _split(self.work, specs, known_free)
        for start in range(0, len(free), CHUNK):
            contested += self.take_seats(free[start : start + CHUNK])
        # One after the other by id, as every transaction does: they can't wait for each other in a circle.
        for spec in sorted(contested, key=lambda one: one.id):
            # An index keeps ids apart, but for one that is the key of a job without an id: so it looks first.
            if not self.work.sqlite and not is_key(spec.id) and not self.take_seats([spec]):
                continue
            callbacks += self.contest(spec)
        return callbacks

    def contest(self, spec: JobSpec) -> list[JobSpec]:
        """Settle it between a job and those of its id; the callbacks that come of it."""
        work = self.work
        callbacks: list[JobSpec] = []
        for _ in range(TRIES):
            seats = {seat.slot: seat for seat in (Seat._make(row) for row in work.rows("seats", id=spec.id))}
            placement = place(spec, seats.get(0), seats.get(1))
            if placement.slot is None:
                lost = _stillborn(spec, DEDUPLICATED, winner=placement.winner, call_back=False)
                work.run("move_dependents", key=spec.key, winner=placement.winner)
                self.answers[spec.key] = Inserted(spec.key, JobState.CANCELED, placement.winner)
                return [*callbacks, *close(work, [lost])]
            if placement.leaves is not None:
                callbacks += _supersede(work, placement.leaves, spec)
            keeper = spec._replace(run_at=_waiting_time(spec, placement))
            if not self.take_seats([keeper], placement.slot):
                return callbacks
        raise StoreDeadlock(f"job {spec.id!r} could not be enqueued: others of its id came and went {TRIES} times")


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


def _split(work: Work, specs: Sequence[JobSpec], known_free: Collection[str]) -> tuple[list[JobSpec], list[JobSpec]]:
    """Those whose id is free, as far as this transaction can know, and the others."""
    ids = {spec.id for spec in specs}
    if work.sqlite:
        taken = {row[0] for row in work.rows("taken_ids", ids=work.list(ids))}
    else:
        taken = {id_ for id_ in ids if id_ not in known_free or is_key(id_)}
    free: list[JobSpec] = []
    contested: list[JobSpec] = []
    for spec in specs:
        (contested if spec.id in taken else free).append(spec)
        taken.add(spec.id)
    return free, contested


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
