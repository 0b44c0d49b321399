"""Bring a database's tables up to date with the DocTypes: create, add a column, change a type, add an index.

Nothing is ever dropped. A type that existing values can't take is refused, and nothing is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from rota.documents.columns import TYPES, Column
from rota.documents.doctype import Field, Meta
from rota.documents.fieldtypes import NUMBERS, TEXTS, Kind
from rota.documents.session import Session
from rota.documents.sql import SERIES, SINGLES, literal, quote, quoted_list, table_of
from rota.documents.values import InvalidValue, to_float, to_int
from rota.errors import StoreConflict, ValidationError

_BASE = {
    SINGLES: (
        Column(name="doctype", kind=Kind.TEXT),
        Column(name="field", kind=Kind.TEXT),
        Column(name="value", kind=Kind.LONG),
    ),
    SERIES: (Column(name="name", kind=Kind.TEXT), Column(name="current", kind=Kind.INT, default="0")),
    "__Auth": (
        Column(name="doctype", kind=Kind.TEXT),
        Column(name="name", kind=Kind.TEXT),
        Column(name="fieldname", kind=Kind.TEXT),
        Column(name="password", kind=Kind.LONG),
        Column(name="encrypted", kind=Kind.CHECK, default="0"),
    ),
}
_BASE_KEYS = {SINGLES: ("doctype", "field"), SERIES: ("name",), "__Auth": ("doctype", "name", "fieldname")}
_MOVING_DEFAULTS = ("today", "now", "__user", "user")

# What a PostgreSQL type is called in the catalog.
_CATALOG = {"citext": "citext", "bigint": "int8", "smallint": "int2", "numeric": "numeric", "timestamp": "timestamp"}


class Schema:
    """The tables of one session's database."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._dialect = session.dialect

    # --- what is there ---

    def tables(self) -> list[str]:
        """The names of all tables and views."""
        if self._dialect == "sqlite":
            sql = "select name from sqlite_master where type in ('table', 'view') order by name"
        else:
            sql = "select table_name from information_schema.tables where table_schema = current_schema() order by 1"
        return [row[0] for row in self._session.query(sql)]

    def table_exists(self, table: str) -> bool:
        """Whether there is a table or view of this name."""
        return table in self.tables()

    def columns(self, table: str) -> dict[str, str]:
        """The columns of a table with their type, in lower case and without length; {} when there is no such table."""
        if self._dialect == "sqlite":
            rows = self._session.query(f"pragma table_info({quote(table, self._dialect)})")
            return {row[1]: row[2].split("(")[0].lower() for row in rows}
        sql = (
            "select column_name, udt_name from information_schema.columns "
            "where table_schema = current_schema() and table_name = :table order by ordinal_position"
        )
        rows = self._session.query(sql, {"table": table})
        return {str(row[0]): str(row[1]) for row in rows}

    def indexes(self, table: str) -> set[str]:
        """The names of a table's indexes."""
        if self._dialect == "sqlite":
            sql = "select name from sqlite_master where type = 'index' and tbl_name = :table"
        else:
            sql = "select indexname from pg_indexes where schemaname = current_schema() and tablename = :table"
        return {row[0] for row in self._session.query(sql, {"table": table})}

    # --- what should be ---

    def create_base(self) -> list[str]:
        """Create the tables that belong to no DocType; what was done, for people."""
        done = []
        if self._dialect == "postgresql":
            from rota.db.mariadb.functions_sql import functions_sql

            self._session.script(functions_sql())
        existing = set(self.tables())
        for table, columns in _BASE.items():
            if table not in existing:
                keys = quoted_list(_BASE_KEYS[table], self._dialect)
                parts = [*(self._definition(column) for column in columns), f"primary key ({keys})"]
                self._session.script(f"create table {quote(table, self._dialect)} ({', '.join(parts)})")
                done.append(f"created table {table}")
        return done

    def sync(self, meta: Meta) -> list[str]:
        """Bring the table of a DocType up to date; what was done, for people. A second call does nothing.

        Raises:
            ValidationError: existing rows can't take a column's new type, or are not unique where they should be.
        """
        if meta.issingle or meta.is_virtual:
            return []
        table = table_of(meta["name"])
        with self._session.atomic():
            existing = self.columns(table)
            wanted = columns_of(meta)
            done = self._changed(table, existing, wanted) if existing else self._created(table, wanted)
            return done + self._indexed(table, wanted, meta)

    def _created(self, table: str, wanted: Sequence[Column]) -> list[str]:
        parts = ", ".join(self._definition(column) for column in wanted)
        self._session.script(f"create table {quote(table, self._dialect)} ({parts})")
        return [f"created table {table}"]

    def _changed(self, table: str, existing: dict[str, str], wanted: Sequence[Column]) -> list[str]:
        done = []
        # MariaDB's column names know no case; a field renamed in case only is the same column.
        known = {name.lower(): kind for name, kind in existing.items()}
        for column in wanted:
            if column.name.lower() not in known:
                definition = self._definition(column)
                self._session.script(f"alter table {quote(table, self._dialect)} add column {definition}")
                done.append(f"added {table}.{column.name}")
        others = [
            column
            for column in wanted
            if (has := known.get(column.name.lower())) is not None and has != self._catalog_type(column.kind)
        ]
        for column in others:
            Retyping(self._session, self, table, column, known[column.name.lower()]).check()
        if others:
            if self._dialect == "sqlite":
                self._rebuild(table, {column.name: column for column in others})
            else:
                self._alter(table, others, known)
            done += [f"changed the type of {table}.{column.name} to {self._type(column.kind)}" for column in others]
        return done

    def _indexed(self, table: str, wanted: Sequence[Column], meta: Meta) -> list[str]:
        done = []
        existing = self.indexes(table)
        for column in wanted:
            if column.unique and self._add(table, [column.name], unique=True, existing=existing):
                done.append(f"made {table}.{column.name} unique")
            elif column.index and self._add(
                table, _index_fields(column), unique=False, existing=existing, name=column.name
            ):
                done.append(f"indexed {table}.{column.name}")
        if meta.istable and self._add(table, ["parent", "parenttype", "parentfield"], unique=False, existing=existing):
            done.append(f"indexed {table}.parent")
        return done

    def add_index(self, table: str, fields: Sequence[str], name: str | None = None) -> bool:
        """Add an index; False when it is there already."""
        return self._add(table, fields, unique=False, existing=self.indexes(table), name=name)

    def add_unique(self, table: str, fields: Sequence[str], name: str | None = None) -> bool:
        """Add a unique index; False when it is there already.

        Raises:
            ValidationError: existing rows are not unique.
        """
        return self._add(table, fields, unique=True, existing=self.indexes(table), name=name)

    def _add(
        self, table: str, fields: Sequence[str], *, unique: bool, existing: set[str], name: str | None = None
    ) -> bool:
        index = _index_name(table, fields, unique=unique, name=name)
        if index in existing:
            return False
        # A length, as in `field(255)`, is MariaDB's need only.
        names = ", ".join(self._in_index(field.split("(")[0].strip("` ")) for field in fields)
        sql = (
            f"create {'unique ' if unique else ''}index {quote(index, self._dialect)} "
            f"on {quote(table, self._dialect)} ({names})"
        )
        try:
            self._session.script(sql)
        except StoreConflict as error:
            raise ValidationError(
                f"{table}: {', '.join(fields)} can't be made unique, as rows have the same value. Change those first"
            ) from error
        return True

    def _in_index(self, column: str) -> str:
        # MariaDB sorts nothing before everything: only an index that does, too, serves such an ORDER BY on PostgreSQL.
        # A name is never nothing, and no ORDER BY says where it would stand.
        first = "" if self._dialect == "sqlite" or column == "name" else " nulls first"
        return quote(column, self._dialect) + first

    # --- SQL of columns ---

    def _type(self, kind: Kind) -> str:
        return TYPES[self._dialect][kind]

    def _catalog_type(self, kind: Kind) -> str:
        name = self._type(kind).split("(")[0].split()[0]
        return name if self._dialect == "sqlite" else _CATALOG.get(name, name)

    def _definition(self, column: Column) -> str:
        name = quote(column.name, self._dialect)
        if column.autoincrement:
            if self._dialect == "sqlite":
                return f"{name} integer primary key autoincrement"
            return f"{name} bigint generated by default as identity primary key"
        parts = [name, self._type(column.kind)]
        if column.default:
            parts.append(
                f"not null default {column.default}" if column.kind in NUMBERS else f"default {column.default}"
            )
        if column.primary:
            parts.append("not null primary key")
        return " ".join(parts)

    def _alter(self, table: str, columns: Iterable[Column], known: dict[str, str]) -> None:
        for column in columns:
            name, kind = quote(column.name, self._dialect), self._type(column.kind)
            using = Retyping(self._session, self, table, column, known[column.name.lower()]).expression()
            changes = [f"alter column {name} drop default", f"alter column {name} type {kind} using {using}"]
            if column.default:
                changes.append(f"alter column {name} set default {column.default}")
            changes.append(f"alter column {name} {'set' if column.kind in NUMBERS else 'drop'} not null")
            self._session.script(f"alter table {quote(table, self._dialect)} {', '.join(changes)}")

    def _rebuild(self, table: str, changed: dict[str, Column]) -> None:
        """SQLite can't change a column's type: the rows move to a new table, which takes the old one's name."""
        info = self._session.query(f"pragma table_info({quote(table, self._dialect)})")
        indexes = self._session.query(
            "select sql from sqlite_master where type = 'index' and tbl_name = :table and sql is not null",
            {"table": table},
        )
        by_name = {name.lower(): column for name, column in changed.items()}
        definitions, values, names = [], [], []
        for _, name, kind, not_null, default, key in info:
            column = by_name.get(name.lower())
            names.append(quote(name, self._dialect))
            values.append(
                Retyping(self._session, self, table, column, kind.lower()).expression() if column else names[-1]
            )
            definitions.append(
                self._definition(column) if column else _as_it_is(names[-1], kind, not_null, default, primary=bool(key))
            )
        new = quote(f"{table} (new)", self._dialect)
        old = quote(table, self._dialect)
        script = [
            f"create table {new} ({', '.join(definitions)})",
            f"insert into {new} ({', '.join(names)}) select {', '.join(values)} from {old}",
            f"drop table {old}",
            f"alter table {new} rename to {old}",
            *(row[0] for row in indexes),
        ]
        for statement in script:
            self._session.script(statement)


