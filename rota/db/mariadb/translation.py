"""A MariaDB statement, translated once and kept: what to run, what to bind, and how to read its rows."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlglot import exp

from rota.db.mariadb import changes, ddl, writes
from rota.db.mariadb.context import Bound, Context, Output, UniqueKeys
from rota.db.mariadb.context import Scope as _Scope
from rota.db.mariadb.expressions import lower
from rota.db.mariadb.parse import Parsed, parse
from rota.db.mariadb.placeholders import Shape
from rota.db.mariadb.queries import query
from rota.db.mariadb.rows import bound_value, reader
from rota.db.mariadb.targets import TARGETS, DialectName
from rota.db.mariadb.types import ColumnTypes

StatementKind = Literal["read", "write", "ddl"]
KEPT_TRANSLATIONS = 1024

__all__ = ["StatementKind", "Translated", "UniqueKeys", "translate"]


@dataclass(frozen=True, slots=True)
class Translated:
    """A statement for one database.

    `sql` has `:name` parameters, which `bind` fills, as have the statements `then`, which complete it: they run after
    it, all or none. `kind` is `write` for a SELECT ... FOR UPDATE, too.
    """

    sql: str
    kind: StatementKind
    dialect: DialectName
    bound: Mapping[str, Bound]
    columns: tuple[Output, ...] = ()
    then: tuple[str, ...] = ()

    def bind(self, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """The parameters of `sql`: the values as `placeholders.named` gave them, and the site's clock.

        `now` is the site's local time; aware, in the site's zone, where the zone matters: UTC_TIMESTAMP,
        UNIX_TIMESTAMP and FROM_UNIXTIME take a naive one for UTC.

        Raises:
            DataError: a value does not fit the column that it is for.
        """
        clock = _Clock(now, self.dialect)
        return {
            name: clock.value(bound.source)
            if bound.source.startswith("rota_")
            else bound_value(bound, values, self.dialect)
            for name, bound in self.bound.items()
        }

    def names(self, given: Sequence[str]) -> list[str]:
        """The result's column names as MariaDB gives them. `given`: the database's names, which a `*` is told by."""
        if not any(column.name is None for column in self.columns):
            return [column.name or "" for column in self.columns]
        return list(given)

    def shape_rows(
        self, rows: Sequence[Sequence[Any]], given: Sequence[str], types: ColumnTypes
    ) -> list[tuple[Any, ...]]:
        """The rows with MariaDB's Python types: int, float (never Decimal), str, date, datetime, timedelta, None.

        `given`: the database's column names. `types`: the same as for `translate`; it tells what a `*` brought.
        """
        readers = [reader(kind) for kind in self._types(given, types)]
        if not any(readers):
            return [tuple(row) for row in rows]
        return [
            tuple(
                value if read is None or value is None else read(value)
                for read, value in zip(readers, row, strict=True)
            )
            for row in rows
        ]

    def _types(self, given: Sequence[str], types: ColumnTypes) -> list[Any]:
        if not any(column.name is None for column in self.columns):
            return [column.type for column in self.columns]
        ctx = _context(TARGETS[self.dialect], (), types, _by_name)
        named = {column.name: column.type for column in self.columns if column.name is not None}
        stars = [source for column in self.columns for source in column.stars]
        found = [next((hit for one in stars if (hit := ctx.column_of(one, name))), None) for name in given]
        return [named.get(name) or (hit[1] if hit else None) for name, hit in zip(given, found, strict=True)]


class _Clock:
    """The site's clock as values to bind, one reading for a whole statement."""

    def __init__(self, now: datetime, dialect: DialectName) -> None:
        self._now, self._sqlite = now, dialect == "sqlite"

    def value(self, what: str) -> Any:
        zone = self._now.tzinfo
        if what == "rota_zone":
            return zone.key if isinstance(zone, ZoneInfo) else "UTC"
        local = self._now
        if what.startswith("rota_utc_") and zone is not None:
            local = local.astimezone(UTC)
        local = local.replace(tzinfo=None)
        if not what.endswith("_exact"):
            local = local.replace(microsecond=0)
        return self._form(what.removesuffix("_exact").removeprefix("rota_").removeprefix("utc_"), local)

    def _form(self, what: str, local: datetime) -> Any:
        if what == "today":
            return local.date().isoformat() if self._sqlite else local.date()
        if what == "time":
            span = local - datetime.combine(local, datetime.min.time())
            return local.strftime("%H:%M:%S.000000") if self._sqlite else span
        return local.isoformat(" ", "microseconds") if self._sqlite else local


