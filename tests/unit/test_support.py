"""The tests' own tools keep what they promise."""

from __future__ import annotations

import psycopg
import pytest

from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_until


def test_waiting_returns_the_first_true_answer() -> None:
    answers = iter([0, None, "", "ready", "later"])
    assert wait_until(lambda: next(answers)) == "ready"


def test_waiting_in_vain_names_what_did_not_come() -> None:
    with pytest.raises(AssertionError, match=r"two workers: not within 0 s; the last answer was \[\]"):
        wait_until(list, timeout=0, message="two workers")


def test_every_test_has_an_empty_postgres_database(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        tables = connection.execute("select count(*) from pg_tables where schemaname = 'public'").fetchone()
    assert tables == (0,)


def test_the_postgres_server_has_citext(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        connection.execute("create extension citext")
        assert connection.execute("select 'Änne'::citext = 'äNNE'").fetchone() == (True,)


def test_a_database_goes_though_somebody_is_connected(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as dsn:
        left_open = psycopg.connect(dsn)
    with pytest.raises(psycopg.OperationalError):
        left_open.execute("select 1")
    left_open.close()


def test_the_server_is_reached_over_tcp_with_its_password(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.dsn(tcp=True)) as connection:
        assert connection.execute("select inet_server_port()").fetchone() == (postgres_server.port,)


def test_the_durable_server_comes_back_with_its_data_after_a_crash(durable_postgres_server: PostgresServer) -> None:
    with durable_postgres_server.database() as dsn:
        with psycopg.connect(dsn) as connection:
            assert connection.execute("show fsync").fetchone() == ("on",)
            connection.execute("create table kept as select 1 as one")
        durable_postgres_server.restart(mode="immediate")
        with psycopg.connect(dsn) as connection:
            assert connection.execute("select one from kept").fetchone() == (1,)
