"""Whether values are the same once stored, and which rows a `get` with filters picks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from rota.documents.fieldtypes import NUMBERS, Kind
from rota.documents.values import to_datetime, to_float, to_int, to_time


class Readable(Protocol):
    """Something with values by name."""

    def get(self, key: str) -> Any: ...


def as_number(value: Any, kind: Kind) -> Any:
    """The value as the number that a column of this kind keeps."""
    if kind is Kind.FLOAT:
        return to_float(value)
    number = to_int(value)
    return number if kind is Kind.INT else int(bool(number))


def picks(row: Readable, filters: Mapping[str, Any]) -> bool:
    """Whether a row has these values; a value may be `[operator, value]`, or a list of which one is wanted."""
    for key, wanted in filters.items():
        value = row.get(key)
        if (
            isinstance(wanted, (list, tuple))
            and len(wanted) == 2
            and isinstance(wanted[0], str)
            and wanted[0] in _TESTS
        ):
            if not _TESTS[wanted[0]](value, wanted[1]):
                return False
        elif isinstance(wanted, (list, tuple, set)):
            if value not in wanted:
                return False
        elif wanted is True or wanted is False:
            if bool(value) is not wanted:
                return False
        elif value != wanted:
            return False
    return True


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "!=": lambda value, wanted: value != wanted,
    ">": lambda value, wanted: value is not None and value > wanted,
    "<": lambda value, wanted: value is not None and value < wanted,
    ">=": lambda value, wanted: value is not None and value >= wanted,
    "<=": lambda value, wanted: value is not None and value <= wanted,
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    "is": lambda value, wanted: bool(value) is (wanted != "not set"),
    "like": lambda value, wanted: wanted.strip("%").lower() in str(value or "").lower(),
}


def same_value(kind: Kind, one: Any, other: Any) -> bool:
    """Whether two values of a field are the same once stored."""
    if one == other:
        return True
    if kind in NUMBERS:
        return bool(as_number(one, kind) == as_number(other, kind))
    if one in (None, "") or other in (None, ""):
        return one in (None, "") and other in (None, "")
    if kind in (Kind.DATE, Kind.DATETIME):
        first, second = to_datetime(one), to_datetime(other)
        return (first and first.date()) == (second and second.date()) if kind is Kind.DATE else first == second
    if kind is Kind.TIME:
        return to_time(one) == to_time(other)
    return str(one) == str(other)
