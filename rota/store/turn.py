"""A turn: one write transaction on the engine's tables. Everything in it happens together or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Literal

from rota.errors import UsageError
from rota.jobs import Claim, JobSpec, JobState, Outcome, StateCode
from rota.store import batches, gates, reads, record, ticks
from rota.store.claim import ClaimCursor, claim
from rota.store.insert import check_claim, insert
from rota.store.prune import prune, remove
from rota.store.views import EventRow, JobView, LogLine, Progress, ScheduleRow, TickRow, WorkerRow
from rota.store.wire import batch_text, clean
from rota.store.words import BeatResult, ClaimRef, Inserted, Recorded, Want
from rota.store.work import Work

MICROSECONDS = 1_000_000
Scope = Literal["queue", "method", "site"]


class Turn:
    """What can be changed; each call touches a number of rows that backlog and history have no part in."""

    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def now(self) -> int:
        """The moment that this transaction counts as: microseconds since 1970."""
        return self._work.now

    @property
    def woken(self) -> frozenset[str]:
        """Queues that got something claimable."""
        return frozenset(self._work.woken)

    # --- jobs ---

    def insert(self, specs: Sequence[JobSpec], *, by: ClaimRef | None = None) -> list[Inserted]:
        """Enqueue jobs; the answers stand in the order of `specs`. `by`: the job that does, if one does.

        Raises:
            JobLost: that job has lost its claim.
        """
        if by is not None:
            check_claim(self._work, by)
        return insert(self._work, specs)

    def claim(self, token: str, wants: Sequence[Want], limit: int, cursor: ClaimCursor) -> list[Claim]:
        """Take up to `limit` jobs for a dispatcher, earlier queues first, at most as many of each as it wants.

        Nothing is given to a token that is not registered, or from what is paused. The claims hold once the turn has
        committed.
        """
        return claim(self._work, token, wants, limit, cursor)

    def record(self, outcomes: Sequence[Outcome]) -> list[Recorded]:
        """Record how executions ended; the answers stand in their order. Repeating it changes nothing."""
        return record.record(self._work, outcomes)

    def expire(self, outcomes: Sequence[Outcome]) -> list[Recorded]:
        """Record claims as lost whose fence is up. A claim that is in the middle of its commit is left alone."""
        return record.record(self._work, outcomes, wait=False)

    def cancel(self, key: str, reason: str, by: str) -> Literal["canceled", "canceling", "refused"]:
        """Cancel a job: at once if no worker has it, else by asking its owner to stop it. `refused`: it is final."""
        return record.cancel(self._work, key, reason, by)

    def remove(self, key: str) -> bool:
        """Delete a final job and all that is kept of it; False if it is not final, or not settled yet."""
        return bool(remove(self._work, [key]))

    def remove_many(
        self,
        states: Collection[JobState],
        *,
        queue: str | None = None,
        method: str | None = None,
        limit: int = 1000,
    ) -> int:
        """Delete final jobs, newest first, at most `limit`; how many."""
        codes = [StateCode[state.name] for state in states if state.is_final]
        keys = self._work.rows("final_keys", states=self._work.list(codes), queue=queue, method=method, limit=limit)
        return remove(self._work, [row[0] for row in keys])

    def promote_due(self, limit: int = 500) -> int | None:
        """Let go on what has come due or is not paused any more; when to call again, at once if that is not to come."""
        for method in gates.parked_in_vain(self._work):
            gates.unpark(self._work, method, limit)
        return gates.promote_due(self._work, limit)

    def active(self, id: str, method: str | None = None) -> bool:  # noqa: A002 - the public word
        """Is a job of this id, or of a chain that it began, alive?"""
        return reads.is_active(self._work, id, method)

    def live(self, id: str) -> JobView | None:  # noqa: A002
        """The live job that an id stands for."""
        return reads.live(self._work, id)

    def live_by_ids(self, ids: Collection[str]) -> dict[str, JobView]:
        """The live jobs that these ids stand for, by id."""
        return reads.live_by_ids(self._work, ids)

    # --- dispatchers ---

    def register(self, token: str, *, host: str, pid: int, boot_id: str, queues: Sequence[str], lease: float) -> None:
        """Make a dispatcher known, by a token made new for this start of it. `lease`: seconds."""
        self._work.run(
            "register",
            token=token,
            host=host,
            pid=pid,
            boot_id=boot_id,
            queues=",".join(queues),
            now=self.now,
            until=self._lease_end(lease),
        )

    def beat(self, token: str, lease: float, held: Collection[ClaimRef] = ()) -> BeatResult:
        """Renew a lease, and learn what became of the claims that the dispatcher holds."""
        alive = self._work.run("renew", token=token, until=self._lease_end(lease), now=self.now) == 1
        if not held:
            return BeatResult(alive)
        rows = self._work.rows("still_held", token=token, **self._work.claimed(list(held)))
        ours = {ClaimRef(key, number): bool(canceled) for key, number, canceled in rows}
        canceled = frozenset(ref for ref, wanted in ours.items() if wanted)
        return BeatResult(alive, canceled, frozenset(ref for ref in held if ref not in ours))

    def unsent(self, token: str, held: Collection[ClaimRef]) -> int:
        """Give back what is claimed under `token` and not held: its commit did not answer. No attempt is burnt."""
        return record.release_unsent(self._work, token, frozenset(held))

    def end_lease(self, token: str) -> None:
        """The dispatcher is known to be dead: its claims may be expired at once."""
        self._work.run("end_lease", token=token)

    def unregister(self, token: str) -> None:
        """A dispatcher leaves; what it still holds expires."""
        self._work.run("drop_workers", token=token)
        with self._work.scanning():
            idle = self._work.value("started_of", token=token) is None
        if idle:
            self._work.run("drop_dispatcher", token=token)
        else:
            self.end_lease(token)

    def workers(self, token: str, rows: Sequence[WorkerRow]) -> None:
        """Say what a dispatcher's workers do, in place of what was said before."""
        self._work.run("drop_workers", token=token)
        self._work.many("insert_worker", [_worker(token, row, self.now) for row in rows])

    # --- schedules ---

    def put_schedules(self, rows: Sequence[ScheduleRow], *, since: int | None = None) -> None:
        """Define schedules, or change them. A new one is due for the first time after `since`, now by default."""
        start = self.now if since is None else since
        self._work.many(
            "put_schedule",
            [{"id": row.id, "definition": row.definition, "enabled": int(row.enabled), "since": start} for row in rows],
        )

    def drop_schedules(self, ids: Collection[str]) -> None:
        """Forget schedules; their ticks stay as history."""
        self._work.many("drop_schedule", [{"id": id_} for id_ in ids])

    def enable_schedule(self, id: str, on: bool) -> None:  # noqa: A002
        """Switch a schedule on or off."""
        self._work.run("enable_schedule", id=id, enabled=int(on))

    def note_schedule(self, id: str, next_due: int | None, error: str | None = None) -> None:  # noqa: A002
        """What people are shown of a schedule: its next tick, or why it has none."""
        self.note_schedules([(id, next_due, error)])

    def note_schedules(self, notes: Sequence[tuple[str, int | None, str | None]]) -> None:
        """The same of many: each one's id, its next tick, and why it has none."""
        self._work.put("note_schedule", [{"id": id_, "next_due": due, "error": error} for id_, due, error in notes])

    def tick(
        self, schedule: str, due: int, spec: JobSpec | None = None, *, skipped: str | None = None
    ) -> Inserted | None:
        """Take one due time of a schedule, with its job, or with the reason why there is none.

        None: another scheduler has taken it, or the schedule is switched off. Without a job, the answer's key is "".
        """
        if not self.take_ticks([(schedule, due)]):
            return None
        return self.put_ticks([TickRow(schedule=schedule, due=due, spec=spec, skipped=skipped)])[0]

    def take_ticks(self, due: Sequence[tuple[str, int]]) -> frozenset[str]:
        """Take one due time of each of these schedules; those of which no other has taken it, and that are on.

        What was taken is to be said with `put_ticks` in this turn.
        """
        return ticks.take(self._work, due)

    def put_ticks(self, rows: Sequence[TickRow], *, free: Collection[str] = ()) -> list[Inserted]:
        """Say what became of due times that this turn has taken, in their order.

        `free`: ids of jobs that stood for no live one, and of which nobody else inserts several.
        """
        return ticks.put(self._work, rows, free=free)

    # --- what is shown ---

    def log(self, lines: Sequence[LogLine]) -> None:
        """Keep lines that jobs printed or logged."""
        limit = self._work.settings.max_error
        self._work.many(
            "insert_log",
            [
                {
                    "key": line.key,
                    "attempt": line.attempt,
                    "at": line.at,
                    "level": line.level,
                    "text": clean(line.text, limit),
                }
                for line in lines
            ],
        )

    def progress(self, rows: Sequence[Progress]) -> None:
        """Keep how far jobs are; the latest counts."""
        self._work.many(
            "put_progress",
            [
                {
                    "key": row.key,
                    "at": row.at,
                    "done": row.done,
                    "total": row.total,
                    "message": None if row.message is None else clean(row.message, self._work.settings.max_error),
                }
                for row in rows
            ],
        )

    def put_meta(self, key: str, value: str) -> bool:
        """Keep what the application wants to have kept with a job, encoded; False if there is no such job."""
        return bool(self._work.run("put_meta", key=key, value=value))

    def events(self, rows: Sequence[EventRow]) -> None:
        """Keep realtime messages for who sends them out."""
        self._work.many(
            "insert_event",
            [{"room": row.room, "name": row.name, "payload": row.payload, "at": row.at} for row in rows],
        )

    # --- pauses, limits, batches, history ---

    def pause(self, scope: Scope, name: str, *, by: str, why: str, until: int | None = None) -> None:
        """Let nobody claim from a queue, of a method, or on the site (its `name` is ""), until a moment or for good."""
        if (scope == "site") != (name == ""):
            raise UsageError('the site is paused under the name "", a queue or a method under its own')
        self._work.run("pause", scope=scope, name=name, by=by, why=why, now=self.now, until=until)

    def resume(self, scope: Scope, name: str) -> bool:
        """End a pause; False if there was none."""
        resumed = bool(self._work.run("resume", scope=scope, name=name))
        if scope == "method":
            gates.unpark(self._work, name, PARKED_AT_ONCE)
        else:
            self._work.woken.update([name] if name else [queue for queue, _ in self._work.rows("lanes")])
        return resumed

    def hold_on(self, key: str) -> None:
        """Ask a resumable job to stop at its next row, and to wait there for `go_on`."""
        self._work.run("hold_on", key=key, held=1)

    def go_on(self, key: str) -> None:
        """Let a job that was asked to hold on go on, at once."""
        self._work.run("hold_on", key=key, held=0)
        self._work.run("hasten", key=key, now=self.now)
        self.promote_due()

    def set_speed(self, key: str, rate: float | None) -> None:
        """How many rows a second a resumable job may do at most; None: as many as it asks for itself."""
        if rate is not None and not 0 < rate < float("inf"):
            raise UsageError(f"a speed is a number of rows a second above 0, not {rate!r}")
        self._work.run("set_rate_of_rows", key=key, rate=rate)

    def set_key_limit(self, concurrency_key: str, size: int) -> None:
        """How many jobs of a concurrency key may run at once."""
        if size < 1:
            raise UsageError(f"a concurrency limit is at least 1, not {size}; pause the queue to stop everything")
        self._work.run("put_limit", concurrency_key=concurrency_key, size=size)
        gates.open_keys(self._work, [concurrency_key])

    def open_batch(
        self,
        key: str,
        name: str = "",
        *,
        on_success: JobSpec | None = None,
        on_failure: JobSpec | None = None,
        on_complete: JobSpec | None = None,
        parent: str | None = None,
    ) -> None:
        """Begin a batch: `on_failure` is enqueued at its first failure, the others when it is closed and all ended.

        `parent`: the batch in which it counts as one job.
        """
        definition = batch_text(
            key, name, parent=parent, on_success=on_success, on_failure=on_failure, on_complete=on_complete
        )
        batches.open_batch(self._work, definition)

    def close_batch(self, key: str) -> None:
        """Nobody adds to the batch any more."""
        insert(self._work, batches.close_batch(self._work, key))

    def prune(self, limit: int = 5000) -> int:
        """Delete history that is over its age or count; how many jobs. Call until it is 0."""
        return prune(self._work, limit)

    def _lease_end(self, lease: float) -> int:
        return self._work.lease_now + int(lease * MICROSECONDS)


PARKED_AT_ONCE = 500


def _worker(token: str, row: WorkerRow, now: int) -> dict[str, Any]:
    return {
        "token": token,
        "pid": row.pid,
        "state": row.state,
        "key": row.key,
        "born_at": row.born_at,
        "finished": row.finished,
        "failed": row.failed,
        "busy": row.busy,
        "now": now,
    }
