"""Dates and times as Frappe's applications pass them round: naive, in the site's time zone, often as text.

What comes back has the type of what went in: a text gives a text, a date a date.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from dateutil import parser
from dateutil.parser import ParserError
from dateutil.relativedelta import relativedelta

from rota.frappe.utils import _settings
from rota.frappe.utils._settings import translate as _

DateTimeLikeObject = str | datetime.date | datetime.datetime

DATE_FORMAT = "%Y-%m-%d"
TIME_FORMAT = "%H:%M:%S.%f"
DATETIME_FORMAT = f"{DATE_FORMAT} {TIME_FORMAT}"

# What databases write for "no date"; dateutil would take the one and refuse the other.
NO_DATES = ("0001-01-01", "0000-00-00")

CLOCK = re.compile(
    r"(?:(?P<days>-?\d+) days?, ?)?(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+(?:\.\d+)?)", re.IGNORECASE
)


def is_invalid_date_string(date_string: Any) -> bool:
    """Whether this is no text, or a text that databases write for "no date"."""
    return not isinstance(date_string, str) or not date_string or date_string.startswith(NO_DATES)


def getdate(string_date: Any = None, parse_day_first: bool = False) -> Any:
    """The date of a date, a datetime or a text; today where it is empty, None for "0000-00-00".

    Raises:
        ValidationError: a text that is no date.
    """
    if not string_date:
        return now_datetime().date()
    if isinstance(string_date, datetime.datetime):
        return string_date.date()
    if isinstance(string_date, datetime.date):
        return string_date
    if is_invalid_date_string(string_date):
        return None
    try:
        return datetime.date.fromisoformat(string_date)
    except ValueError:
        pass
    try:
        return parser.parse(string_date, dayfirst=parse_day_first).date()
    except (ParserError, OverflowError):
        _settings.throw(_("{0} is not a valid date string.").format(string_date), title=_("Invalid Date"))


def get_datetime(datetime_str: Any = None) -> Any:
    """The datetime of a date, a datetime, a text or a sequence of its parts; now for None.

    A timedelta comes back as it is; "0000-00-00" and "" give None.

    Raises:
        ValueError: a text that is no date.
    """
    if datetime_str is None:
        return now_datetime()
    if isinstance(datetime_str, (datetime.datetime, datetime.timedelta)):
        return datetime_str
    if isinstance(datetime_str, (list, tuple)):
        return datetime.datetime(*datetime_str)
    if isinstance(datetime_str, datetime.date):
        return datetime.datetime.combine(datetime_str, datetime.time())
    if is_invalid_date_string(datetime_str):
        return None
    try:
        return datetime.datetime.fromisoformat(datetime_str)
    except ValueError:
        return parser.parse(datetime_str)


def _duration_of(moment: datetime.datetime | datetime.time) -> datetime.timedelta:
    return datetime.timedelta(
        hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
    )


def parse_timedelta(s: str) -> datetime.timedelta:
    """The timedelta that was written as `100:02:12.5` or `7 days, 0:32:18`.

    Raises:
        ValueError: the text is neither.
    """
    match = CLOCK.fullmatch(s.strip())
    if not match:
        raise ValueError(f"{s!r} is not a duration such as 100:02:12 or 7 days, 0:32:18")
    return datetime.timedelta(**{unit: float(number or 0) for unit, number in match.groupdict().items()})


def _read_clock(text: str) -> datetime.timedelta:
    try:
        return parse_timedelta(text)
    except ValueError:
        return _duration_of(parser.parse(text))


def get_timedelta(time: str | datetime.timedelta | None = None) -> datetime.timedelta | None:
    """The timedelta since midnight that the text names; None where it names none; zero for nothing."""
    if isinstance(time, datetime.timedelta):
        return time
    try:
        return _read_clock(time or "0:0:0")
    except (ValueError, OverflowError, TypeError):
        return None


def to_timedelta(time_str: Any) -> Any:
    """The timedelta since midnight of a text or a time; anything else comes back as it is."""
    if isinstance(time_str, datetime.time):
        return _duration_of(time_str)
    return _read_clock(time_str) if isinstance(time_str, str) else time_str


def get_time(time_str: Any) -> datetime.time:
    """The time of day of a text, a datetime, a time or a timedelta (more than a day wraps round).

    Raises:
        ValueError: a text that names no time.
    """
    if isinstance(time_str, datetime.datetime):
        return time_str.time()
    if isinstance(time_str, datetime.time):
        return time_str
    if isinstance(time_str, datetime.timedelta):
        return (datetime.datetime.min + time_str % datetime.timedelta(days=1)).time()
    return get_time(_read_clock(time_str))


def _read_moment(text: str) -> datetime.datetime:
    try:
        moment = get_datetime(text)
    except (ParserError, OverflowError):
        moment = None
    if not isinstance(moment, datetime.datetime):
        _settings.throw(_("{0} is not a valid date string.").format(text), title=_("Invalid Date"))
    return moment


def add_to_date(
    date: Any = None,
    years: Any = 0,
    months: Any = 0,
    weeks: Any = 0,
    days: Any = 0,
    hours: Any = 0,
    minutes: Any = 0,
    seconds: Any = 0,
    as_string: bool = False,
    as_datetime: bool = False,
) -> Any:
    """The date moved by so much; the months' ends are kept (31 January and a month is 28 February).

    None is now. A text gives a text: with the time where it had one, or where hours or `as_datetime` were given.

    Raises:
        ValidationError: a text that is no date.
    """
    if date is None:
        date = now_datetime()
    if isinstance(date, str):
        as_string, as_datetime = True, as_datetime or " " in date or "T" in date
        date = _read_moment(date)
    steps: dict[str, Any] = {"years": years, "months": months, "weeks": weeks, "days": days}
    moved = date + relativedelta(**steps, hours=hours, minutes=minutes, seconds=seconds)
    if not as_string:
        return moved
    return moved.strftime(DATETIME_FORMAT if as_datetime or hours else DATE_FORMAT)


def add_days(date: Any, days: Any) -> Any:
    """The date so many days later, in the type that it came in."""
    return add_to_date(date, days=days)


def add_months(date: Any, months: Any) -> Any:
    """The date so many months later, in the type that it came in."""
    return add_to_date(date, months=months)


def add_years(date: Any, years: Any) -> Any:
    """The date so many years later, in the type that it came in."""
    return add_to_date(date, years=years)


def days_diff(string_ed_date: Any, string_st_date: Any) -> int:
    """Days from the second date to the first."""
    return int((getdate(string_ed_date) - getdate(string_st_date)).days)


def date_diff(string_ed_date: Any, string_st_date: Any) -> int:
    """Days from the second date to the first."""
    return days_diff(string_ed_date, string_st_date)


def month_diff(string_ed_date: Any, string_st_date: Any) -> int:
    """Calendar months from the second date to the first, both counted: 1 within a month."""
    end, start = getdate(string_ed_date), getdate(string_st_date)
    return int((end.year - start.year) * 12 + end.month - start.month + 1)


def time_diff(string_ed_date: Any, string_st_date: Any) -> Any:
    """The timedelta from the second moment to the first."""
    return get_datetime(string_ed_date) - get_datetime(string_st_date)


def time_diff_in_seconds(string_ed_date: Any, string_st_date: Any) -> float:
    """Seconds from the second moment to the first."""
    return float(time_diff(string_ed_date, string_st_date).total_seconds())


def time_diff_in_hours(string_ed_date: Any, string_st_date: Any) -> float:
    """Hours from the second moment to the first, to six decimals."""
    return round(time_diff_in_seconds(string_ed_date, string_st_date) / 3600, 6)


def get_system_timezone() -> str:
    """The site's time zone, by its IANA name."""
    return _settings.time_zone()


