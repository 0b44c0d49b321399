"""MariaDB's functions of dates and times, in Python, for SQLite; see `values.py` for the texts that stand for them."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rota.db.mariadb.formats import DAYS, MONTHS, date_format, read_by_format, week, yearweek
from rota.db.mariadb.values import datetime_text, parsed_moment, span_text, to_datetime, to_span

_DAY_UNITS = {"DAY": 1, "WEEK": 7}
_MONTH_UNITS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_SECOND_UNITS = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}


def _moment(text: Any) -> datetime | None:
    return to_datetime(str(text))


def _with_moment(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with its first argument as a datetime; NULL when it is none."""

    def call(text: Any, *rest: Any) -> Any:
        moment = _moment(text)
        return None if moment is None else function(moment, *rest)

    return call


def _moved(moment: datetime, amount: float, unit: str) -> datetime:
    if unit in _MONTH_UNITS:
        months = moment.year * 12 + moment.month - 1 + int(amount) * _MONTH_UNITS[unit]
        year, month = divmod(months, 12)
        return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))
    if unit in _DAY_UNITS:
        return moment + timedelta(days=int(amount) * _DAY_UNITS[unit])
    if unit == "MICROSECOND":
        return moment + timedelta(microseconds=int(amount))
    exact = Decimal(repr(amount)) * _SECOND_UNITS[unit] * 1_000_000
    return moment + timedelta(microseconds=int(exact))


def _shift(text: str, amount: float, unit: str) -> str | None:
    """Typed: a date moved by days stays a date, all else is a datetime, or a time."""
    if ":" in text and "-" not in text.lstrip("-"):
        span = to_span(text)
        base = datetime(2000, 1, 1)  # noqa: DTZ001
        return None if span is None else span_text(span + (_moved(base, amount, unit) - base))
    moment = _moment(text)
    try:
        moved = _moved(moment, amount, unit) if moment else None
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None
    if moved is None:
        return None
    return (
        moved.date().isoformat() if len(text) == 10 and unit in (*_DAY_UNITS, *_MONTH_UNITS) else datetime_text(moved)
    )


def _shift_text(text: str, amount: float, unit: str) -> str | None:
    """Untyped: the text of a date or datetime, as MariaDB writes it."""
    moment, has_time = parsed_moment(text)
    if moment is None:
        return None
    moved = _shift(datetime_text(moment) if has_time else moment.date().isoformat(), amount, unit)
    return None if moved is None else moved.removesuffix(".000000")


def _timestampdiff(unit: str, first: str, second: str) -> int | None:
    start, end = _moment(first), _moment(second)
    if start is None or end is None:
        return None
    if unit in _MONTH_UNITS:
        sign, early, late = (1, start, end) if start <= end else (-1, end, start)
        months = (late.year - early.year) * 12 + late.month - early.month
        if (late.day, late.time()) < (early.day, early.time()):
            months -= 1
        return sign * (months // _MONTH_UNITS[unit])
    micros = (end - start) // timedelta(microseconds=1)
    size = 1 if unit == "MICROSECOND" else 1_000_000 * (_SECOND_UNITS.get(unit) or _DAY_UNITS[unit] * 86400)
    return micros // size if micros >= 0 else -(-micros // size)


def _timediff(first: str, second: str) -> str | None:
    if "-" in first.lstrip("-"):
        start, end = _moment(first), _moment(second)
        return span_text(start - end) if start and end else None
    left, right = to_span(first), to_span(second)
    return None if left is None or right is None else span_text(left - right)


def _add_time(text: str, span: str, sign: int) -> str | None:
    moved = to_span(span)
    if moved is None:
        return None
    if "-" in text.lstrip("-"):
        moment = _moment(text)
        return datetime_text(moment + moved * sign) if moment else None
    base = to_span(text)
    return None if base is None else span_text(base + moved * sign)


def _time(text: Any) -> str | None:
    span = to_span(str(text))
    return None if span is None else span_text(span)


def _time_text(text: str, digits: int) -> str:
    return text if digits else text.partition(".")[0]


def _digits(text: str, digits: int) -> float:
    """A moment as the number YYYYMMDDHHMMSS."""
    plain = text if digits else text.partition(".")[0]
    number = "".join(one for one in plain if one.isdigit() or one == ".")
    return float(number) if digits else int(number)


def _span_part(size: int, wrap: int) -> Callable[[str], int | None]:
    def part(text: str) -> int | None:
        if "-" in text.lstrip("-"):
            text = text[11:] or "00:00:00"
        span = to_span(text)
        return None if span is None else int(abs(span).total_seconds()) // size % wrap

    return part


def _microsecond(text: str) -> int:
    return int(text.partition(".")[2].ljust(6, "0") or 0)


def _makedate(year: int, day: int) -> str | None:
    if day < 1:
        return None
    year += 2000 if year < 70 else 1900 if year < 100 else 0
    return (date(int(year), 1, 1) + timedelta(days=int(day) - 1)).isoformat()


def _maketime(hours: int, minutes: int, seconds: float) -> str | None:
    if not (0 <= minutes < 60 and 0 <= seconds < 60):
        return None
    return span_text(timedelta(hours=int(hours), minutes=int(minutes), seconds=seconds))


def _unix_timestamp(text: str, zone: str) -> float | None:
    moment = _moment(text)
    if moment is None:
        return None
    seconds = moment.replace(tzinfo=ZoneInfo(zone)).timestamp()
    return int(seconds) if seconds.is_integer() else seconds


def _from_unixtime(seconds: float, zone: str) -> str:
    return datetime_text(datetime.fromtimestamp(seconds, UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None))


def _time_format(text: str, pattern: str) -> str | None:
    span = to_span(text)
    return None if span is None else date_format(datetime(2000, 1, 1) + span, pattern)  # noqa: DTZ001


def _last_day(moment: datetime) -> str:
    return moment.replace(day=calendar.monthrange(moment.year, moment.month)[1]).date().isoformat()


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "date": _with_moment(lambda moment: moment.date().isoformat()),
    "datetime": _with_moment(datetime_text),
    "time": _time,
    "time_text": _time_text,
    "digits": _digits,
    "whole_seconds": lambda text: text.partition(".")[0] + ".000000",
    "shift": _shift,
    "shift_text": _shift_text,
    "timestampdiff": _timestampdiff,
    "timediff": _timediff,
    "add_time": _add_time,
    "hour": _span_part(3600, 1000),
    "minute": _span_part(60, 60),
    "second": _span_part(1, 60),
    "microsecond": _microsecond,
    "week": _with_moment(lambda moment, mode=0: week(moment, int(mode))),
    "yearweek": _with_moment(lambda moment, mode=0: yearweek(moment, int(mode))),
    "dayname": _with_moment(lambda moment: DAYS[moment.weekday()]),
    "monthname": _with_moment(lambda moment: MONTHS[moment.month - 1]),
    "last_day": _with_moment(_last_day),
    "date_format": _with_moment(date_format),
    "time_format": _time_format,
    "str_to_date": read_by_format,
    "makedate": _makedate,
    "maketime": _maketime,
    "sec_to_time": lambda seconds: span_text(timedelta(microseconds=round(seconds * 1_000_000))),
    "time_to_sec": lambda text: (to_span(text) or timedelta()).total_seconds(),
    "unix_timestamp": _unix_timestamp,
    "from_unixtime": _from_unixtime,
}
