"""Make and upgrade the engine's tables, one version after the other, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rota.db import Connection, Statements
from rota.errors import NewerSchema

#: the statements of each version, the first is version 1
ENGINE = (("schema_1", "schema_1_view"), ("schema_2",), ("schema_3",), ("schema_4",), ("schema_5",), ("schema_6",))
HANDOFF = (("handoff_1",),)
# Any number will do, as long as all of Rota's processes use the same one.
LOCK = 7_682_001


def migrate_engine(connection: Connection, sql: Statements, where: str) -> list[str]:
    """Bring the engine's tables to this version; what was done, for people.

    Raises:
        NewerSchema: a newer Rota was here; nothing was changed.
    """
    return _migrate(connection, sql, where, "schema", ENGINE)


def migrate_handoff(connection: Connection, sql: Statements, where: str) -> list[str]:
    """The same for the outbox and the ledger in site.db (SQLite)."""
    return _migrate(connection, sql, where, "handoff", HANDOFF)


def _migrate(
    connection: Connection, sql: Statements, where: str, kind: str, versions: tuple[tuple[str, ...], ...]
) -> list[str]:
    done: list[str] = []
    while True:
        with _alone(connection):
            connection.script(sql[f"{kind}_0"])
            found: int = connection.value(sql[f"{kind}_version"])
            if found > len(versions):
                raise NewerSchema(where, found, len(versions))
            if found == len(versions):
                return done
            for statement in versions[found]:
                connection.script(sql[statement])
            connection.run(sql[f"set_{kind}_version"], {"version": found + 1})
        done.append(f"{where}: the {kind} tables are at version {found + 1}")


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """A transaction that no other migration runs beside: SQLite's write lock, or an advisory lock."""
    with connection.transaction():
        if connection.dialect == "postgresql":
            connection.query("select pg_advisory_xact_lock(:lock)", {"lock": LOCK})
        yield
