"""Calls of functions: those of `library.py` by their templates, and those whose arguments decide, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from rota.db.mariadb import aggregates, compare, json_documents, moments
from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.library import AGGREGATES, TEMPLATES, WINDOW_ONLY, Call
from rota.db.mariadb.parse import MARK
from rota.db.mariadb.types import BOOL, DATE, DATETIME, DOUBLE, INT, TEXT, TIME, UNKNOWN, Expr, Kind, Type, unified
from rota.errors import UnsupportedSQL


def _call(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    written = str(node.this)
    name = written.removeprefix(MARK).upper()
    if name == "VALUES":
        return _incoming(ctx, node, scope)
    if not written.startswith(MARK):
        raise UnsupportedSQL(f"the function {written}", "Rota does not know it; compute the value in Python")
    if name in AGGREGATES:
        return aggregates.aggregate(ctx, name, node.expressions, scope)
    if name in WINDOW_ONLY:
        raise UnsupportedSQL(f"{name} without OVER", f"write {name}(...) OVER (...)")
    special = SPECIALS.get(name)
    if special is not None:
        _check_count(name, len(node.expressions), *_COUNTS.get(name, (0, 99)))
        return special(ctx, name, node.expressions, scope)
    call = TEMPLATES[name]
    least = len(call.takes.split("?")[0].replace("+", ""))
    most = 99 if "+" in call.takes else len(call.takes.replace("?", ""))
    _check_count(name, len(node.expressions), least, most)
    args = [ctx.expr(one, scope) for one in node.expressions]
    return _by_template(ctx, name, call, args)


def _check_count(name: str, count: int, least: int, most: int) -> None:
    if not least <= count <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise UnsupportedSQL(f"{name} with {count} arguments", f"it takes {wanted} here")


def _by_template(ctx: Context, name: str, call: Call, args: Sequence[Expr]) -> Expr:
    letters = call.takes.replace("?", "").replace("+", "")
    letters = letters.ljust(len(args), letters[-1:])
    texts = [argument_text(ctx, arg, letter) for arg, letter in zip(args, letters, strict=False)]
    template = call.sqlite if ctx.is_sqlite else call.postgresql
    returns = call.returns if isinstance(call.returns, Type) else call.returns(args)
    if not template:
        text = ctx.target.call(name.lower(), *texts)
    else:
        text = template.replace("{*}", ", ".join(texts))
        for index, one in enumerate(texts):
            text = text.replace(f"{{{index}}}", one) if "{" not in one else _filled(text, index, one)
    return Expr(text, returns, binary=name in _BINARY, json=name == "JSON_EXTRACT")


# What MariaDB gives in a collation that tells case apart.
_BINARY = frozenset({"JSON_UNQUOTE", "JSON_QUOTE"})


def _filled(text: str, index: int, argument: str) -> str:
    # An argument may contain braces of its own, as JSON does: they must not be taken for places.
    return argument.join(text.split(f"{{{index}}}"))


def argument_text(ctx: Context, expr: Expr, letter: str) -> str:  # noqa: PLR0911 - one line a letter
    """The expression as an argument of the kind that a letter of `library.py` says."""
    target = ctx.target
    if letter == "t":
        return target.text(expr)
    if letter == "i":
        return target.integer(expr)
    if letter in "nf":
        return _number_argument(ctx, expr, letter)
    if letter == "d":
        return compare.argument(ctx, expr, DATE).text
    if letter == "T" or (letter == "c" and expr.kind in (Kind.TEXT, Kind.TIME)):
        return compare.argument(ctx, expr, TIME).text
    if letter == "e" and expr.kind is Kind.DATE:
        return expr.text
    if letter in "ec":
        return compare.argument(ctx, expr, DATETIME).text
    return expr.text


def _number_argument(ctx: Context, expr: Expr, letter: str) -> str:
    number = compare.as_number(ctx, expr)
    if ctx.is_sqlite:
        return number.text
    if letter == "f":
        return f"CAST({number.text} AS double precision)"
    return f"CAST({number.text} AS numeric)" if number.kind is not Kind.INT else number.text


# --- functions whose arguments decide ---

Special = Callable[[Context, str, Sequence[exp.Expr], Scope], Expr]


def _incoming(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    """VALUES(column) in ON DUPLICATE KEY UPDATE: what would have been inserted."""
    if not scope.incoming:
        raise UnsupportedSQL("VALUES(column) here", "it means something in ON DUPLICATE KEY UPDATE only")
    name = node.expressions[0].name
    exact, kind = ctx.column_of(scope.sources[0], name) or (name, UNKNOWN)
    return Expr(f"excluded.{ctx.target.quoted(exact)}", kind)


def _if(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    condition = ctx.target.condition(ctx.expr(nodes[0], scope))
    results = [ctx.expr(node, scope) for node in nodes[1:]]
    kind = unified(one.type for one in results)
    first, second = (compare.cast_to(ctx, one, kind) for one in results)
    return Expr(f"CASE WHEN {condition} THEN {first} ELSE {second} END", kind)


def _coalesce(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    args = [ctx.expr(node, scope) for node in nodes]
    kind = unified(one.type for one in args)
    if len(args) == 1:
        return args[0]
    return Expr(f"COALESCE({', '.join(compare.cast_to(ctx, one, kind) for one in args)})", kind)


def _isnull(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    return Expr(f"({ctx.expr(nodes[0], scope).text} IS NULL)", BOOL)


def _nullif(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    left, right = (ctx.expr(node, scope) for node in nodes)
    text = f"CASE WHEN {compare.compare_text(ctx, left, '=', right)} THEN NULL ELSE {left.text} END"
    return Expr(text, left.type if left.kind is not Kind.BOOL else INT)


def _extreme(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """GREATEST and LEAST, which are NULL as soon as one argument is."""
    args = [ctx.expr(node, scope) for node in nodes]
    kind = unified(one.type for one in args)
    if {one.kind for one in args} & {Kind.DATE, Kind.DATETIME} and kind.kind is Kind.TEXT:
        kind = DATETIME if any(one.kind is Kind.DATETIME for one in args) else DATE
    texts = [compare.cast_to(ctx, one, kind) for one in args]
    if kind.kind is Kind.TEXT:
        texts = [compare.folded(ctx, Expr(text, TEXT)).text for text in texts]
    if ctx.is_sqlite:
        return Expr(f"{'max' if name == 'GREATEST' else 'min'}({', '.join(texts)})", kind)
    missing = " OR ".join(f"{text} IS NULL" for text in texts)
    return Expr(f"CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(texts)}) END", kind, folded=kind == TEXT)


def _field(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    args = [ctx.expr(node, scope) for node in nodes]
    first, *rest = compare.comparable(ctx, args)
    branches = " ".join(f"WHEN {first.text} = {one.text} THEN {place}" for place, one in enumerate(rest, 1))
    return Expr(f"CASE {branches} ELSE 0 END", INT)


def _elt(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    index, *choices = (ctx.expr(node, scope) for node in nodes)
    texts = [ctx.target.text(one) for one in choices]
    branches = " ".join(f"WHEN {place} THEN {text}" for place, text in enumerate(texts, 1))
    return Expr(f"CASE {ctx.target.integer(index)} {branches} END", TEXT)


def _concat(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    texts = [ctx.target.text(ctx.expr(node, scope)) for node in nodes]
    return Expr(f"({' || '.join(texts)})" if len(texts) > 1 else texts[0], TEXT)


def _mod(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    return compare.modulo(ctx, *(ctx.expr(node, scope) for node in nodes))


def _log(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    logs = [_by_template(ctx, "LN", TEMPLATES["LN"], [ctx.expr(node, scope)]).text for node in nodes]
    if len(logs) == 1:
        return Expr(logs[0], DOUBLE)
    return Expr(f"({logs[1]} / nullif({logs[0]}, 0))", DOUBLE)


def _substring(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    texts = [ctx.target.text(ctx.expr(node.this, scope))]
    texts += [
        ctx.target.integer(ctx.expr(node.args[part], scope)) for part in ("start", "length") if node.args.get(part)
    ]
    return Expr(ctx.target.call("substring", *texts), TEXT)


def _trim(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    text = ctx.target.text(ctx.expr(node.this, scope))
    what = ctx.target.text(ctx.expr(node.expression, scope)) if node.expression else "' '"
    side = (node.args.get("position") or "BOTH").upper()
    return Expr(ctx.target.call("trim", text, what, f"'{side}'"), TEXT)


def _position(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    sides = [ctx.expr(node.args[part], scope) for part in ("substr", "this")]
    return _by_template(ctx, "LOCATE", TEMPLATES["LOCATE"], sides)


_COUNTS = {
    "IF": (3, 3), "IFNULL": (2, 2), "NVL": (2, 2), "COALESCE": (1, 99), "NULLIF": (2, 2), "ISNULL": (1, 1),
    "GREATEST": (2, 99), "LEAST": (2, 99), "FIELD": (2, 99), "ELT": (2, 99), "CONCAT": (1, 99), "MOD": (2, 2),
    "LOG": (1, 2), "DATE_ADD": (2, 2), "DATE_SUB": (2, 2), "ADDDATE": (2, 2), "SUBDATE": (2, 2), "DATE": (1, 1),
    "TIME": (1, 1), "TIMESTAMP": (1, 2), "TIMESTAMPADD": (3, 3), "TIMESTAMPDIFF": (3, 3), "TIMEDIFF": (2, 2),
    "ADDTIME": (2, 2), "SUBTIME": (2, 2), "UNIX_TIMESTAMP": (0, 1), "FROM_UNIXTIME": (1, 2),
    "STR_TO_DATE": (2, 2), "DATE_FORMAT": (2, 2), "JSON_REMOVE": (2, 99),
}  # fmt: skip
SPECIALS: dict[str, Special] = {
    "IF": _if,
    "IFNULL": _coalesce,
    "NVL": _coalesce,
    "COALESCE": _coalesce,
    "NULLIF": _nullif,
    "ISNULL": _isnull,
    "GREATEST": _extreme,
    "LEAST": _extreme,
    "FIELD": _field,
    "ELT": _elt,
    "CONCAT": _concat,
    "MOD": _mod,
    "LOG": _log,
    "JSON_OBJECT": json_documents.json_object,
    "JSON_ARRAY": json_documents.json_array,
    "JSON_SET": json_documents.json_changed,
    "JSON_INSERT": json_documents.json_changed,
    "JSON_REPLACE": json_documents.json_changed,
    "JSON_ARRAY_APPEND": json_documents.json_changed,
    "JSON_REMOVE": json_documents.json_remove,
    **moments.SPECIALS,
}
NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {
    exp.Anonymous: _call,
    exp.Substring: _substring,
    exp.Trim: _trim,
    exp.StrPosition: _position,
}
