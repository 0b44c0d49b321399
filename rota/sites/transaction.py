"""Jobs take part in the transaction of documents: commit publishes what was enqueued, rollback takes it back.

`Enqueues` is the buffer of one open site. Inside a job, `JobEnqueues` fences every commit with the job's claim number,
and turns the last one into the job's outcome (protocol steps E, W3 and W4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rota.db.connection import Connection
from rota.errors import ChainStopped
from rota.jobs import JobSpec, Mode
from rota.sites.openings import Openings
from rota.store import ClaimRef, Inserted, Store

if TYPE_CHECKING:
    from rota.sites.running import Running

# A chain is stopped when this many of its links in a row have changed nothing.
FRUITLESS_LINKS = 3


class Enqueues:
    """What was enqueued in the open transaction and is not published yet. A participant of the documents' session."""

    claim: ClaimRef | None = None
    log_writes = 0  #: writes of the open transaction that only tell of errors

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake
        self._waiting: list[JobSpec] = []
        self._marks: dict[str, int] = {}
        self._dropped: set[str] = set()
        self.batches = Openings()
        # Ids that this request asked for and saw inactive: enqueueing one of them closes the check-then-enqueue gap.
        self._seen_inactive: set[str] = set()

    # --- what the queue asks and adds ---

    def add(self, *specs: JobSpec) -> None:
        """Enqueue with the transaction's commit."""
        self._waiting += specs

    def publish_now(self, *specs: JobSpec) -> list[Inserted]:
        """Enqueue at once, whatever becomes of the transaction (`enqueue_after_commit=False`)."""
        inserted = self._insert(self.batches.marked([*specs], is_commit=False))
        self.batches.published()
        self._wake()
        return inserted

    def waiting(self, job_id: str) -> JobSpec | None:
        """The job of this id, or of a chain with this root, that the open transaction will enqueue."""
        return next((one for one in reversed(self._waiting) if job_id in (one.id, one.root)), None)

    def all_waiting(self) -> list[JobSpec]:
        """What the open transaction will enqueue, in order."""
        return list(self._waiting)

    def drop(self, key: str) -> bool:
        """Take back a job that is not published yet; False when it is not here."""
        kept = [one for one in self._waiting if one.key != key]
        found = len(kept) < len(self._waiting)
        self._waiting = kept
        if found:
            self._dropped.add(key)
        return found

    def is_dropped(self, key: str) -> bool:
        """Whether the transaction of this enqueue was rolled back."""
        return key in self._dropped

    def is_active(self, job_id: str) -> bool:
        """Whether a job of this id waits or runs, here or in the store; remembers the answer for `guarded`."""
        active = self.waiting(job_id) is not None or self._store.is_active(job_id)
        (self._seen_inactive.discard if active else self._seen_inactive.add)(job_id)
        return active

    def guarded(self, job_id: str) -> bool:
        """Whether this request has asked for the id and seen it inactive."""
        return job_id in self._seen_inactive

    # --- documents.session.Participant ---

    def savepoint(self, name: str) -> None:
        self._marks[name] = len(self._waiting)

    def rollback_to(self, name: str) -> None:
        mark = self._marks.get(name, 0)
        self._dropped.update(one.key for one in self._waiting[mark:])
        del self._waiting[mark:]

    def release(self, name: str) -> None:
        self._marks.pop(name, None)

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        self._waiting = self.batches.marked(self._waiting)
        if connection is not None:
            if self._waiting:
                self._store.handoff.publish(connection, self._waiting, self.claim)
        elif self._waiting:
            self._insert(self._waiting)

    def committed(self) -> None:
        published = bool(self._waiting)
        self._clear()
        self.batches.committed()
        if published:
            self._wake()

    def rolled_back(self) -> None:
        self._dropped.update(one.key for one in self._waiting)
        self._clear()
        self.batches.rolled_back()

    def _insert(self, specs: Sequence[JobSpec]) -> list[Inserted]:
        return self._store.insert(specs, by=self.claim)

    def _clear(self) -> None:
        self._waiting = []
        self._marks.clear()


class JobEnqueues(Enqueues):
    """The buffer inside a job: its commits carry the claim, and what it enqueues is known as its child.

    A job that enqueues its own method makes a chain. Its links share the id of the first, so that `is_job_enqueued` of
    that id says yes until the last has ended; a chain whose links change nothing is stopped.
    """

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        super().__init__(store, wake)
        self._running: Running | None = None
        self._last: Callable[[], tuple[str | None, list[JobSpec]]] | None = None
        self.recorded = False  #: the job's outcome went with its last commit
        self.children: list[JobSpec] = []  #: what must travel with the report, as nothing was written
        self.changed_anything = False  #: outside logs: set by `before_commit`

    def start(self, running: Running) -> None:
        """Begin the next job."""
        self._running, self.claim = running, running.ref
        self._last, self.recorded, self.children = None, False, []
        self.changed_anything, self.log_writes = False, 0
        self._seen_inactive.clear()
        self._dropped.clear()
        self.batches = Openings()
        self._clear()

    def add(self, *specs: JobSpec) -> None:
        super().add(*map(self._as_child, specs))

    def publish_now(self, *specs: JobSpec) -> list[Inserted]:
        return super().publish_now(*map(self._as_child, specs))

    def last(self, outcome: Callable[[], tuple[str | None, list[JobSpec]]]) -> None:
        """The next commit ends the job: `outcome` gives its encoded result and the callbacks to insert with it."""
        self._last = outcome

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        claim = self.claim
        self.changed_anything = self.changed_anything or writes > self.log_writes
        self._waiting = self.batches.marked([self._counted(spec) for spec in self._waiting])
        if claim is None or connection is None:
            if self._last is None:
                super().before_commit(connection, writes)
            else:
                # A job that wrote nothing may run again after a crash, so what it enqueued goes with its outcome.
                self.children = [*self._waiting]
        elif self._last is not None:
            result, callbacks = self._last()
            self._store.handoff.finish(connection, claim, result, [*self._waiting, *callbacks])
            self.recorded = True
        elif self._waiting:
            super().before_commit(connection, writes)
        else:
            self._store.handoff.fence(connection, claim)

    def committed(self) -> None:
        self.log_writes = 0
        if self._last is None or self.recorded:
            super().committed()
        else:
            self._clear()

    def rolled_back(self) -> None:
        super().rolled_back()
        self._last, self.log_writes = None, 0

    def _as_child(self, spec: JobSpec) -> JobSpec:
        running = self._running
        if running is None:
            return spec
        spec = spec._replace(parent=running.key, made_by=running.ref.number)
        if spec.method != running.method:
            return spec
        return spec._replace(root="" if spec.id == running.root else running.root)

    def _counted(self, spec: JobSpec) -> JobSpec:
        """The next link of a chain, with how many links before it changed nothing.

        Raises:
            ChainStopped: too many.
        """
        running = self._running
        if running is None or spec.method != running.method or spec.run_at is not None:
            # A link that waits for its time is no loop: it looks again later, on purpose.
            return spec
        fruitless = 0 if self.changed_anything else int(running.options.get("fruitless_links") or 0) + 1
        if fruitless >= FRUITLESS_LINKS:
            raise ChainStopped(running.root, fruitless)
        return spec._replace(options={**spec.options, "fruitless_links": fruitless}) if fruitless else spec


def as_guarded(mode: Mode, *, guarded: bool) -> Mode:
    """A plain enqueue of an id that was just seen inactive must not start a second job of it."""
    return Mode.SKIP if guarded and mode is Mode.PLAIN else mode
