"""The same tables and rows on MariaDB, SQLite and PostgreSQL, each as Frappe's or Rota's documents would have them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rota.db.connection import Connection
from rota.db.mariadb import named, shape_of, translate
from rota.db.mariadb.functions import register
from rota.db.mariadb.functions_sql import functions_sql
from rota.db.mariadb.values import coerced
from tests.contract.mariadb.tables import NOW, TABLES

STANDARD = {
    "name": "Data",
    "creation": "Datetime",
    "modified": "Datetime",
    "owner": "Data",
    "docstatus": "Int",
    "idx": "Int",
}
NUMERIC = ("Currency", "Float", "Percent")
_MARIADB = {
    "Int": "int(11)", "Check": "tinyint(4)", "Date": "date", "Datetime": "datetime(6)", "Time": "time(6)",
    **dict.fromkeys(NUMERIC, "decimal(21,9)"), "Text": "longtext", "JSON": "longtext",
}  # fmt: skip
_SQLITE = {
    "Int": "INTEGER", "Check": "INTEGER", "Date": "TEXT", "Datetime": "TEXT", "Time": "TEXT",
    **dict.fromkeys(NUMERIC, "REAL"),
}  # fmt: skip
_POSTGRESQL = {
    "Int": "bigint", "Check": "smallint", "Date": "date", "Datetime": "timestamp(6)", "Time": "time(6)",
    **dict.fromkeys(NUMERIC, "numeric(21,9)"),
}  # fmt: skip


def columns_of(table: str) -> dict[str, str]:
    """Every column of a table with its fieldtype."""
    return {**STANDARD, **TABLES[table]["columns"]}


def fieldtype(table: str, column: str) -> str | None:
    """What the documents would say of a column."""
    return columns_of(table).get(column) if table in TABLES else None


def rows_of(table: str) -> list[dict[str, Any]]:
    """The rows, every column filled in: what a row leaves out is NULL, or a default of the standard columns."""
    rows = []
    for index, row in enumerate(TABLES[table]["rows"]):
        moment = f"2024-01-{1 + index % 28:02} 08:{index % 60:02}:00.{index * 1000 % 1000000:06}"
        standard = {"creation": moment, "modified": moment, "owner": "Administrator", "docstatus": 0, "idx": index}
        rows.append({**dict.fromkeys(columns_of(table)), **standard, **row})
    return rows


@dataclass(frozen=True, slots=True)
class Answer:
    """A result: the columns' names and the rows."""

    names: list[str]
    rows: list[tuple[Any, ...]]


class Database:
    """One database with the tables in it."""

    def ask(self, statement: str, values: Any) -> Answer:
        """The rows of a statement."""
        raise NotImplementedError

    def undo(self) -> None:
        """Take back what the statements since the last `undo` wrote."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        raise NotImplementedError


class Rota(Database):
    """SQLite or PostgreSQL behind the translation."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection
        connection.begin()

    def ask(self, statement: str, values: Any) -> Answer:
        text, bound = named(statement, values)
        translated = translate(text, self._db.dialect, shape=shape_of(text, bound), types=fieldtype)
        names, rows = self._db.table(translated.sql, translated.bind(bound, NOW))
        for further in translated.then:
            self._db.run(further, translated.bind(bound, NOW))
        return Answer(translated.names(names), translated.shape_rows(rows, names, fieldtype))

    def undo(self) -> None:
        self._db.rollback()
        self._db.begin()

    def close(self) -> None:
        self._db.close()


def _stored(connection: Connection, table: str) -> list[dict[str, Any]]:
    """The rows as the documents would write them: SQLite's times have six decimals."""
    times = [name for name, kind in columns_of(table).items() if kind == "Time"]
    if connection.dialect != "sqlite" or not times:
        return rows_of(table)
    return [{**row, **{name: coerced(row[name], "time", "sqlite") for name in times}} for row in rows_of(table)]


def _fill(connection: Connection, kinds: dict[str, str], text: str, quote: str) -> None:
    for table in TABLES:
        columns = columns_of(table)
        listed = ", ".join(
            f"{quote}{name}{quote} {kinds.get(kind, text)}{' primary key' if name == 'name' else ''}"
            for name, kind in columns.items()
        )
        connection.run(f"create table {quote}{table}{quote} ({listed})")
        places = ", ".join(f":{name}" for name in columns)
        connection.run_many(f"insert into {quote}{table}{quote} values ({places})", _stored(connection, table))


def open_sqlite(path: Any) -> Rota:
    """The tables in an SQLite file."""
    from rota.db.sqlite import SQLite

    connection = SQLite(path).connect()
    register(connection.raw)
    with connection.transaction():
        _fill(connection, _SQLITE, "TEXT COLLATE NOCASE", "`")
    return Rota(connection)


def open_postgresql(dsn: str) -> Rota:
    """The tables in a PostgreSQL database."""
    from rota.db.postgresql import PostgreSQL

    connection = PostgreSQL(dsn).connect()
    connection.script(functions_sql())
    with connection.transaction():
        _fill(connection, _POSTGRESQL, 'citext COLLATE "C"', '"')
    return Rota(connection)


class MariaDB(Database):
    """MariaDB itself, through the driver and the conversions that Frappe uses."""

    def __init__(self, socket: str) -> None:
        import pymysql
        from pymysql.constants import FIELD_TYPE
        from pymysql.converters import conversions

        self._db = pymysql.connect(
            unix_socket=socket, user="root", charset="utf8mb4", conv={**conversions, FIELD_TYPE.NEWDECIMAL: float}
        )
        run = self._db.cursor().execute
        run("create database frappe character set utf8mb4 collate utf8mb4_unicode_ci")
        run("use frappe")
        run(f"set time_zone = '{_offset()}'")
        run("set collation_connection = 'utf8mb4_unicode_ci'")
        run(f"set timestamp = {NOW.timestamp()}")
        for table in TABLES:
            columns = columns_of(table)
            listed = ", ".join(
                f"`{name}` {_MARIADB.get(kind, 'varchar(140)')}{' primary key' if name == 'name' else ''}"
                for name, kind in columns.items()
            )
            run(f"create table `{table}` ({listed}) engine=InnoDB row_format=dynamic")
            for row in rows_of(table):
                run(f"insert into `{table}` values ({', '.join(['%s'] * len(columns))})", list(row.values()))
        self._db.commit()

    def ask(self, statement: str, values: Any) -> Answer:
        import warnings

        with self._db.cursor() as cursor, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cursor.execute(statement, values or None)
            names = [column[0] for column in cursor.description or ()]
            return Answer(names, [tuple(row) for row in cursor.fetchall()])

    def undo(self) -> None:
        self._db.rollback()

    def close(self) -> None:
        self._db.close()


def _offset() -> str:
    minutes = int((NOW.utcoffset() or timedelta()).total_seconds()) // 60
    return f"{'+' if minutes >= 0 else '-'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