class Retyping:
    """The change of a column's type: whether its values can take it, and how they do."""

    def __init__(self, session: Session, schema: Schema, table: str, column: Column, old: str) -> None:
        self._session, self._table, self._column, self._old = session, table, column, old
        self._dialect = session.dialect
        self._name = quote(column.name, self._dialect)
        self._type = TYPES[self._dialect][column.kind]

    @property
    def _was_text(self) -> bool:
        return self._old in ("text", "citext", "varchar")

    def check(self) -> None:
        """Refuse what would lose values.

        Raises:
            ValidationError: some value does not fit the new type.
        """
        if self._column.kind in TEXTS or self._is_widening() or self._is_day_to_moment():
            return
        if not self._was_text:
            raise ValidationError(self._refusal(f"is of type {self._old}"))
        rows = self._session.query(
            f"select distinct {self._name} from {quote(self._table, self._dialect)} "
            f"where {self._name} is not null and {self._name} <> ''"
        )
        for (value,) in rows:
            if not _fits(value, self._column.kind):
                raise ValidationError(self._refusal(f"holds {value[:40]!r}"))

    def _is_widening(self) -> bool:
        return self._column.kind in NUMBERS and self._old in (
            "integer", "real", "int8", "int2", "int4", "numeric", "bigint", "smallint",
        )  # fmt: skip

    def _is_day_to_moment(self) -> bool:
        return self._column.kind is Kind.DATETIME and self._old in ("date_text", "date")

    def _refusal(self, reason: str) -> str:
        return (
            f"{self._table}.{self._column.name} can't become {self._column.kind.value}, as it {reason}. "
            "Change those rows first, or give the field a new name"
        )

    def expression(self) -> str:
        """SQL for the value of the new type."""
        kind, name = self._column.kind, self._name
        if kind in TEXTS:
            return f"cast({name} as {self._type.split()[0]})"
        if self._is_day_to_moment():
            return f"{name} || ' 00:00:00.000000'" if self._dialect == "sqlite" else f"cast({name} as timestamp)"
        if not self._was_text:
            return f"coalesce(cast({name} as {self._type}), 0)"
        text = f"nullif(trim({name}), '')"
        if kind in NUMBERS:
            return f"coalesce(cast({text} as {self._type}), 0)"
        return text if self._dialect == "sqlite" else f"cast({text} as {self._type})"


