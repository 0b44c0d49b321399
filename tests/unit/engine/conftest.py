"""A real store for tests of the engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.clock import FixedClock
from rota.db import open_database
from rota.engine.outcome import on_stopped
from rota.store import Store


@pytest.fixture
def store(tmp_path: Path, clock: FixedClock) -> Iterator[Store]:
    """A new, empty SQLite store on the test's clock."""
    engine, documents = (open_database(str(tmp_path / name)) for name in ("jobs.db", "site.db"))
    one = Store(engine=engine, documents=documents, clock=clock, on_stopped=on_stopped(clock))
    one.migrate()
    yield one
    one.close()
