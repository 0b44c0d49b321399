"""Dates in the user's format, and the periods of charts: `frappe.utils.dateutils`."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from rota.frappe.utils._dates import DATE_FORMAT, add_to_date, get_datetime, getdate
from rota.frappe.utils._formats import formatdate, get_user_date_format
from rota.frappe.utils._periods import (
    MONTHS,
    get_first_day,
    get_first_day_of_week,
    get_last_day,
    get_last_day_of_week,
    get_quarter_ending,
    get_quarter_start,
    get_year_ending,
    get_year_start,
)

# The site's formats, each with the one of `strptime`.
dateformats = {
    "yyyy-mm-dd": "%Y-%m-%d",
    "mm/dd/yyyy": "%m/%d/%Y",
    "mm-dd-yyyy": "%m-%d-%Y",
    "mm/dd/yy": "%m/%d/%y",
    "dd-mmm-yyyy": "%d-%b-%Y",
    "dd/mm/yyyy": "%d/%m/%Y",
    "dd.mm.yyyy": "%d.%m.%Y",
    "dd.mm.yy": "%d.%m.%y",
    "dd-mm-yyyy": "%d-%m-%Y",
    "dd/mm/yy": "%d/%m/%y",
}

STEPS: dict[str, dict[str, Any]] = {
    "Daily": {"days": 1},
    "Weekly": {"days": 7},
    "Monthly": {"months": 1},
    "Quarterly": {"months": 3},
    "Yearly": {"years": 1},
}
SPANS: dict[str, dict[str, Any]] = {
    "Last Week": {"days": -7},
    "Last Month": {"months": -1},
    "Last Quarter": {"months": -3},
    "Last Year": {"years": -1},
    "All Time": {"years": -50},
}
BEGINNINGS: dict[str, Callable[[Any], Any]] = {
    "Daily": getdate,
    "Weekly": get_first_day_of_week,
    "Monthly": get_first_day,
    "Quarterly": get_quarter_start,
    "Yearly": get_year_start,
}
ENDINGS: dict[str, Callable[[Any], Any]] = {
    "Daily": getdate,
    "Weekly": get_last_day_of_week,
    "Monthly": get_last_day,
    "Quarterly": get_quarter_ending,
    "Yearly": get_year_ending,
}


def user_to_str(date: str, date_format: str | None = None) -> str:
    """The date, written in this format or the user's, as `YYYY-MM-DD`; nothing stays as it is.

    Raises:
        ValueError: it is not written so.
    """
    if not date:
        return date
    shape = date_format or get_user_date_format()
    try:
        return datetime.datetime.strptime(date, dateformats[shape]).strftime(DATE_FORMAT)
    except ValueError:
        raise ValueError(f"Date {date} must be in format {shape}") from None


def parse_date(date: str) -> str:
    """The date as `YYYY-MM-DD`, whichever of the formats it is written in; the user's is tried first.

    Raises:
        ValueError: it is written in none of them.
    """
    text = date.partition(" ")[0]
    user_format = get_user_date_format()
    # Of those that differ only in what comes first, that goes first which is like the user's own.
    others = sorted(dateformats, reverse=not user_format.startswith("dd"))
    for shape in (user_format, *others):
        try:
            return user_to_str(text, shape)
        except ValueError:
            continue
    raise ValueError(f"Cannot understand date - '{text}'. Try formatting it like your default format - '{user_format}'")


def datetime_in_user_format(date_time: Any) -> str:
    """The date in the user's format and the hours and minutes; "" for nothing."""
    if not date_time:
        return ""
    moment = get_datetime(date_time)
    return f"{formatdate(moment.date())} {moment:%H:%M}"


def get_period_beginning(date: Any, timegrain: str, as_str: bool = True) -> Any:
    """The first day of the day, week, month, quarter or year. `as_str` is taken and ignored."""
    return BEGINNINGS[timegrain](date)


def get_period_ending(date: Any, timegrain: str) -> Any:
    """The last day of the day, week, month, quarter or year."""
    return ENDINGS[timegrain](date)


def get_dates_from_timegrain(from_date: Any, to_date: Any, timegrain: str = "Daily") -> list[Any]:
    """The last day of every period, from the one of `from_date` to the one of `to_date`."""
    last = getdate(to_date)
    dates = [get_period_ending(getdate(from_date), timegrain)]
    while dates[-1] < last:
        dates.append(get_period_ending(add_to_date(dates[-1], **STEPS[timegrain]), timegrain))
    return dates


def get_from_date_from_timespan(to_date: Any, timespan: str) -> Any:
    """Where a span such as `Last Month` begins that ends with this date, in the type that it came in."""
    return add_to_date(to_date, **SPANS.get(timespan, {}), as_datetime=True)


def get_period(date: Any, interval: str = "Monthly") -> str:
    """How a chart names the period: 29-02-24, Feb 2024, Quarter 1 2024, 2024."""
    day = getdate(date)
    names = {
        "Monthly": f"{MONTHS[day.month - 1][:3]} {day.year}",
        "Quarterly": f"Quarter {(day.month - 1) // 3 + 1} {day.year}",
        "Yearly": str(day.year),
    }
    return names.get(interval) or str(day.strftime("%d-%m-%y"))
