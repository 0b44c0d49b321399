"""Arithmetic: division gives decimals, by zero NULL, and text counts as the number that it begins with."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rota.db.mariadb import compare, moments
from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.types import INT, Expr, Kind, Type, sum_type

Lower = Callable[[Context, exp.Expr, Scope], Expr]


def _arithmetic(operator: str) -> Lower:
    def computed(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
        for base, shift in ((node.this, node.expression), (node.expression, node.this)):
            if isinstance(shift, exp.Interval) and (operator == "+" or shift is node.expression):
                return moments.shifted(ctx, ctx.expr(base, scope), shift, scope, -1 if operator == "-" else 1)
        sides = [compare.as_number(ctx, ctx.expr(side, scope)) for side in (node.this, node.expression)]
        kind = sum_type(side.type for side in sides)
        if operator == "*" and kind.kind is Kind.DECIMAL:
            kind = Type(Kind.DECIMAL, min(38, sum(side.type.digits for side in sides)))
        return Expr(f"({_exact(ctx, sides[0], kind)} {operator} {_exact(ctx, sides[1], kind)})", kind)

    return computed


def _exact(ctx: Context, side: Expr, kind: Type) -> str:
    # PostgreSQL has no numeric-with-double operators, and its smallest integers overflow.
    if ctx.is_sqlite or side.kind in (Kind.NULL, Kind.UNKNOWN) or kind.kind is Kind.UNKNOWN:
        return side.text
    if side.kind is not kind.kind or kind.kind is Kind.INT:
        return f"CAST({side.text} AS {ctx.target.type_name(kind.kind)})"
    return side.text


def _divide(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left, right = (compare.as_number(ctx, ctx.expr(side, scope)) for side in (node.this, node.expression))
    kind = sum_type((left.type, right.type))
    if kind.kind in (Kind.INT, Kind.DECIMAL):
        kind = Type(Kind.DECIMAL, left.type.digits + 4)
    if ctx.is_sqlite:
        return Expr(f"(CAST({left.text} AS REAL) / {right.text})", kind)
    name = "double precision" if kind.kind is Kind.DOUBLE else "numeric"
    return Expr(f"(CAST({left.text} AS {name}) / NULLIF(CAST({right.text} AS {name}), 0))", kind)


def _whole_divide(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left, right = (compare.as_number(ctx, ctx.expr(side, scope)) for side in (node.this, node.expression))
    if ctx.is_sqlite:
        return Expr(f"CAST({left.text} / {right.text} AS INTEGER)", INT)
    return Expr(f"CAST(TRUNC(CAST({left.text} AS numeric) / NULLIF(CAST({right.text} AS numeric), 0)) AS bigint)", INT)


def _mod(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return compare.modulo(ctx, ctx.expr(node.this, scope), ctx.expr(node.expression, scope))


def _negative(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    value = compare.as_number(ctx, ctx.expr(node.this, scope))
    literal = f"-{value.literal}" if value.literal is not None and not value.literal.startswith("-") else None
    # In parentheses, as two of them side by side would begin a comment.
    return Expr(f"(-{value.text})", value.type, literal=literal)


def _bits(operator: str) -> Lower:
    def combine(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
        left, right = (_bit_text(ctx, ctx.expr(side, scope)) for side in (node.this, node.expression))
        if not ctx.is_sqlite and operator in ("<<", ">>"):
            right = f"CAST({right} AS integer)"
        return Expr(f"({left} {operator} {right})", INT)

    return combine


def _bit_text(ctx: Context, expr: Expr) -> str:
    text = compare.as_number(ctx, expr).text
    return f"CAST({text} AS INTEGER)" if ctx.is_sqlite else f"CAST({text} AS bigint)"


def _bit_xor(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left, right = (_bit_text(ctx, ctx.expr(side, scope)) for side in (node.this, node.expression))
    return Expr(f"(({left} | {right}) - ({left} & {right}))", INT)


NODES: dict[type, Lower] = {
    exp.Add: _arithmetic("+"),
    exp.Sub: _arithmetic("-"),
    exp.Mul: _arithmetic("*"),
    exp.Div: _divide,
    exp.IntDiv: _whole_divide,
    exp.Mod: _mod,
    exp.Neg: _negative,
    exp.BitwiseAnd: _bits("&"),
    exp.BitwiseOr: _bits("|"),
    exp.BitwiseLeftShift: _bits("<<"),
    exp.BitwiseRightShift: _bits(">>"),
    exp.BitwiseXor: _bit_xor,
}
