"""The functions that write JSON: what MariaDB puts into a document as it is, and what in quotes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.parse import MARK
from rota.db.mariadb.types import TEXT, Expr, Kind
from rota.errors import UnsupportedSQL

_GIVES_JSON = frozenset(
    {
        "JSON_OBJECT", "JSON_ARRAY", "JSON_EXTRACT", "JSON_QUERY", "JSON_KEYS", "JSON_ARRAYAGG", "JSON_OBJECTAGG",
        "JSON_SET", "JSON_INSERT", "JSON_REPLACE", "JSON_REMOVE", "JSON_ARRAY_APPEND",
    }
)  # fmt: skip


def member(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    """The value as a member of a JSON document: numbers and JSON as they are, text in quotes, NULL as null."""
    expr = ctx.expr(node, scope)
    if isinstance(node, exp.Boolean):
        return "'true'" if node.this else "'false'"
    text = ctx.target.text(expr)
    is_json = isinstance(node, exp.Anonymous) and str(node.this).removeprefix(MARK).upper() in _GIVES_JSON
    if not is_json and expr.kind not in (Kind.INT, Kind.DECIMAL, Kind.DOUBLE, Kind.BOOL, Kind.NULL):
        text = ctx.target.call("json_quote", text)
    return f"COALESCE({text}, 'null')"


def _key(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    return ctx.target.call("json_quote", ctx.target.text(ctx.expr(node, scope)))


def json_object(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """JSON_OBJECT(key, value, ...)."""
    if len(nodes) % 2:
        raise UnsupportedSQL(f"JSON_OBJECT with {len(nodes)} arguments", "give each key a value")
    pairs = [
        f"{_key(ctx, key, scope)} || ': ' || {member(ctx, value, scope)}"
        for key, value in zip(nodes[::2], nodes[1::2], strict=True)
    ]
    return Expr("('{' || " + " || ', ' || ".join(pairs) + " || '}')" if pairs else "'{}'", TEXT)


def json_array(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """JSON_ARRAY(value, ...)."""
    members = [member(ctx, node, scope) for node in nodes]
    return Expr("('[' || " + " || ', ' || ".join(members) + " || ']')" if members else "'[]'", TEXT)


def json_changed(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """JSON_SET, JSON_INSERT, JSON_REPLACE and JSON_ARRAY_APPEND(document, path, value, ...)."""
    if len(nodes) < 3 or not len(nodes) % 2:
        raise UnsupportedSQL(f"{name} with {len(nodes)} arguments", "give a document, and each path a value")
    text = ctx.target.text(ctx.expr(nodes[0], scope))
    for path, value in zip(nodes[1::2], nodes[2::2], strict=True):
        where = ctx.target.text(ctx.expr(path, scope))
        text = ctx.target.call("json_changed", text, where, member(ctx, value, scope), f"'{_CHANGES[name]}'")
    return Expr(text, TEXT)


def json_remove(ctx: Context, name: str, nodes: Sequence[exp.Expr], scope: Scope) -> Expr:
    """JSON_REMOVE(document, path, ...)."""
    text = ctx.target.text(ctx.expr(nodes[0], scope))
    for path in nodes[1:]:
        text = ctx.target.call("json_changed", text, ctx.target.text(ctx.expr(path, scope)), "'null'", "'remove'")
    return Expr(text, TEXT)


_CHANGES = {"JSON_SET": "set", "JSON_INSERT": "insert", "JSON_REPLACE": "replace", "JSON_ARRAY_APPEND": "append"}


def json_arrayagg(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    """JSON_ARRAYAGG(value)."""
    return Expr(f"('[' || {_joined(ctx, member(ctx, node, scope.aggregated()), ',')} || ']')", TEXT)


def json_objectagg(ctx: Context, key: exp.Expr, value: exp.Expr, scope: Scope) -> Expr:
    """JSON_OBJECTAGG(key, value)."""
    inside = scope.aggregated()
    pair = f"{_key(ctx, key, inside)} || ':' || {member(ctx, value, inside)}"
    return Expr("('{' || " + _joined(ctx, pair, ", ") + " || '}')", TEXT)


def _joined(ctx: Context, text: str, mark: str) -> str:
    return f"{'group_concat' if ctx.is_sqlite else 'string_agg'}({text}, '{mark}')"
