"""The column types of each database, in one place.

Text compares without regard to case on both: see docs/decisions/0010-text-compares-like-mariadb.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from rota.documents.fieldtypes import Kind

TYPES: dict[str, dict[Kind, str]] = {
    "sqlite": {
        Kind.TEXT: "text collate nocase",
        Kind.LONG: "text collate nocase",
        Kind.JSON: "text collate nocase",
        Kind.INT: "integer",
        Kind.CHECK: "integer",
        Kind.FLOAT: "real",
        # Text to SQLite, as `text` is in their names; told apart from other text by these names.
        Kind.DATE: "date_text",
        Kind.DATETIME: "datetime_text",
        Kind.TIME: "time_text",
    },
    "postgresql": {
        Kind.TEXT: 'citext collate "C"',
        Kind.LONG: 'citext collate "C"',
        Kind.JSON: 'citext collate "C"',
        Kind.INT: "bigint",
        Kind.CHECK: "smallint",
        Kind.FLOAT: "numeric(21,9)",
        Kind.DATE: "date",
        Kind.DATETIME: "timestamp(6)",
        Kind.TIME: "interval",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as it should be. `default`: SQL, "" for none; such a column is `not null` when it is a number."""

    name: str
    kind: Kind
    default: str = ""
    unique: bool = False
    index: bool = False
    primary: bool = False
    autoincrement: bool = False
