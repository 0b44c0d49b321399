"""Opening a database file that another process is making at the same moment."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.db import Connection
from rota.db.sqlite import SQLite
from rota.errors import StoreBusy


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new.db"


@pytest.fixture
def other_writer(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody whose transaction is open in the file before it has become a WAL file."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    raw.execute("begin immediate")
    yield raw
    raw.close()


def test_opening_a_new_file_waits_for_who_writes_it(path: Path, other_writer: sqlite3.Connection) -> None:
    release = threading.Timer(0.05, lambda: other_writer.execute("rollback"))
    release.start()
    connection = SQLite(path).connect(busy_timeout=30)
    release.join()
    assert connection.query("pragma journal_mode") == [("wal",)]
    connection.close()


@pytest.mark.usefixtures("other_writer")
def test_a_new_file_that_stays_locked_is_busy_after_the_timeout(path: Path) -> None:
    with pytest.raises(StoreBusy, match="database is locked"):
        SQLite(path).connect(busy_timeout=0.05)


def test_writers_that_have_met_ask_often_and_wait_as_long_as_before(path: Path) -> None:
    first, second = (SQLite(path).connect(busy_timeout=0.05) for _ in range(2))
    for _ in range(3):
        first.begin()
        with pytest.raises(StoreBusy, match="database is locked"):
            second.begin()
        first.rollback()
        second.begin()
        second.rollback()
        assert second.value("pragma busy_timeout") == 50
    first.close()
    second.close()


def test_writers_that_have_met_wait_for_each_other(path: Path) -> None:
    first = SQLite(path).connect()
    first.run("create table number (n integer)")
    first.run("insert into number values (0)")

    def count() -> None:
        connection = SQLite(path).connect(busy_timeout=60)
        for _ in range(100):
            with connection.transaction():
                connection.run("update number set n = n + 1")
        connection.close()

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert first.value("select n from number") == 300
    first.close()


def test_a_checkpoint_copies_what_was_committed_while_another_one_writes(path: Path) -> None:
    writer, other = (SQLite(path).connect() for _ in range(2))
    writer.run("create table number (n integer)")
    before = path.stat().st_size
    writer.begin()
    writer.run("insert into number values (1)")
    other.checkpoint()
    assert path.stat().st_size > before
    writer.commit()
    writer.close()
    other.close()


class Beside:
    """A driver's connection; during each of its passive checkpoints another one has a transaction open."""

    def __init__(self, raw: sqlite3.Connection, writer: Connection) -> None:
        self._raw = raw
        self._writer = writer

    def execute(self, sql: str) -> sqlite3.Cursor:
        if "passive" not in sql:
            return self._raw.execute(sql)
        with self._writer.transaction():
            cursor = self._raw.execute(sql)
            self._writer.run("insert into number values (1)")
        return cursor

    def close(self) -> None:
        self._raw.close()


def test_a_long_wal_begins_anew_though_others_go_on_writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, other = (SQLite(path).connect() for _ in range(2))
    writer.run("create table number (n integer)")
    monkeypatch.setattr(other, "raw", Beside(other.raw, writer))
    monkeypatch.setattr("rota.db.sqlite._LONG_WAL", 1)
    sizes = []
    for _ in range(20):
        other.checkpoint()
        sizes.append(path.with_name("new.db-wal").stat().st_size)
    assert len(set(sizes[5:])) == 1
    writer.close()
    other.close()


def test_a_long_wal_stays_while_somebody_reads_from_its_beginning(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rota.db.sqlite._LONG_WAL", 1)
    writer, reader, other = (SQLite(path).connect(busy_timeout=0.05) for _ in range(3))
    statements: list[str] = []
    other.raw.set_trace_callback(statements.append)
    writer.run("create table number (n integer)")
    reader.begin(write=False)
    assert reader.value("select count(*) from number") == 0
    writer.run("insert into number values (1)")
    other.checkpoint()
    assert not [one for one in statements if "restart" in one]
    assert reader.value("select count(*) from number") == 0
    reader.commit()
    assert reader.value("select count(*) from number") == 1
    for one in (writer, reader, other):
        one.close()


def test_a_wal_is_bounded_where_nobody_makes_checkpoints(path: Path) -> None:
    connection = SQLite(path).connect()
    connection.run("create table filler (text text)")
    page = connection.value("pragma page_size")
    for _ in range(40):
        connection.run_many("insert into filler values (zeroblob(:n))", [{"n": 500 * page}])
    # A commit more than the bound, and what each frame and index page adds.
    assert path.with_name("new.db-wal").stat().st_size < 9_000 * (page + 24)
    connection.close()
