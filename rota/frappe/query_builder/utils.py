"""Statements made of filters and fields, as `get_all` takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any

from pypika import Order, Table
from pypika.queries import QueryBuilder
from pypika.terms import Criterion, EmptyCriterion, LiteralValue, PseudoColumn

from rota import frappe  # what an app has put there counts
from rota.documents.filters import Condition, Group, as_list, parse
from rota.errors import InvalidFilter
from rota.frappe._missing import missing
from rota.frappe.query_builder.builder import Base, DocType


class DatePart(Enum):
    """What `Extract` takes out of a date."""

    year = "YEAR"
    quarter = "QUARTER"
    month = "MONTH"
    week = "WEEK"
    day = "DAY"
    hour = "HOUR"
    minute = "MINUTE"
    second = "SECOND"
    microsecond = "MICROSECOND"


class db_type_is(Enum):
    """The kinds of database that statements are written for: all are given MariaDB's, translated."""

    MARIADB = "mariadb"
    POSTGRES = "postgres"
    SQLITE = "sqlite"


def get_attr(method_string: str) -> Any:
    """What a dotted path names."""
    return frappe.get_attr(method_string)


def get_query(
    table: str | Table | None = None,
    fields: Any = None,
    filters: Any = None,
    order_by: str | None = None,
    group_by: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    distinct: bool = False,
    for_update: bool = False,
    update: bool = False,
    into: bool = False,
    delete: bool = False,
    start: int | None = None,
    *,
    validate_filters: bool = False,
    skip_locked: bool = False,
    wait: bool = True,
    **_: Any,
) -> Any:
    """A statement over a DocType that may be built on and then `run`: a select unless told otherwise.

    `fields`: names, `name as alias`, `count(name) as n`, `{"COUNT": "name", "as": "n"}`, `*`; by default
    the name alone. Of a link or a table field, `field.other`. Filters compare as SQL does, without rules for NULL.
    """
    if table is None:
        raise InvalidFilter("get_query needs a DocType")
    doctype = table if isinstance(table, str) else str(table._table_name).removeprefix("tab")
    base = DocType(doctype) if isinstance(table, str) else table
    if update:
        return _where(Base.update(base), base, doctype, filters)
    if into:
        return Base.into(base)
    if delete:
        return _where(Base.from_(base).delete(), base, doctype, filters)
    query = _where(Base.from_(base), base, doctype, filters)
    for one in _listed(fields):
        query, term = _term(query, base, doctype, one)
        query = query.select(term)
    for name in _words(group_by):
        query, term = _term(query, base, doctype, name)
        query = query.groupby(term)
    for part in _words(order_by):
        name, _sep, direction = part.rpartition(" ") if part.lower().endswith((" asc", " desc")) else (part, "", "")
        query, term = _term(query, base, doctype, name)
        query = query.orderby(term, order=Order.desc if direction.lower() == "desc" else Order.asc)
    query = query.limit(limit) if limit else query
    query = query.offset(offset or start) if offset or start else query
    query = query.distinct() if distinct else query
    return query.for_update(skip_locked=skip_locked, nowait=not wait) if for_update else query


def _where(query: Any, base: Table, doctype: str, filters: Any) -> Any:
    if isinstance(filters, Criterion):
        return query.where(filters)
    if isinstance(filters, (list, tuple)) and filters and all(isinstance(one, Criterion) for one in filters):
        return query.where(Criterion.all(filters))
    query, criterion = _criterion(query, base, doctype, parse(filters))
    return query if isinstance(criterion, EmptyCriterion) else query.where(criterion)


def _criterion(query: Any, base: Table, doctype: str, part: Condition | Group) -> tuple[Any, Any]:
    if isinstance(part, Condition):
        return _condition(query, base, doctype, part)
    found = []
    for one in part.parts:
        query, criterion = _criterion(query, base, doctype, one)
        found.append(criterion)
    return query, (Criterion.all if part.joiner == "and" else Criterion.any)(found)


