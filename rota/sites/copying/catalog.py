"""Which tables a database has, and what their columns hold: read from the database itself, not from what we think."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum

from rota.db import Connection
from rota.documents.sql import quote


class Sort(Enum):
    """What a column holds, whatever the database calls it."""

    TEXT = "text"
    INT = "int"
    DECIMAL = "decimal"  # nine digits after the point, as documents' numbers have on PostgreSQL
    FLOAT = "float"
    BYTES = "bytes"
    KEY = "key"  # 32 hexadecimal digits, a uuid on PostgreSQL
    DATE = "date"
    DATETIME = "datetime"
    TIME = "time"


_SORTS = {
    "sqlite": {
        "text": Sort.TEXT, "": Sort.TEXT, "integer": Sort.INT, "int": Sort.INT, "bigint": Sort.INT, "real": Sort.FLOAT,
        "blob": Sort.BYTES, "date_text": Sort.DATE, "datetime_text": Sort.DATETIME, "time_text": Sort.TIME,
    },
    "postgresql": {
        "citext": Sort.TEXT, "text": Sort.TEXT, "varchar": Sort.TEXT, "bpchar": Sort.TEXT, "int2": Sort.INT,
        "int4": Sort.INT, "int8": Sort.INT, "numeric": Sort.DECIMAL, "float8": Sort.FLOAT, "float4": Sort.FLOAT,
        "bytea": Sort.BYTES, "uuid": Sort.KEY, "date": Sort.DATE, "timestamp": Sort.DATETIME, "interval": Sort.TIME,
    },
}  # fmt: skip
#: How a column is declared that no DocType describes.
TYPES = {
    "sqlite": {
        Sort.TEXT: "text collate nocase", Sort.INT: "integer", Sort.DECIMAL: "real", Sort.FLOAT: "real",
        Sort.BYTES: "blob", Sort.KEY: "text", Sort.DATE: "date_text", Sort.DATETIME: "datetime_text",
        Sort.TIME: "time_text",
    },
    "postgresql": {
        Sort.TEXT: 'citext collate "C"', Sort.INT: "bigint", Sort.DECIMAL: "numeric(21,9)", Sort.FLOAT: "float8",
        Sort.BYTES: "bytea", Sort.KEY: "uuid", Sort.DATE: "date", Sort.DATETIME: "timestamp(6)",
        Sort.TIME: "interval",
    },
}  # fmt: skip

_PG_COLUMNS = """
select c.relname, a.attname, t.typname, a.attnotnull,
    coalesce(array_position(k.conkey, a.attnum), 0) as key
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_constraint k on k.conrelid = c.oid and k.contype = 'p'
where c.relkind in ('r', 'p') and c.relnamespace = cast(:schema as regnamespace) order by c.relname, a.attnum
"""
_PG_INDEXES = """
select i.relname, x.indisunique,
    (select array_agg(a.attname::text order by k.place) from unnest(x.indkey) with ordinality k (number, place)
        join pg_attribute a on a.attrelid = x.indrelid and a.attnum = k.number)
from pg_index x join pg_class i on i.oid = x.indexrelid
where x.indrelid = cast(:table as regclass) and not x.indisprimary and x.indpred is null and x.indexprs is null
"""


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column as it is. `declared`: the database's own word for its type; `sort` None: one that we don't know."""

    name: str
    declared: str
    sort: Sort | None
    not_null: bool
    key: int  #: its place in the primary key from 1, 0 for none


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index over columns."""

    name: str
    unique: bool
    columns: tuple[str, ...]


class Catalog:
    """The tables of one database, or of one schema of it. `schema`: PostgreSQL's, which SQLite has none of."""

    def __init__(self, connection: Connection, schema: str) -> None:
        self.connection = connection
        self.dialect = connection.dialect
        self.schema = schema

    def sql_name(self, table: str) -> str:
        """A table as SQL names it."""
        name = quote(table, self.dialect)
        return name if self.dialect == "sqlite" else f"{quote(self.schema, self.dialect)}.{name}"

    def tables(self) -> dict[str, list[ColumnInfo]]:
        """The columns of all tables; views are none."""
        return self._sqlite_tables() if self.dialect == "sqlite" else self._postgresql_tables()

    def _postgresql_tables(self) -> dict[str, list[ColumnInfo]]:
        found: dict[str, list[ColumnInfo]] = defaultdict(list)
        sorts = _SORTS["postgresql"]
        for table, name, declared, not_null, key in self.connection.query(_PG_COLUMNS, {"schema": self.schema}):
            found[table].append(ColumnInfo(name, declared, sorts.get(declared), not_null, key))
        return dict(found)

    def _sqlite_tables(self) -> dict[str, list[ColumnInfo]]:
        names = (
            "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!' order by 1"
        )
        sorts = _SORTS["sqlite"]
        found = {}
        for (table,) in self.connection.query(names):
            rows = self.connection.query(f"pragma table_info({self.sql_name(table)})")
            columns = [(row, str(row[2]).split("(")[0].lower().strip()) for row in rows]
            found[table] = [
                ColumnInfo(row[1], declared, sorts.get(declared), bool(row[3]), row[5]) for row, declared in columns
            ]
        return found

    def indexes(self, table: str) -> list[IndexInfo]:
        """The indexes over plain columns of all rows, without the primary key's."""
        if self.dialect == "postgresql":
            rows = self.connection.query(_PG_INDEXES, {"table": self.sql_name(table)})
            return [IndexInfo(name, unique, tuple(columns)) for name, unique, columns in rows]
        found = []
        listed = f"pragma index_list({self.sql_name(table)})"
        for _, name, unique, origin, partial in self.connection.query(listed):
            columns = [row[2] for row in self.connection.query(f"pragma index_info({quote(name, self.dialect)})")]
            if origin == "c" and not partial and None not in columns:
                found.append(IndexInfo(name, bool(unique), tuple(columns)))
        return found

    def last_number(self, table: str, column: str) -> int:
        """The last number that the database gave out for a column by itself, 0 if it gives none."""
        if self.dialect == "sqlite":
            if not self.connection.query("select 1 from sqlite_master where name = 'sqlite_sequence'"):
                return 0
            sql = "select seq from sqlite_sequence where name = :table"
            return int(self.connection.value(sql, {"table": table}) or 0)
        sequence = self._sequence(table, column)
        return int(self.connection.value(f"select last_value from {sequence}")) if sequence else 0

    def raise_number(self, table: str, column: str, last: int) -> None:
        """Let the database go on above a number, if it gives numbers out for this column at all."""
        if self.dialect == "postgresql":
            sequence = self._sequence(table, column)
            if sequence and last > 0:
                self.connection.query("select setval(cast(:name as regclass), :last)", {"name": sequence, "last": last})
        elif last > 0 and self.connection.query("select 1 from sqlite_master where name = 'sqlite_sequence'"):
            sql = "update sqlite_sequence set seq = max(seq, :last) where name = :table"
            self.connection.run(sql, {"table": table, "last": last})

    def _sequence(self, table: str, column: str) -> str | None:
        sql = "select pg_get_serial_sequence(:table, :column)"
        found: str | None = self.connection.value(sql, {"table": self.sql_name(table), "column": column})
        return found
