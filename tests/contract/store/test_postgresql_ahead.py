"""Statements that go to the server together with the next one: PostgreSQL's savepoints around each document."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg.generators import fetch_many

from rota.db import open_database
from rota.db.postgresql import PostgreSQLConnection
from rota.errors import StoreBusy, StoreConflict, StoreError, StoreUnavailable
from tests.support.waiting import wait_until

ADD = "insert into things (name) values (:name)"
LOCK = "select name from things where name = :name for update"
PREPARED = 8  # times after which the driver has prepared a statement


class Interrupted(BaseException):
    """What a signal's handler raises."""


def connect(dsn: str, **options: float) -> PostgreSQLConnection:
    connection = open_database(dsn).connect(**options)
    assert isinstance(connection, PostgreSQLConnection)
    return connection


@pytest.fixture(params=["prepared", "not prepared"])
def connection(request: pytest.FixtureRequest, postgres_dsn: str) -> Iterator[PostgreSQLConnection]:
    """Within a transaction that has added `a` and set a savepoint."""
    made = connect(postgres_dsn, busy_timeout=0.2)
    made.script("create table things (name text primary key)")
    if request.param == "prepared":
        for number in range(PREPARED):
            made.run(ADD, {"name": f"early {number}"})
            made.query(LOCK, {"name": "early 0"})
            made.query(names_sql())
    made.begin(savepoint="s0")
    made.run(ADD, {"name": "a"})
    yield made
    made.close()


def names_sql() -> str:
    return "select name from things where name not like 'early%' order by name"


def names(connection: PostgreSQLConnection) -> list[str]:
    return [row[0] for row in connection.query(names_sql())]


def again(connection: PostgreSQLConnection) -> None:
    connection.ahead("release savepoint s0", "savepoint s0")


def test_they_stand_before_what_the_next_statement_does(connection: PostgreSQLConnection) -> None:
    again(connection)
    assert connection.run(ADD, {"name": "b"}) == 1
    again(connection)
    assert connection.query(LOCK, {"name": "b"}) == [("b",)]
    connection.run(ADD, {"name": "c"})
    connection.rollback_to("s0")
    assert names(connection) == ["a", "b"]
    connection.commit()
    assert names(connection) == ["a", "b"]


def test_they_stand_before_many_rows(connection: PostgreSQLConnection) -> None:
    again(connection)
    connection.run_many(ADD, [{"name": "b"}, {"name": "c"}])
    connection.rollback_to("s0")
    assert names(connection) == ["a"]


def test_a_rollback_to_one_that_was_not_sent_yet_takes_back_nothing(connection: PostgreSQLConnection) -> None:
    again(connection)
    connection.rollback_to("s0")
    assert names(connection) == ["a"]


def test_a_statement_that_fails_is_taken_back_alone(connection: PostgreSQLConnection) -> None:
    for _ in range(2):
        again(connection)
        with pytest.raises(StoreConflict, match="things_pkey"):
            connection.run(ADD, {"name": "a"})
        connection.rollback_to("s0")
    connection.run(ADD, {"name": "b"})
    assert names(connection) == ["a", "b"]
    connection.commit()
    assert names(connection) == ["a", "b"]


def test_a_lock_that_is_not_given_is_the_statements_error(connection: PostgreSQLConnection, postgres_dsn: str) -> None:
    connection.commit()
    other = connect(postgres_dsn)
    with other.transaction():
        other.query(LOCK, {"name": "a"})
        connection.begin(savepoint="s0")
        again(connection)
        with pytest.raises(StoreBusy):
            connection.query(LOCK, {"name": "a"})
    other.close()
    connection.rollback_to("s0")
    assert connection.query(LOCK, {"name": "a"}) == [("a",)]


def test_one_of_them_that_fails_is_said_with_the_statement_which_does_nothing(connection: PostgreSQLConnection) -> None:
    connection.ahead("release savepoint nowhere", "savepoint s1")
    with pytest.raises(StoreError, match="nowhere"):
        connection.run(ADD, {"name": "b"})
    with pytest.raises(StoreError, match="aborted"):
        connection.run(ADD, {"name": "b"})
    connection.rollback_to("s0")
    connection.run(ADD, {"name": "c"})
    assert names(connection) == ["c"]