def _condition(query: Any, base: Table, doctype: str, one: Condition) -> tuple[Any, Any]:
    if one.doctype and one.doctype != doctype:
        query, table = _child(query, base, doctype, one.doctype)
        field = table[one.field]
    else:
        query, field = _column(query, base, doctype, one.field)
    value = one.value
    if one.operator == "is":
        unset = field.isnull() | (field == "")
        return query, unset if str(value).lower() == "not set" else field.isnotnull() & (field != "")
    if one.operator in ("in", "not in"):
        values = value if isinstance(value, QueryBuilder) else as_list(value) or [""]
        return query, field.isin(values) if one.operator == "in" else field.notin(values)
    if one.operator == "between":
        first, last = value
        return query, field.between(first, last)
    if value is None:
        return query, field.isnull() if one.operator == "=" else field.isnotnull()
    simple: Mapping[str, Any] = {
        "=": lambda: field == value,
        "!=": lambda: field != value,
        ">": lambda: field > value,
        "<": lambda: field < value,
        ">=": lambda: field >= value,
        "<=": lambda: field <= value,
        "like": lambda: field.like(value),
        "not like": lambda: field.not_like(value),
    }
    if one.operator in simple:
        return query, simple[one.operator]()
    # The rest speak of trees and spans of time: which documents they mean, lists know.
    names = frappe.get_all(doctype, filters=[[one.field, one.operator, value]], pluck="name")
    return query, base["name"].isin(names or [""])


def _term(query: Any, base: Table, doctype: str, one: Any) -> tuple[Any, Any]:
    from rota.frappe.query_builder import functions

    if not isinstance(one, (str, Mapping)):
        return query, one
    if isinstance(one, Mapping):
        (name, argument), alias = next((key, value) for key, value in one.items() if key != "as"), one.get("as")
        arguments = argument if isinstance(argument, (list, tuple)) else [argument]
        text = f"{name}({', '.join(str(part) for part in arguments)})"
        return _term(query, base, doctype, f"{text} as {alias}" if alias else text)
    text, _sep, alias = _split_alias(one)
    if text == "*":
        return query, base.star
    if text.endswith(")") and "(" in text:
        function, _sep, inner = text[:-1].partition("(")
        kind = getattr(
            functions, function.strip().title().replace("Ifnull", "IfNull").replace("Nullif", "NullIf"), None
        )
        if kind is None or function.startswith("_"):
            raise InvalidFilter(f"fields take no function {function!r:.40}")
        parts = []
        for piece in inner.split(","):
            query, part = _column_or_value(query, base, doctype, piece.strip())
            parts.append(part)
        term = kind(*parts)
    else:
        query, term = _column(query, base, doctype, text)
    return query, term.as_(alias) if alias else term


def _split_alias(text: str) -> tuple[str, str, str]:
    before, found, after = text.strip().partition(" as ")
    if not found:
        before, found, after = text.strip().partition(" AS ")
    return before.strip(), found, after.strip().strip("`'\"")


def _column_or_value(query: Any, base: Table, doctype: str, text: str) -> tuple[Any, Any]:
    if text == "*":
        return query, base.star
    if text.lstrip("-").isdigit():
        return query, int(text)
    if text[:1] in ("'", '"') and text[-1:] == text[:1]:
        return query, text[1:-1]
    return _column(query, base, doctype, text)


def _column(query: Any, base: Table, doctype: str, name: str) -> tuple[Any, Any]:
    parts = [part.strip().strip("`") for part in name.split(".")]
    if not all(part.replace(" ", "").replace("_", "").isalnum() for part in parts) or len(parts) > 2:
        raise InvalidFilter(f"{name!r:.60} is no field")
    if len(parts) == 1:
        return query, base[parts[0]]
    head, column = parts
    if head.startswith("tab"):
        return (query, base[column]) if head == f"tab{doctype}" else _of_child(query, base, doctype, head[3:], column)
    field = frappe.get_meta(doctype).get_field(head)
    if field is None or not field.options:
        raise InvalidFilter(f"{doctype} has no link or table field {head!r:.60}")
    if field.fieldtype in ("Table", "Table MultiSelect"):
        return _of_child(query, base, doctype, field.options, column)
    linked = DocType(field.options).as_(head)
    if not query.is_joined(linked):
        query = query.left_join(linked).on(linked["name"] == base[head])
    return query, linked[column]


def _of_child(query: Any, base: Table, doctype: str, child: str, column: str) -> tuple[Any, Any]:
    query, table = _child(query, base, doctype, child)
    return query, table[column]


def _child(query: Any, base: Table, doctype: str, child: str) -> tuple[Any, Table]:
    table = DocType(child)
    if not query.is_joined(table):
        query = query.left_join(table).on((table["parent"] == base["name"]) & (table["parenttype"] == doctype))
    return query, table


def _listed(fields: Any) -> Sequence[Any]:
    if fields is None:
        return ["name"]
    return _words(fields) if isinstance(fields, str) else [fields] if isinstance(fields, Mapping) else list(fields)


def _words(text: Any) -> list[str]:
    from rota.documents.expressions import split

    return [] if not text else [one.strip() for one in split(str(text))]


__all__ = [
    "Base",
    "DatePart",
    "LiteralValue",
    "PseudoColumn",
    "db_type_is",
    "get_attr",
    "get_query",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
