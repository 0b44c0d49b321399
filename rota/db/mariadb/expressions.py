"""Expressions: each kind of node in sqlglot's tree has one function here. A node without one is refused."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rota.db.mariadb import aggregates, arithmetic, calls, casts, compare, moments, patterns, subselects
from rota.db.mariadb.context import Context, Scope, Source
from rota.db.mariadb.types import (
    BOOL,
    DOUBLE,
    INT,
    NULL,
    TEXT,
    UNKNOWN,
    Expr,
    Kind,
    Type,
    unified,
)
from rota.errors import UnsupportedSQL

Lower = Callable[[Context, exp.Expr, Scope], Expr]


def lower(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    """The node in the target's SQL.

    Raises:
        UnsupportedSQL: a construct or function that Rota does not know to mean the same.
    """
    handle = NODES.get(type(node))
    if handle is None:
        raise UnsupportedSQL(_described(node), "write it in another way, or compute it in Python")
    if scope.keys:
        plain = handle(ctx, node, scope.ungrouped())
        if plain.text in scope.keys:
            return scope.keys[plain.text]
    return handle(ctx, node, scope)


def _described(node: exp.Expr) -> str:
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name}"
    if isinstance(node, exp.Func):
        return f"the function {node.sql_name()}"
    return f"the construct {node.sql('mysql')[:60]!r}"


# --- names and constants ---


def _column(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    if node.args.get("db") or isinstance(node.this, exp.Star):
        raise UnsupportedSQL(f"the column {node.sql('mysql')}", "name its table by its name or alias only")
    name, table = node.name, node.args["table"].name if node.args.get("table") else ""
    if table == "" and scope.alias_first and name.lower() in scope.aliases:
        return _alias(ctx, name, scope)
    found: Scope | None = scope
    while found is not None:
        for source in found.sources:
            if table and table.lower() != source.name.lower():
                continue
            column = ctx.column_of(source, name)
            if column is not None or table:
                return _resolved(ctx, found, source, *(column or (name, UNKNOWN)))
        if table == "" and name.lower() in found.aliases:
            return _alias(ctx, name, found)
        found = found.parent
    if table:
        raise UnsupportedSQL(f"the table {table!r} in {node.sql('mysql')}", "it is not in this statement's FROM")
    return _unresolved(ctx, name, scope)


def _alias(ctx: Context, name: str, scope: Scope) -> Expr:
    node = scope.aliases[name.lower()]
    # Inside its own expression an alias is not known: `date(creation) as creation`.
    rest = {key: other for key, other in scope.aliases.items() if key != name.lower()}
    inner = Scope(scope.sources, scope.parent, scope.ctes, rest, False, scope.keys)
    return ctx.expr(node, inner)


def _resolved(ctx: Context, scope: Scope, source: Source, name: str, kind: Type) -> Expr:
    if name in scope.replaced:
        return scope.replaced[name]
    text = f"{ctx.target.quoted(source.name)}.{ctx.target.quoted(name)}"
    if scope.keys is not None and text not in scope.keys and not ctx.is_sqlite:
        # MariaDB takes any row's value; all of a group's from the same row.
        text = f"(ARRAY_AGG({text}))[1]"
    return Expr(text, kind, folded=kind == TEXT, table=source.name)


def _unresolved(ctx: Context, name: str, scope: Scope) -> Expr:
    text = ctx.target.quoted(name)
    if len(scope.sources) == 1 and (scope.parent is None or not scope.parent.sources):
        text = f"{ctx.target.quoted(scope.sources[0].name)}.{text}"  # it can be no other's
    if scope.keys is not None and not ctx.is_sqlite:
        text = f"(ARRAY_AGG({text}))[1]"
    return Expr(text, UNKNOWN)


def _literal(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    text = str(node.this)
    if node.is_string:
        return Expr(ctx.target.string(text), TEXT, literal=text)
    if "e" in text.lower():
        return Expr(text, DOUBLE, literal=text)
    digits = len(text.partition(".")[2])
    return Expr(text, Type(Kind.DECIMAL, digits) if "." in text else INT, literal=text)


def _string(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    if isinstance(node, exp.Introducer):
        return ctx.expr(node.expression, scope)
    text = str(node.this) if isinstance(node, exp.National) else "".join(_literal_text(e) for e in node.expressions)
    return Expr(ctx.target.string(text), TEXT, literal=text)


def _literal_text(node: exp.Expr) -> str:
    if not (isinstance(node, exp.Literal) and node.is_string):
        raise UnsupportedSQL("CONCAT of this form", "write CONCAT(a, b)")
    return str(node.this)


def _boolean(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    value = "1" if node.this else "0"
    return Expr(value, INT, literal=value)


def _null(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return Expr("NULL", NULL)


def _placeholder(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return ctx.value(str(node.this))


def _paren(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return ctx.expr(node.this, scope)


def _tuple(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return Expr("", UNKNOWN, row=tuple(ctx.expr(one, scope) for one in node.expressions))


# --- truth ---


def _logic(word: str) -> Lower:
    def combine(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
        sides = [ctx.target.condition(ctx.expr(side, scope)) for side in _flat(node)]
        return Expr(_balanced(sides, word), BOOL)

    return combine


def _balanced(sides: list[str], word: str) -> str:
    # A chain is as deep as it is long to SQLite, which allows a depth of 1,000.
    if len(sides) <= 100:
        return "(" + f" {word} ".join(sides) + ")"
    middle = len(sides) // 2
    return f"({_balanced(sides[:middle], word)} {word} {_balanced(sides[middle:], word)})"


def _flat(node: exp.Expr) -> list[exp.Expr]:
    """The members of a chain of ANDs or ORs, which may be thousands long, without recursion."""
    kind, pending, members = type(node), [node], []
    while pending:
        one = pending.pop()
        if type(one) is kind:
            pending += [one.args["expression"], one.this]
        else:
            members.append(one)
    return members


def _xor(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left, right = (ctx.target.condition(ctx.expr(side, scope)) for side in (node.this, node.expression))
    return Expr(f"(({left}) <> ({right}))", BOOL)


def _not(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    return Expr(f"(NOT {ctx.target.condition(ctx.expr(node.this, scope))})", BOOL)


def _is(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left = ctx.expr(node.this, scope)
    if isinstance(node.expression, exp.Boolean):
        word = "TRUE" if node.expression.this else "FALSE"
        return Expr(f"({ctx.target.condition(left)} IS {word})", BOOL)
    return Expr(f"({left.text} IS NULL)", BOOL)


def _comparison(operator: str) -> Lower:
    def compared(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
        if isinstance(node.expression, (exp.Any, exp.All)):
            return subselects.quantified(ctx, node, scope, operator)
        left, right = ctx.expr(node.this, scope), ctx.expr(node.expression, scope)
        return Expr(f"({compare.compare_text(ctx, left, operator, right)})", BOOL)

    return compared


def _null_safe(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    operator = "IS" if ctx.is_sqlite else "IS NOT DISTINCT FROM"
    return Expr(
        f"({compare.compare_text(ctx, ctx.expr(node.this, scope), operator, ctx.expr(node.expression, scope))})", BOOL
    )


def _between(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    sides = [ctx.expr(node.args[part], scope) for part in ("this", "low", "high")]
    value, low, high = (side.text for side in compare.comparable(ctx, sides))
    return Expr(f"({value} BETWEEN {low} AND {high})", BOOL)


def _in(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    left = ctx.expr(node.this, scope)
    if node.args.get("query"):
        return subselects.is_in(ctx, left, ctx.query(ctx, node.args["query"].this, scope))
    members = node.args.get("field") or node.expressions
    if isinstance(members, exp.Placeholder):
        kind = ctx.kinds.get(str(members.this))
        if isinstance(kind, tuple) and kind[:1] == ("*",):
            return _in_list(ctx, left, str(members.this), kind[1])
        members = [members]
    exprs = [ctx.expr(one, scope) for one in (members if isinstance(members, list) else [members])]
    if len(exprs) == 1 and exprs[0].row and not left.row:
        exprs = list(exprs[0].row)  # IN %s with values of several kinds
    elif len(exprs) == 1 and exprs[0].row and exprs[0].row[0].row:
        exprs = list(exprs[0].row)  # (a, b) IN %s with a list of pairs
    if left.row:
        pairs = " OR ".join(f"({compare.compare_text(ctx, left, '=', one)})" for one in exprs)
        return Expr(f"({pairs})", BOOL)
    first, *rest = compare.comparable(ctx, (left, *exprs))
    return Expr(f"({first.text} IN ({', '.join(one.text for one in rest)}))", BOOL)


def _in_list(ctx: Context, left: Expr, name: str, kind: str) -> Expr:
    sample = Expr("", {"s": TEXT, "u": TEXT, "i": INT, "f": DOUBLE, "n": NULL}.get(kind, DOUBLE), literal="0")
    if kind == "n":
        sample = Expr("", left.type, literal="0")
    first, member = compare.comparable(ctx, (left, sample)) if left.kind is not Kind.UNKNOWN else (left, sample)
    form = {Kind.INT: "number", Kind.DOUBLE: "number", Kind.DATE: "calendar", Kind.TIME: "span"}.get(member.kind, "")
    if member.kind is Kind.DATETIME:
        form = "day" if left.kind is Kind.DATE else "moment"
    if member.kind is Kind.TEXT:
        first = compare.folded(ctx, left)
    elif form == "number" and member.kind is not Kind.DOUBLE and kind != "i":
        member = Expr("", DOUBLE)
    right = ctx.list_value(name, member.type, form)
    return Expr(f"({first.text} IN {right})" if ctx.is_sqlite else f"({first.text} = ANY({right}))", BOOL)


# --- alternatives and casts ---


def _case(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    subject = ctx.expr(node.this, scope) if node.this else None
    results = [ctx.expr(branch.args["true"], scope) for branch in node.args["ifs"]]
    default = ctx.expr(node.args["default"], scope) if node.args.get("default") else Expr("NULL", NULL)
    kind = unified(one.type for one in (*results, default))
    text = "CASE"
    for branch, result in zip(node.args["ifs"], results, strict=True):
        test = ctx.expr(branch.this, scope)
        condition = ctx.target.condition(test) if subject is None else compare.compare_text(ctx, subject, "=", test)
        text += f" WHEN {condition} THEN {compare.cast_to(ctx, result, kind)}"
    return Expr(f"{text} ELSE {compare.cast_to(ctx, default, kind)} END", kind)


def _collate(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    expr, name = ctx.expr(node.this, scope), node.expression.name.lower()
    if name.endswith("_bin"):
        return casts.cast(ctx, expr, "binary", [])
    if name.endswith("_ci"):
        return expr
    raise UnsupportedSQL(f"COLLATE {name}", "use a _ci or _bin collation")


def _hex(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    raise UnsupportedSQL("a hexadecimal or bit literal", "write the number in decimals, or the text")


NODES: dict[type, Lower] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Introducer: _string,
    exp.National: _string,
    exp.Concat: _string,
    exp.Boolean: _boolean,
    exp.Null: _null,
    exp.Placeholder: _placeholder,
    exp.Paren: _paren,
    exp.Tuple: _tuple,
    exp.And: _logic("AND"),
    exp.Or: _logic("OR"),
    exp.Xor: _xor,
    exp.Not: _not,
    exp.Is: _is,
    exp.EQ: _comparison("="),
    exp.NEQ: _comparison("<>"),
    exp.LT: _comparison("<"),
    exp.LTE: _comparison("<="),
    exp.GT: _comparison(">"),
    exp.GTE: _comparison(">="),
    exp.NullSafeEQ: _null_safe,
    exp.Between: _between,
    exp.In: _in,
    exp.Case: _case,
    exp.Collate: _collate,
    exp.HexString: _hex,
    exp.BitString: _hex,
    **subselects.NODES,
    **patterns.NODES,
    **arithmetic.NODES,
    **casts.NODES,
    **calls.NODES,
    **moments.NODES,
    **aggregates.NODES,
}
