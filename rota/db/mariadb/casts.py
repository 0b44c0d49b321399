"""CAST and CONVERT."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.types import DATE, DOUBLE, INT, TEXT, Expr, Kind, Type
from rota.errors import UnsupportedSQL

_CASTS = {
    "BIGINT": "signed", "UBIGINT": "unsigned", "INT": "signed", "UINT": "unsigned",
    "CHAR": "text", "VARCHAR": "text", "TEXT": "text", "NCHAR": "text",
    "DECIMAL": "decimal", "DOUBLE": "double", "FLOAT": "double",
    "DATE": "date", "DATETIME": "datetime", "TIMESTAMP": "datetime", "TIMESTAMPTZ": "datetime", "TIME": "time",
    "BINARY": "binary", "VARBINARY": "binary", "CHARACTER_SET": "charset",
}  # fmt: skip


def _cast_node(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    expr, to = ctx.expr(node.this, scope), node.args["to"]
    what = _CASTS.get(to.this.name)
    if what is None:
        raise UnsupportedSQL(f"a cast to {to.sql('mysql')}", "cast to SIGNED, CHAR, DECIMAL, DATE, DATETIME or TIME")
    return cast(ctx, expr, what, [int(size.name) for size in to.expressions])


def cast(ctx: Context, expr: Expr, what: str, sizes: list[int]) -> Expr:  # noqa: PLR0911 - one line a kind
    """The expression as what CAST names, with the sizes in its parentheses."""
    if what in ("signed", "unsigned"):
        return replace(_signed(ctx, expr), type=Type(Kind.INT, unsigned=what == "unsigned"))
    if what in ("date", "datetime", "time"):
        return _moment(ctx, expr, what, sizes[0] if sizes else 0)
    if what == "decimal":
        return _decimal(ctx, expr, sizes[1] if len(sizes) > 1 else 0)
    if what == "double":
        number = compare.as_number(ctx, expr).text
        return Expr(f"CAST({number} AS {'REAL' if ctx.is_sqlite else 'double precision'})", DOUBLE)
    if what == "binary":
        return Expr(ctx.target.text(expr), TEXT, binary=True)
    if what == "charset":
        return expr if expr.kind is Kind.TEXT else Expr(ctx.target.text(expr), TEXT)
    text = ctx.target.text(expr)
    return Expr(ctx.target.call("left", text, str(sizes[0])) if sizes else text, TEXT)


def _signed(ctx: Context, expr: Expr) -> Expr:
    if expr.kind is Kind.TEXT:
        return Expr(ctx.target.call("integer", ctx.target.text(expr)), INT)
    number = compare.as_number(ctx, expr)
    if ctx.is_sqlite:
        return Expr(f"CAST(round({number.text}) AS INTEGER)", INT)
    return Expr(f"CAST(round(CAST({number.text} AS numeric)) AS bigint)", INT)


def _decimal(ctx: Context, expr: Expr, digits: int) -> Expr:
    number = compare.as_number(ctx, expr).text
    if not ctx.is_sqlite:
        number = f"CAST({number} AS numeric)"
    return Expr(ctx.target.call("round", number, str(digits)), Type(Kind.DECIMAL, digits))


def _moment(ctx: Context, expr: Expr, what: str, digits: int) -> Expr:
    if what == "date":
        return replace(compare.argument(ctx, expr, DATE), literal=None, param=None)
    kind = Type(Kind.DATETIME if what == "datetime" else Kind.TIME, digits)
    text = compare.argument(ctx, expr, kind).text
    # Without decimals the fraction is cut, not rounded.
    return Expr(text if digits or not expr.type.digits else ctx.target.call("whole_seconds", text), kind)


NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {exp.Cast: _cast_node}
