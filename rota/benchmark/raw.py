"""What the machine and the database allow without Rota: commits of single rows, and rows in bulk."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rota.db import Connection, Database, open_database
from rota.db.sqlite import SQLite

PAYLOAD = "x" * 190
_TABLE = "create table if not exists raw_row (id bigint, payload text)"
_INSERT = "insert into raw_row (id, payload) values (:id, :payload)"
_UNNEST = "insert into raw_row (id, payload) select * from unnest(cast(:ids as bigint[]), cast(:payloads as text[]))"
_AT_ONCE = 1000


class Raw:
    """A table of two columns and no index in a database, and a connection that writes to it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._connection.run(_TABLE)

    def singles(self, count: int) -> float:
        """Seconds that it takes to insert so many rows, each a statement that commits by itself."""
        begin = time.monotonic()
        for number in range(count):
            self._connection.run(_INSERT, {"id": number, "payload": PAYLOAD})
        return time.monotonic() - begin

    def bulk(self, count: int) -> float:
        """Seconds for so many rows in transactions of 1,000, the way that is fast on each database."""
        begin = time.monotonic()
        for first in range(0, count, _AT_ONCE):
            numbers = list(range(first, min(first + _AT_ONCE, count)))
            with self._connection.transaction():
                if self._connection.dialect == "sqlite":
                    self._connection.run_many(_INSERT, [{"id": one, "payload": PAYLOAD} for one in numbers])
                else:
                    self._connection.run(_UNNEST, {"ids": numbers, "payloads": [PAYLOAD] * len(numbers)})
        return time.monotonic() - begin


@contextmanager
def raw_beside(site: Path, database: Database) -> Iterator[Raw]:
    """Where to write raw rows: a file of their own on SQLite, the same database on PostgreSQL."""
    connection = _beside(site, database).connect()
    try:
        yield Raw(connection)
    finally:
        connection.close()


def commits_by_two(site: Path, database: Database, seconds: float) -> float:
    """Single-row commits a second of two processes at once, together."""
    beside = _beside(site, database)
    url = str(beside.path) if isinstance(beside, SQLite) else str(getattr(beside, "dsn", ""))
    with raw_beside(site, database) as raw:
        raw.singles(1)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_commits_at, [(url, 0.05)] * 2)
        return float(sum(pool.starmap(_commits_at, [(url, seconds)] * 2)))


def _commits_at(url: str, seconds: float) -> float:
    connection = open_database(url).connect()
    try:
        count, begin = 0, time.monotonic()
        while (passed := time.monotonic() - begin) < seconds:
            connection.run(_INSERT, {"id": count, "payload": PAYLOAD})
            count += 1
        return count / passed
    finally:
        connection.close()


def _beside(site: Path, database: Database) -> Database:
    return SQLite(site / "raw.db") if isinstance(database, SQLite) else database
