"""Values on their way in, and rows on their way out with the Python types that MariaDB's driver gives in Frappe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from rota.db.mariadb.context import Bound
from rota.db.mariadb.types import Kind, Type
from rota.db.mariadb.values import coerced, to_datetime, to_span


def bound_value(bound: Bound, values: Mapping[str, Any], dialect: str) -> Any:
    """One parameter's value in the form that its place in the statement wants."""
    value = values[bound.source]
    for step in bound.path:
        value = value[step]
    if bound.form and bound.form != "list":
        value = coerced(value, bound.form, dialect)
    if dialect != "sqlite":
        return value
    if isinstance(value, list):
        return json.dumps([float(one) if isinstance(one, Decimal) else one for one in value])
    return float(value) if isinstance(value, Decimal) else value


Read = Callable[[Any], Any]


def reader(kind: Type | None) -> Read | None:
    """What makes a value of this type what MariaDB's driver would have made it; None where it is that already."""
    if kind is None:
        return _loose
    if kind.kind is Kind.DECIMAL or (kind.kind is Kind.DOUBLE and kind.digits):
        quantum = Decimal(1).scaleb(-kind.digits)
        return lambda value: _rounded(value, quantum)
    return _READERS[kind.kind]


def _rounded(value: Any, quantum: Decimal) -> float:
    # MariaDB's decimals are exact, with so many places; SQLite's are doubles.
    try:
        exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
        return float(exact.quantize(quantum, ROUND_HALF_UP))
    except InvalidOperation:
        return float(value)


def _loose(value: Any) -> Any:
    """A value whose type nobody knows: only what no driver of MariaDB's would give is changed."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bool):
        return int(value)
    return _span(value) if isinstance(value, time) else value


def _integer(value: Any) -> Any:
    return value if type(value) is int else int(value)


def _text(value: Any) -> Any:
    return value if isinstance(value, str) else str(value)


def _date(value: Any) -> Any:
    if isinstance(value, str):
        moment = to_datetime(value)
        return moment.date() if moment else value
    return value.date() if isinstance(value, datetime) else value


def _datetime(value: Any) -> Any:
    if isinstance(value, str):
        return to_datetime(value) or value
    return datetime.combine(value, time()) if type(value) is date else value


def _span(value: Any) -> Any:
    if isinstance(value, str):
        span = to_span(value)
        return value if span is None else span
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    return value


_READERS: dict[Kind, Read | None] = {
    Kind.NULL: None,
    Kind.INT: _integer,
    Kind.BOOL: _integer,
    Kind.DOUBLE: float,
    Kind.TEXT: _text,
    Kind.DATE: _date,
    Kind.DATETIME: _datetime,
    Kind.TIME: _span,
    Kind.UNKNOWN: _loose,
}
