"""PostgreSQL: a client that freezes while it holds a row is ended by the server, as nobody else would wait it out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.clock import FixedClock
from rota.db import Connection, open_database
from tests.contract.store.site import Site, ref

LIMIT = "show idle_in_transaction_session_timeout"


@pytest.fixture(params=[False, True], ids=["direct", "pooler"])
def site(request: pytest.FixtureRequest, postgres_dsn: str, clock: FixedClock) -> Iterator[Site]:
    database = open_database(postgres_dsn, pooler=request.param)
    site = Site((database, database), clock)
    if request.param:
        site.store = site.another_store(pooler=True)
    yield site
    site.close()


@pytest.fixture
def connection(site: Site) -> Iterator[Connection]:
    connection = site.connect()
    yield connection
    connection.close()


def test_a_turn_has_a_limit(site: Site) -> None:
    with site.store.turn() as turn:
        assert turn._work.tx.value(LIMIT) == "20s"


def test_a_midway_commit_has_a_limit_from_its_fence_on(site: Site, connection: Connection) -> None:
    claim = site.start("x")
    connection.begin()
    assert connection.value(LIMIT) == "0", "a job may think for long before it commits"
    site.store.handoff.fence(connection, ref(claim))
    assert connection.value(LIMIT) == "20s"
    connection.commit()
    assert connection.value(LIMIT) == "0"


def test_a_last_commit_has_a_limit_once_it_holds_its_row(site: Site, connection: Connection) -> None:
    claim = site.start("x")
    connection.begin()
    site.store.handoff.finish(connection, ref(claim))
    assert connection.value(LIMIT) == "20s"
    connection.commit()
    assert connection.value(LIMIT) == "0"
