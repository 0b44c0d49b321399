"""Record how executions ended. Each change is a compare-and-set on the claim: zero rows, and somebody else decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from rota.jobs import Ending, JobSpec, JobState, Outcome, StateCode
from rota.store import gates
from rota.store.close import Closed, End, LiveRow, close, follow
from rota.store.gates import Standing
from rota.store.insert import BAD_DATA, OUTAGES, insert
from rota.store.wire import Waits, clean, read_body
from rota.store.words import ClaimRef, Recorded
from rota.store.work import Work

MICROSECONDS = 1_000_000
RESULT_TOO_LARGE = "result left out: {size} characters, {limit} are allowed"
# Endings that are nobody's fault: the attempt does not count.
UNBURNT = frozenset({"later", "released", "unsent"})


def record(work: Work, outcomes: Sequence[Outcome], *, wait: bool = True) -> list[Recorded]:
    """Record outcomes; the answers stand in their order.

    `wait`: wait for a commit of that claim that is under way, so that it is decided first; otherwise such a claim is
    left alone (PostgreSQL).
    """
    # Most by far return nothing, and are recorded with as little as possible.
    plain: list[Outcome] = []
    with_result: list[Outcome] = []
    others: list[Outcome] = []
    for outcome in outcomes:
        if outcome.ending is not Ending.RETURNED or outcome.children:
            others.append(outcome)
        else:
            (plain if outcome.result is None else with_result).append(outcome)
    states = _finish_plainly(work, plain)
    states |= _finish_all(work, with_result)
    for outcome in others:
        states[outcome.claim] = _record_one(work, outcome, wait)
    return [Recorded(outcome.key, outcome.claim, states[outcome.claim]) for outcome in outcomes]


def _finish_plainly(work: Work, outcomes: Sequence[Outcome]) -> dict[int, JobState | None]:
    """Finish what returned nothing and enqueued nothing."""
    if not outcomes:
        return {}
    params = work.claimed([(outcome.key, outcome.claim) for outcome in outcomes])
    if work.sqlite:
        if not work.value("has_followers"):
            # Nothing at all follows from the end of most of them.
            finished_alone = work.run("finish_alone", now=work.now, **params)
            work.run("take_alone", **params)
            if finished_alone == len(outcomes):
                return dict.fromkeys((outcome.claim for outcome in outcomes), JobState.FINISHED)
        work.run("finish_plainly", now=work.now, **params)
        taken = work.rows("take_plainly", **params)
    else:
        taken = work.rows("finish_plainly", now=work.now, **params)
    keys = {outcome.claim: outcome.key for outcome in outcomes}
    insert(work, follow(work, [End(keys[claim], id_, slot, claim, *rest) for claim, id_, slot, *rest in taken]))
    return _states(work, outcomes, {row[0] for row in taken})


def _finish_all(work: Work, outcomes: Sequence[Outcome]) -> dict[int, JobState | None]:
    """Finish what returned without children, all at once."""
    if not outcomes:
        return {}
    taken = work.rows("take_started", **work.claimed([(outcome.key, outcome.claim) for outcome in outcomes]))
    results = {outcome.claim: outcome.result for outcome in outcomes}
    closed = [finished(work, row, results[row.claim]) for row in (LiveRow._make(row) for row in taken)]
    insert(work, close(work, closed))
    return _states(work, outcomes, {one.row.claim for one in closed})


def _states(work: Work, outcomes: Sequence[Outcome], ended: Collection[int]) -> dict[int, JobState | None]:
    """What became of claims: those that have `ended` just now, and what somebody else made of the others."""
    return {
        one.claim: JobState.FINISHED if one.claim in ended else decided(work, one.key, one.claim) for one in outcomes
    }


def finished(work: Work, row: LiveRow, result: str | None, ended_at: int | None = None) -> Closed:
    """A finished job, with its result if it is not too large. `ended_at`: when, as the ledger tells (SQLite)."""
    kept = _kept(work, row.key, result)
    return Closed(row, StateCode.FINISHED, ended_at=ended_at, of_ledger=ended_at is not None, **kept)


def finish_own(work: Work, claim: ClaimRef, result: str | None) -> bool:
    """Finish a job in its own last transaction, which enqueues nothing; False if it has lost its claim (PostgreSQL)."""
    kept = {"result": None, "result_until": None, "reason": None, **_kept(work, claim.key, result)}
    row = work.one("finish_own", key=claim.key, claim=claim.number, now=work.now, **kept)
    if row is None:
        return False
    insert(work, follow(work, [End(claim.key, *row[:-1])]))
    return True


def _kept(work: Work, key: str, result: str | None) -> dict[str, Any]:
    """What `done` is to have of a job's result."""
    if result is None:
        return {}
    if len(result) > work.settings.max_result:
        return {"reason": RESULT_TOO_LARGE.format(size=len(result), limit=work.settings.max_result)}
    return {"result": result, "result_until": _result_until(work, key)}


def _result_until(work: Work, key: str) -> int | None:
    ttl = work.settings.result_ttl
    facts = work.one("facts", key=key)
    if facts is not None and '"result_ttl"' in facts[5]:
        ttl = read_body(facts[5])["options"].get("result_ttl", ttl)
    return None if ttl is None else work.now + int(float(ttl) * MICROSECONDS)


def decided(work: Work, key: str, claim: int) -> JobState | None:
    """The final state that a claim led to, whoever recorded it."""
    state: int | None = work.value("decided", key=key, claim=claim)
    return None if state is None else StateCode(state).state


