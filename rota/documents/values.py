"""Values between Python and a column: what apps may hand in for a field, and what they get back.

`to_column` gives what a statement binds, the same for both databases but for dates, which are text on SQLite:
`YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS.ffffff`, `HH:MM:SS.ffffff`. `from_column` gives date, datetime, timedelta, int,
float and str.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from rota.documents.fieldtypes import Kind
from rota.errors import ValidationError

_LEADING_NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_CLOCK = re.compile(r"(-?)(\d{1,3}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6}))?)?\s*$")
_NO_DATE = ("", "0000-00-00", "0000-00-00 00:00:00", "0001-01-01", "0001-01-01 00:00:00.000000")
LARGEST_INT = 2**63 - 1


class InvalidValue(ValidationError):
    """A value that its field can't hold."""


def to_int(value: Any) -> int:
    """The value as a whole number; 0 for what is none, as Frappe's `cint`."""
    if type(value) is int:
        return value
    if value is None or value == "":
        return 0
    try:
        number = int(value)
    except (ValueError, TypeError):
        number = int(to_float(value))
    except OverflowError:
        return 0
    return number


def to_float(value: Any) -> float:
    """The value as a number; 0.0 for what is none, as Frappe's `flt`. Thousands may be separated by commas."""
    if type(value) is float:
        return value if math.isfinite(value) else 0.0
    if value is None or value == "":
        return 0.0
    try:
        number = float(value.replace(",", "") if isinstance(value, str) else value)
    except (ValueError, TypeError):
        return 0.0
    except OverflowError:
        raise InvalidValue(f"{str(value)[:40]}... is too large a number") from None
    return number if math.isfinite(number) else 0.0


def leading_number(value: Any) -> float:
    """The number that a text begins with, 0.0 without one: how MariaDB compares text with a number."""
    if isinstance(value, str):
        found = _LEADING_NUMBER.match(value)
        value = found.group() if found else 0
    return to_float(value)


def to_date(value: Any) -> date | None:
    """A date of a date, a datetime or a text; None for nothing.

    Raises:
        InvalidValue: it is no date.
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None:
        return value
    moment = to_datetime(value)
    return moment.date() if moment else None


def to_datetime(value: Any) -> datetime | None:
    """A naive datetime of a datetime, a date or a text; None for nothing.

    Raises:
        InvalidValue: it is none.
    """
    if isinstance(value, datetime):
        return value.replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if value is None or value in _NO_DATE:
        return None
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value.strip()).replace(tzinfo=None)
        except ValueError:
            return _loose_datetime(value)
    raise InvalidValue(f"{value!r} is no date")


def _loose_datetime(value: str) -> datetime:
    # Loaded only when needed: the ISO form, which nearly all values have, does without it.
    from dateutil import parser

    if len(value) > 64:
        raise InvalidValue(f"{value[:40]!r}... is no date")
    try:
        return parser.parse(value).replace(tzinfo=None)
    except (ValueError, OverflowError, TypeError):
        raise InvalidValue(f"{value!r} is no date") from None


def to_time(value: Any) -> timedelta | None:
    """A time of day, or a span of hours, as a timedelta; None for nothing.

    Raises:
        InvalidValue: it is none.
    """
    if value is None or value == "" or isinstance(value, timedelta):
        return value or (None if value == "" else value)
    if isinstance(value, datetime):
        value = value.time()
    if isinstance(value, time):
        return timedelta(hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond)
    if isinstance(value, (int, float)):
        return timedelta(seconds=value)
    found = _CLOCK.search(str(value))
    if not found:
        raise InvalidValue(f"{value!r} is no time of day")
    sign, hours, minutes, seconds, fraction = found.groups()
    span = timedelta(
        hours=int(hours),
        minutes=int(minutes),
        seconds=int(seconds or 0),
        microseconds=int((fraction or "0").ljust(6, "0")),
    )
    return -span if sign else span


def to_text(value: Any) -> str | None:
    """The value as text; None stays."""
    if isinstance(value, str) or value is None:
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, (dict, list)):
        return to_json(value)
    return str(value)


def to_json(value: Any) -> str:
    """The value as JSON text; dates become ISO text, Decimals numbers."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, (set, tuple, frozenset)):
        return list(value)
    return iso(value)


def iso(value: Any) -> Any:
    """Dates and times as text that every date function takes: `YYYY-MM-DD[ HH:MM:SS.ffffff]`, `H:MM:SS`."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    return str(value) if not isinstance(value, (str, int, float, type(None))) else value


def clock_text(span: timedelta) -> str:
    """`HH:MM:SS.ffffff`, which sorts as the time does."""
    sign, span = ("-", -span) if span < timedelta() else ("", span)
    seconds = span.days * 86400 + span.seconds
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}.{span.microseconds:06}"


def _column_int(value: Any) -> int:
    number = to_int(value)
    if abs(number) > LARGEST_INT:
        raise InvalidValue(f"{str(number)[:40]}... is too large a number")
    return number


def _column_text(value: Any) -> str | None:
    if value is None:
        return None
    text = value if type(value) is str else to_text(value)
    if text is not None and "\0" in text:
        # PostgreSQL can't hold it; refused on both, so that a site can move.
        raise InvalidValue("a text holds the character NUL, which no database column can")
    return text


def _sqlite_date(value: Any) -> str | None:
    day = to_date(value)
    return day.isoformat() if day else None


def _sqlite_datetime(value: Any) -> str | None:
    moment = to_datetime(value)
    return moment.isoformat(" ", "microseconds") if moment else None


def _sqlite_time(value: Any) -> str | None:
    span = to_time(value)
    return clock_text(span) if span is not None else None


Converter = Callable[[Any], Any]

_COMMON: dict[Kind, Converter] = {
    Kind.TEXT: _column_text,
    Kind.LONG: _column_text,
    Kind.JSON: _column_text,
    Kind.INT: _column_int,
    Kind.CHECK: lambda value: 1 if to_int(value) else 0,
    Kind.FLOAT: to_float,
}
TO_COLUMN: dict[str, dict[Kind, Converter]] = {
    "sqlite": {
        **_COMMON,
        Kind.DATE: _sqlite_date,
        Kind.DATETIME: _sqlite_datetime,
        Kind.TIME: _sqlite_time,
    },
    "postgresql": {
        **_COMMON,
        Kind.DATE: to_date,
        Kind.DATETIME: to_datetime,
        Kind.TIME: to_time,
    },
}
"""What a statement binds for a value, by dialect and kind. Each raises `InvalidValue` for what the kind can't hold."""


def _read_date(value: Any) -> Any:
    return date.fromisoformat(value[:10]) if isinstance(value, str) and value else value or None


def _read_datetime(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else value or None


def _read_float(value: Any) -> Any:
    return float(value) if value is not None else None


FROM_COLUMN: dict[str, dict[Kind, Converter]] = {
    "sqlite": {Kind.DATE: _read_date, Kind.DATETIME: _read_datetime, Kind.TIME: to_time},
    "postgresql": {Kind.FLOAT: _read_float, Kind.TIME: to_time},
}
"""How a column's value is read, by dialect and kind; a kind that is not named needs nothing."""
