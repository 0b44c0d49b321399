"""Text as dates, times and numbers by MariaDB's rules, and each database's way of holding them.

MariaDB converts a constant before it compares it with a column. So does this, in Python, that the column's index stays
in use. SQLite holds dates as `YYYY-MM-DD`, datetimes as `YYYY-MM-DD HH:MM:SS.ffffff`, times as `HH:MM:SS.ffffff`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from rota.errors import DataError

_DATETIME = re.compile(
    r"\s*(\d{4}|\d{2})[^\w\s](\d{1,2})[^\w\s](\d{1,2})"
    r"(?:[T\s]+(\d{1,2})(?:[^\w\s](\d{1,2})(?:[^\w\s](\d{1,2})(?:\.(\d+))?)?)?)?\s*(?P<rest>.*)\Z",
    re.S,
)
_COMPACT = re.compile(r"\s*(\d{14}|\d{12}|\d{8}|\d{6})(?:\.(\d+))?\s*(?P<rest>.*)\Z", re.S)
_CLOCK = re.compile(r"\s*(-?)(?:(\d+) )?(\d+)(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?\s*\Z")
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)")
_LONGEST = timedelta(hours=838, minutes=59, seconds=59)
ZERO = "0000-00-00"


def to_datetime(text: str) -> datetime | None:
    """The moment that `text` names, or None."""
    return parsed_moment(text)[0]


def parsed_moment(text: str) -> tuple[datetime | None, bool]:
    """The moment that `text` names, or None; and whether it says a time of day."""
    if len(text) in (10, 19, 26) and text[4] == "-" and text[5].isdigit():  # as databases write it: the quick way
        try:
            return datetime.fromisoformat(text), len(text) > 10
        except ValueError:
            pass  # a form that only the patterns below know, as 2024-1-5 or 2024/01/31
    found = _DATETIME.match(text)
    if found:
        year, month, day, hour, minute, second, fraction = found.groups()[:7]
    else:
        found = _COMPACT.match(text)
        if not found:
            return None, False
        digits, fraction = found.group(1), found.group(2)
        cut = 4 if len(digits) in (8, 14) else 2
        year, rest = digits[:cut], digits[cut:]
        month, day, hour, minute, second = (rest[i : i + 2] or None for i in range(0, 10, 2))
    try:
        moment = datetime(  # noqa: DTZ001 - MariaDB's datetimes have no zone
            _year(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), _micros(fraction)
        )
    except ValueError:
        return None, False
    return moment, hour is not None


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else int(digits) + (2000 if int(digits) < 70 else 1900)


def _micros(fraction: str | None) -> int:
    return int((fraction or "")[:6].ljust(6, "0"))


def to_span(text: str) -> timedelta | None:
    """The time (a span of up to 838:59:59, maybe negative) that `text` names, or None."""
    moment, has_time = parsed_moment(text) if _DATETIME.match(text) else (None, False)
    if moment and has_time:
        return moment - datetime.combine(moment, datetime.min.time())
    found = _CLOCK.match(text)
    if not found:
        return None
    sign, days, first, minutes, seconds, fraction = found.groups()
    if minutes is None and days is None:  # 'HHMMSS' without colons
        first = first.rjust(6, "0")
        hours, minutes, seconds = first[:-4], first[-4:-2], first[-2:]
    else:
        hours = first
    if int(minutes or 0) > 59 or int(seconds or 0) > 59:
        return None
    span = timedelta(
        days=int(days or 0),
        hours=int(hours),
        minutes=int(minutes or 0),
        seconds=int(seconds or 0),
        microseconds=_micros(fraction),
    )
    return -min(span, _LONGEST) if sign else min(span, _LONGEST)


def to_number(text: str) -> int | float:
    """The number that `text` begins with; 0 when it begins with none."""
    found = _NUMBER.match(text)
    if not found:
        return 0
    digits = found.group(1)
    return int(digits) if re.fullmatch(r"[+-]?\d+", digits) else float(digits)


def datetime_text(moment: datetime) -> str:
    """As SQLite holds a datetime."""
    return moment.isoformat(" ", "microseconds")


def span_text(span: timedelta) -> str:
    """As SQLite holds a time."""
    sign, span = ("-", -span) if span < timedelta(0) else ("", span)
    seconds = span.days * 86400 + span.seconds
    return f"{sign}{seconds // 3600:02}:{seconds % 3600 // 60:02}:{seconds % 60:02}.{span.microseconds:06}"


def coerced(value: Any, form: str, dialect: str) -> Any:
    """`value` as the database compares or holds it.

    `form`: `moment` and `day` to compare with a datetime and a date, `span` with a time, `number` with a number;
    `calendar`, `instant` and `clock` for a function's argument, None when it is none; and `date`, `datetime`, `time`,
    `integer`, `decimal` to put it into a column, which refuses what does not fit.

    Raises:
        DataError: the column can't hold it.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return [coerced(item, form, dialect) for item in value]
    return _FORMS[form](value, dialect == "sqlite")


