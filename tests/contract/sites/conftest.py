"""What a site stands on, on each database: where documents and the engine's tables are, a session, a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from rota.clock import FixedClock
from rota.db import Database, open_database
from rota.db.sqlite import SQLite
from rota.documents.session import Session
from rota.sites.bench import Bench
from rota.sites.context import Context
from rota.sites.install import new_site
from rota.sites.site import Site
from rota.store import Store
from rota.testing.testclock import TestClock
from tests.support.benches import TestBench
from tests.support.ledgers import Ledger
from tests.support.postgres import PostgresServer
from tests.support.sites import copied_site


@dataclass(frozen=True, slots=True)
class Ground:
    """The databases of a site that is not there."""

    dialect: str
    folder: Path
    documents: Database
    engine: Database


@pytest.fixture(params=["sqlite", "postgresql"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    if request.param == "postgresql":
        database = open_database(cast("str", request.getfixturevalue("postgres_dsn")))
        return Ground("postgresql", tmp_path, database, database)
    return Ground("sqlite", tmp_path, SQLite(tmp_path / "site.db"), SQLite(tmp_path / "jobs.db"))


@pytest.fixture
def store(ground: Ground, clock: FixedClock) -> Iterator[Store]:
    made = Store(engine=ground.engine, documents=ground.documents, clock=clock)
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def session(ground: Ground) -> Iterator[Session]:
    made = Session(ground.documents)
    yield made
    made.close()


SITE = "test.localhost"


@pytest.fixture(scope="session")
def made_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench with a new site, to be copied."""
    bench = Bench.init(tmp_path_factory.mktemp("made") / "bench")
    new_site(bench, SITE, database="sqlite", admin_password="secret")
    return bench


@pytest.fixture(scope="session")
def made_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Bench]:
    """The same on PostgreSQL."""
    bench = Bench.init(tmp_path_factory.mktemp("made") / "bench")
    with postgres_server.database("rota_made") as dsn:
        new_site(bench, SITE, database=dsn, admin_password="secret")
        yield bench


@pytest.fixture(params=["sqlite", "postgresql"])
def live(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Site]:
    """A site that is there, with its first documents."""
    with copied_site(request, SITE, tmp_path, clock) as site:
        yield site


@pytest.fixture
def context(live: Site) -> Iterator[Context]:
    """The site, open for Administrator."""
    with live.open(commit=False) as opened:
        yield opened


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def ledger_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestBench]:
    """A bench with the app `ledger`, made once."""
    folder = tmp_path_factory.mktemp("ledger") / "bench"
    if request.param == "sqlite":
        yield TestBench(folder, apps=["ledger"])
        return
    server = cast("PostgresServer", request.getfixturevalue("postgres_server"))
    with server.database("rota_ledger") as dsn:
        yield TestBench(folder, apps=["ledger"], database=dsn)


@pytest.fixture
def ledger(ledger_bench: TestBench) -> Iterator[Ledger]:
    """Its site without effects and errors, and with a clock that waits for nothing."""
    with Site.load(ledger_bench.bench, ledger_bench.name, clock=TestClock()) as site:
        yield Ledger(site)