def _fits(value: str, kind: Kind) -> bool:
    # Text is taken only in the form that the column keeps, so that moving it needs no conversion.
    try:
        if kind in (Kind.INT, Kind.CHECK):
            int(value)
        elif kind is Kind.FLOAT:
            float(value)
        else:
            from rota.documents.values import TO_COLUMN

            return bool(TO_COLUMN["sqlite"][kind](value) == value)
    except (ValueError, InvalidValue):
        return False
    return True


def columns_of(meta: Meta) -> list[Column]:
    """The columns that a DocType's table should have."""
    columns = []
    for name, kind in meta.all_kinds.items():
        field = meta.by_name.get(name)
        if field is not None and field.has_column:
            columns.append(_column_of(field))
        elif name == "name" and meta.is_autoincrement:
            columns.append(Column(name=name, kind=Kind.INT, autoincrement=True))
        else:
            default = "0" if kind in NUMBERS else ""
            index = name == "modified" and not meta.istable
            columns.append(Column(name=name, kind=kind, default=default, index=index, primary=name == "name"))
    return columns


def _index_fields(column: Column) -> list[str]:
    # Lists are in the order of `modified`, equals in that of their names. With both in the index none is sorted,
    # however many were changed at one moment. MariaDB's have the name in them, too.
    return [column.name, "name"] if column.name == "modified" else [column.name]


