"""One expression by itself, as `get_all` takes it among its fields: names, and calls of functions that do no harm.

Users of the API write these, too: no subselects, nothing that repeats or replaces text, and names come from the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlglot import exp

from rota.db.mariadb import compare
from rota.db.mariadb.aggregates import PLAIN
from rota.db.mariadb.context import Context, Scope, Source
from rota.db.mariadb.expressions import lower
from rota.db.mariadb.library import words
from rota.db.mariadb.parse import MARK, parse
from rota.db.mariadb.queries import query
from rota.db.mariadb.targets import TARGETS
from rota.db.mariadb.translation import Translated
from rota.db.mariadb.types import Kind
from rota.errors import UnsupportedSQL

FUNCTIONS = words(
    """
    NOW CURRENT_TIMESTAMP CURDATE CURRENT_DATE CURTIME CURRENT_TIME UTC_TIMESTAMP DATE TIME TIMESTAMP YEAR QUARTER MONTH
    DAY DAYOFMONTH DAYOFWEEK WEEKDAY DAYOFYEAR WEEK YEARWEEK WEEKOFYEAR DAYNAME MONTHNAME HOUR MINUTE SECOND
    DATEDIFF TIMESTAMPDIFF TIMEDIFF LAST_DAY DATE_FORMAT TIME_FORMAT UNIX_TIMESTAMP FROM_UNIXTIME TO_DAYS
    DATE_ADD DATE_SUB ADDDATE SUBDATE TIME_TO_SEC SEC_TO_TIME
    ABS ROUND FLOOR CEIL CEILING TRUNCATE SIGN MOD GREATEST LEAST NULLIF IFNULL COALESCE
    LEFT RIGHT LENGTH CHAR_LENGTH LTRIM RTRIM SUBSTRING_INDEX CONCAT CONCAT_WS LOWER UPPER LOCATE INSTR FIND_IN_SET
    JSON_EXTRACT JSON_UNQUOTE JSON_VALUE
    """
)
_PARTS = (
    exp.Column, exp.Identifier, exp.Literal, exp.Null, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod,
    exp.Star, exp.Distinct, exp.Order, exp.Ordered, exp.Extract, exp.Interval, exp.Var, exp.Trim, exp.Substring, *PLAIN,
    exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp,
)  # fmt: skip
_UNIT_FIRST = frozenset({"TIMESTAMPDIFF"})


@dataclass(frozen=True, slots=True)
class Field:
    """An expression in the target's SQL, what it gives, whether it sums up rows, and what it binds."""

    sql: str
    kind: Kind
    is_aggregate: bool
    params: Mapping[str, Any]


def translate_field(
    text: str, dialect: str, *, column: Callable[[str], tuple[str, str, str]], now: Callable[[], datetime]
) -> Field:
    """The expression for a database.

    `column` gives for a name as it is written, such as `items.qty`, its table's alias, its own name and its fieldtype,
    or raises; `now` is the site's local time.

    Raises:
        UnsupportedSQL: it is no expression, or has a part that has no place in a field.
    """
    node = _expression(text)
    types: dict[tuple[str, str], str] = {}
    for one in list(node.find_all(exp.Column)):
        if not _is_unit(one):
            _replace(one, column, types)
    scope = Scope([Source(alias, table=alias) for alias in dict.fromkeys(alias for alias, _ in types)])
    target = TARGETS[dialect]
    ctx = Context(target, {}, lambda table, name: types.get((table, name)), lambda table: (), lower, query)
    found = ctx.expr(node, scope)
    found = target.number(found) if found.kind is Kind.BOOL else compare.folded(ctx, found)
    params = Translated("", "read", target.name, ctx.bound).bind({}, now()) if ctx.bound else {}
    return Field(found.text, found.kind, node.find(*PLAIN) is not None, params)


def _expression(text: str) -> exp.Expr:
    tree = parse(f"select {text} as x").tree
    parts = {name for name, value in tree.args.items() if value}
    items = tree.expressions if isinstance(tree, exp.Select) and parts == {"expressions"} else []
    if len(items) != 1 or not isinstance(items[0], exp.Alias):
        raise UnsupportedSQL(f"{text[:60]!r} among fields", "give each field by itself")
    node: exp.Expr = items[0].this
    for one in node.walk():
        name = str(one.this).removeprefix(MARK) if isinstance(one, exp.Anonymous) else ""
        if name.upper() not in FUNCTIONS and not isinstance(one, _PARTS):
            what = f"the function {name}" if name else one.sql("mysql")[:60]
            raise UnsupportedSQL(f"{what} among fields", "use frappe.db.sql, or frappe.qb")
    return node


def _is_unit(node: exp.Expr) -> bool:
    call = node.parent
    is_call = isinstance(call, exp.Anonymous) and str(call.this).removeprefix(MARK).upper() in _UNIT_FIRST
    return is_call and call is not None and call.expressions[0] is node


def _replace(node: exp.Expr, column: Callable[[str], tuple[str, str, str]], types: dict[tuple[str, str], str]) -> None:
    table = node.args["table"].name if node.args.get("table") else ""
    written = f"`{table}`.`{node.name}`" if table.startswith("tab") else f"{table}.{node.name}" if table else node.name
    alias, name, fieldtype = column(written)
    types[alias, name] = fieldtype
    node.set("table", exp.to_identifier(alias, quoted=True))
    node.set("this", exp.to_identifier(name, quoted=True))
