"""MariaDB's date formats (`%Y-%m-%d`) and week numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache

from rota.db.mariadb.values import datetime_text, span_text

# Not the calendar module's, which speak the locale's language.
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def yearweek(moment: datetime, mode: int = 0) -> int:
    """The year and week, as 202453: a week belongs to the year that most of it, or its first day, lies in."""
    year, number = _week(moment.date(), mode | 2)
    return year * 100 + number


def week(moment: datetime, mode: int = 0) -> int:
    """The week's number in one of MariaDB's eight modes."""
    return _week(moment.date(), mode)[1]


def _week(day: date, mode: int) -> tuple[int, int]:
    """MariaDB's modes: 1: weeks begin on Monday; 2: 1 to 53, else 0 to 53; 4: flips which week is the year's first."""
    monday_first, from_one = bool(mode & 1), bool(mode & 2)
    by_first_day = bool(mode & 4) == monday_first  # the first week is the one with the year's first Sunday or Monday
    first = _first_week(day.year, monday_first, by_first_day)
    if day < first:
        if not from_one:
            return day.year, 0
        first = _first_week(day.year - 1, monday_first, by_first_day)
        return day.year - 1, (day - first).days // 7 + 1
    if from_one and day >= (following := _first_week(day.year + 1, monday_first, by_first_day)):
        return day.year + 1, (day - following).days // 7 + 1
    return day.year, (day - first).days // 7 + 1


def _first_week(year: int, monday_first: bool, by_first_day: bool) -> date:
    start = date(year, 1, 1)
    into_week = start.weekday() if monday_first else (start.weekday() + 1) % 7
    if by_first_day:
        return start + timedelta(days=-into_week % 7)
    return start - timedelta(days=into_week) + timedelta(days=7 if into_week > 3 else 0)


def _twelve(moment: datetime) -> int:
    return moment.hour % 12 or 12


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 <= day % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


_LETTERS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda m: f"{m.year:04}",
    "y": lambda m: f"{m.year % 100:02}",
    "m": lambda m: f"{m.month:02}",
    "c": lambda m: str(m.month),
    "M": lambda m: MONTHS[m.month - 1],
    "b": lambda m: MONTHS[m.month - 1][:3],
    "d": lambda m: f"{m.day:02}",
    "e": lambda m: str(m.day),
    "D": lambda m: _ordinal(m.day),
    "j": lambda m: f"{m.timetuple().tm_yday:03}",
    "H": lambda m: f"{m.hour:02}",
    "k": lambda m: str(m.hour),
    "h": lambda m: f"{_twelve(m):02}",
    "I": lambda m: f"{_twelve(m):02}",
    "l": lambda m: str(_twelve(m)),
    "i": lambda m: f"{m.minute:02}",
    "s": lambda m: f"{m.second:02}",
    "S": lambda m: f"{m.second:02}",
    "f": lambda m: f"{m.microsecond:06}",
    "p": lambda m: "AM" if m.hour < 12 else "PM",
    "r": lambda m: f"{_twelve(m):02}:{m.minute:02}:{m.second:02} {'AM' if m.hour < 12 else 'PM'}",
    "T": lambda m: f"{m.hour:02}:{m.minute:02}:{m.second:02}",
    "W": lambda m: DAYS[m.weekday()],
    "a": lambda m: DAYS[m.weekday()][:3],
    "w": lambda m: str((m.weekday() + 1) % 7),
    "U": lambda m: f"{week(m, 0):02}",
    "u": lambda m: f"{week(m, 1):02}",
    "V": lambda m: f"{week(m, 2):02}",
    "v": lambda m: f"{week(m, 3):02}",
    "X": lambda m: f"{yearweek(m, 2) // 100:04}",
    "x": lambda m: f"{yearweek(m, 3) // 100:04}",
    "%": lambda m: "%",
}


def date_format(moment: datetime, pattern: str) -> str:
    """DATE_FORMAT: the moment written by a pattern."""

    def write(found: re.Match[str]) -> str:
        letter = found.group(1)
        return _LETTERS[letter](moment) if letter in _LETTERS else letter

    return re.sub(r"%(.)", write, pattern, flags=re.S)


_READS = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "c": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "e": r"(?P<d>\d{1,2})", "H": r"(?P<H>\d{1,2})", "k": r"(?P<H>\d{1,2})", "h": r"(?P<I>\d{1,2})",
    "I": r"(?P<I>\d{1,2})", "l": r"(?P<I>\d{1,2})", "i": r"(?P<i>\d{1,2})", "s": r"(?P<s>\d{1,2})",
    "S": r"(?P<s>\d{1,2})", "f": r"(?P<f>\d{1,6})", "p": r"(?P<p>[AP]M)", "M": rf"(?P<M>{'|'.join(MONTHS)})",
    "b": rf"(?P<b>{'|'.join(month[:3] for month in MONTHS)})", "D": r"(?P<d>\d{1,2})(?:st|nd|rd|th)",
    "W": rf"(?:{'|'.join(DAYS)})", "a": rf"(?:{'|'.join(day[:3] for day in DAYS)})", "%": "%",
    "T": r"(?P<H>\d{1,2}):(?P<i>\d{1,2}):(?P<s>\d{1,2})",
    "r": r"(?P<I>\d{1,2}):(?P<i>\d{1,2}):(?P<s>\d{1,2})\s*(?P<p>[AP]M)",
}  # fmt: skip


@lru_cache(maxsize=128)
def _reading(pattern: str) -> re.Pattern[str]:
    regex = ""
    for found in re.finditer(r"%(.)|(\s+)|(.)", pattern, re.S):
        letter, blank, other = found.groups()
        regex += r"\s*" if blank else _READS.get(letter, re.escape(letter)) if letter else r"\s*" + re.escape(other)
    return re.compile(r"\s*" + regex, re.I)


def read_by_format(text: str, pattern: str) -> str | None:
    """STR_TO_DATE: a date, datetime or time as SQLite holds it, by what the pattern reads; None if it does not fit."""
    found = _reading(pattern).match(text)
    if not found:
        return None
    read = {key: value for key, value in found.groupdict().items() if value is not None}
    hour = int(read.get("H") or 0)
    if "I" in read:
        hour = int(read["I"]) % 12 + (12 if read.get("p", "").upper() == "PM" else 0)
    try:
        clock = time(hour, int(read.get("i") or 0), int(read.get("s") or 0), int(read.get("f", "").ljust(6, "0") or 0))
        day = _read_day(read)
    except ValueError:
        return None
    has_clock = any(letter in _reading(pattern).groupindex for letter in "HIisf")
    if day is None:
        return (
            span_text(
                timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
            )
            if has_clock
            else None
        )
    return datetime_text(datetime.combine(day, clock)) if has_clock else day.isoformat()


def _read_day(read: dict[str, str]) -> date | None:
    year = int(read["Y"]) if "Y" in read else None
    if "y" in read:
        year = int(read["y"]) + (2000 if int(read["y"]) < 70 else 1900)
    month = int(read["m"]) if "m" in read else None
    if "M" in read:
        month = [name.lower() for name in MONTHS].index(read["M"].lower()) + 1
    if "b" in read:
        month = [name[:3].lower() for name in MONTHS].index(read["b"].lower()) + 1
    if year is None and month is None and "d" not in read:
        return None
    return date(year or 0, month or 0, int(read.get("d") or 0))