def _record_one(work: Work, outcome: Outcome, wait: bool) -> JobState | None:
    """Record one outcome under a savepoint: what can't be recorded fails its own job, not the others of the turn."""
    if outcome.ending is Ending.COMMITTED:
        return decided(work, outcome.key, outcome.claim)
    try:
        with work.savepoint("outcome"):
            return _decide(work, outcome, wait)
    except OUTAGES:
        raise
    except BAD_DATA as problem:
        error = f"{outcome.error or ''}\nIts outcome could not be recorded: {problem}".strip()
        return _decide(work, Outcome(key=outcome.key, claim=outcome.claim, ending=Ending.FAILED, error=error), wait)


def _decide(work: Work, outcome: Outcome, wait: bool) -> JobState | None:
    statement = "hold" if wait or work.sqlite else "hold_unless_locked"
    found = work.one(statement, key=outcome.key, claim=outcome.claim)
    if found is None:
        return decided(work, outcome.key, outcome.claim)
    row = LiveRow._make(found)
    if outcome.ending is Ending.RETURNED:
        end(work, finished(work, row, outcome.result), outcome.children)
        return JobState.FINISHED
    if row.cancel_requested:
        canceled = Closed(row, StateCode.CANCELED, error=outcome.error, reason="canceled while it ran")
        end(work, canceled, (outcome.on_stopped,))
        return JobState.CANCELED
    got_on = outcome.ending is Ending.LOST and _got_on(work, row)
    if outcome.ending is Ending.RELEASED or outcome.run_at is not None or got_on:
        return give_back(work, row, outcome.ending.value, run_at=outcome.run_at, error=outcome.error, got_on=got_on)
    if outcome.ending is Ending.LOST:
        row = row._replace(crashes=row.crashes + 1)
    else:
        row = row._replace(failures=row.failures + 1)
    end(work, Closed(row, StateCode.FAILED, error=outcome.error), (outcome.on_failure,))
    return JobState.FAILED


def _got_on(work: Work, row: LiveRow) -> bool:
    """Whether a resumable job has saved its place under this claim: then it is not what takes its workers down."""
    where = work.tx if work.site is None else work.site
    return where.value(work.sql["got_on"], {"key": row.key, "claim": row.claim}) is not None


def end(work: Work, closed: Closed, children: Sequence[JobSpec | None]) -> None:
    """Make a job that is held final. One of its children that has its id becomes its successor, so they go in first."""
    insert(work, [spec for spec in children if spec is not None])
    work.rows("take_started", **work.claimed([(closed.row.key, closed.row.claim)]))
    insert(work, close(work, [closed]))


def give_back(
    work: Work,
    row: LiveRow,
    ending: str,
    *,
    run_at: int | None = None,
    error: str | None = None,
    got_on: bool = False,
) -> JobState:
    """Let a job run again, at `run_at` or as soon as a worker is free; the execution that ended is kept on record.

    `got_on`: its crashes don't count, as it has got on since the last one.
    """
    later = run_at is not None and run_at > work.now
    waits = Waits.TIME if later else Waits.PREDECESSOR
    back = work.one(
        "give_back",
        key=row.key,
        claim=row.claim,
        state=waits.state,
        waits=waits,
        run_at=run_at if later else None,
        unburnt=int(ending in UNBURNT),
        crashes=-row.crashes if got_on else int(ending == "lost"),
        failures=int(ending == "failed"),
    )
    if back is None:
        raise RuntimeError(f"job {row.key} was given back while another one held it")
    work.run(
        "insert_attempt",
        key=row.key,
        claim=row.claim,
        attempt=row.attempt,
        ending=ending,
        started_at=row.started_at,
        ended_at=work.now,
        next_at=run_at,
        error=None if error is None else clean(error, work.settings.max_error),
        token=row.token,
    )
    if not later:
        gates.advance(work, [Standing._make(back)])
    gates.open_keys(work, [row.concurrency_key])
    return JobState.SCHEDULED if later else JobState.QUEUED


def cancel(work: Work, key: str, reason: str, by: str) -> Literal["canceled", "canceling", "refused"]:
    """Cancel what waits at once; ask the owner of what runs to stop it; what is final stays."""
    why = f"canceled by {by}" + (f": {reason}" if reason else "")
    row = work.one("take_waiting", key=key)
    if row is not None:
        closed = Closed(LiveRow._make(row), StateCode.CANCELED, reason=why, call_back=True)
        insert(work, close(work, [closed]))
        return "canceled"
    return "canceling" if work.run("request_cancel", key=key) else "refused"


def release_unsent(work: Work, token: str, held: frozenset[ClaimRef]) -> int:
    """Give back what is claimed under a token and was never handed to a worker."""
    with work.scanning():
        claimed = [ClaimRef._make(row) for row in work.rows("unsent", token=token)]
    unsent = [ref for ref in claimed if ref not in held]
    for ref in unsent:
        found = work.one("hold", key=ref.key, claim=ref.number)
        row = None if found is None else LiveRow._make(found)
        if row is None:
            continue
        if row.cancel_requested:
            work.rows("take_started", **work.claimed([ref]))
            closed = Closed(row, StateCode.CANCELED, reason="canceled before it began", call_back=True)
            insert(work, close(work, [closed]))
        else:
            give_back(work, row, "unsent")
    return len(unsent)