def _column_of(field: Field) -> Column:
    return Column(
        name=field.fieldname,
        kind=field.kind,
        default=_default_of(field),
        unique=bool(to_int(field.unique)),
        index=bool(to_int(field.search_index)),
    )


def _default_of(field: Field) -> str:
    default = field.default
    if field.kind in (Kind.INT, Kind.CHECK):
        return literal(to_int(default))
    if field.kind is Kind.FLOAT:
        return literal(to_float(default))
    if default in (None, "") or field.kind is not Kind.TEXT or to_int(field.unique):
        return ""
    text = str(default)
    return "" if text.lower() in _MOVING_DEFAULTS or text.startswith(":") else literal(text)


def _as_it_is(name: str, kind: str, not_null: int, default: str | None, *, primary: bool) -> str:
    collation = " collate nocase" if kind.lower() == "text" else ""
    if primary:
        return (
            f"{name} integer primary key autoincrement"
            if kind.lower() == "integer"
            else f"{name} {kind}{collation} not null primary key"
        )
    ending = (" not null" if not_null else "") + (f" default {default}" if default is not None else "")
    return f"{name} {kind}{collation}{ending}"


def _index_name(table: str, fields: Sequence[str], *, unique: bool, name: str | None) -> str:
    # Index names are shared by all tables of a database, and PostgreSQL cuts them at 63 bytes.
    full = f"{table}_{name or '_'.join(fields)}{'_unique' if unique else '_index'}"
    if len(full.encode()) <= 60:
        return full
    return f"{full.encode()[:48].decode(errors='ignore')}_{hashlib.sha256(full.encode()).hexdigest()[:10]}"
