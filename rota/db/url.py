"""Which database a URL names. The drivers import the connection they build on, so this stands above both."""

from __future__ import annotations

from rota.db.connection import Database
from rota.errors import ConfigError


def open_database(url: str, *, pooler: bool = False) -> Database:
    """The database at `url`: a file's path, `sqlite:///PATH`, or a `postgresql://` DSN (several hosts are fine).

    `pooler`: the DSN is that of a transaction pooler.
    """
    if url.startswith(("postgresql://", "postgres://")):
        # The driver is an extra: only who uses PostgreSQL needs it, or pays for its import.
        from rota.db.postgresql import PostgreSQL

        return PostgreSQL(url, pooler=pooler)
    if "://" in url and not url.startswith("sqlite:///"):
        raise ConfigError(
            f"the database {url.split('://', 1)[0]}://... is none that Rota knows: sqlite or postgresql://"
        )
    from rota.db.sqlite import SQLite

    return SQLite(url.removeprefix("sqlite:///"))