def _by_name(table: str) -> Sequence[Sequence[str]]:
    return (("name",),)


def translate(
    statement: str,
    dialect: DialectName,
    *,
    shape: Shape = (),
    types: ColumnTypes,
    unique_keys: UniqueKeys = _by_name,
) -> Translated:
    """One MariaDB statement with `:name` parameters (see `placeholders.named`) in the SQL of `dialect`.

    `types` says which fieldtype a column has, `unique_keys` what PostgreSQL's upserts may conflict with. A translation
    is kept, for all sites, as long as the columns that it asked about have the same types.

    Raises:
        UnsupportedSQL: it would not mean there what it means on MariaDB; nothing was run.
    """
    key = (statement, dialect, shape)
    kept = _KEPT.get(key)
    if kept is not None and all(types(*column) == fieldtype for column, fieldtype in kept[1].items()):
        return kept[0]
    ctx = _context(TARGETS[dialect], shape, types, unique_keys)
    translated = _translated(ctx, parse(statement), dialect)
    if not ctx.asked_keys:
        _KEPT.put(key, (translated, ctx.looked_up))
    return translated


def _context(target: Any, shape: Shape, types: ColumnTypes, unique_keys: UniqueKeys) -> Context:
    return Context(target, dict(shape), types, unique_keys, lower, query)


def _translated(ctx: Context, parsed: Parsed, dialect: DialectName) -> Translated:
    tree = parsed.tree
    if isinstance(tree, exp.Query):
        result = query(ctx, tree, _Scope())
        columns = _as_written(tree, result.columns, parsed.written)
        return Translated(result.text, "write" if ctx.locks else "read", dialect, ctx.bound, columns)
    kind: StatementKind = "write"
    if isinstance(tree, exp.Insert):
        texts: tuple[str, ...] = (writes.insert(ctx, tree, is_replace=parsed.is_replace),)
    elif type(tree) in _CHANGES:
        texts = _CHANGES[type(tree)](ctx, tree)
    else:
        texts, kind = (ddl.statement(ctx, tree),), "ddl"
    return Translated(texts[0], kind, dialect, ctx.bound, then=texts[1:])


_CHANGES: dict[type[exp.Expr], Callable[[Context, exp.Expr], tuple[str, ...]]] = {
    exp.Update: changes.update,
    exp.Delete: changes.delete,
}


def _as_written(tree: exp.Expr, columns: tuple[Output, ...], written: tuple[str, ...]) -> tuple[Output, ...]:
    """The columns without alias under the names that MariaDB gives them: their text, as it was written."""
    first = tree
    while not isinstance(first, exp.Select):
        first = first.this
    if len(written) != len(columns):
        return columns
    return tuple(
        column
        if column.name is None or isinstance(node, (exp.Alias, exp.Column))
        else replace(column, name=_written_name(node, text))
        for column, node, text in zip(columns, first.expressions, written, strict=True)
    )


def _written_name(node: exp.Expr, text: str) -> str:
    if isinstance(node, (exp.Boolean, exp.Null)):
        return text.upper()
    return node.name if isinstance(node, exp.Literal) and node.is_string else text


class _Kept:
    """The translations used last, for all threads."""

    def __init__(self, size: int) -> None:
        self._size, self._lock = size, Lock()
        self._entries: OrderedDict[Any, tuple[Translated, dict[tuple[str, str], str | None]]] = OrderedDict()

    def get(self, key: Any) -> tuple[Translated, dict[tuple[str, str], str | None]] | None:
        with self._lock:
            found = self._entries.get(key)
            if found is not None:
                self._entries.move_to_end(key)
            return found

    def put(self, key: Any, entry: tuple[Translated, dict[tuple[str, str], str | None]]) -> None:
        with self._lock:
            self._entries[key] = entry
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)


_KEPT = _Kept(KEPT_TRANSLATIONS)
