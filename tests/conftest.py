"""What every test may ask for: a clock that stands still, and PostgreSQL databases of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from rota.clock import FixedClock
from tests.support.postgres import DURABLE, NoPostgres, PostgresServer, SharedServer, start_server

# The machine may be busy with other tests: how long an example took says nothing. In CI each run has the same ones, so
# that a change is judged by what it changes.
hypothesis.settings.register_profile(
    "rota",
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
hypothesis.settings.load_profile("rota")

RUN_FOLDER = "ROTA_TEST_RUN_FOLDER"
RUN_PROCESS = "ROTA_TEST_RUN_PROCESS"


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # xdist's workers inherit the variables of the process that starts them
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="rota-tests-")
        os.environ[RUN_PROCESS] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _shared_server().stop()
        shutil.rmtree(os.environ[RUN_FOLDER])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # An address differs in each process: xdist's workers would not agree on which tests there are, and run none.
    named_by_address = [item.nodeid for item in items if " at 0x" in item.nodeid]
    if named_by_address:
        raise pytest.UsageError(f"give this test's parameters ids of their own: {named_by_address[0]}")


def _shared_server() -> SharedServer:
    return SharedServer(Path(os.environ[RUN_FOLDER]), run=int(os.environ[RUN_PROCESS]))


@pytest.fixture
def clock() -> FixedClock:
    """A clock that stands at noon UTC of Monday, 5 January 2026 until the test moves it."""
    return FixedClock()


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """A private PostgreSQL server, one for the whole run; it does not wait for the disk."""
    try:
        return _shared_server().get()
    except NoPostgres as missing:
        pytest.skip(str(missing))


@pytest.fixture
def postgres_dsn(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database for this test alone."""
    with postgres_server.database() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def durable_postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server with its default settings, which a test may restart or crash."""
    try:
        server = start_server(DURABLE, run=int(os.environ[RUN_PROCESS]))
    except NoPostgres as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture
def durable_postgres_dsn(durable_postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a new, empty database on `durable_postgres_server`."""
    with durable_postgres_server.database() as dsn:
        yield dsn
