"""The little DDL that apps run by hand; tables and columns are otherwise made from DocTypes."""

# ruff: noqa: S608 - building SQL is what this does: from a tree of known nodes, names quoted, values bound
from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from rota.db.mariadb.context import Context
from rota.db.mariadb.sources import table_name
from rota.errors import UnsupportedSQL

_REMEDY = "declare it in the DocType's JSON and run `rota migrate`"


def statement(ctx: Context, node: exp.Expr) -> str:
    """TRUNCATE, DROP TABLE or INDEX, CREATE INDEX, and ALTER TABLE with one column or index."""
    handle = _HANDLES.get(type(node))
    if handle is None:
        raise UnsupportedSQL(node.key.upper(), "only SELECT, INSERT, REPLACE, UPDATE, DELETE and simple DDL are run")
    return handle(ctx, node)


def _truncate(ctx: Context, node: exp.Expr) -> str:
    if len(node.expressions) != 1:
        raise UnsupportedSQL("TRUNCATE of several tables", "truncate each by itself")
    table = ctx.target.quoted(table_name(node.expressions[0]))
    return f"DELETE FROM {table}" if ctx.is_sqlite else f"TRUNCATE TABLE {table}"


def _drop(ctx: Context, node: exp.Expr) -> str:
    kind, tables = node.args.get("kind"), node.args.get("tables") or [node.this]
    if kind != "TABLE" or len(tables) != 1:
        raise UnsupportedSQL(f"DROP {kind}", "drop tables only, one at a time")
    return f"DROP TABLE {'IF EXISTS ' * bool(node.args.get('exists'))}{ctx.target.quoted(table_name(tables[0]))}"


def _create(ctx: Context, node: exp.Expr) -> str:
    index = node.this
    if node.args.get("kind") != "INDEX" or not isinstance(index, exp.Index):
        raise UnsupportedSQL(f"CREATE {node.args.get('kind')}", _REMEDY)
    columns = [_index_column(one) for one in index.args["params"].args["columns"]]
    return _index_text(ctx, index.args["table"], index.name, columns, unique=bool(node.args.get("unique")))


def _index_column(node: exp.Expr) -> str:
    inner = node.this if isinstance(node, exp.Ordered) else node
    if not isinstance(inner, exp.Column):
        raise UnsupportedSQL("an index on an expression", "index plain columns")
    return inner.name


def _index_text(ctx: Context, table: exp.Expr, name: str, columns: list[str], *, unique: bool) -> str:
    quoted, of = ctx.target.quoted, table_name(table)
    # MariaDB's index names belong to their table, ours to the whole database.
    full = f"{of}_{name or '_'.join(columns)}"
    # NULLs first, so that the index serves MariaDB's order.
    listed = ", ".join(quoted(one) + ("" if ctx.is_sqlite else " NULLS FIRST") for one in columns)
    return f"CREATE {'UNIQUE ' * unique}INDEX IF NOT EXISTS {quoted(full)} ON {quoted(of)} ({listed})"


def _alter(ctx: Context, node: exp.Expr) -> str:
    actions = node.args.get("actions") or []
    if len(actions) != 1:
        raise UnsupportedSQL("ALTER TABLE with several changes", "alter one thing at a time, or " + _REMEDY)
    action, table = actions[0], ctx.target.quoted(table_name(node.this))
    if isinstance(action, exp.Drop) and action.args.get("kind") in (None, "COLUMN"):
        column = action.this or action.args["tables"][0]
        return f"ALTER TABLE {table} DROP COLUMN {ctx.target.quoted(column.name)}"
    if isinstance(action, exp.AddConstraint) and len(action.expressions) == 1:
        constraint = action.expressions[0]
        if isinstance(constraint, exp.IndexColumnConstraint):
            columns = [_index_column(one) for one in constraint.expressions]
            return _index_text(ctx, node.this, constraint.name, columns, unique=False)
    raise UnsupportedSQL(f"ALTER TABLE ... {action.sql('mysql')[:40]}", _REMEDY)


_HANDLES: dict[type, Callable[[Context, exp.Expr], str]] = {
    exp.TruncateTable: _truncate,
    exp.Drop: _drop,
    exp.Create: _create,
    exp.Alter: _alter,
}
