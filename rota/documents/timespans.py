"""The spans of days that filters name: `last week`, `this quarter`, `last 30 days`, `previous`/`next` `3 months`."""

from __future__ import annotations

import re
from datetime import date, timedelta

from dateutil.relativedelta import relativedelta

from rota.errors import InvalidFilter

_LAST_DAYS = re.compile(r"(last|next) (\d{1,4}) days?\Z")
_AMOUNT = re.compile(r"(\d{1,3}) (day|week|month|quarter|year)s?\Z")


def timespan(words: str, today: date) -> tuple[date, date]:
    """The first and last day of a named span. Weeks start on Sunday, as in Frappe's default.

    Raises:
        InvalidFilter: no span is called so.
    """
    text = " ".join(str(words).lower().split())
    days = {"yesterday": -1, "today": 0, "tomorrow": 1}
    if text in days:
        day = today + timedelta(days=days[text])
        return day, day
    found = _LAST_DAYS.match(text)
    if found:
        span = timedelta(days=int(found.group(2)))
        return (today - span, today) if found.group(1) == "last" else (today, today + span)
    which, _, unit = text.partition(" ")
    step = {"last": -1, "this": 0, "next": 1}.get(which)
    start = None if step is None else _start(unit, today)
    if step is None or start is None:
        raise InvalidFilter(f"no span of time is called {words!r:.40}; as in 'last week', 'this month', 'last 30 days'")
    length = _LENGTHS[unit]
    if unit == "6 months":
        # The half year before or after this month, not one of the calendar's halves.
        month = today.replace(day=1)
        start = month if step > 0 else month - length
        first = start + relativedelta(months=1) if step > 0 else start
        return first, first + length - timedelta(days=1)
    first = start + length * step
    return first, first + length - timedelta(days=1)


_LENGTHS = {
    "week": relativedelta(weeks=1),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "6 months": relativedelta(months=6),
    "year": relativedelta(years=1),
}


def _start(unit: str, today: date) -> date | None:
    starts = {
        "week": today - timedelta(days=(today.weekday() + 1) % 7),
        "month": today.replace(day=1),
        "quarter": today.replace(month=(today.month - 1) // 3 * 3 + 1, day=1),
        "6 months": today.replace(day=1),
        "year": today.replace(month=1, day=1),
    }
    return starts.get(unit)


def around(operator: str, words: str, today: date) -> tuple[date, date]:
    """The days of `previous` or `next` `1 week`, `3 months`, ..., counted from today.

    Raises:
        InvalidFilter: it is no number of days, weeks, months, quarters or years.
    """
    text = " ".join(str(words).lower().split())
    found = _AMOUNT.match(text)
    if found is None:
        raise InvalidFilter(f"{operator} takes a span as '1 week' or '3 months', not {words!r:.40}")
    number, unit = int(found.group(1)), found.group(2)
    length = {"day": relativedelta(days=1), **_LENGTHS}[unit] * number
    return (today - length, today) if operator == "previous" else (today, today + length)
