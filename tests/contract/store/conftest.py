"""The store on both databases: each test of this folder runs once on SQLite files and once on a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.clock import FixedClock
from rota.db import Database, open_database
from rota.store import Store
from tests.contract.store.site import Site


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Database, Database]:
    """The engine's and the documents' database."""
    if request.param == "sqlite":
        return open_database(str(tmp_path / "jobs.db")), open_database(str(tmp_path / "site.db"))
    database = open_database(request.getfixturevalue("postgres_dsn"))
    return database, database


@pytest.fixture
def site(databases: tuple[Database, Database], clock: FixedClock) -> Iterator[Site]:
    """A site with empty tables, and what it takes to play its callers, dispatchers and workers."""
    site = Site(databases, clock)
    yield site
    site.close()


@pytest.fixture
def store(site: Site) -> Store:
    """The site's store."""
    return site.store
