"""FROM and its joins: the text, and what names it brings into sight."""

from __future__ import annotations

from sqlglot import exp

from rota.db.mariadb.context import Context, Query, Scope, Source
from rota.errors import UnsupportedSQL

# Tables of the databases themselves, which a document's statement has no business with.
_SYSTEM = ("sqlite_", "pg_", "pragma_", "information_schema")


def source_of_query(name: str, query: Query, names: list[str] | None = None) -> Source:
    """A subselect or CTE as a source; `names` are its columns' names where it was given some."""
    source = Source(name)
    for index, column in enumerate(query.columns):
        if column.name is None:
            source.stars.extend(column.stars)
        else:
            exact = names[index] if names else column.column
            source.columns[exact.lower()] = (exact, column.type)
    return source


def from_text(ctx: Context, node: exp.Expr | None, joins: list[exp.Expr], scope: Scope) -> str:
    """` FROM ...` with its joins, or nothing; the sources are added to `scope`."""
    if node is None:
        return ""
    first = node.this
    if isinstance(first, exp.Table) and first.name.lower() == "dual" and not joins:
        return ""
    return f" FROM {joined(ctx, first, joins, scope)}"


def joined(ctx: Context, first: exp.Expr, joins: list[exp.Expr], scope: Scope) -> str:
    """A table expression and what is joined to it."""
    text = _table(ctx, first, scope)
    for join in [*(first.args.get("joins") or []), *joins]:
        text += _join(ctx, join, scope)
    return text


def _table(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    if isinstance(node, exp.Subquery):
        return _derived(ctx, node, scope)
    if not isinstance(node, exp.Table) or not isinstance(node.this, exp.Identifier):
        raise UnsupportedSQL(f"{node.sql('mysql')[:60]!r} in FROM", "read from tables and subselects only")
    name, alias = table_name(node), node.alias
    cte = scope.cte(name)
    if cte is not None:
        scope.sources.append(Source(alias or name, columns=cte.columns, stars=cte.stars))
    else:
        scope.sources.append(Source(alias or name, table=name))
    quoted = ctx.target.quoted
    return f"{quoted(name)} AS {quoted(alias)}" if alias else quoted(name)


def table_name(node: exp.Expr) -> str:
    """The table that a node names.

    Raises:
        UnsupportedSQL: it is another database's, or the database's own.
    """
    if node.args.get("db") or node.args.get("catalog"):
        raise UnsupportedSQL(f"the table {node.text('db')}.{node.name}", "a statement reads its own site's tables only")
    if node.name.lower().startswith(_SYSTEM):
        raise UnsupportedSQL(f"the table {node.name}", "use frappe.get_meta() and frappe.db.get_table_columns()")
    return node.name


def _derived(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    if isinstance(node.this, exp.Table):  # (a JOIN b ON ...)
        return f"({joined(ctx, node.this, [], scope)})"
    query = ctx.query(ctx, node.this, Scope(parent=scope.parent, ctes=scope.ctes))
    name = node.alias or f"derived{len(scope.sources)}"
    scope.sources.append(source_of_query(name, query))
    return f"({query.text}) AS {ctx.target.quoted(name)}"


def _join(ctx: Context, node: exp.Expr, scope: Scope) -> str:
    side, kind = (node.args.get("side") or "").upper(), (node.args.get("kind") or "").upper()
    method = (node.args.get("method") or "").upper()
    if side == "FULL" or kind not in ("", "INNER", "CROSS", "OUTER", "STRAIGHT_JOIN") or method not in ("", "NATURAL"):
        raise UnsupportedSQL(f"{side or method or kind} JOIN", "use INNER, LEFT, RIGHT or CROSS JOIN")
    before = len(scope.sources)
    right = joined(ctx, node.this, [], scope)
    for source in scope.sources[before:] if side == "LEFT" else scope.sources[:before] if side == "RIGHT" else ():
        source.nullable = True
    words = " ".join(filter(None, (method, side, "JOIN")))
    if node.args.get("using"):
        columns = ", ".join(ctx.target.quoted(column.name) for column in node.args["using"])
        return f" {words} {right} USING ({columns})"
    if node.args.get("on"):
        return f" {words} {right} ON {ctx.target.condition(ctx.expr(node.args['on'], scope))}"
    # CROSS JOIN would tell SQLite's planner in which order to read.
    return f" {words} {right}" if method else f" {'JOIN' if ctx.is_sqlite else 'CROSS JOIN'} {right}"
