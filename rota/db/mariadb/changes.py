"""UPDATE and DELETE, with MariaDB's joins and limits, of one table or of several at once."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from rota.db.mariadb.aggregates import order_text
from rota.db.mariadb.context import Context, Scope, Source
from rota.db.mariadb.selects import limit_text, with_text
from rota.db.mariadb.sources import joined
from rota.db.mariadb.types import Kind, Type
from rota.db.mariadb.writes import assignments, column_in, stored
from rota.errors import UnsupportedSQL

_PICKED = "rota_picked"


def _rowid(ctx: Context) -> str:
    return "rowid" if ctx.is_sqlite else "ctid"


# --- UPDATE ---


def update(ctx: Context, node: exp.Expr) -> tuple[str, ...]:
    """An UPDATE, maybe of joined tables; the statements to run, one after the other."""
    scope = Scope()
    prefix = with_text(ctx, node, scope)
    tables = joined(ctx, node.this, [], scope)
    if len(scope.sources) > 1:
        return _joined_update(ctx, node, scope, prefix, tables)
    sets = assignments(ctx, node.expressions, scope, _targets(ctx, node, scope)[0])
    if not node.args.get("limit"):
        return (f"{prefix}UPDATE {tables} SET {sets}{_where(ctx, node, scope)}",)
    rows = f"SELECT {_rowid(ctx)} FROM {tables}{_where(ctx, node, scope)}{_ending(ctx, node, scope)}"
    return (f"{prefix}UPDATE {tables} SET {sets} WHERE {_rowid(ctx)} IN ({rows})",)


def _joined_update(ctx: Context, node: exp.Expr, scope: Scope, prefix: str, tables: str) -> tuple[str, ...]:
    quoted, members = ctx.target.quoted, []
    targets = _targets(ctx, node, scope)
    different = _different(targets)
    sets: list[list[str]] = [[] for _ in different]
    for index, (one, target) in enumerate(zip(node.expressions, targets, strict=True)):
        name, kind = column_in(ctx, target, one.this.name)
        members.append(f"{stored(ctx, ctx.expr(one.expression, scope), kind)} AS v{index}")
        sets[different.index(target)].append(f"{quoted(name)} = {_typed(ctx, f'{_PICKED}.v{index}', kind)}")
    changes = []
    for place, (target, mine) in enumerate(zip(different, sets, strict=True)):
        table = quoted(target.table or "")
        rows = f"{_PICKED} WHERE {table}.{_rowid(ctx)} = {_PICKED}.r{place}"
        changes.append(f"UPDATE {table} SET {', '.join(mine)} FROM {rows}")
    return _picked(ctx, prefix, _rows(ctx, node, scope, tables, [*_ids(ctx, different), *members]), changes)


def _typed(ctx: Context, text: str, kind: Type) -> str:
    # A bare NULL or literal in the subselect is text to PostgreSQL.
    if ctx.is_sqlite or kind.kind in (Kind.UNKNOWN, Kind.TEXT):
        return text
    return f"CAST({text} AS {ctx.target.type_name(kind.kind)})"


def _targets(ctx: Context, node: exp.Expr, scope: Scope) -> list[Source]:
    """The table that each of SET's columns is of."""
    found = []
    for one in node.expressions:
        if not isinstance(one, exp.EQ) or not isinstance(one.this, exp.Column):
            raise UnsupportedSQL(f"{one.sql('mysql')[:60]!r} in SET", "write column = value")
        found.append(_source_of(ctx, one.this, scope))
    return found


def _source_of(ctx: Context, column: exp.Expr, scope: Scope) -> Source:
    table = column.args["table"].name.lower() if column.args.get("table") else ""
    for source in scope.sources:
        if table == source.name.lower() or (not table and ctx.column_of(source, column.name)):
            return source
    if table:
        raise UnsupportedSQL(f"the table {table!r} in SET", "it is not in this statement")
    return scope.sources[0]


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


def delete(ctx: Context, node: exp.Expr) -> tuple[str, ...]:
    """A DELETE, maybe of joined tables; the statements to run, one after the other."""
    scope = Scope()
    prefix = with_text(ctx, node, scope)
    using = node.args.get("using") or []
    if len(using) > 1:
        raise UnsupportedSQL("DELETE of this form", "write DELETE a FROM a JOIN b ON ...")
    tables = joined(ctx, using[0] if using else node.this, [], scope)
    if len(scope.sources) == 1 and not node.args.get("limit"):
        return (f"{prefix}DELETE FROM {tables}{_where(ctx, node, scope)}",)
    names = [one.name for one in node.args.get("tables") or (_listed(node.this) if using else ())]
    targets = _different([_named(scope, name) for name in names or [scope.sources[0].name]])
    changes = [
        f"DELETE FROM {ctx.target.quoted(target.table or '')} WHERE {_rowid(ctx)} IN (SELECT r{place} FROM {_PICKED})"
        for place, target in enumerate(targets)
    ]
    return _picked(ctx, prefix, _rows(ctx, node, scope, tables, _ids(ctx, targets)), changes)


def _listed(table: exp.Expr) -> list[exp.Expr]:
    """`a, b` of DELETE FROM a, b USING ..."""
    return [table, *(join.this for join in table.args.get("joins") or [])]


def _named(scope: Scope, name: str) -> Source:
    found = next((one for one in scope.sources if one.name.lower() == name.lower()), None)
    if found is None:
        raise UnsupportedSQL(f"DELETE {name}", "name a table, or its alias, of the FROM")
    return found


# --- rows of joined tables ---


def _different(targets: Sequence[Source]) -> list[Source]:
    """The tables that change, each once."""
    found: list[Source] = []
    for target in targets:
        if target.table is None:
            raise UnsupportedSQL(f"a change of {target.name}", "it is a subselect: change the table that it reads")
        if not any(target is one for one in found):
            found.append(target)
    if len({one.table for one in found}) < len(found):
        raise UnsupportedSQL("a change of one table under two names", "change it in two statements")
    return found


def _rows(ctx: Context, node: exp.Expr, scope: Scope, tables: str, columns: Sequence[str]) -> str:
    rows = f"SELECT {', '.join(columns)} FROM {tables}{_where(ctx, node, scope)}"
    return rows + (_ending(ctx, node, scope) if node.args.get("limit") else "")


def _ids(ctx: Context, targets: Sequence[Source]) -> list[str]:
    return [f"{ctx.target.quoted(one.name)}.{_rowid(ctx)} AS r{place}" for place, one in enumerate(targets)]


def _picked(ctx: Context, prefix: str, rows: str, changes: Sequence[str]) -> tuple[str, ...]:
    """The changes of the rows that a join picks, all of which are picked before the first is changed."""
    if len(changes) == 1 or not ctx.is_sqlite:
        parts = [f"{_PICKED} AS ({rows})", *(f"c{place} AS ({one})" for place, one in enumerate(changes[:-1]))]
        return (f"{prefix.rstrip() + ', ' if prefix else 'WITH '}{', '.join(parts)} {changes[-1]}",)
    # SQLite's WITH can't change anything.
    return f"CREATE TEMP TABLE {_PICKED} AS {prefix}{rows}", *changes, f"DROP TABLE temp.{_PICKED}"
