"""INSERT, REPLACE, UPDATE and DELETE, with MariaDB's joins, limits and upserts."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.aggregates import order_text
from rota.db.mariadb.context import Context, Scope, Source
from rota.db.mariadb.queries import limit_text, query, with_text
from rota.db.mariadb.sources import joined, table_name
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


def _rowid(ctx: Context) -> str:
    return "rowid" if ctx.is_sqlite else "ctid"


# --- UPDATE ---


def update(ctx: Context, node: exp.Expr) -> str:
    """An UPDATE of one table, maybe joined with others."""
    scope = Scope()
    prefix = with_text(ctx, node, scope)
    tables = joined(ctx, node.this, [], scope)
    target = _target(ctx, node, scope)
    if len(scope.sources) == 1 and not node.args.get("limit"):
        where = _where(ctx, node, scope)
        return f"{prefix}UPDATE {tables} SET {_assignments(ctx, node.expressions, scope, target)}{where}"
    if len(scope.sources) == 1:
        rows = f"SELECT {_rowid(ctx)} FROM {tables}{_where(ctx, node, scope)}{_ending(ctx, node, scope)}"
        sets = _assignments(ctx, node.expressions, scope, target)
        return f"{prefix}UPDATE {tables} SET {sets} WHERE {_rowid(ctx)} IN ({rows})"
    return prefix + _joined_update(ctx, node, scope, target, tables)


def _joined_update(ctx: Context, node: exp.Expr, scope: Scope, target: Source, tables: str) -> str:
    quoted, members, sets = ctx.target.quoted, [], []
    for index, one in enumerate(node.expressions):
        name, kind = _column(ctx, target, one.this.name)
        members.append(f"{stored(ctx, ctx.expr(one.expression, scope), kind)} AS v{index}")
        sets.append(f"{quoted(name)} = {_typed(ctx, f'changed.v{index}', kind)}")
    rows = f"SELECT {quoted(target.name)}.{_rowid(ctx)} AS rid, {', '.join(members)} FROM {tables}"
    rows += _where(ctx, node, scope) + (_ending(ctx, node, scope) if node.args.get("limit") else "")
    table = quoted(target.table or "")
    return f"UPDATE {table} SET {', '.join(sets)} FROM ({rows}) AS changed WHERE {table}.{_rowid(ctx)} = changed.rid"


def _typed(ctx: Context, text: str, kind: Type) -> str:
    # A bare NULL or literal in the subselect is text to PostgreSQL.
    if ctx.is_sqlite or kind.kind in (Kind.UNKNOWN, Kind.TEXT):
        return text
    return f"CAST({text} AS {ctx.target.type_name(kind.kind)})"


def _target(ctx: Context, node: exp.Expr, scope: Scope) -> Source:
    found = []
    for one in node.expressions:
        if not isinstance(one, exp.EQ) or not isinstance(one.this, exp.Column):
            raise UnsupportedSQL(f"{one.sql('mysql')[:60]!r} in SET", "write column = value")
        found.append(_source_of(ctx, one.this, scope))
    if any(source is not found[0] for source in found) or found[0].table is None:
        raise UnsupportedSQL("an UPDATE that sets columns of several tables", "update each table by itself")
    return found[0]


def _source_of(ctx: Context, column: exp.Expr, scope: Scope) -> Source:
    table = column.args["table"].name.lower() if column.args.get("table") else ""
    for source in scope.sources:
        if table == source.name.lower() or (not table and ctx.column_of(source, column.name)):
            return source
    if table:
        raise UnsupportedSQL(f"the table {table!r} in SET", "it is not in this statement")
    return scope.sources[0]


def _column(ctx: Context, source: Source, name: str) -> tuple[str, Type]:
    return ctx.column_of(source, name) or (name, UNKNOWN)


def _assignments(ctx: Context, nodes: Sequence[exp.Expr], scope: Scope, target: Source) -> str:
    """`a = 1, b = a + 1`, from left to right as MariaDB does it: b is 2."""
    texts: list[str] = []
    replaced: dict[str, Expr] = {}
    for one in nodes:
        name, kind = _column(ctx, target, one.this.name)
        value = ctx.expr(one.expression, replace(scope, replaced=dict(replaced)))
        text = stored(ctx, value, kind)
        texts.append(f"{ctx.target.quoted(name)} = {text}")
        replaced[name] = Expr(f"({text})", kind if kind.kind is not Kind.UNKNOWN else value.type)
    return ", ".join(texts)


def _where(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    where = node.args.get("where")
    return f" WHERE {ctx.target.condition(ctx.expr(where.this, scope))}" if where else ""


def _ending(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    order = node.args.get("order")
    text = f" {order_text(ctx, order.expressions, scope)}" if order else ""
    # Rows that others change meanwhile must be waited for, as MariaDB does.
    lock = "" if ctx.is_sqlite or len(scope.sources) > 1 else " FOR UPDATE"
    return text + limit_text(ctx, node, scope) + lock


# --- DELETE ---


def delete(ctx: Context, node: exp.Expr) -> str:
    """A DELETE from one table, maybe joined with others."""
    if node.args.get("using") or len(node.args.get("tables") or []) > 1:
        raise UnsupportedSQL("a DELETE from several tables", "delete from each table by itself")
    scope = Scope()
    prefix = with_text(ctx, node, scope)
    tables = joined(ctx, node.this, [], scope)
    if len(scope.sources) == 1 and not node.args.get("limit"):
        return f"{prefix}DELETE FROM {tables}{_where(ctx, node, scope)}"
    named = (node.args.get("tables") or [exp.to_table(scope.sources[0].name)])[0].name
    target = next((one for one in scope.sources if one.name.lower() == named.lower()), None)
    if target is None or target.table is None:
        raise UnsupportedSQL(f"DELETE {named}", "name a table, or its alias, of the FROM")
    quoted, rowid = ctx.target.quoted, _rowid(ctx)
    rows = f"SELECT {quoted(target.name)}.{rowid} FROM {tables}{_where(ctx, node, scope)}"
    rows += _ending(ctx, node, scope) if node.args.get("limit") else ""
    return f"{prefix}DELETE FROM {quoted(target.table)} WHERE {rowid} IN ({rows})"


# --- INSERT and REPLACE ---


def insert(ctx: Context, node: exp.Expr, *, is_replace: bool) -> str:
    """An INSERT, INSERT IGNORE, REPLACE or upsert."""
    schema = node.this
    table = table_name(schema.this if isinstance(schema, exp.Schema) else schema)
    source = Source(table, table=table)
    names = [one.name for one in schema.expressions] if isinstance(schema, exp.Schema) else []
    columns = [_column(ctx, source, name) for name in names]
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
        sets = _assignments(ctx, clause.expressions, scope, source)
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
