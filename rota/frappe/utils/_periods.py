"""Weeks, months, quarters and years: where they begin and end, and what people call them.

A week begins on the site's `first_day_of_the_week`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from enum import Enum
from typing import Any

from dateutil.relativedelta import relativedelta

from rota.frappe.utils import _settings
from rota.frappe.utils._dates import DATE_FORMAT, get_datetime, getdate, now_datetime


class Weekday(Enum):
    """The days of the week, counted from Sunday."""

    Sunday = 0
    Monday = 1
    Tuesday = 2
    Wednesday = 3
    Thursday = 4
    Friday = 5
    Saturday = 6


def _shaped(date: datetime.date, as_str: bool) -> Any:
    return date.strftime(DATE_FORMAT) if as_str else date


def get_first_day_of_the_week() -> str:
    """The name of the day on which the site's weeks begin."""
    return str(_settings.system_setting("first_day_of_the_week"))


def get_start_of_week_index() -> int:
    """The number of the day on which the site's weeks begin, counted from Sunday as 0."""
    return int(Weekday[get_first_day_of_the_week()].value)


def get_normalized_weekday_index(dt: datetime.date) -> int:
    """The number of the day in its week, counted from Sunday as 0."""
    return (dt.weekday() + 1) % 7


def get_week_start_offset_days(dt: datetime.date) -> int:
    """Days since the site's week began."""
    return (get_normalized_weekday_index(dt) - get_start_of_week_index()) % 7


def get_first_day(dt: Any, d_years: int = 0, d_months: int = 0, as_str: bool = False) -> Any:
    """The first day of the month, so many years and months on."""
    moved = getdate(dt).replace(day=1) + relativedelta(years=d_years, months=d_months)
    return _shaped(moved, as_str)


def get_last_day(dt: Any) -> Any:
    """The last day of the month."""
    return get_first_day(dt, 0, 1) - datetime.timedelta(days=1)


def is_last_day_of_the_month(dt: Any) -> bool:
    """Whether the month ends on this day."""
    return bool(getdate(dt) == get_last_day(dt))


def get_first_day_of_week(dt: Any, as_str: bool = False) -> Any:
    """The first day of the site's week."""
    date = getdate(dt)
    return _shaped(date - datetime.timedelta(days=get_week_start_offset_days(date)), as_str)


def get_last_day_of_week(dt: Any, as_str: bool = False) -> Any:
    """The last day of the site's week."""
    return _shaped(get_first_day_of_week(dt) + datetime.timedelta(days=6), as_str)


def get_quarter_start(dt: Any = None, as_str: bool = False) -> Any:
    """The first day of the quarter of the calendar year."""
    date = getdate(dt)
    return _shaped(date.replace(month=(date.month - 1) // 3 * 3 + 1, day=1), as_str)


def get_quarter_ending(date: Any = None, as_str: bool = False) -> Any:
    """The last day of the quarter of the calendar year."""
    return _shaped(get_last_day(get_first_day(get_quarter_start(date), 0, 2)), as_str)


def get_year_start(dt: Any = None, as_str: bool = False) -> Any:
    """The first day of the calendar year."""
    return _shaped(getdate(dt).replace(month=1, day=1), as_str)


def get_year_ending(date: Any = None, as_str: bool = False) -> Any:
    """The last day of the calendar year."""
    return _shaped(getdate(date).replace(month=12, day=31), as_str)


# Not `calendar.day_name`: that one follows the process's locale, and these are compared with stored values.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def get_weekdays() -> list[str]:
    """The English names of the days, from Monday."""
    return list(WEEKDAYS)


def _moment(value: Any) -> Any:
    return get_datetime(value) if isinstance(value, str) else value or now_datetime()


def get_weekday(datetime: Any = None) -> str:
    """The English name of the day of the week; today's for None."""
    return WEEKDAYS[_moment(datetime).weekday()]


def get_month(datetime: Any = None) -> str:
    """The English name of the month; this month's for None."""
    return MONTHS[_moment(datetime).month - 1]


def _days(first: int, last: int) -> Callable[[datetime.date], tuple[Any, Any]]:
    return lambda today: (today + datetime.timedelta(days=first), today + datetime.timedelta(days=last))


def _span(
    start: Callable[[Any], Any], first: dict[str, int], end: Callable[[Any], Any], last: dict[str, int]
) -> Callable[[datetime.date], tuple[Any, Any]]:
    return lambda today: (start(today + _delta(first)), end(today + _delta(last)))


def _delta(units: dict[str, int]) -> relativedelta:
    steps: dict[str, Any] = dict(units)
    return relativedelta(**steps)


def _periods(name: str, unit: dict[str, int], start: Callable[[Any], Any], end: Callable[[Any], Any]) -> dict[str, Any]:
    return {
        f"{word} {name}": _span(start, moved, end, moved)
        for word, times in (("last", -1), ("this", 0), ("next", 1))
        for moved in ({key: count * times for key, count in unit.items()},)
    }


TIMESPANS: dict[str, Callable[[datetime.date], tuple[Any, Any]]] = {
    "yesterday": _days(-1, -1),
    "today": _days(0, 0),
    "tomorrow": _days(1, 1),
    **{f"last {days} days": _days(-days, 0) for days in (7, 14, 30, 90)},
    **{f"next {days} days": _days(0, days) for days in (7, 14, 30)},
    **_periods("week", {"days": 7}, get_first_day_of_week, get_last_day_of_week),
    **_periods("month", {"months": 1}, get_first_day, get_last_day),
    **_periods("quarter", {"months": 3}, get_quarter_start, get_quarter_ending),
    **_periods("year", {"years": 1}, get_year_start, get_year_ending),
    "last 6 months": _span(get_quarter_start, {"months": -6}, get_quarter_ending, {"months": -3}),
    "next 6 months": _span(get_quarter_start, {"months": 3}, get_quarter_ending, {"months": 6}),
}


def get_timespan_date_range(timespan: str) -> tuple[Any, Any] | None:
    """The first and the last date of what people call `last week`, `this quarter`, `next 6 months`; None if unknown."""
    dates = TIMESPANS.get(timespan.lower())
    return dates(getdate()) if dates else None
