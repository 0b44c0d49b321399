"""Opening a database file that another process is making at the same moment."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def test_checkpoints_that_a_reader_holds_back_are_seldom_tried_and_made_once_he_is_gone(path: Path) -> None:
    writer, reader = SQLite(path, durable=False).connect(), SQLite(path).connect()
    writer.run("create table number (n integer, text blob)")
    wal = path.with_name(f"{path.name}-wal")

    def write(commits: int) -> None:
        for n in range(commits):
            with writer.transaction():
                writer.run("insert into number values (:n, randomblob(20000))", {"n": n})

    reader.begin(write=False)
    reader.query("select count(*) from number")
    write(1100)
    held_back = writer.value("pragma wal_autocheckpoint")
    assert held_back > 10_000  # pages: twice what there was
    reader.rollback()
    write(1100)
    length = wal.stat().st_size
    assert writer.value("pragma wal_autocheckpoint") == 1000
    write(1100)
    assert wal.stat().st_size == length
    reader.close()
    writer.close()
