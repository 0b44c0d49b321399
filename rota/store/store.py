"""What the engine keeps of one site: the jobs and all that belongs to them, on either database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rota.clock import Clock, to_micros
from rota.db import Connection, Database, Statements
from rota.db.sqlite import SQLite
from rota.errors import CommitUnknown, PairMismatch, StoreBusy, StoreUnavailable
from rota.jobs import JobSpec
from rota.store import gates, reads
from rota.store.alike import fits_one_statement, insert_alike
from rota.store.claim import ClaimCursor, anything_claimable
from rota.store.connections import TURN, Connections
from rota.store.expiry import Expiry
from rota.store.handoff import Handoff, notify
from rota.store.insert import check_claim, insert
from rota.store.migrate import migrate_engine, migrate_handoff
from rota.store.notify import Notifier
from rota.store.queries import PACKAGE
from rota.store.registers import Registers
from rota.store.restored import Older, finish_restored, make_fit, older
from rota.store.settle import Settled, prune_ledger, settle, sweep
from rota.store.turn import Turn
from rota.store.views import JobFilter, JobView
from rota.store.wire import decode_spec
from rota.store.words import ClaimRef, Inserted, OnStopped, Steering, StoreSettings
from rota.store.work import Work

if TYPE_CHECKING:
    from rota.store.listen import Listener

MICROSECONDS = 1_000_000
EVERYTHING = JobFilter()
# Ends in the ledger that are recorded: read over at each turn until they are marked there.
SWEEP_AT = 200
DUE_MARGIN = 60 * MICROSECONDS
DUE_START_OVER = 300.0  #: seconds


class Store(Registers):
    """One site's store in one process. Opens its connections when they are needed; safe to use from threads.

    `engine` and `documents` are jobs.db and site.db on SQLite, and the same database on PostgreSQL. `on_stopped` makes
    the callback job of a job that is canceled while no worker has it.
    """

    def __init__(
        self,
        *,
        engine: Database,
        documents: Database,
        clock: Clock,
        settings: StoreSettings | None = None,
        on_stopped: OnStopped | None = None,
    ) -> None:
        self.dialect = engine.dialect
        self.clock = clock
        self.settings = settings or StoreSettings()
        self._engine, self._documents = engine, documents
        self._on_stopped = on_stopped
        self._connections = Connections(engine=engine, documents=documents, settings=self.settings, clock=clock)
        self._sql = Statements(PACKAGE, engine.dialect)
        self._lanes: set[tuple[str, int]] = set()
        self._settled = Settled()
        self._fits = self.dialect == "postgresql"
        self._due_since, self._due_start_over = 0, 0.0
        self._notifier = Notifier(self._sql["notify"]) if self.dialect == "postgresql" else None
        self.handoff = Handoff(self._sql, self._work, self.now)
        self.expiry = Expiry(
            reading=self._reading,
            changing=self._changing,
            raise_fence=self._sql["raise_fence"] if self.dialect == "sqlite" else "",
            site=self._sweeping if self.dialect == "sqlite" else None,
            clock=clock,
            beat=self.settings.beat,
        )

    @property
    def files(self) -> tuple[Path, ...]:
        """The database files; none where a server has them."""
        return tuple(one.path for one in (self._documents, self._engine) if isinstance(one, SQLite))

    # --- time ---

    def now(self) -> int:
        """Microseconds since 1970: by our clock on SQLite, by the server's on PostgreSQL."""
        return to_micros(self.clock.now()) + self._connections.offset

    def _lease_now(self) -> int:
        """The clock of leases: one that does not step on SQLite, where all are on one host; else the server's."""
        return int(self.clock.monotonic() * MICROSECONDS) if self.dialect == "sqlite" else self.now()

    # --- tables ---

    def migrate(self) -> list[str]:
        """Make or upgrade the engine's tables; what was done, for people. Nothing if they are up to date.

        Raises:
            NewerSchema: a newer Rota was here.
        """
        done = []
        if self.dialect == "sqlite":
            with self._connections_to(self._documents) as connection:
                done += migrate_handoff(connection, self._sql, self._documents.describe())
        with self._connections_to(self._engine) as connection:
            return done + migrate_engine(connection, self._sql, self._engine.describe())

    @contextmanager
    def _connections_to(self, database: Database) -> Iterator[Connection]:
        connection = database.connect(busy_timeout=self.settings.busy_timeout)
        try:
            yield connection
        finally:
            connection.close()

    # --- changes ---

    @contextmanager
    def turn(self, *, busy_timeout: float | None = None) -> Iterator[Turn]:
        """One write transaction on the engine's tables: commits at the end of the block, rolls back on an error.

        `busy_timeout`: seconds to wait for other writers, `StoreSettings.busy_timeout` by default.

        Raises:
            StoreBusy: another writer took longer; nothing was changed.
            CommitUnknown: the commit did not answer; it may have happened.
        """
        with self._changing(busy_timeout=busy_timeout) as work:
            yield Turn(work)

    def insert(self, specs: Sequence[JobSpec], *, by: ClaimRef | None = None) -> list[Inserted]:
        """Enqueue jobs in a transaction of their own, as `Turn.insert` does in one of several changes.

        Raises:
            JobLost: `by`, the job that does it, has lost its claim.
            StoreBusy, CommitUnknown: as `turn` does.
        """
        if by is None and self.dialect == "postgresql" and not self.settings.pooler and fits_one_statement(specs):
            return self._insert_at_once(specs)
        with self._changing() as work:
            if by is not None:
                check_claim(work, by)
            return insert(work, specs)

    def _insert_at_once(self, specs: Sequence[JobSpec]) -> list[Inserted]:
        """One statement that commits by itself: the way to the server and back is the most of an enqueue."""
        with self._connections.use("turn") as tx:
            work = self._work(tx)
            try:
                inserted = insert_alike(work, specs)
            except StoreUnavailable as error:
                raise CommitUnknown(f"{self._engine.describe()}: the insert did not answer: {error}") from error
            if self._notifier is not None:
                self._notifier.tell(tx, work.woken)
            return inserted

    @contextmanager
    def _changing(self, *, busy_timeout: float | None = None) -> Iterator[Work]:
        with self._connections.use("turn") as tx:
            try:
                work, settled = self._begin_settled(tx, busy_timeout)
                yield work
                notify(work)
            except BaseException:
                tx.rollback()
                raise
            self._commit(tx, work, settled)

    def _begin_settled(self, tx: Connection, busy_timeout: float | None) -> tuple[Work, Settled]:
        while True:
            self._begin(tx, busy_timeout)
            if self.dialect == "postgresql":
                return self._work(tx), self._settled
            with self._connections.use("site") as site:
                self._check_pair(tx, site)
                work = self._work(tx, site)
                settled = settle(work, site, self._settled)
            if settled.complete:
                return work, settled
            self._commit(tx, work, settled)

    def _check_pair(self, jobs: Connection, site: Connection) -> None:
        if self._fits:
            return
        found = older(jobs, site, self._sql)
        if found is not Older.NEITHER:
            newer = Older.SITE if found is Older.JOBS else Older.JOBS
            raise PairMismatch(self._engine.describe(), found.value, newer.value)
        self._fits = True

    def _commit(self, tx: Connection, work: Work, settled: Settled) -> None:
        tx.commit()
        # Only what a commit has carried may be deleted from site.db, or not be read there again.
        self._settled = settled
        self._lanes |= work.new_lanes
        if work.all_due:
            self._passed_due(work.now)

    def _passed_due(self, now: int) -> None:
        """PostgreSQL walks past index entries of all that was ever due unless it is told where to begin.

        A transaction that was open for longer than the margin is seen when everything is looked through again.
        """
        start_over = self.dialect == "sqlite" or self.clock.monotonic() >= self._due_start_over
        if start_over:
            self._due_start_over = self.clock.monotonic() + DUE_START_OVER
        self._due_since = 0 if start_over else now - DUE_MARGIN

    def _begin(self, tx: Connection, busy_timeout: float | None) -> None:
        if self.dialect == "postgresql":
            tx.begin(settings=self._for_turn(busy_timeout))
            return
        if busy_timeout is None:
            tx.begin()
            return
        tx.run(f"pragma busy_timeout = {int(busy_timeout * 1000)}")
        try:
            tx.begin()
        finally:
            tx.run(f"pragma busy_timeout = {int(self.settings.busy_timeout * 1000)}")

    def _for_turn(self, busy_timeout: float | None) -> dict[str, str]:
        local: dict[str, str] = {}
        if self.settings.pooler:
            local = {**TURN, "statement_timeout": str(int(self.settings.statement_timeout * 1000))}
        if self.settings.pooler or busy_timeout is not None:
            wait = self.settings.busy_timeout if busy_timeout is None else busy_timeout
            # 0 would mean to wait for ever.
            local["lock_timeout"] = str(max(1, int(wait * 1000)))
        return local

    def _work(self, tx: Connection, site: Connection | None = None) -> Work:
        return Work(
            tx=tx,
            sql=self._sql,
            now=self.now(),
            lease_now=self._lease_now(),
            settings=self.settings,
            on_stopped=self._on_stopped,
            lanes=self._lanes,
            notifier=self._notifier,
            site=site,
            due_since=self._due_since,
            learn_lanes=self._learn_lanes if self.dialect == "postgresql" else None,
        )

    def _learn_lanes(self, lanes: Sequence[tuple[str, int]]) -> None:
        with self._connections.use("lanes") as connection:
            for queue, lane in lanes:
                connection.run(self._sql["add_lane"], {"queue": queue, "lane": lane})
        # Seldom needed: not worth a connection that stays.
        self._connections.drop("lanes")
        self._lanes.update(lanes)

    def settle(self) -> bool:
        """Bring the engine's tables up to date with what the documents' database has committed.

        False: another one was writing; whoever writes next does it.
        """
        if self.dialect == "postgresql":
            return True
        try:
            with self._changing(busy_timeout=0):
                return True
        except StoreBusy:
            return False

    @property
    def is_sweep_due(self) -> bool:
        """Whether so much has been settled that `sweep` should not wait for the next beat (SQLite)."""
        return len(self._settled.done) >= SWEEP_AT

    def sweep(self) -> bool:
        """Delete from site.db what has been settled; False if somebody writes there: left for later."""
        if self.dialect == "postgresql":
            return True
        with self._connections.use("turn"):
            settled = self._settled
            with self._sweeping() as site:
                if not sweep(site, self._sql, settled):
                    return False
            self._settled = Settled(seq=settled.seq, swept=settled.seq)
            return True

    def _sweeping(self) -> AbstractContextManager[Connection]:
        """A connection to site.db that writes, and never waits for another writer."""
        return self._connections.use("site_sweep")

    def prune_ledger(self) -> bool:
        """Raise the ledger's floor and delete what is below it (P2, P3; SQLite). False: left for later."""
        if self.dialect == "postgresql":
            return True
        with self._connections.use("read") as engine, self._sweeping() as site:
            return prune_ledger(engine, site, self._sql)

    def check_pair(self) -> None:
        """See that site.db and jobs.db are of one moment, as the first turn of a process does (SQLite).

        Raises:
            PairMismatch: one of them was copied back without the other.
        """
        if not self._fits:
            with self._changing():
                pass

    def repair(self) -> Older:
        """After a restore, with no other process alive: numbers never come twice, and nothing runs that is done.

        S3 and S4 on SQLite; on PostgreSQL the claim sequence goes above every claim that is known. The answer says
        which of SQLite's files was older than the other. Leases are over: what was started goes to others.
        """
        found = Older.NEITHER
        if self.dialect == "postgresql":
            with self._changing() as work:
                work.rows("raise_claim_number")
                work.run("end_leases")
            return found
        with self._connections.use("site") as site:
            with self._connections.use("turn") as tx, tx.transaction():
                found = make_fit(tx, site, self._sql)
            self._fits = True
            with self._changing() as work:
                finish_restored(work, site)
                work.run("end_leases")
        self.sweep()
        return found

    def version(self) -> tuple[int, int] | None:
        """What changes as soon as anybody else commits, whereas this store's own turns make no difference (SQLite).

        None: the database does not tell. https://sqlite.org/pragma.html#pragma_data_version
        """
        if self.dialect == "postgresql":
            return None
        with self._connections.use("turn") as engine, self._connections.use("site") as site:
            return engine.value("pragma data_version"), site.value("pragma data_version")

    def close(self) -> None:
        """Close this process's connections. The store may be used again."""
        self._connections.close()

    # --- reads ---

    @contextmanager
    def _reading(self) -> Iterator[Work]:
        with self._connections.use("read") as connection:
            yield self._work(connection)

    def is_active(self, id: str, method: str | None = None) -> bool:  # noqa: A002 - the public word
        """Is a job of this id alive, or one of a chain that it began? `method`: counts jobs of this method only.

        On SQLite the outbox is read first: the other way round, a job that is carried over meanwhile would be missed.
        """
        moving = []
        if self.dialect == "sqlite":
            with self._connections.use("site_read") as site:
                found = site.query(self._sql["outbox_keys"], {"id": id})
            moving = [key for key, of in found if method in (None, of)]
        with self._reading() as work:
            return reads.is_active(work, id, method, moving)

    def live(self, id: str) -> JobView | None:  # noqa: A002
        """The live job that an id stands for."""
        moving = self._unsettled(id)
        with self._reading() as work:
            found = reads.live(work, id)
            if found is None and moving is not None and work.value("body", key=moving.key) is None:
                return moving
            return found

    def job(self, key_or_id: str) -> JobView | None:
        """A job by its key, or else the newest of an id."""
        moving = self._unsettled(key_or_id)
        with self._reading() as work:
            if moving is not None and work.value("body", key=moving.key) is None:
                return moving
            return reads.job(work, key_or_id)

    def _unsettled(self, key_or_id: str) -> JobView | None:
        if self.dialect == "postgresql":
            return None
        with self._connections.use("site_read") as site:
            text = site.value(self._sql["outbox_spec"], {"key": key_or_id, "id": key_or_id})
        try:
            return None if text is None else reads.unsettled_view(decode_spec(text))
        except ValueError:
            # It will become a failed job that says so.
            return None

    def jobs(self, keys: Sequence[str]) -> list[JobView]:
        """Jobs by their keys, in no order; those that are not there are left out."""
        with self._reading() as work:
            return [reads.view(row) for row in work.rows("jobs_by_keys", keys=work.list(keys))]

    def body(self, key: str) -> str | None:
        """A job's body, as a claim carries it."""
        with self._reading() as work:
            body: str | None = work.value("body", key=key)
            return body

    def listing(self, wanted: JobFilter = EVERYTHING, *, limit: int = 50, before: str | None = None) -> list[JobView]:
        """The newest jobs that a filter lets through, before the job with the key `before`."""
        self._settle_for_people()
        with self._reading() as work:
            return reads.listing(work, wanted, limit, before)

    def stats(self) -> dict[str, int]:
        """How many jobs there are of each state."""
        self._settle_for_people()
        with self._reading() as work:
            return reads.stats(work)

    def _settle_for_people(self) -> None:
        """A list is nicer with what was just committed; not worth waiting for."""
        if self.dialect == "sqlite":
            with self._connections.use("site_read") as site:
                ((jobs, ends),) = site.query(self._sql["unsettled"], {"seq": self._settled.seq})
            if jobs or ends:
                self.settle()

    def queue_stats(self) -> dict[str, dict[str, int]]:
        """How many live jobs of each state every queue has."""
        with self._reading() as work:
            return reads.queue_stats(work)

    def oldest_queued(self) -> dict[str, int]:
        """When the next job in line of each queue was enqueued."""
        with self._reading() as work:
            return reads.oldest_queued(work)

    def backlog(self, queues: Sequence[str] | None = None, cursor: ClaimCursor | None = None) -> bool:
        """Is anything claimable now, in these queues or in any?

        `cursor`: of the dispatcher that would claim it, which knows where there is nothing left.
        """
        with self._reading() as work:
            return anything_claimable(work, queues, cursor or ClaimCursor())

    def is_starved(self, queue: str, patience: int) -> bool:
        """Do more jobs of a queue wait for a worker than `patience`?"""
        with self._reading() as work:
            return bool(work.value("claimable_in", queue=queue, limit=patience + 1) > patience)

    def due_at(self) -> int | None:
        """When the next scheduled job, or rate limit, comes due."""
        with self._reading() as work:
            return gates.next_due(work)

    @contextmanager
    def documents(self) -> Iterator[Connection]:
        """The documents' database, for a query now and then: the connection stays open."""
        with self._connections.use("site_read" if self.dialect == "sqlite" else "read") as connection:
            yield connection

    def cursor(self, key: str) -> str | None:
        """The cursor that a resumable job saved."""
        with self.documents() as connection:
            return self.handoff.read_cursor(connection, key)

    def steering(self, key: str) -> Steering:
        """What people ask of a resumable job."""
        with self._reading() as work:
            row = work.one("steering", key=key)
        return Steering() if row is None else Steering(held=bool(row[0]), rate=row[1])

    def listen(self) -> Listener | None:
        """Wake-ups from the database; None where there are none, and whoever waits has to look now and then."""
        connection = self._connections.listening()
        if connection is None:
            return None
        from rota.store.listen import Listener  # the driver is an extra

        return Listener(connection, self._sql["listen"])
