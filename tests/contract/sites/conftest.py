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


@pytest.fixture
def live(ground: Ground, clock: FixedClock) -> Iterator[Site]:
    """A site that is there, with its first documents."""
    bench = Bench.init(ground.folder / "bench")
    database = "sqlite" if ground.dialect == "sqlite" else getattr(ground.documents, "dsn")  # noqa: B009
    new_site(bench, "test.localhost", database=database, admin_password="secret")
    with Site.load(bench, "test.localhost", clock=clock) as site:
        yield site


@pytest.fixture
def context(live: Site) -> Iterator[Context]:
    """The site, open for Administrator."""
    with live.open(commit=False) as opened:
        yield opened
