"""Databases to measure in: a file beside the bench, or a database on a PostgreSQL server that is dropped at the end."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from rota.db import open_database

SQLITE = "sqlite"


@contextmanager
def scratch_database(database: str) -> Iterator[str]:
    """What `new_site` takes: `sqlite`, or the URL of a new database on the server that `database` names.

    Raises:
        StoreUnavailable: the server can't be reached.
        StoreError: its user may not create databases.
    """
    if database == SQLITE:
        yield SQLITE
        return
    name = f"rota_benchmark_{secrets.token_hex(5)}"
    _run(database, f'create database "{name}" template template0')
    try:
        server = urlsplit(database)
        yield f"{server.scheme}://{server.netloc}/{name}" + (f"?{server.query}" if server.query else "")
    finally:
        _run(database, f'drop database "{name}" with (force)')


def _run(database: str, sql: str) -> None:
    connection = open_database(database).connect()
    try:
        connection.run(sql)
    finally:
        connection.close()
