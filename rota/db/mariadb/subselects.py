"""A SELECT where a value is wanted: alone, after IN and EXISTS, and after ANY and ALL."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.context import Context, Query, Scope
from rota.db.mariadb.types import BOOL, TEXT, UNKNOWN, Expr, Kind, unified
from rota.errors import UnsupportedSQL


def _subquery(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    inner = node if isinstance(node, exp.Query) and not isinstance(node, exp.Subquery) else node.this
    query = ctx.query(ctx, inner, scope)
    if len(query.columns) != 1:
        return Expr(f"({query.text})", UNKNOWN)
    kind = query.columns[0].type
    return Expr(f"({query.text})", kind, folded=kind == TEXT and not ctx.is_sqlite)


def _exists(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    inner = node.this.this if isinstance(node.this, exp.Subquery) else node.this
    return Expr(f"EXISTS ({ctx.query(ctx, inner, scope).text})", BOOL)


def is_in(ctx: Context, left: Expr, query: Query) -> Expr:
    """`left IN (SELECT ...)`."""
    text = query.text
    if left.row:
        return Expr(f"(({', '.join(one.text for one in left.row)}) IN ({text}))", BOOL)
    kinds = unified((left.type, *(column.type for column in query.columns)))
    sides = {left.kind, *(column.type.kind for column in query.columns)}
    name = query.columns[0].name
    if len(sides) > 1 and kinds.kind is not Kind.UNKNOWN and name is not None:
        inner = Expr(f"q.{ctx.target.quoted(query.columns[0].column)}", query.columns[0].type)
        first, second = compare.comparable(ctx, (left, inner))
        return Expr(f"({first.text} IN (SELECT {second.text} FROM ({text}) AS q))", BOOL)
    return Expr(f"({compare.folded(ctx, left).text} IN ({text}))", BOOL)


def quantified(ctx: Context, node: exp.Expr, scope: Scope, operator: str) -> Expr:
    """`left > ANY (SELECT ...)` and `left > ALL (SELECT ...)`."""
    is_all = isinstance(node.expression, exp.All)
    left = ctx.expr(node.this, scope)
    inner = node.expression.this
    query = ctx.query(ctx, inner.this if isinstance(inner, exp.Subquery) else inner, scope)
    if left.row or len(query.columns) != 1 or query.columns[0].name is None:
        raise UnsupportedSQL("ANY or ALL of several columns", "compare one value with one named column")
    column = Expr(f"q.{ctx.target.quoted(query.columns[0].column)}", query.columns[0].type)
    first, second = compare.comparable(ctx, (left, column))
    if not ctx.is_sqlite:
        word = "ALL" if is_all else "ANY"
        return Expr(f"({first.text} {operator} {word} (SELECT {second.text} FROM ({query.text}) AS q))", BOOL)
    return Expr(_by_extremes(first.text, operator, second.text, f"({query.text}) AS q", is_all=is_all), BOOL)


def _by_extremes(left: str, operator: str, member: str, source: str, *, is_all: bool) -> str:
    """What SQLite has no words for: an extreme of the values decides, and a NULL among them leaves a doubt."""
    least, most = (f"(SELECT {name}({member}) FROM {source})" for name in ("min", "max"))
    if operator in ("<", "<="):
        test = f"{left} {operator} {least if is_all else most}"
    elif operator in (">", ">="):
        test = f"{left} {operator} {most if is_all else least}"
    else:
        both = "AND" if is_all else "OR"
        test = f"({left} {operator} {least} {both} {left} {operator} {most})"
    if (operator, is_all) in (("=", False), ("<>", True)):
        return f"({left} {'NOT ' if is_all else ''}IN (SELECT {member} FROM {source}))"
    doubtful = f"({test}) IS {'TRUE' if is_all else 'FALSE'} AND (SELECT count(*) > count({member}) FROM {source})"
    return (
        f"(CASE WHEN NOT EXISTS (SELECT 1 FROM {source}) THEN {int(is_all)} WHEN {doubtful} THEN NULL ELSE {test} END)"
    )


NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {
    exp.Subquery: _subquery,
    exp.Select: _subquery,
    exp.Union: _subquery,
    exp.Exists: _exists,
}
