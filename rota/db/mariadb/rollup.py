"""GROUP BY ... WITH ROLLUP: the groups, and after each their sums, where the keys that are summed over are NULL."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from sqlglot import exp

from rota.db.mariadb.aggregates import sort_key
from rota.db.mariadb.context import Context, Query, Scope
from rota.db.mariadb.selects import Select, limit_text
from rota.errors import UnsupportedSQL

_KEY, _IS_SUM = "rota_key", "rota_is_sum"


def is_wanted(node: exp.Expr) -> bool:
    """Whether a SELECT asks for it."""
    group = node.args.get("group")
    return group is not None and any(group.args.get(part) for part in ("rollup", "cube", "grouping_sets", "totals"))


def query(ctx: Context, node: exp.Expr, outer: Scope) -> Query:
    """One SELECT for each number of keys, and all their rows in the order of the keys."""
    plain = node.copy()
    nodes = plain.args["group"].expressions
    if plain.args.get("order") or plain.args.get("distinct") or any(one.is_star for one in plain.expressions):
        raise UnsupportedSQL("WITH ROLLUP beside ORDER BY, DISTINCT or *", "put it into a subselect")
    plain.set("group", exp.Group(expressions=nodes))
    plain.set("limit", None)
    plain.set("offset", None)
    width, count = len(plain.expressions), len(nodes)
    levels = [_level(ctx, plain, outer, rolled=rolled) for rolled in range(count + 1)]
    columns = levels[0].columns[:width]
    rows = " UNION ALL ".join(f"SELECT * FROM ({one.text}) AS q" for one in levels)
    names = ", ".join(ctx.target.quoted(one.column) for one in columns)
    ascending = exp.Ordered(this=exp.Null())
    keys = [
        sort_key(ctx, ctx.target.quoted(f"{name}{place}"), ascending, Scope())
        for place in range(count)
        for name in (_IS_SUM, _KEY)
    ]
    text = f"SELECT {names} FROM ({rows}) AS q ORDER BY {', '.join(keys)}{limit_text(ctx, node, outer)}"
    return Query(text, columns)


def _level(ctx: Context, plain: exp.Expr, outer: Scope, *, rolled: int) -> Query:
    """The rows with the last `rolled` keys summed over, and what to sort them by."""
    node = plain.copy()
    keys = node.args["group"].expressions
    listed = {one.alias.lower(): one.this for one in node.expressions if isinstance(one, exp.Alias)}
    items = [one.unalias() for one in node.expressions]
    for place, key in enumerate(keys):
        if isinstance(key, exp.Literal) and str(key.this).isdigit() and 0 < int(key.this) <= len(items):
            what = items[int(key.this) - 1]
        elif isinstance(key, exp.Column) and not key.args.get("table"):
            what = listed.get(key.name.lower(), key)
        else:
            what = key
        node.append("expressions", exp.alias_(what.copy(), f"{_KEY}{place}", quoted=True))
        is_sum = exp.Literal.number(int(place >= len(keys) - rolled))
        node.append("expressions", exp.alias_(is_sum, f"{_IS_SUM}{place}", quoted=True))
    return Select(ctx, node, outer, rolled=rolled).query()
