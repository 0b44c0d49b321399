"""Rota as its users run it: benches, the command, real processes. On SQLite and on PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import RUN_PROCESS
from tests.support.benches import TestBench


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """What a new site is made on: `sqlite`, or the URL of an empty PostgreSQL database."""
    return "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgres_dsn"))


@pytest.fixture(scope="session")
def worker_run() -> int:
    """The process whose end is the end of this test run: a server of a test's own outlives it by a second."""
    return int(os.environ[RUN_PROCESS])


@pytest.fixture
def make_bench(tmp_path: Path, database: str) -> Iterator[Callable[..., TestBench]]:
    """Makes a bench with a site on the test's database: `make_bench(apps=[...], **common_site_config)`."""
    made: list[TestBench] = []

    def make(**options: Any) -> TestBench:
        made.append(TestBench(tmp_path / f"bench{len(made)}", database=database, **options))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
