"""Any query: a SELECT, with or without ROLLUP, a UNION, or one in parentheses."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlglot import exp

from rota.db.mariadb import compare, rollup
from rota.db.mariadb.aggregates import sort_key
from rota.db.mariadb.context import Context, Output, Query, Scope
from rota.db.mariadb.selects import Select, limit_text, with_text
from rota.db.mariadb.types import TEXT, Expr, unified
from rota.errors import UnsupportedSQL

_SETS = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}
_REFUSED = (
    "connect",
    "match",
    "laterals",
    "pivots",
    "qualify",
    "cluster",
    "distribute",
    "sort",
    "sample",
    "settings",
    "format",
    "into",
    "prewhere",
    "kind",
    "options",
    "for_",
)


def query(ctx: Context, node: exp.Expr, scope: Scope) -> Query:
    """A SELECT, UNION or parenthesised query, whose names may come from `scope` around it."""
    for part in _REFUSED:
        if node.args.get(part):
            raise UnsupportedSQL(f"{part.strip('_').upper()} in a SELECT", "write it without")
    if isinstance(node, exp.Subquery):
        return _parenthesised(ctx, node, scope)
    if isinstance(node, exp.SetOperation):
        return _union(ctx, node, scope)
    if isinstance(node, exp.Select):
        return rollup.query(ctx, node, scope) if rollup.is_wanted(node) else Select(ctx, node, scope).query()
    raise UnsupportedSQL(f"{node.sql('mysql')[:60]!r}", "write a SELECT")


def _parenthesised(ctx: Context, node: exp.Expr, scope: Scope) -> Query:
    inner = query(ctx, node.this, scope)
    if not any(node.args.get(part) for part in ("order", "limit", "offset", "with_")):
        return inner
    plain = node.copy()
    whole = exp.select("*").from_(exp.alias_(plain, "q", table=True))
    for part in ("order", "limit", "offset"):
        whole.set(part, node.args.get(part))
        plain.set(part, None)
    return query(ctx, whole, scope)


# --- UNION ---


def _union(ctx: Context, node: exp.Expr, outer: Scope) -> Query:
    scope = Scope(parent=outer)
    prefix = with_text(ctx, node, scope)
    branches, words = [], []
    for branch, word in _branches(node):
        branches.append(query(ctx, branch, scope))
        words.append(word)
    width = len(branches[0].columns)
    if any(len(branch.columns) != width for branch in branches):
        raise UnsupportedSQL("a UNION of different numbers of columns", "select as many columns in each part")
    columns = tuple(
        replace(column, type=unified(branch.columns[index].type for branch in branches))
        for index, column in enumerate(branches[0].columns)
    )
    texts = [_branch_text(ctx, branch, columns) for branch in branches]
    text = texts[0] + "".join(f" {word} {one}" for word, one in zip(words[1:], texts[1:], strict=True))
    return Query(prefix + text + _union_order(ctx, node, columns) + limit_text(ctx, node, scope), columns)


def _branches(node: exp.Expr) -> Iterator[tuple[exp.Expr, str]]:
    """The parts of `a UNION b UNION ALL c`, each with the word before it."""
    chain = []
    while isinstance(node, exp.SetOperation):
        word = _SETS[type(node)] + (" ALL" if node.args.get("distinct") is False else "")
        chain.append((node.expression, word))
        node = node.this
        if node.args.get("order") or node.args.get("limit"):
            break
    yield node, ""
    yield from reversed(chain)


def _branch_text(ctx: Context, branch: Query, columns: Sequence[Output]) -> str:
    fits = all(
        mine.name is None or mine.type.kind is common.type.kind
        for mine, common in zip(branch.columns, columns, strict=True)
    )
    if fits:
        # SQLite takes neither parentheses nor a LIMIT in a part.
        return f"SELECT * FROM ({branch.text}) AS q" if ctx.is_sqlite else f"({branch.text})"
    members = []
    for mine, common in zip(branch.columns, columns, strict=True):
        if mine.name is None:
            raise UnsupportedSQL("a UNION of * with other kinds of columns", "name the columns")
        expr = Expr(f"q.{ctx.target.quoted(mine.column)}", mine.type, folded=mine.type == TEXT, table="q")
        text = compare.cast_to(ctx, expr, common.type)
        if common.type == TEXT:
            text = ctx.target.fold(text)
        members.append(f"{text} AS {ctx.target.quoted(mine.name)}")
    text = f"SELECT {', '.join(members)} FROM ({branch.text}) AS q"
    return text if ctx.is_sqlite else f"({text})"


def _union_order(ctx: Context, node: exp.Expr, columns: Sequence[Output]) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    names = [(column.name or "").lower() for column in columns]
    keys = []
    for one in order.expressions:
        place = one.this.name if isinstance(one.this, exp.Literal) else str(_index(names, one.this.name.lower()) + 1)
        if place == "0":
            raise UnsupportedSQL(f"ORDER BY {one.this.sql('mysql')} of a UNION", "order by a column of its first part")
        keys.append(sort_key(ctx, place, one, Scope()))
    return f" ORDER BY {', '.join(keys)}"


def _index(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else -1
