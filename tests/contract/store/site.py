"""A site as the store sees it: its databases, and short words for what callers, dispatchers and workers do."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from rota.clock import FixedClock
from rota.db import Connection, Database
from rota.jobs import Claim, Ending, JobSpec, JobState, Mode, Outcome, new_key
from rota.store import ClaimCursor, ClaimRef, Inserted, JobView, OnStopped, Recorded, Store, StoreSettings, Want

SECOND = 1_000_000
ALL_QUEUES = ("short", "default", "long")


class Site:
    """Databases with tables in them, a store, and one registered dispatcher."""

    def __init__(
        self,
        databases: tuple[Database, Database],
        clock: FixedClock,
        *,
        settings: StoreSettings | None = None,
        on_stopped: OnStopped | None = None,
    ) -> None:
        self.engine, self.documents = databases
        self.clock = clock
        self.settings = settings or StoreSettings(busy_timeout=60)
        self.on_stopped = on_stopped
        self._opened: list[Store | Connection] = []
        self.store = self.another_store()
        self.store.migrate()
        self.cursor = ClaimCursor()
        self.token = self.dispatcher()
        connection = self.connect()
        connection.run("create table if not exists effect (key text, what text)")

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect == "sqlite"

    def close(self) -> None:
        for one in self._opened:
            one.close()

    def another_store(self, **changes: Any) -> Store:
        """A store as another process would have it."""
        store = Store(
            engine=self.engine,
            documents=self.documents,
            clock=self.clock,
            settings=replace(self.settings, **changes),
            on_stopped=self.on_stopped,
        )
        self._opened.append(store)
        return store

    def connect(self) -> Connection:
        """A connection of a worker or a request to the documents' database."""
        connection = self.documents.connect(busy_timeout=60)
        self._opened.append(connection)
        return connection

    def connect_engine(self) -> Connection:
        """A connection to the engine's tables."""
        connection = self.engine.connect(busy_timeout=60)
        self._opened.append(connection)
        return connection

    # --- jobs ---

    def spec(self, id: str | None = None, **fields: Any) -> JobSpec:  # noqa: A002
        key = new_key()
        given = {"method": "app.tasks.run", "queue": "short", "user": "Administrator", "timeout": 300.0, **fields}
        return JobSpec(key=key, id=id or key, created_at=self.store.now(), **given)

    def enqueue(self, id: str | None = None, **fields: Any) -> Inserted:  # noqa: A002
        with self.store.turn() as turn:
            return turn.insert([self.spec(id, **fields)])[0]

    def enqueue_many(self, count: int, **fields: Any) -> list[Inserted]:
        with self.store.turn() as turn:
            return turn.insert([self.spec(**fields) for _ in range(count)])

    def job(self, key_or_id: str) -> JobView:
        job = self.store.job(key_or_id)
        assert job is not None, f"no job {key_or_id}"
        return job

    def state(self, key_or_id: str) -> JobState:
        return self.job(key_or_id).state

    # --- dispatchers ---

    def dispatcher(self, store: Store | None = None, *, lease: float | None = None) -> str:
        from rota.store import boot_id

        token = secrets.token_hex(8)
        with (store or self.store).turn() as turn:
            turn.register(
                token, host="here", pid=1, boot_id=boot_id(), queues=ALL_QUEUES, lease=lease or self.settings.lease
            )
        return token

    def claim(
        self,
        limit: int = 1,
        *,
        queues: Sequence[str] = ALL_QUEUES,
        token: str | None = None,
        cursor: ClaimCursor | None = None,
    ) -> list[Claim]:
        wants = [Want(queue, limit) for queue in queues]
        with self.store.turn() as turn:
            return turn.claim(token or self.token, wants, limit, cursor or self.cursor)

    def claim_one(self, **options: Any) -> Claim:
        (claim,) = self.claim(1, **options)
        return claim

    def start(self, id: str | None = None, **fields: Any) -> Claim:  # noqa: A002
        """Enqueue a job and claim it."""
        inserted = self.enqueue(id, **fields)
        claim = self.claim_one()
        assert claim.key == inserted.key
        return claim

    def record(self, claim: Claim, ending: Ending, **fields: Any) -> Recorded:
        with self.store.turn() as turn:
            return turn.record([outcome(claim, ending, **fields)])[0]

    def expire(self, **fields: Any) -> list[Recorded]:
        """X1, X2 and X3 by a maintainer that has been looking all the time."""
        lost = self.lost()
        fenced = self.store.expiry.raise_fence(lost)
        with self.store.turn() as turn:
            return turn.expire([Outcome(key=one.key, claim=one.number, ending=Ending.LOST, **fields) for one in fenced])

    def lost(self) -> list[Any]:
        self.store.expiry.lost()
        return self.store.expiry.lost()

    # --- workers and callers: transactions on the documents' database ---

    @contextmanager
    def writing(self, connection: Connection, what: str = "effect", key: str = "") -> Iterator[Connection]:
        """A transaction that writes a document and commits at the end of the block."""
        with connection.transaction():
            connection.run("insert into effect (key, what) values (:key, :what)", {"key": key, "what": what})
            yield connection

    def effects(self, key: str = "") -> list[str]:
        connection = self.connect()
        return [row[0] for row in connection.query("select what from effect where key = :key", {"key": key})]

    def publish(self, connection: Connection, *specs: JobSpec, claim: ClaimRef | None = None) -> None:
        """Enqueue jobs in a transaction that wrote a document."""
        with self.writing(connection):
            self.store.handoff.publish(connection, specs, claim)

    def commit_last(self, connection: Connection, claim: Claim, *children: JobSpec, result: str | None = None) -> None:
        """W4: a worker's last commit, with an effect."""
        with self.writing(connection, key=claim.key):
            self.store.handoff.finish(connection, ref(claim), result, children)

    def commit_midway(self, connection: Connection, claim: Claim, *children: JobSpec, what: str = "batch") -> None:
        """W3: a commit in the middle of a job, with an effect."""
        with self.writing(connection, what, key=claim.key):
            self.store.handoff.publish(connection, children, ref(claim))


def ref(claim: Claim) -> ClaimRef:
    return ClaimRef(claim.key, claim.number)


def outcome(claim: Claim, ending: Ending, **fields: Any) -> Outcome:
    return Outcome(key=claim.key, claim=claim.number, ending=ending, **fields)


__all__ = ["ALL_QUEUES", "SECOND", "Mode", "Site", "outcome", "ref"]
