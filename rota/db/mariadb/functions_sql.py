"""The functions that PostgreSQL lacks or reads otherwise, in the schema `rota`; see `functions.sql`."""

from __future__ import annotations

from importlib.resources import files


def functions_sql() -> str:
    """A script that creates or replaces every function that a translated statement may call.

    It needs a role that may create the schema `rota` and the extension `citext`, which ships with PostgreSQL.
    """
    return files("rota.db.mariadb").joinpath("functions.sql").read_text(encoding="utf-8")
