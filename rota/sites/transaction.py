"""Jobs take part in the transaction of documents: commit publishes what was enqueued, rollback takes it back.

`Enqueues` is the buffer of one open site. Inside a job, `JobEnqueues` fences every commit with the job's claim number,
and turns the last one into the job's outcome (protocol steps E, W3 and W4).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rota.db.connection import Connection
from rota.jobs import JobSpec, Mode
from rota.store.handoff import ClaimRef
from rota.store.store import Store


class Enqueues:
    """What was enqueued in the open transaction and is not published yet. A participant of the documents' session."""

    claim: ClaimRef | None = None

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake
        self._waiting: list[JobSpec] = []
        self._marks: dict[str, int] = {}
        # Ids that this request asked for and saw inactive: enqueueing one of them closes the check-then-enqueue gap.
        self._seen_inactive: set[str] = set()

    # --- what the queue asks and adds ---

    def add(self, spec: JobSpec) -> None:
        """Enqueue with the transaction's commit."""
        self._waiting.append(spec)

    def publish_now(self, spec: JobSpec) -> None:
        """Enqueue at once, whatever becomes of the transaction (`enqueue_after_commit=False`)."""
        self._insert([spec])
        self._wake()

    def waiting(self, job_id: str) -> JobSpec | None:
        """The job of this id, or of a chain with this root, that the open transaction will enqueue."""
        return next((one for one in reversed(self._waiting) if job_id in (one.id, one.root)), None)

    def drop(self, key: str) -> bool:
        """Take back a job that is not published yet; False when it is not here."""
        kept = [one for one in self._waiting if one.key != key]
        dropped = len(kept) < len(self._waiting)
        self._waiting = kept
        return dropped

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
        del self._waiting[self._marks.get(name, 0) :]

    def release(self, name: str) -> None:
        self._marks.pop(name, None)

    def before_commit(self, connection: Connection | None, wrote: bool) -> None:
        if connection is not None and wrote:
            if self._waiting:
                self._store.handoff.publish(connection, self._waiting, self.claim)
        elif self._waiting:
            self._insert(self._waiting)

    def committed(self) -> None:
        published = bool(self._waiting)
        self._clear()
        if published:
            self._wake()

    def rolled_back(self) -> None:
        self._clear()

    def _insert(self, specs: Sequence[JobSpec]) -> None:
        with self._store.turn() as turn:
            turn.insert(specs, by=self.claim)

    def _clear(self) -> None:
        self._waiting = []
        self._marks.clear()


class JobEnqueues(Enqueues):
    """The buffer inside a job: its commits carry the claim."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        super().__init__(store, wake)
        self._last: Callable[[], tuple[str | None, list[JobSpec]]] | None = None
        self.recorded = False  #: the job's outcome went with its last commit
        self.children: list[JobSpec] = []  #: what must travel with the report, as nothing was written

    def start(self, claim: ClaimRef) -> None:
        """Begin the next job."""
        self.claim, self._last, self.recorded, self.children = claim, None, False, []
        self._seen_inactive.clear()
        self._clear()

    def last(self, outcome: Callable[[], tuple[str | None, list[JobSpec]]]) -> None:
        """The next commit ends the job: `outcome` gives its encoded result and the callbacks to insert with it."""
        self._last = outcome

    def before_commit(self, connection: Connection | None, wrote: bool) -> None:
        claim = self.claim
        if claim is None or (self._last is None and not wrote):
            super().before_commit(connection, wrote)
        elif self._last is None:
            # Last, as the fence would hold PostgreSQL's row for the rest of the transaction.
            super().before_commit(connection, wrote)
            self._store.handoff.fence(_open(connection), claim)
        elif wrote:
            result, callbacks = self._last()
            self._store.handoff.finish(_open(connection), claim, result, [*self._waiting, *callbacks])
            self.recorded = True
        else:
            # A job that wrote nothing may be run again after a crash, so what it enqueued goes with its outcome.
            self.children = [*self._waiting]

    def committed(self) -> None:
        if self._last is None or self.recorded:
            super().committed()
        else:
            self._clear()

    def rolled_back(self) -> None:
        super().rolled_back()
        self._last = None


def _open(connection: Connection | None) -> Connection:
    if connection is None:
        raise RuntimeError("a transaction that wrote has no connection")
    return connection


def as_guarded(mode: Mode, *, guarded: bool) -> Mode:
    """A plain enqueue of an id that was just seen inactive must not start a second job of it."""
    return Mode.SKIP if guarded and mode is Mode.PLAIN else mode