@pytest.mark.parametrize("end", ["commit", "rollback"])
def test_what_was_not_sent_is_forgotten_with_the_transaction(connection: PostgreSQLConnection, end: str) -> None:
    again(connection)
    getattr(connection, end)()
    assert names(connection) == (["a"] if end == "commit" else [])


def test_a_value_that_can_not_be_sent_leaves_them_for_the_next_statement(connection: PostgreSQLConnection) -> None:
    again(connection)
    with pytest.raises(StoreError):
        connection.run(ADD, {"name": object()})
    connection.run(ADD, {"name": "b"})
    connection.rollback_to("s0")
    assert names(connection) == ["a"]


def test_a_server_that_ends_the_session_meanwhile_is_lost(connection: PostgreSQLConnection, postgres_dsn: str) -> None:
    other = connect(postgres_dsn)
    pid = {"pid": connection.raw.info.backend_pid}
    other.query("select pg_terminate_backend(:pid)", pid)
    wait_until(lambda: other.value("select count(*) from pg_stat_activity where pid = :pid", pid) == 0)
    other.close()
    again(connection)
    with pytest.raises(StoreUnavailable):
        connection.query(LOCK, {"name": "a"})
    assert connection.is_lost


def test_a_prepared_statement_takes_them_along_in_one_way_there_and_back(postgres_dsn: str, tmp_path: Path) -> None:
    connection = connect(postgres_dsn)
    connection.script("create table things (name text primary key)")
    for _ in range(PREPARED):
        connection.query(LOCK, {"name": "a"})
    connection.begin(savepoint="s0")
    again(connection)
    with (tmp_path / "trace").open("w") as trace:
        connection.raw.pgconn.trace(trace.fileno())
        connection.query(LOCK, {"name": "a"})
        connection.raw.pgconn.untrace()
    connection.close()
    said = [line.split("\t")[1:4:2] for line in (tmp_path / "trace").read_text().splitlines()]
    assert [word for way, word in said if way == "F" and word in ("Execute", "Sync", "Query")] == 3 * ["Execute"] + [
        "Sync"
    ]


@pytest.mark.parametrize("times", [0, PREPARED], ids=["not prepared", "prepared"])
def test_a_statement_that_an_exception_of_a_signal_ends_can_be_taken_back(postgres_dsn: str, times: int) -> None:
    connection, other, watch = connect(postgres_dsn), connect(postgres_dsn), connect(postgres_dsn)
    connection.script("create table things (name text primary key)")
    connection.run(ADD, {"name": "a"})
    for _ in range(times):
        connection.query(LOCK, {"name": "a"})
    pid = connection.raw.info.backend_pid

    def waits() -> bool:
        waiting = "select count(*) from pg_stat_activity where pid = :pid and wait_event_type = 'Lock'"
        return bool(watch.value(waiting, {"pid": pid}))

    def interrupt() -> None:
        wait_until(waits)
        os.kill(os.getpid(), signal.SIGUSR1)

    def ring(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGUSR1, ring)
    thread = threading.Thread(target=interrupt)
    try:
        other.begin()
        other.query(LOCK, {"name": "a"})
        connection.begin(savepoint="s0")
        connection.run(ADD, {"name": "b"})
        again(connection)
        thread.start()
        with pytest.raises(Interrupted):
            connection.query(LOCK, {"name": "a"})
    finally:
        thread.join()
        signal.signal(signal.SIGUSR1, before)
    connection.rollback_to("s0")
    assert names(connection) == ["a", "b"]
    connection.commit()
    for one in (connection, other, watch):
        one.close()


def test_an_exception_amid_the_answers_ends_the_connection(postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = connect(postgres_dsn)
    connection.script("create table things (name text primary key)")
    for _ in range(PREPARED):
        connection.query(LOCK, {"name": "a"})
    connection.begin(savepoint="s0")
    again(connection)
    answers = iter([fetch_many])

    def heard(raw: object) -> object:
        if (real := next(answers, None)) is None:
            raise Interrupted
        return real(raw)

    monkeypatch.setattr("rota.db.pgdriver.fetch_many", heard)
    with pytest.raises(Interrupted):
        connection.query(LOCK, {"name": "a"})
    assert connection.is_lost
    with pytest.raises(StoreUnavailable):
        names(connection)
    connection.rollback()
    connection.close()
