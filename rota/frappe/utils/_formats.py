"""Dates, times and durations as people read them, in the user's language and format."""

from __future__ import annotations

import datetime
import re
from typing import Any, Literal

from rota.frappe.utils import _settings
from rota.frappe.utils._dates import get_datetime, get_time, getdate, now_datetime
from rota.frappe.utils._numbers import cint
from rota.frappe.utils._settings import translate as _

Width = Literal["full", "long", "medium", "short"]

DURATION_PATTERN = re.compile(r"(?:(\d+)d)?(?:(?:^|\s)(\d+)h)?(?:(?:^|\s)(\d+)m)?(?:(?:^|\s)(\d+)s)?")


def _babel() -> Any:
    from babel import dates  # takes 60 ms, and most jobs show no date to anybody

    return dates


def _locale() -> Any:
    from babel import Locale, UnknownLocaleError  # as above

    try:
        return Locale.parse(_settings.language().replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def get_user_date_format() -> str:
    """How the user has dates written, as in `dd-mm-yyyy`."""
    return str(_settings.system_setting("date_format"))


get_user_format = get_user_date_format


def get_user_time_format() -> str:
    """How the user has times written, as in `HH:mm:ss`."""
    return str(_settings.system_setting("time_format"))


def _pattern(format_string: str) -> str:
    # The site's formats write the month as mm, which is the minute in Unicode's patterns.
    return format_string.replace("mm", "MM").replace("Y", "y")


def format_date(string_date: Any = None, format_string: str | None = None, parse_day_first: bool = False) -> str:
    """The date in this format, else in the user's; "" for nothing.

    Formats are the site's (`dd-mm-yyyy`), Unicode's patterns (`d MMMM YYYY`) or the names of widths (`long`).

    Raises:
        ValidationError: a text that is no date.
    """
    date = getdate(string_date, parse_day_first) if string_date else None
    if date is None:
        return ""
    return str(_babel().format_date(date, _pattern(format_string or get_user_date_format()), locale=_locale()))


formatdate = format_date


def format_time(time_string: Any = None, format_string: str | None = None) -> str:
    """The time of day in this format, else in the user's; "" for nothing.

    Raises:
        ValueError: a text that names no time.
    """
    if not time_string and not isinstance(time_string, (datetime.time, datetime.timedelta)):
        return ""
    return str(_babel().format_time(get_time(time_string), format_string or get_user_time_format(), locale=_locale()))


def format_datetime(datetime_string: Any, format_string: str | None = None) -> str:
    """The moment in this format, else in the user's; "" for nothing.

    Raises:
        ValueError: a text that is no date.
    """
    moment = get_datetime(datetime_string) if datetime_string else None
    if moment is None:
        return ""
    pattern = format_string or f"{_pattern(get_user_date_format())} {get_user_time_format()}"
    return str(_babel().format_datetime(moment, pattern, locale=_locale()))


def global_date_format(date: Any, format: Width = "long") -> str:
    """The date as the user's language writes it: January 1, 2012."""
    return str(_babel().format_date(getdate(date), format, locale=_locale()))


def pretty_date(iso_datetime: Any, mini: bool = False) -> str:
    """How long ago or ahead it is, in the user's language: 3 minutes ago, in 2 days; "" for nothing.

    With `mini`, narrow and without a direction: 3m.
    """
    moment = get_datetime(iso_datetime) if iso_datetime else None
    if moment is None:
        return ""
    width = "narrow" if mini else "long"
    return str(
        _babel().format_timedelta(moment - now_datetime(), add_direction=not mini, format=width, locale=_locale())
    )


def format_duration(seconds: Any, hide_days: bool = False) -> str:
    """The seconds as `1d 3h 34m 45s`, parts of zero left out; days count as hours with `hide_days`."""
    minutes, second = divmod(cint(seconds), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = (0, hours) if hide_days else divmod(hours, 24)
    parts = ((days, "d"), (hour, "h"), (minute, "m"), (second, "s"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count)


def validate_duration_format(duration: str) -> None:
    """Check that this is a duration such as `1d 3h 34m 45s`.

    Raises:
        ValidationError: it is not.
    """
    if not DURATION_PATTERN.fullmatch(duration):
        _settings.throw(_("Value {0} must be in the valid duration format: d h m s").format(duration))


def duration_to_seconds(duration: str) -> int:
    """The seconds of a duration such as `1d 3h 34m 45s`.

    Raises:
        ValidationError: it is no duration.
    """
    validate_duration_format(duration)
    match = DURATION_PATTERN.fullmatch(duration)
    counts = match.groups() if match else ()
    return sum(cint(count) * unit for count, unit in zip(counts, (86400, 3600, 60, 1), strict=False))


def format_timedelta(o: Any) -> str:
    """The timedelta, or the seconds, as `H:MM:SS`, with hours beyond 24 and microseconds where there are any."""
    total = o if isinstance(o, datetime.timedelta) else datetime.timedelta(seconds=cint(o))
    minutes, rest = divmod(total, datetime.timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    seconds = rest.total_seconds()
    shown = f"{int(seconds):02}" if seconds == int(seconds) else f"{round(seconds, 6):02}"
    return f"{hours}:{minutes:02}:{shown}"


DAYS_FIRST = ("%d-%m-%Y", "%m-%d-%Y", "%Y-%m-%d", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d")
DATE_FORMATS = (
    "%d/%b/%y",
    *DAYS_FIRST,
    "%y-%b-%d",
    *(shape.replace("-", "/") for shape in DAYS_FIRST),
    *(shape.replace("-", ".") for shape in DAYS_FIRST),
    "%d %b %Y",
    "%d %B %Y",
)
TIME_FORMATS = ("%H:%M:%S.%f", "%H:%M:%S", "%H:%M", "%I:%M:%S.%f %p", "%I:%M:%S %p", "%I:%M %p")


def _first_that_fits(text: str, formats: tuple[str, ...]) -> str | None:
    for shape in formats:
        try:
            datetime.datetime.strptime(text, shape)
        except ValueError:
            continue
        return shape
    return None


def guess_date_format(date_string: str) -> str | None:
    """The `strptime` format of a date, a time or both with a space between; None where none fits.

    Where several fit, the day comes before the month.
    """
    text = date_string.strip()
    whole = _first_that_fits(text, DATE_FORMATS) or _first_that_fits(text, TIME_FORMATS)
    if whole:
        return whole
    date, _space, time = text.partition(" ")
    date_format, time_format = _first_that_fits(date, DATE_FORMATS), _first_that_fits(time, TIME_FORMATS)
    return f"{date_format} {time_format}" if date_format and time_format else None
