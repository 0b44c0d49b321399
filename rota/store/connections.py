"""The connections of one process to one site's databases, opened when they are needed.

None crosses a fork: the child opens its own, and neither uses nor closes what it inherited. A connection that broke is
dropped, and the next use opens another.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rota.clock import Clock, SystemClock, to_micros
from rota.db import Connection, Database
from rota.errors import CommitUnknown, StoreUnavailable
from rota.store.words import StoreSettings

if TYPE_CHECKING:
    from rota.db.postgresql import PostgreSQLConnection

# Plans that can only be index look-ups, whatever the statistics say at the moment; `jit` because a plan that is
# "disabled" but must be taken looks expensive enough to be compiled.
PINNED = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_sort": "off",
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
}
# A turn is short: the server ends that of a dispatcher which freezes in the middle, and with it what it locks.
TURN = {**PINNED, "idle_in_transaction_session_timeout": "20s"}
#: seconds that a connection was not used, after which it is asked whether it lives
ASK_AFTER = 1.0
#: seconds between two comparisons of our clock with the server's
MEASURE_EVERY = 10.0
# Pages and look-ups: a few rows of each table, so never all of one to hash it.
READING = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off"}
# Connections that a forked child inherited. Closing them, as the garbage collector would, could end the parent's.
_INHERITED: list[object] = []


class Connections:
    """Named connections, each with a lock: a thread that uses one has it for itself."""

    def __init__(self, *, engine: Database, documents: Database, settings: StoreSettings, clock: Clock) -> None:
        self._engine = engine
        self._documents = documents
        self._settings = settings
        self._clock = clock
        self._pid = os.getpid()
        self._open: dict[str, Connection] = {}
        self._used: dict[str, float] = {}
        self._locks: dict[str, threading.RLock] = {}
        self._guard = threading.Lock()
        self._measured = -MEASURE_EVERY
        self.offset = 0  #: microseconds that the server's clock is ahead of ours

    @contextmanager
    def use(self, name: str) -> Iterator[Connection]:
        """The connection of that name, for this thread alone; dropped if it turns out to be broken."""
        with self._lock(name):
            connection = self._living(name)
            try:
                yield connection
            except (StoreUnavailable, CommitUnknown):
                self.drop(name)
                raise
            finally:
                self._used[name] = time.monotonic()

    def drop(self, name: str) -> None:
        """Close a connection; the next use opens another."""
        connection = self._open.pop(name, None)
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close all of this process's connections."""
        self._leave_inherited()
        for name in list(self._open):
            self.drop(name)

    def _living(self, name: str) -> Connection:
        self._engine.check_answers()
        connection = self._open.get(name)
        if connection is not None and self._may_be_dead(name, connection):
            try:
                connection.query("select 1")
            except StoreUnavailable:
                self.drop(name)
                connection = None
        if connection is None:
            connection = self._open[name] = self._connect(name)
        if connection.dialect == "postgresql" and time.monotonic() - self._measured > MEASURE_EVERY:
            self._measure_clock(connection)
        return connection

    def _may_be_dead(self, name: str, connection: Connection) -> bool:
        """A server may have gone and come back while nobody looked; within a transaction that is an error to tell."""
        idle = time.monotonic() - self._used.get(name, 0.0)
        return connection.dialect == "postgresql" and not connection.in_transaction and idle > ASK_AFTER

    def _lock(self, name: str) -> threading.RLock:
        self._leave_inherited()
        lock = self._locks.get(name)
        if lock is not None:
            return lock
        with self._guard:
            return self._locks.setdefault(name, threading.RLock())

    def _leave_inherited(self) -> None:
        if os.getpid() != self._pid:
            _INHERITED.extend([*self._open.values(), self._guard, *self._locks.values()])
            self._pid, self._open, self._locks, self._guard = os.getpid(), {}, {}, threading.Lock()

    def _connect(self, name: str) -> Connection:
        make: dict[str, Callable[[], Connection]] = {
            "turn": self._turn,
            "read": lambda: self._plain(self._engine),
            "lanes": lambda: self._plain(self._engine),
            "site": lambda: self._plain(self._documents),
            "site_read": lambda: self._plain(self._documents),
            "site_sweep": lambda: self._documents.connect(busy_timeout=0),
        }
        return make[name]()

    def _plain(self, database: Database) -> Connection:
        if database.dialect == "postgresql":
            return self._postgresql(database, {} if self._settings.pooler else READING)
        connection = database.connect(busy_timeout=self._settings.busy_timeout)
        connection.run("pragma query_only = on")
        return connection

    def _turn(self) -> Connection:
        if self._engine.dialect == "postgresql":
            return self._postgresql(self._engine, {} if self._settings.pooler else TURN)
        return self._engine.connect(busy_timeout=self._settings.busy_timeout)

    def _postgresql(self, database: Database, settings: dict[str, str]) -> PostgreSQLConnection:
        from rota.db.postgresql import PostgreSQL  # the driver is an extra

        if not isinstance(database, PostgreSQL):
            raise TypeError("a PostgreSQL dialect needs a PostgreSQL database")
        return database.connect(
            busy_timeout=self._settings.busy_timeout,
            statement_timeout=self._settings.statement_timeout,
            answer_timeout=self._settings.answer_timeout,
            settings=settings,
            prepare=not self._settings.pooler,
            session=not self._settings.pooler,
        )

    def _measure_clock(self, connection: Connection) -> None:
        """Learn how far the server's clock is ahead: all hosts count by it. A clock that a test moves is the truth."""
        self._measured = time.monotonic()
        if isinstance(self._clock, SystemClock):
            before = to_micros(self._clock.now())
            server = int(connection.value("select extract(epoch from clock_timestamp()) * 1000000"))
            after = to_micros(self._clock.now())
            self.offset = server - (before + after) // 2

    def listening(self) -> PostgreSQLConnection | None:
        """A connection for notifications; None where the database has none, or a pooler would swallow them."""
        if self._engine.dialect == "sqlite" or self._settings.pooler:
            return None
        return self._postgresql(self._engine, {"statement_timeout": "0"})
