"""Comparisons: what is compared is first made comparable as MariaDB would."""

from __future__ import annotations

from collections.abc import Sequence

from rota.db.mariadb.context import Context
from rota.db.mariadb.types import (
    DATETIME,
    DOUBLE,
    INT,
    NUMBERS,
    TEXT,
    TIME,
    TIMES,
    UNKNOWN,
    Expr,
    Kind,
    Type,
    sum_type,
)
from rota.errors import UnsupportedSQL


def comparable(ctx: Context, exprs: Sequence[Expr]) -> list[Expr]:
    """The expressions as one kind: moments when one is a date or time, else numbers when one is, else text.

    Text folds case unless one side is BINARY. A constant is converted at once, so that a column's index can serve.
    """
    kinds = {expr.kind for expr in exprs} - {Kind.NULL}
    if Kind.UNKNOWN in kinds or not kinds:
        return [_bare(expr) for expr in exprs]
    if kinds & TIMES:
        return _as_moments(ctx, exprs, kinds)
    if kinds & NUMBERS:
        return [as_number(ctx, expr) for expr in exprs]
    return _as_text(ctx, exprs)


def as_number(ctx: Context, expr: Expr) -> Expr:
    """The expression as a number; a constant text becomes one at once."""
    if expr.kind is Kind.TEXT and expr.is_constant:
        return ctx.constant(expr, "number", DOUBLE)
    if expr.json:
        return ctx.target.number(Expr(ctx.target.call("json_number", expr.text), TEXT))
    return ctx.target.number(expr)


def as_moment(ctx: Context, expr: Expr, kind: Type, form: str) -> Expr:
    """The expression as a date or time; a constant is converted at once."""
    if expr.is_constant and expr.kind in (Kind.TEXT, Kind.INT, Kind.DECIMAL):
        return ctx.constant(expr, form, kind)
    return Expr(ctx.target.moment(expr, kind), kind, table=expr.table if expr.kind is kind.kind else None)


def _scalar(ctx: Context, expr: Expr) -> Expr:
    return Expr(ctx.target.call("json_unquote", expr.text), TEXT) if expr.json else expr


def _as_moments(ctx: Context, exprs: Sequence[Expr], kinds: set[Kind]) -> list[Expr]:
    if kinds & {Kind.DATE, Kind.DATETIME}:
        if kinds == {Kind.DATE}:
            return list(exprs)
        constants = all(expr.is_constant for expr in exprs if expr.kind not in (Kind.DATE, Kind.NULL))
        if Kind.DATETIME not in kinds and constants:
            return [
                expr if expr.kind in (Kind.DATE, Kind.NULL) else as_moment(ctx, expr, DATETIME, "day") for expr in exprs
            ]
        return [_nullable(expr) or as_moment(ctx, expr, DATETIME, "moment") for expr in exprs]
    return [_nullable(expr) or as_moment(ctx, expr, TIME, "span") for expr in exprs]


def _nullable(expr: Expr) -> Expr | None:
    return expr if expr.kind is Kind.NULL else None


def _as_text(ctx: Context, exprs: Sequence[Expr]) -> list[Expr]:
    if any(expr.binary for expr in exprs):
        return [Expr(ctx.target.exact(expr), TEXT, literal=expr.literal) for expr in exprs]
    if ctx.is_sqlite:
        # The collation of the left side decides.
        first = folded(ctx, exprs[0])
        return [first, *exprs[1:]]
    folding = [expr if expr.folded or expr.literal is not None else folded(ctx, expr) for expr in exprs]
    return folding if any(expr.folded for expr in folding) else [folded(ctx, folding[0]), *folding[1:]]


def folded(ctx: Context, expr: Expr) -> Expr:
    """Text that compares, groups and sorts without regard to case; anything else as it is."""
    if expr.kind is not Kind.TEXT or expr.binary or expr.folded:
        return expr
    return Expr(ctx.target.fold(expr.text), TEXT, folded=True)


def _bare(expr: Expr) -> Expr:
    # Next to a column of unknown type the database decides what a value is.
    return expr if expr.param is None else Expr(f":{expr.param}", UNKNOWN, param=expr.param)


def cast_to(ctx: Context, expr: Expr, kind: Type) -> str:
    """The expression as one of several alternatives, as in CASE or UNION, whose common type is `kind`."""
    if expr.kind is Kind.NULL:
        if ctx.is_sqlite or kind.kind in (Kind.NULL, Kind.UNKNOWN):
            return expr.text
        return f"CAST({expr.text} AS {_name(ctx, kind)})"
    if kind.kind is Kind.TEXT:
        return expr.text if expr.kind is Kind.TEXT else ctx.target.text(expr)
    if kind.kind in NUMBERS:
        number = as_number(ctx, expr).text
        return number if ctx.is_sqlite or kind.kind is expr.kind else f"CAST({number} AS {_name(ctx, kind)})"
    if kind.kind in TIMES:
        return as_moment(ctx, expr, kind, _ARGUMENT[kind.kind]).text
    return expr.text


def _name(ctx: Context, kind: Type) -> str:
    return ctx.target.type_name(kind.kind)


def compare_text(ctx: Context, left: Expr, operator: str, right: Expr) -> str:
    """`left operator right`, made comparable; also of two rows."""
    if left.row or right.row:
        if len(left.row) != len(right.row):
            raise UnsupportedSQL("a comparison of rows of different length", "compare as many columns as values")
        pairs = [comparable(ctx, pair) for pair in zip(left.row, right.row, strict=True)]
        sides = ["(" + ", ".join(pair[side].text for pair in pairs) + ")" for side in (0, 1)]
        return f"{sides[0]} {operator} {sides[1]}"
    if {left.kind, right.kind} == {Kind.TEXT}:
        left, right = _scalar(ctx, left), _scalar(ctx, right)
    first, second = comparable(ctx, (left, right))
    return f"{first.text} {operator} {second.text}"


def modulo(ctx: Context, left: Expr, right: Expr) -> Expr:
    """The remainder, with the sign of the left side; NULL by zero."""
    left, right = as_number(ctx, left), as_number(ctx, right)
    kind = sum_type((left.type, right.type))
    if ctx.is_sqlite:
        if kind.kind is Kind.INT:
            return Expr(f"({left.text} % {right.text})", INT)
        return Expr(ctx.target.call("mod", left.text, right.text), kind)
    name = "bigint" if kind.kind is Kind.INT else "numeric"
    return Expr(f"(CAST({left.text} AS {name}) % NULLIF(CAST({right.text} AS {name}), 0))", kind)


_ARGUMENT = {Kind.DATE: "calendar", Kind.DATETIME: "instant", Kind.TIME: "clock"}


def argument(ctx: Context, expr: Expr, kind: Type) -> Expr:
    """The expression as a function's argument: a date, datetime or time, NULL when it is none."""
    return as_moment(ctx, expr, kind, _ARGUMENT[kind.kind])
