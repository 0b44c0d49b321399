"""What a translation promises beside its rows: the site's clock, indexes in use, a cache that is never wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rota.db.connection import Connection
from rota.db.mariadb import named, shape_of, translate
from rota.db.mariadb.functions import register
from rota.db.mariadb.functions_sql import functions_sql
from rota.db.sqlite import SQLite
from rota.errors import UnsupportedSQL
from tests.support.postgres import PostgresServer

TYPES = {"name": "Data", "modified": "Datetime", "status": "Select", "due": "Date", "docstatus": "Int", "at": "Time"}
NOW = datetime(2024, 7, 1, 12, 0, 30, 999999, tzinfo=ZoneInfo("Europe/Berlin"))


def types(table: str, column: str) -> str | None:
    return TYPES.get(column) if table == "tabDoc" else None


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    connection = SQLite(tmp_path_factory.mktemp("translation") / "site.db").connect()
    register(connection.raw)
    _create(connection, "TEXT COLLATE NOCASE", "TEXT", "TEXT", "TEXT", "")
    yield connection
    connection.close()


@pytest.fixture(scope="module")
def postgresql(postgres_server: PostgresServer) -> Iterator[Connection]:
    from rota.db.postgresql import PostgreSQL

    with postgres_server.database() as dsn:
        connection = PostgreSQL(dsn).connect()
        connection.script(functions_sql())
        _create(connection, 'citext collate "C"', "timestamp(6)", "date", "time(6)", " nulls first")
        connection.run("set enable_seqscan = off")
        yield connection
        connection.close()


def _create(connection: Connection, text: str, moment: str, day: str, clock: str, nulls: str) -> None:
    table = _quoted(connection, "tabDoc")
    connection.run(
        f"create table {table} (name {text} primary key, modified {moment}, status {text}, "
        f"due {day}, docstatus bigint, at {clock})"
    )
    for column in ("modified", "due", "docstatus", "status"):
        connection.run(f"create index by_{column} on {table} ({column}{nulls})")


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Connection]:
    connection: Connection = request.getfixturevalue(request.param)
    connection.begin()
    yield connection
    connection.rollback()


def _quoted(connection: Connection, name: str) -> str:
    return f"`{name}`" if connection.dialect == "sqlite" else f'"{name}"'


def ask(db: Connection, statement: str, values: Any = None, now: datetime = NOW) -> list[tuple[Any, ...]]:
    text, bound = named(statement, values)
    translated = translate(text, db.dialect, shape=shape_of(text, bound), types=types)
    names, rows = db.table(translated.sql, translated.bind(bound, now))
    return translated.shape_rows(rows, names, types)


def test_now_is_the_sites_clock_without_fractions(db: Connection) -> None:
    assert ask(db, "select now(), utc_timestamp(), unix_timestamp(), curdate()") == [
        (datetime(2024, 7, 1, 12, 0, 30), datetime(2024, 7, 1, 10, 0, 30), int(NOW.timestamp()), NOW.date())
    ]


def test_unix_times_follow_the_zones_daylight_saving(db: Connection) -> None:
    winter = ask(db, "select unix_timestamp('2024-01-01 00:00:00'), from_unixtime(1704063600)")

    assert winter == [(1704063600, datetime(2024, 1, 1))]


INDEXED = [
    ("select name from tabDoc where name = %s", ["x"]),
    ("select name from tabDoc where name in %s", [["x", "y"]]),
    ("select status from tabDoc where status = 'a'", None),
    ("select due from tabDoc where due >= %s", ["2024-01-01"]),
    ("select due from tabDoc where due = date_sub(curdate(), interval 1 day)", None),
    ("select modified from tabDoc where modified < date_sub(now(), interval 30 minute)", None),
    ("select modified from tabDoc where modified between '2024-01-01' and '2024-02-01'", None),
    ("select docstatus from tabDoc where docstatus = '1'", None),
    ("select docstatus from tabDoc where docstatus = %s", ["1"]),
    ("select modified from tabDoc order by modified desc limit 20", None),
    ("select modified from tabDoc order by modified limit 20", None),
    ("select name from tabDoc order by name limit 20", None),
]


@pytest.mark.parametrize(("statement", "values"), INDEXED)
def test_a_comparison_with_a_constant_uses_the_columns_index(db: Connection, statement: str, values: Any) -> None:
    text, bound = named(statement, values)
    translated = translate(text, db.dialect, shape=shape_of(text, bound), types=types)
    explain = "explain query plan " if db.dialect == "sqlite" else "explain "

    plan = " ".join(str(row[-1]) for row in db.query(explain + translated.sql, translated.bind(bound, NOW)))

    assert "Index" in plan or "INDEX" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan


def test_a_translation_is_made_anew_when_a_column_has_changed_its_type(db: Connection) -> None:
    statement = "select code from tabOther where code > '9'"
    as_text = translate(statement, db.dialect, types=lambda table, column: "Data")

    as_number = translate(statement, db.dialect, types=lambda table, column: "Int")

    assert as_text.sql != as_number.sql
    assert translate(statement, db.dialect, types=lambda table, column: "Data").sql == as_text.sql


def test_a_translation_is_kept(db: Connection) -> None:
    statement = "select name from tabDoc where docstatus = 1"

    assert translate(statement, db.dialect, types=types) is translate(statement, db.dialect, types=types)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("select name from tabDoc", "read"),
        ("select name from tabDoc for update", "write"),
        ("select name from (select name from tabDoc for update) t", "write"),
        ("update tabDoc set docstatus = 1", "write"),
        ("replace into tabDoc (name) values ('x')", "write"),
        ("truncate table tabDoc", "ddl"),
        ("drop table if exists tabDoc", "ddl"),
        ("alter table tabDoc add index by_at (at)", "ddl"),
        ("alter table tabDoc drop column at", "ddl"),
        ("create unique index u on tabDoc (status, due)", "ddl"),
    ],
)
def test_a_statement_says_what_it_does_and_runs(db: Connection, statement: str, kind: str) -> None:
    translated = translate(statement, db.dialect, types=types)

    db.query(translated.sql, translated.bind({}, NOW))

    assert translated.kind == kind


def test_an_upsert_on_postgresql_goes_by_a_unique_key_that_is_given() -> None:
    def keys(table: str) -> tuple[tuple[str, ...], ...]:
        return (("name",), ("doctype", "field"))

    statement = "insert into tabDoc (doctype, field, value) values ('a', 'b', 'c') on duplicate key update value = 'c'"

    assert 'ON CONFLICT ("doctype", "field")' in translate(statement, "postgresql", types=types, unique_keys=keys).sql


@pytest.mark.parametrize("name", ["a`b", 'a"b', "a'b", "a; drop table x", "a\\", "ä ö", ":p0", "%s", "rota.x", "$1"])
def test_any_alias_comes_back_as_it_was(db: Connection, name: str) -> None:
    statement = f"select 1 as `{name.replace('`', '``')}`"

    translated = translate(named(statement)[0], db.dialect, types=types)

    assert translated.names(db.table(translated.sql)[0]) == [name]


@pytest.mark.parametrize(
    "text", ["it's", "a\\b", 'q"q', ":p0", "%", "%s", "{0}", "$$", "\n", "日本", "/* x */", "-- x"]
)
def test_any_text_goes_through_as_literal_and_as_value(db: Connection, text: str) -> None:
    literal = text.replace("\\", "\\\\").replace("'", "''")

    assert ask(db, f"select '{literal}', concat('{literal}', '')") == [(text, text)]
    assert ask(db, "select %s, concat(%s, '')", [text, text]) == [(text, text)]


def test_a_thousand_conditions_and_values_are_no_trouble(db: Connection) -> None:
    condition = " or ".join(["(docstatus = 1 and name != 'x')"] * 1000)

    assert ask(db, f"select count(*) from tabDoc where {condition}") == [(0,)]
    assert ask(db, "select count(*) from tabDoc where name in %s", [[f"n{i}" for i in range(20000)]]) == [(0,)]


def test_nesting_too_deep_to_read_is_refused(db: Connection) -> None:
    with pytest.raises(UnsupportedSQL, match="nested too deeply"):
        ask(db, "select " + "(" * 5000 + "1" + ")" * 5000)


def test_tables_that_nobody_knows_the_types_of_still_work(db: Connection) -> None:
    db.run("create table plain (name varchar(20) primary key, n bigint, day date)")
    ask(db, "insert into plain (name, n, day) values (%s, %s, %s)", ["a", 1, "2024-01-31"])
    ask(db, "insert into plain (name, n) values ('a', 5) on duplicate key update n = n + values(n)")

    assert ask(db, "select name, n + 1, count(*) from plain where name = %s and n > 5 group by name", ["a"]) == [
        ("a", 7, 1)
    ]