def _moment(value: Any, sqlite: bool) -> Any:
    moment = to_datetime(str(value))
    if moment is None:
        # What is no date compares as MariaDB's zero date: before every date there is.
        return ZERO if sqlite else "-infinity"
    return datetime_text(moment) if sqlite else moment


def _day(value: Any, sqlite: bool) -> Any:
    moment = to_datetime(str(value))
    if moment is None or not sqlite:
        return _moment(value, sqlite)
    # A date is a prefix of its midnight, so dates compare rightly with moments as text, save with midnight itself.
    return moment.date().isoformat() if moment.time() == datetime.min.time() else datetime_text(moment)


def _span(value: Any, sqlite: bool) -> Any:
    span = to_span(str(value)) or timedelta(0)
    return span_text(span) if sqlite else span


def _calendar(value: Any, sqlite: bool) -> Any:
    return _stored_date(value, sqlite) if to_datetime(str(value)) else None


def _instant(value: Any, sqlite: bool) -> Any:
    return _moment(value, sqlite) if to_datetime(str(value)) else None


def _clock(value: Any, sqlite: bool) -> Any:
    return None if to_span(str(value)) is None else _span(value, sqlite)


def _number(value: Any, sqlite: bool) -> Any:
    return to_number(value) if isinstance(value, str) else value


def _stored_date(value: Any, sqlite: bool) -> Any:
    moment = to_datetime(str(value))
    if moment is None:
        raise DataError(f"{value!r} is not a date: write it as YYYY-MM-DD")
    return moment.date().isoformat() if sqlite else moment.date()


def _stored_datetime(value: Any, sqlite: bool) -> Any:
    if to_datetime(str(value)) is None:
        raise DataError(f"{value!r} is not a date and time: write it as YYYY-MM-DD HH:MM:SS")
    return _moment(value, sqlite)


def _stored_time(value: Any, sqlite: bool) -> Any:
    if to_span(str(value)) is None:
        raise DataError(f"{value!r} is not a time: write it as HH:MM:SS")
    return _span(value, sqlite)


def _stored_number(value: Any, sqlite: bool) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*", value):
            raise DataError(f"{value!r} is not a number")
        return to_number(value)
    return value


def _stored_integer(value: Any, sqlite: bool) -> Any:
    number = _stored_number(value, sqlite)
    return int(number + (0.5 if number >= 0 else -0.5)) if not isinstance(number, int) else number


_FORMS = {
    "moment": _moment,
    "day": _day,
    "span": _span,
    "number": _number,
    "calendar": _calendar,
    "instant": _instant,
    "clock": _clock,
    "date": _stored_date,
    "datetime": _stored_datetime,
    "time": _stored_time,
    "integer": _stored_integer,
    "decimal": _stored_number,
}
