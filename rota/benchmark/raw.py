"""What the machine and the database allow without Rota: commits of single rows, and rows in bulk."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from rota.db import Database, open_database
from rota.db.sqlite import SQLite

PAYLOAD = "x" * 190
_TABLE = "create table if not exists raw_row (id bigint, payload text)"
_INSERT = "insert into raw_row (id, payload) values (:id, :payload)"
_UNNEST = "insert into raw_row (id, payload) select * from unnest(cast(:ids as bigint[]), cast(:payloads as text[]))"


def prepare(database: Database) -> None:
    """Make the table."""
    connection = database.connect()
    connection.run(_TABLE)
    connection.close()


def single_commits(database: Database, seconds: float) -> float:
    """Rows a second, each committed by itself, by one process."""
    connection = database.connect()
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        with connection.transaction():
            connection.run(_INSERT, {"id": count, "payload": PAYLOAD})
        count += 1
    connection.close()
    return count / seconds


def single_commits_by_two(database: Database, seconds: float) -> float:
    """The same by two processes at once, together."""
    context = multiprocessing.get_context("spawn")
    url = str(database.path) if isinstance(database, SQLite) else getattr(database, "dsn", "")
    with context.Pool(2) as pool:
        pool.starmap(_commits_at, [(url, 0.05)] * 2)
        return float(sum(pool.starmap(_commits_at, [(url, seconds)] * 2)))


def _commits_at(url: str, seconds: float) -> float:
    return single_commits(open_database(url), seconds)


def bulk(database: Database, rows: int) -> float:
    """Rows a second in transactions of 1,000, as fast as each database takes them."""
    connection = database.connect()
    begin = time.monotonic()
    for first in range(0, rows, 1000):
        numbers = list(range(first, first + 1000))
        with connection.transaction():
            if connection.dialect == "sqlite":
                connection.run_many(_INSERT, [{"id": i, "payload": PAYLOAD} for i in numbers])
            else:
                connection.run(_UNNEST, {"ids": numbers, "payloads": [PAYLOAD] * 1000})
    took = time.monotonic() - begin
    connection.close()
    return rows / took


def database_beside(site: Path, database: Database) -> Database:
    """Where to measure: a file of its own on SQLite, the same server on PostgreSQL."""
    return SQLite(site / "raw.db") if isinstance(database, SQLite) else database