def get_time_zone() -> str:
    """The site's time zone, by its IANA name: an older name of `get_system_timezone`."""
    return get_system_timezone()


def convert_utc_to_timezone(utc_timestamp: datetime.datetime, time_zone: str) -> datetime.datetime:
    """The moment, aware, in this time zone, or in UTC where there is no such zone. A naive one is taken for UTC."""
    moment = utc_timestamp if utc_timestamp.tzinfo else utc_timestamp.replace(tzinfo=datetime.UTC)
    zone = _settings.zone(time_zone)
    return moment.astimezone(zone) if zone else moment


def convert_utc_to_system_timezone(utc_timestamp: datetime.datetime) -> datetime.datetime:
    """The moment, aware, in the site's time zone."""
    return convert_utc_to_timezone(utc_timestamp, get_system_timezone())


def convert_utc_to_user_timezone(utc_timestamp: datetime.datetime) -> datetime.datetime:
    """The moment, aware, in the site's time zone: an older name of `convert_utc_to_system_timezone`."""
    return convert_utc_to_system_timezone(utc_timestamp)


def get_datetime_in_timezone(time_zone: str) -> datetime.datetime:
    """Now, aware, in this time zone."""
    return convert_utc_to_timezone(_settings.now(), time_zone)


def now_datetime() -> datetime.datetime:
    """Now: naive, in the site's time zone."""
    return convert_utc_to_system_timezone(_settings.now()).replace(tzinfo=None)


def now() -> str:
    """Now, as `YYYY-MM-DD HH:MM:SS.ffffff`; on the day that `frappe.flags.current_date` names, where it does."""
    moment = now_datetime()
    pretended = _settings.current_date()
    if pretended:
        moment = datetime.datetime.combine(getdate(pretended), moment.time())
    return moment.strftime(DATETIME_FORMAT)


def nowdate() -> str:
    """Today, as `YYYY-MM-DD`."""
    return now_datetime().strftime(DATE_FORMAT)


def today() -> str:
    """Today, as `YYYY-MM-DD`."""
    return nowdate()


def nowtime() -> str:
    """The time of day, as `HH:MM:SS.ffffff`."""
    return now_datetime().strftime(TIME_FORMAT)


def get_timestamp(date: Any = None) -> float:
    """Seconds since 1970 at the start of the day in the site's time zone; today's for None."""
    zone = _settings.zone(get_system_timezone()) or datetime.UTC
    return datetime.datetime.combine(getdate(date), datetime.time(), zone).timestamp()


def get_eta(from_time: Any, percent_complete: float) -> str:
    """The time still to go, as `H:MM:SS`, of what began then and is done by so many percent (more than 0)."""
    spent = time_diff(now_datetime(), from_time).total_seconds()
    return str(datetime.timedelta(seconds=(100 - percent_complete) / percent_complete * spent))


def _moment(value: Any) -> Any:
    return get_datetime(value) if isinstance(value, str) else value


def get_datetime_str(datetime_obj: Any) -> str:
    """The moment as `YYYY-MM-DD HH:MM:SS.ffffff`."""
    return str(_moment(datetime_obj).strftime(DATETIME_FORMAT))


def get_date_str(date_obj: Any) -> str:
    """The date as `YYYY-MM-DD`."""
    return str(_moment(date_obj).strftime(DATE_FORMAT))


def get_time_str(timedelta_obj: datetime.timedelta | str) -> str:
    """The time since midnight as `H:M:S`, with no leading zeros, as Frappe has it."""
    duration = to_timedelta(timedelta_obj)
    minutes, seconds = divmod(duration.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes}:{seconds}"
