"""INSERT, REPLACE and upserts, and how a column takes a value."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.context import Context, Scope, Source
from rota.db.mariadb.queries import query
from rota.db.mariadb.sources import table_name
from rota.db.mariadb.types import DATE, DATETIME, INT, TEXT, TIME, UNKNOWN, Expr, Kind, Type
from rota.errors import UnsupportedSQL

_FORMS = {
    Kind.DATE: ("date", DATE),
    Kind.DATETIME: ("datetime", DATETIME),
    Kind.TIME: ("time", TIME),
    Kind.INT: ("integer", INT),
    Kind.DECIMAL: ("decimal", Type(Kind.DECIMAL, 9)),
}


def stored(ctx: Context, expr: Expr, kind: Type) -> str:
    """The expression as a column of this type takes it; a constant that does not fit is a DataError."""
    if expr.kind is Kind.BOOL:
        expr = ctx.target.number(expr)
    if expr.kind is Kind.NULL:
        return "NULL"
    if kind.kind is Kind.UNKNOWN or expr.kind is Kind.UNKNOWN:
        return f":{expr.param}" if expr.param is not None else expr.text
    if expr.is_constant and kind.kind in _FORMS and expr.kind is not kind.kind:
        return ctx.constant(expr, *_FORMS[kind.kind]).text
    text = compare.cast_to(ctx, expr, kind)
    if ctx.is_sqlite and kind.kind is Kind.INT and expr.kind is not Kind.INT:
        return f"CAST(round({text}) AS INTEGER)"
    return text


def column_in(ctx: Context, source: Source, name: str) -> tuple[str, Type]:
    """A column's exact name and type, the latter unknown if the column is."""
    return ctx.column_of(source, name) or (name, UNKNOWN)


def assignments(ctx: Context, nodes: Sequence[exp.Expr], scope: Scope, target: Source) -> str:
    """`a = 1, b = a + 1`, from left to right as MariaDB does it: b is 2."""
    texts: list[str] = []
    replaced: dict[str, Expr] = {}
    for one in nodes:
        name, kind = column_in(ctx, target, one.this.name)
        value = ctx.expr(one.expression, replace(scope, replaced=dict(replaced)))
        text = stored(ctx, value, kind)
        texts.append(f"{ctx.target.quoted(name)} = {text}")
        replaced[name] = Expr(f"({text})", kind if kind.kind is not Kind.UNKNOWN else value.type)
    return ", ".join(texts)


def insert(ctx: Context, node: exp.Expr, *, is_replace: bool) -> str:
    """An INSERT, INSERT IGNORE, REPLACE or upsert."""
    schema = node.this
    table = table_name(schema.this if isinstance(schema, exp.Schema) else schema)
    source = Source(table, table=table)
    names = [one.name for one in schema.expressions] if isinstance(schema, exp.Schema) else []
    columns = [column_in(ctx, source, name) for name in names]
    quoted = ctx.target.quoted
    verb = "INSERT"
    if ctx.is_sqlite and (is_replace or node.args.get("ignore")):
        verb = "REPLACE" if is_replace else "INSERT OR IGNORE"
    text = f"{verb} INTO {quoted(table)}"
    if columns:
        text += f" ({', '.join(quoted(name) for name, _ in columns)})"
    rows = _rows(ctx, node.expression, columns)
    conflict = _conflict(ctx, node, source, columns, is_replace=is_replace)
    if conflict and ctx.is_sqlite and not isinstance(node.expression, exp.Values):
        rows = f"SELECT * FROM ({rows}) WHERE 1"  # or SQLite reads ON as a join's
    return f"{text} {rows}{conflict}"


def _rows(ctx: Context, node: exp.Expr, columns: Sequence[tuple[str, Type]]) -> str:
    if isinstance(node, exp.Values):
        return "VALUES " + ", ".join(_row(ctx, row, columns) for row in node.expressions)
    if not isinstance(node, exp.Query):
        raise UnsupportedSQL("an INSERT of this form", "use VALUES (...) or SELECT")
    selected = query(ctx, node, Scope())
    kinds = [kind for _, kind in columns]
    if len(kinds) != len(selected.columns) or any(one.name is None for one in selected.columns):
        return selected.text
    fits = all(one.type.kind is kind.kind for one, kind in zip(selected.columns, kinds, strict=True))
    if fits:
        return selected.text
    members = [
        stored(ctx, Expr(f"q.{ctx.target.quoted(one.column)}", one.type, folded=one.type == TEXT, table="q"), kind)
        for one, kind in zip(selected.columns, kinds, strict=True)
    ]
    return f"SELECT {', '.join(members)} FROM ({selected.text}) AS q"


def _row(ctx: Context, row: exp.Expr, columns: Sequence[tuple[str, Type]]) -> str:
    values = [ctx.expr(one, Scope()) for one in (row.expressions if isinstance(row, exp.Tuple) else [row])]
    if len(values) == 1 and values[0].row:
        values = list(values[0].row)
    if columns and len(values) != len(columns):
        raise UnsupportedSQL(f"{len(values)} values for {len(columns)} columns", "give one value for each column")
    kinds = [kind for _, kind in columns] or [UNKNOWN] * len(values)
    return "(" + ", ".join(stored(ctx, value, kind) for value, kind in zip(values, kinds, strict=True)) + ")"


def _conflict(
    ctx: Context, node: exp.Expr, source: Source, columns: Sequence[tuple[str, Type]], *, is_replace: bool
) -> str:
    clause = node.args.get("conflict")
    if clause is not None:
        scope = Scope([source], incoming=True)
        sets = assignments(ctx, clause.expressions, scope, source)
        return f" ON CONFLICT{_conflict_key(ctx, source, columns)} DO UPDATE SET {sets}"
    if ctx.is_sqlite:
        return ""
    if node.args.get("ignore"):
        return " ON CONFLICT DO NOTHING"
    if is_replace:
        quoted = ctx.target.quoted
        sets = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name, _ in columns)
        return f" ON CONFLICT{_conflict_key(ctx, source, columns)} DO UPDATE SET {sets}"
    return ""


def _conflict_key(ctx: Context, source: Source, columns: Sequence[tuple[str, Type]]) -> str:
    """SQLite needs no name for what may be taken already; PostgreSQL wants the columns of one unique key."""
    if ctx.is_sqlite:
        return ""
    ctx.asked_keys = True
    keys = ctx.unique_keys(source.table or "")
    given = {name.lower() for name, _ in columns}
    fitting = [key for key in keys if {name.lower() for name in key} <= given] or list(keys)
    if not fitting:
        raise UnsupportedSQL(
            f"an upsert into {source.table}", "the table has no unique key; look first, then insert or update"
        )
    return f" ({', '.join(ctx.target.quoted(name) for name in fitting[0])})"
