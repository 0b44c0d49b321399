"""A PostgreSQL server with default settings, for as long as a benchmark runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPO))

from tests.support.postgres import DURABLE, start_server  # noqa: E402 - found in the repository


@contextmanager
def private_server(**settings: str) -> Iterator[str]:
    """The URL of a new server's database `postgres`. `settings`: what differs from PostgreSQL's defaults."""
    server = start_server({**DURABLE, **settings}, run=os.getpid())
    try:
        yield server.dsn()
    finally:
        server.stop()
