"""The tables under cache and locks, and this process's one connection to them.

On SQLite they are a file of their own, so that a cache write waits for no job and no document; a file that is damaged
is made anew. On PostgreSQL they are in the engine's schema.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rota.db import Connection, Database, Statements
from rota.db.sqlite import SQLite
from rota.errors import StoreUnavailable

logger = logging.getLogger("rota.cache")

FILE = "cache.db"
BUSY_TIMEOUT = 5.0  # seconds
# Connections that a forked child inherited: closing them could end the parent's.
_INHERITED: list[object] = []


class CacheTables:
    """One site's, in one process. Safe to use from threads; opens its connection when it is first needed."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.sql = Statements("rota.sites.cache", database.dialect)
        self._connection: Connection | None = None
        self._lock = threading.RLock()
        self._pid = os.getpid()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The connection for reads, or the open transaction where one is."""
        self._leave_inherited()
        with self._lock:
            try:
                yield self._open()
            except StoreUnavailable:
                self._drop()
                raise

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction; one that is open in this thread goes on."""
        with self.reading() as connection:
            if connection.in_transaction:
                yield connection
            else:
                with connection.transaction():
                    if connection.dialect == "postgresql":
                        # One writer at a time, as on SQLite: counters and lists are read, changed and written.
                        connection.query(self.sql["write_alone"])
                    yield connection

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        self._leave_inherited()
        with self._lock:
            self._drop()

    def _open(self) -> Connection:
        if self._connection is None:
            try:
                self._connection = self._connect()
            except StoreUnavailable as error:
                if not isinstance(self._database, SQLite):
                    raise
                logger.warning("the cache is made anew: %s", error)
                for suffix in ("", "-wal", "-shm"):
                    self._database.path.with_name(self._database.path.name + suffix).unlink(missing_ok=True)
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> Connection:
        connection = self._database.connect(busy_timeout=BUSY_TIMEOUT)
        try:
            if connection.dialect == "sqlite":
                connection.run("pragma synchronous = off")
            else:
                connection.run("set synchronous_commit = off")
            if not connection.value(self.sql["cache_is_there"]):
                self._create(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _create(self, connection: Connection) -> None:
        with connection.transaction():
            if connection.dialect == "postgresql":
                connection.query(self.sql["create_alone"])
            # Another one may have come first: "if not exists" would lock its tables one after the other, across those
            # who write to them by now.
            if not connection.value(self.sql["cache_is_there"]):
                connection.script(self.sql["cache_schema"])

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _leave_inherited(self) -> None:
        if os.getpid() != self._pid:
            _INHERITED.extend([self._connection, self._lock])
            self._connection, self._lock, self._pid = None, threading.RLock(), os.getpid()
