"""One value, whichever database it comes from: what it is, how it is bound, and when it can't be carried over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from rota.documents.fieldtypes import Kind
from rota.documents.values import TO_COLUMN, to_date, to_datetime, to_time
from rota.sites.copying.catalog import Sort

NINE_DIGITS = Decimal("1e-9")


class Uncopyable(ValueError):
    """A value that its column in the other database can't hold as it is."""


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Uncopyable(f"{value!r:.60} is no text")
    if "\0" in value:
        raise Uncopyable("it holds the character NUL")
    return value


def _int(value: Any) -> int:
    if isinstance(value, (int, Decimal)) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    raise Uncopyable(f"{value!r:.60} is no whole number")


def _decimal(value: Any) -> Decimal:
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, (int, Decimal)) or not Decimal(value).is_finite():
        raise Uncopyable(f"{value!r:.60} is no number")
    return Decimal(value).quantize(NINE_DIGITS)


def _float(value: Any) -> float:
    if isinstance(value, (int, float, Decimal)):
        return float(value)
    raise Uncopyable(f"{value!r:.60} is no number")


def _bytes(value: Any) -> bytes:
    if isinstance(value, (bytes, memoryview)):
        return bytes(value)
    raise Uncopyable(f"{value!r:.60} is no bytes")


def _date(value: Any) -> date | None:
    return value if type(value) is date else to_date(_iso(value))


def _datetime(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else to_datetime(_iso(value))


def _time(value: Any) -> timedelta | None:
    return to_time(value)


def _iso(value: Any) -> Any:
    if isinstance(value, str) and value:
        try:
            datetime.fromisoformat(value)
        except ValueError:
            raise Uncopyable(f"{value!r:.60} is no date") from None
    return value


#: What a value is, from whatever a driver gives for a column of this sort; None stays None.
MEANING: dict[Sort, Callable[[Any], Any]] = {
    Sort.TEXT: _text,
    Sort.KEY: _text,
    Sort.INT: _int,
    Sort.DECIMAL: _decimal,
    Sort.FLOAT: _float,
    Sort.BYTES: _bytes,
    Sort.DATE: _date,
    Sort.DATETIME: _datetime,
    Sort.TIME: _time,
}
_KINDS = {Sort.DATE: Kind.DATE, Sort.DATETIME: Kind.DATETIME, Sort.TIME: Kind.TIME}


def binder(sort: Sort, dialect: str) -> Callable[[Any], Any]:
    """What a statement binds for a value of this sort."""
    if sort in _KINDS:
        return TO_COLUMN[dialect][_KINDS[sort]]
    return float if sort is Sort.DECIMAL and dialect == "sqlite" else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def common(source: Sort, target: Sort) -> Sort | None:
    """What values of two columns are compared as; None where one can't become the other."""
    pair = {source, target}
    if len(pair) == 1:
        return source
    if pair == {Sort.TEXT, Sort.KEY}:
        return Sort.KEY
    if pair <= {Sort.FLOAT, Sort.DECIMAL, Sort.INT}:
        return Sort.DECIMAL if Sort.DECIMAL in pair else Sort.FLOAT
    return None
