"""Aggregates and window functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from rota.db.mariadb import compare, json_documents
from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.library import WINDOW_ONLY
from rota.db.mariadb.parse import MARK
from rota.db.mariadb.types import INT, TEXT, UNKNOWN, Expr, Kind, Type
from rota.errors import UnsupportedSQL

PLAIN = (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.GroupConcat)
"""The aggregates that sqlglot knows as such; the others are in `library.AGGREGATES`."""


def _count(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    inner = node.this
    if isinstance(inner, exp.Star):
        return Expr("COUNT(*)", INT)
    if not isinstance(inner, exp.Distinct):
        return Expr(f"COUNT({ctx.expr(inner, scope.aggregated()).text})", INT)
    args = [compare.folded(ctx, ctx.expr(one, scope.aggregated())).text for one in inner.expressions]
    if len(args) == 1:
        return Expr(f"COUNT(DISTINCT {args[0]})", INT)
    # A row with a NULL in it does not count.
    present = " AND ".join(f"{arg} IS NOT NULL" for arg in args)
    both = " || char(31) || ".join(args) if ctx.is_sqlite else f"ROW({', '.join(args)})"
    return Expr(f"COUNT(DISTINCT CASE WHEN {present} THEN {both} END)", INT)


def _of_numbers(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    distinct = isinstance(node.this, exp.Distinct)
    inner = node.this.expressions[0] if distinct else node.this
    number = compare.as_number(ctx, ctx.expr(inner, scope.aggregated()))
    is_sum = isinstance(node, exp.Sum)
    kind = number.type
    if kind.kind is Kind.INT:
        kind = Type(Kind.DECIMAL, 0 if is_sum else 4)
    elif kind.kind is Kind.DECIMAL:
        kind = Type(Kind.DECIMAL, kind.digits + (0 if is_sum else 4))
    name = "SUM" if is_sum else "AVG"
    return Expr(f"{name}({'DISTINCT ' * distinct}{number.text})", kind)


def _extreme(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    inner = node.this.expressions[0] if isinstance(node.this, exp.Distinct) else node.this
    value = ctx.expr(inner, scope.aggregated())
    if value.kind is Kind.BOOL:
        value = ctx.target.number(value)
    if not ctx.is_sqlite and value.kind is Kind.TIME:
        value = Expr(ctx.target.moment(value, value.type), value.type)
    name = "MIN" if isinstance(node, exp.Min) else "MAX"
    return Expr(
        f"{name}({compare.folded(ctx, value).text})", value.type, folded=value.kind is Kind.TEXT and not ctx.is_sqlite
    )


def _group_concat(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    inner, order = node.this, []
    if isinstance(inner, exp.Order):
        inner, order = inner.this, inner.expressions
    distinct = isinstance(inner, exp.Distinct)
    parts = inner.expressions if distinct else [inner]
    if isinstance(parts[0], exp.Concat):
        parts = parts[0].expressions
    inner = parts[0] if len(parts) == 1 else exp.Anonymous(this=f"{MARK}CONCAT", expressions=parts)
    separator = ctx.expr(node.args["separator"], scope).literal if node.args.get("separator") else ","
    inside = scope.aggregated()
    value = ctx.expr(inner, inside)
    mark = ctx.target.string(separator if separator is not None else ",")
    keys = [(ctx.expr(one.this, inside), bool(one.args.get("desc"))) for one in order]
    text = ctx.target.text(value)
    if ctx.is_sqlite:
        sorting = "".join(f", {key.text}, {int(desc)}" for key, desc in keys)
        return Expr(f"rota_group_concat({text}, {mark}, {int(distinct)}{sorting})", TEXT)
    return Expr(_string_agg(ctx, value, mark, keys, distinct=distinct), TEXT)


def _string_agg(ctx: Context, value: Expr, mark: str, keys: Sequence[tuple[Expr, bool]], *, distinct: bool) -> str:
    text = ctx.target.text(value)
    keys = keys or ([(value, False)] if distinct else [])
    order = [f"{compare.folded(ctx, key).text} {'DESC NULLS LAST' if desc else 'NULLS FIRST'}" for key, desc in keys]
    sorting = f" ORDER BY {', '.join(order)}" if order else ""
    if not distinct:
        return f"string_agg({text}, {mark}{sorting})"
    # PostgreSQL sorts distinct values by themselves only.
    return ctx.target.call("joined_once", f"array_agg({ctx.target.fold(text)}{sorting})", mark)


_SPREAD = {
    "STD": "stddev_pop", "STDDEV": "stddev_pop", "STDDEV_POP": "stddev_pop", "STDDEV_SAMP": "stddev_samp",
    "VARIANCE": "var_pop", "VAR_POP": "var_pop", "VAR_SAMP": "var_samp",
}  # fmt: skip


def aggregate(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """An aggregate of `library.AGGREGATES`."""
    if name == "JSON_OBJECTAGG" and len(nodes) == 2:
        return json_documents.json_objectagg(ctx, nodes[0], nodes[1], scope)
    if len(nodes) != 1 or isinstance(nodes[0], exp.Distinct):
        raise UnsupportedSQL(f"{name} of this form", "give it one argument, without DISTINCT")
    if name == "JSON_ARRAYAGG":
        return json_documents.json_arrayagg(ctx, nodes[0], scope)
    value = ctx.expr(nodes[0], scope.aggregated())
    if name in _SPREAD:
        number = compare.as_number(ctx, value)
        prefix = "rota_" if ctx.is_sqlite else ""
        text = number.text if ctx.is_sqlite else f"CAST({number.text} AS double precision)"
        is_exact = number.kind in (Kind.INT, Kind.DECIMAL)
        return Expr(f"{prefix}{_SPREAD[name]}({text})", Type(Kind.DOUBLE, number.type.digits + 4 if is_exact else 0))
    bits = compare.as_number(ctx, value).text
    if ctx.is_sqlite:
        return Expr(f"rota_{name.lower()}({bits})", INT)
    return Expr(f"COALESCE({name.lower()}(CAST({bits} AS bigint)), {0 if name == 'BIT_OR' else -1})", INT)


# --- windows ---


def _window(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    value = _windowed(ctx, node.this, scope)
    if node.args.get("alias"):
        over = ctx.target.quoted(node.args["alias"].name)
    else:
        over = f"({window_text(ctx, node, scope)})"
    return Expr(f"{value.text} OVER {over}", value.type)


def _windowed(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    name = str(node.this).removeprefix(MARK).upper() if isinstance(node, exp.Anonymous) else ""
    if name not in WINDOW_ONLY:
        # Over groups, the aggregate's argument may itself be an aggregate: sum(sum(x)) over ().
        if isinstance(node, (exp.Sum, exp.Avg)) and scope.keys is not None:
            number = compare.as_number(ctx, ctx.expr(node.this, scope))
            return Expr(f"{'SUM' if isinstance(node, exp.Sum) else 'AVG'}({number.text})", number.type)
        if not isinstance(node, PLAIN) and name not in _SPREAD:
            raise UnsupportedSQL(f"{node.sql('mysql')} OVER", "use an aggregate or a window function")
        return ctx.expr(node, scope)
    args = [ctx.expr(one, scope) for one in node.expressions]
    texts = [arg.text for arg in args[:1]] + [ctx.target.integer(arg) for arg in args[1:2]]
    if name == "NTILE":
        texts = [ctx.target.integer(args[0])]
    if len(args) > 2:
        texts.append(compare.cast_to(ctx, args[2], args[0].type))
    kind = Type(Kind.DOUBLE, 10) if name in ("PERCENT_RANK", "CUME_DIST") else INT
    if args and name != "NTILE":
        kind = args[0].type if args[0].kind is not Kind.BOOL else UNKNOWN
    return Expr(f"{name}({', '.join(texts)})", kind, folded=kind == TEXT and not ctx.is_sqlite)


def window_text(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    """What stands in the parentheses of OVER, or of WINDOW name AS."""
    parts = []
    if node.args.get("partition_by"):
        keys = [compare.folded(ctx, ctx.expr(one, scope)).text for one in node.args["partition_by"]]
        parts.append(f"PARTITION BY {', '.join(keys)}")
    if node.args.get("order"):
        parts.append(order_text(ctx, node.args["order"].expressions, scope))
    if node.args.get("spec"):
        parts.append(_frame(node.args["spec"]))
    return " ".join(parts)


def order_text(ctx: Context, nodes: Sequence[exp.Expr], scope: Scope) -> str:
    """ORDER BY with NULL before everything, as MariaDB sorts."""
    keys = [sort_key(ctx, compare.folded(ctx, ctx.expr(one.this, scope)).text, one, scope) for one in nodes]
    return f"ORDER BY {', '.join(keys)}"


def sort_key(ctx: Context, text: str, node: exp.Expr, scope: Scope) -> str:
    """One key of ORDER BY."""
    ending = " DESC" if node.args.get("desc") else ""
    if ctx.is_sqlite or _is_a_name(ctx, text, scope):
        return text + ending
    return f"{text}{ending} NULLS {'LAST' if ending else 'FIRST'}"


def _is_a_name(ctx: Context, text: str, scope: Scope) -> bool:
    """Whether it is a document's name: never NULL, and its primary key's index knows no NULLS FIRST."""
    name = ctx.target.quoted("name")
    certain = [one for one in scope.sources if one.table is not None and not one.nullable]
    return any(text == f"{ctx.target.quoted(one.name)}.{name}" for one in certain)


def _frame(spec: exp.Expr) -> str:
    def bound(side: str) -> str:
        value, direction = spec.args.get(side), spec.args.get(f"{side}_side")
        if isinstance(value, exp.Literal) and not value.is_string and str(value.this).isdigit():
            return f"{value.this} {str(direction).upper()}"
        text = f"{value or ''} {direction or ''}".strip().upper()
        if text not in ("UNBOUNDED PRECEDING", "UNBOUNDED FOLLOWING", "CURRENT ROW"):
            raise UnsupportedSQL("this frame of a window", "use UNBOUNDED, CURRENT ROW or a number of rows")
        return text

    kind = str(spec.args["kind"]).upper()
    if kind not in ("ROWS", "RANGE"):
        raise UnsupportedSQL(f"a window's {kind}", "use ROWS or RANGE")
    if not spec.args.get("end"):
        return f"{kind} {bound('start')}"
    return f"{kind} BETWEEN {bound('start')} AND {bound('end')}"


NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {
    exp.Count: _count,
    exp.Sum: _of_numbers,
    exp.Avg: _of_numbers,
    exp.Min: _extreme,
    exp.Max: _extreme,
    exp.GroupConcat: _group_concat,
    exp.Window: _window,
}
