"""What keeps a job from being claimed, gate by gate: its time, what it depends on, its concurrency key, its rate.

A job that passes the last gate is given a place in its lane. One that comes back (a retry, a lost claim) goes through
the gates again, as its place under a key may belong to another by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rota.jobs import JobSpec, StateCode
from rota.store.place import DEDUPLICATED, SUPERSEDED
from rota.store.wire import Waits, rate_key
from rota.store.work import Work

# Winners of winners: an id that was enqueued again and again while it waited.
LONGEST_SUCCESSION = 100
MICROSECONDS = 1_000_000
LOST_TO_ANOTHER = frozenset({DEDUPLICATED, SUPERSEDED})


class Standing(NamedTuple):
    """A live job that no worker has, as far as gates are concerned."""

    key: str
    id: str
    slot: int
    state: int
    waits: int
    queue: str
    needs: int
    concurrency_key: str | None
    rate_key: str | None
    run_at: int | None


def first_gate(work: Work, spec: JobSpec, needs: int) -> Waits:
    """Where a new job has to wait first."""
    if spec.run_at is not None and spec.run_at > work.now:
        return Waits.TIME
    if needs:
        return Waits.DEPENDENCY
    if spec.concurrency_key is not None:
        return Waits.CONCURRENCY
    return Waits.NOTHING if rate_key(spec) is None else Waits.RATE


def advance(work: Work, jobs: Sequence[Standing], *, past: Waits = Waits.TIME) -> None:
    """Let jobs in slot 0 go on beyond the gate `past`, as far as they get."""
    gates = [(job, _next_gate(job, past)) for job in jobs]
    waiting = [(job, gate) for job, gate in gates if gate]
    ready = [job for job, gate in gates if not gate]
    work.many("set_waits", [{"key": job.key, "state": gate.state, "waits": gate} for job, gate in waiting])
    if ready:
        work.many("make_ready", [{"key": job.key} for job in ready])
        work.woken.update(job.queue for job in ready)
    open_keys(work, (job.concurrency_key for job, gate in waiting if gate is Waits.CONCURRENCY))
    open_rates(work, (job.rate_key for job, gate in waiting if gate is Waits.RATE))


def _next_gate(job: Standing, past: Waits) -> Waits:
    if past < Waits.DEPENDENCY and job.needs > 0:
        return Waits.DEPENDENCY
    if past < Waits.CONCURRENCY and job.concurrency_key is not None:
        return Waits.CONCURRENCY
    return Waits.NOTHING if past >= Waits.RATE or job.rate_key is None else Waits.RATE


# --- time ---


def promote_due(work: Work, limit: int) -> int | None:
    """Let go on what is due, at most `limit` jobs and rates; when the next one is."""
    due = [Standing._make(row) for row in work.rows("due", since=work.due_since, now=work.now, limit=limit)]
    work.all_due = len(due) < limit
    work.many("successor_is_due", [{"key": job.key} for job in due if job.slot])
    advance(work, [job for job in due if not job.slot])
    open_rates(work, (row[0] for row in work.rows("due_rates", now=work.now, limit=limit)))
    return next_due(work)


def next_due(work: Work) -> int | None:
    """When the next scheduled job or rate limit comes due, or a pause ends."""
    if parked_in_vain(work):
        return work.now
    moments = [
        work.value("next_due", since=work.due_since),
        work.value("next_rate"),
        work.value("next_pause_end", now=work.now),
    ]
    return min((moment for moment in moments if moment is not None), default=None)


# --- dependencies ---


def depend(work: Work, spec: JobSpec, together: frozenset[str]) -> tuple[int, str | None]:
    """Write down what a job depends on: how many of them are not final, and one that makes it wait in vain.

    `together`: keys of jobs that are being inserted with it, so that nobody can have run them.
    """
    allow_failure = bool(spec.options.get("allow_failure"))
    pending = []
    for wanted in dict.fromkeys(spec.depends_on):
        key, state = (wanted, None) if wanted in together else _standing_of(work, wanted)
        if state is None and key is not None:
            pending.append(key)
        elif state != StateCode.FINISHED and not (allow_failure and state is not None):
            return 0, wanted
    rows = [{"on_key": key, "key": spec.key, "allow_failure": int(allow_failure)} for key in pending]
    work.many("insert_dependency", rows)
    return len(pending), None


def _standing_of(work: Work, key: str) -> tuple[str | None, int | None]:
    """The job that now stands for `key`, with its final state; (key, None) is alive, (None, None) not there at all."""
    for _ in range(LONGEST_SUCCESSION):
        if work.rows("live_of", keys=work.list([key])):
            return key, None
        ended = work.one("ends_of", key=key)
        if ended is None:
            return None, None
        _, state, reason, winner = ended
        if winner is None or reason not in LOST_TO_ANOTHER:
            return key, state
        key = winner
    return None, None


# --- concurrency keys ---


def put_limits(work: Work, specs: Sequence[JobSpec]) -> None:
    """See to it that every key and rate that new jobs name has a row."""
    for spec in specs:
        if spec.concurrency_key is not None:
            size = spec.options.get("concurrency_limit")
            if size is None:
                work.run("put_default_limit", concurrency_key=spec.concurrency_key)
            else:
                work.run("put_limit", concurrency_key=spec.concurrency_key, size=int(size))
        if limit := spec.options.get("rate_limit"):
            period = int(float(limit["per"]) * MICROSECONDS)
            key, count = str(limit["key"]), int(limit["count"])
            work.run("put_rate", rate_key=key, count=count, tokens=float(count), period=period, now=work.now)


def open_for(work: Work, specs: Sequence[JobSpec]) -> None:
    """Open the gates that new jobs stand at, as far as there is room."""
    open_keys(work, (spec.concurrency_key for spec in specs))
    open_rates(work, (rate_key(spec) for spec in specs))


def open_keys(work: Work, keys: Iterable[str | None]) -> None:
    """Let jobs of these keys go on, as many as their limits have room for."""
    # In one order everywhere, so that two transactions can't wait for each other's limits.
    for key in sorted({key for key in keys if key is not None}):
        size: int = work.value("limit_of", concurrency_key=key) or 1
        room = size - work.value("key_taken", concurrency_key=key)
        if room > 0:
            rows = work.rows("next_of_key", concurrency_key=key, limit=room)
            advance(work, [Standing._make(row) for row in rows], past=Waits.CONCURRENCY)


# --- rates: a token bucket a key; a job takes its token as it is claimed ---


def open_rates(work: Work, keys: Iterable[str | None]) -> None:
    """Let jobs of these rates go on, as many as there are tokens for; a token is counted once it has come."""
    for key in sorted({key for key in keys if key is not None}):
        row = work.one("rate_of", rate_key=key)
        if row is None:
            continue
        count, period, tokens, refilled_at = row
        # Another transaction may have waited for less, or its clock be ahead: what it has counted is not counted again.
        counted_to = max(work.now, refilled_at)
        tokens = min(float(count), tokens + (counted_to - refilled_at) * count / period)
        unclaimed: int = work.value("rate_opened", rate_key=key)
        # What comes in the next microsecond counts as there: the moment of the next token was rounded to one.
        room = max(0, int(tokens + count / period) - unclaimed)
        waiting = [Standing._make(row) for row in work.rows("next_of_rate", rate_key=key, limit=room + 1)]
        opened = waiting[:room]
        next_at = None
        if len(waiting) > len(opened):
            missing = max(int(tokens), unclaimed + len(opened)) + 1 - tokens
            next_at = counted_to + max(1, round(missing * period / count))
        work.run("set_rate", rate_key=key, tokens=tokens, now=counted_to, next_at=next_at)
        advance(work, opened, past=Waits.RATE)


def take_tokens(work: Work, keys: Sequence[str]) -> None:
    """Jobs of these rates have been claimed."""
    for key in sorted(set(keys)):
        work.run("take_tokens", rate_key=key, taken=float(keys.count(key)), now=work.now)


# --- paused methods ---


def park(work: Work, keys: Sequence[str]) -> None:
    """Take jobs out of their lanes, as their method is paused; another of their concurrency key goes on."""
    for key in keys:
        work.run("park", key=key)
    rows = [Standing._make(row) for key in keys for row in work.rows("standing", key=key)]
    open_keys(work, (row.concurrency_key for row in rows))


def parked_in_vain(work: Work) -> list[str]:
    """Methods of jobs that are parked though it is not paused, or not any more."""
    methods = [row[0] for row in work.rows("paused_methods_with_jobs")]
    if not methods:
        return []
    paused = {name for scope, name, *_ in work.rows("pauses", now=work.now) if scope == "method"}
    return [method for method in methods if method not in paused]


def unpark(work: Work, method: str, limit: int) -> int:
    """Let go on jobs of a method that is not paused any more; how many there were."""
    rows = [Standing._make(row) for row in work.rows("parked", method=method, limit=limit)]
    advance(work, rows)
    return len(rows)
