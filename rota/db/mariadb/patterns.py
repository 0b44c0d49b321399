"""LIKE and REGEXP, which know no case."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rota.db.mariadb.context import Context, Scope
from rota.db.mariadb.types import BOOL, Expr
from rota.errors import UnsupportedSQL


def _like(ctx: Context, node: exp.Expr, scope: Scope, escape: str = "\\") -> Expr:
    value, pattern = ctx.expr(node.this, scope), ctx.expr(node.expression, scope)
    word = "NOT LIKE" if node.args.get("negate") else "LIKE"
    left, right, mark = ctx.target.text(value), ctx.target.text(pattern), ctx.target.string(escape)
    binary = value.binary or pattern.binary
    if not ctx.is_sqlite:
        if not binary:
            # ILIKE folds by the collation: the column's own, "C", knows ASCII only.
            left, word = f'({left} COLLATE "default")', word.replace("LIKE", "ILIKE")
        return Expr(f"({left} {word} {right} ESCAPE {mark})", BOOL)
    if binary or not _is_ascii(ctx, pattern):
        call = ctx.target.call("like", right, left, mark, str(int(binary)))
        return Expr(f"(NOT {call})" if node.args.get("negate") else f"({call})", BOOL)
    return Expr(f"({left} {word} {right} ESCAPE {mark})", BOOL)


def _is_ascii(ctx: Context, pattern: Expr) -> bool:
    """Whether SQLite's own LIKE, which folds ASCII only, will do."""
    if pattern.literal is not None:
        return pattern.literal.isascii()
    if pattern.param is None:
        return True
    bound = ctx.bound[pattern.param]
    kind = ctx.kinds[bound.source]
    for step in bound.path:
        kind = kind[step]
    return bool(kind != "u")


def _escape(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    if not (isinstance(node.this, exp.Like) and isinstance(node.expression, exp.Literal)):
        raise UnsupportedSQL("ESCAPE with this", "give LIKE ... ESCAPE one character")
    return _like(ctx, node.this, scope, str(node.expression.this))


def _regexp(ctx: Context, node: exp.Expr, scope: Scope) -> Expr:
    value, pattern = (ctx.target.text(ctx.expr(side, scope)) for side in (node.this, node.expression))
    if ctx.is_sqlite:
        return Expr(ctx.target.call("regexp", pattern, value), BOOL)
    return Expr(f'(({value} COLLATE "default") ~* {pattern})', BOOL)


NODES: dict[type, Callable[[Context, exp.Expr, Scope], Expr]] = {
    exp.Like: _like,
    exp.Escape: _escape,
    exp.RegexpLike: _regexp,
}
