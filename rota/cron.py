"""Cron expressions, as cron(8) runs them: what they mean, in words, and when they are due next.

cronsim matches the calendar; it is given the wall clock alone, with no zone. What a change of the clocks does to a due
time is decided here, by cron(8)'s rules: a *wildcard* job, whose minute or hour starts with `*`, follows the wall clock
and neither stops nor doubles; any other, a *fixed* job, runs once right after the gap if the clocks skip it, and the
first time alone if its hour comes twice. cronsim's own handling of changes skips half an hour of `* 3 * * *` where the
clocks move by 30 minutes (Lord Howe), and leaves out expressions with seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from rota.errors import InvalidCron, UnknownTimeZone

MAX_LENGTH = 200
"""Characters; real expressions have a tenth of that, and what is longer only keeps the parser busy."""
NICKNAMES: Mapping[str, str] = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_FIELDS = ("minute", "hour", "day-of-month", "month", "day-of-week", "second")
_SECOND, _DAY = timedelta(seconds=1), timedelta(days=1)
_PROBE = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock, in a leap year


def time_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name.

    Raises:
        UnknownTimeZone: the machine's zone data has none.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UnknownTimeZone(name) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A checked expression in a time zone. Made by `parse`; equal if both are."""

    expression: str
    """As it was written."""
    tz: ZoneInfo
    normal: str
    """As cronsim takes it: no nicknames, seconds first."""

    @classmethod
    def parse(cls, expression: str, tz: ZoneInfo | str = "UTC") -> Cron:
        """Check an expression: five fields, six with the seconds last (as croniter has it), or `@daily` and its like.

        Raises:
            InvalidCron: it means nothing or never comes; the message names the field.
            UnknownTimeZone: `tz` names none.
        """
        return cls(
            expression=expression, tz=time_zone(tz) if isinstance(tz, str) else tz, normal=_normalised(expression)
        )

    @property
    def is_wildcard(self) -> bool:
        """Whether it follows the wall clock through a change of the clocks, as cron(8) decides it."""
        minute, hour = self.normal.split()[-5:-3]
        return minute.startswith("*") or hour.startswith("*")

    def next_after(self, moment: datetime) -> datetime:
        """The first due time after `moment` (aware), in UTC.

        Raises:
            InvalidCron: there is none within 50 years.
        """
        try:
            return _next_after(self, moment.astimezone(UTC))
        except (StopIteration, OverflowError) as error:
            raise InvalidCron(self.expression, f"is not due again after {moment:%Y-%m-%d}") from error

    def latest(self, *, after: datetime, until: datetime) -> datetime | None:
        """The last due time after `after` and not after `until` (both aware), in UTC; None if there is none."""
        found = None
        due = self.next_after(after)
        while due <= until:
            found = due
            due = self.next_after(found + (until - found) / 2)
            if due > until:
                until = found + (until - found) / 2
                due = self.next_after(found)
        return found

    def upcoming(self, moment: datetime, count: int) -> list[datetime]:
        """The next `count` due times after `moment` (aware), in UTC."""
        times: list[datetime] = []
        while len(times) < count:
            times.append(self.next_after(times[-1] if times else moment))
        return times

    def explain(self) -> str:
        """The expression in words, as in "At 09:00 on Monday through Friday"."""
        return CronSim(self.normal, _PROBE).explain()

    def _walls(self, after: datetime) -> Iterator[datetime]:
        """The times on the wall clock that match, after that one."""
        return CronSim(self.normal, after)

    def _offset(self, moment: datetime) -> timedelta:
        return moment.astimezone(self.tz).utcoffset() or timedelta(0)

    def _change(self, before: datetime, after: datetime) -> datetime:
        """The first second of the offset that begins between the two."""
        offset = self._offset(before)
        while after - before > _SECOND:
            middle = before + (after - before) // _SECOND // 2 * _SECOND
            before, after = (middle, after) if self._offset(middle) == offset else (before, middle)
        return after

    def _next_fixed(self, moment: datetime) -> datetime:
        walls = self._walls(moment.astimezone(self.tz).replace(tzinfo=None))
        while True:
            wall = next(walls)
            due = wall.replace(tzinfo=self.tz).astimezone(UTC)  # its first pass, if it comes twice
            if due + self._offset(due) != wall.replace(tzinfo=UTC):
                # Skipped. Read by the old offset it falls into the day after the change.
                due = self._change(due - _DAY, due)
            if due > moment:
                return due

    def _next_wildcard(self, moment: datetime) -> datetime:
        start = moment.replace(microsecond=0) + _SECOND
        while True:
            offset = self._offset(start)
            wall = next(self._walls((start - _SECOND + offset).replace(tzinfo=None)))
            due = wall.replace(tzinfo=UTC) - offset
            # Only a change within a day of either end matters: in between, the wall clock shows nothing that matches.
            near = min(due, start + _DAY)
            if self._offset(near) != offset:
                start = self._change(start, near)
            elif due - start > 2 * _DAY:
                start = due - _DAY
            elif self._offset(due) != offset:
                start = self._change(near, due)
            else:
                return due


@lru_cache(maxsize=16384)
def _next_after(cron: Cron, moment: datetime) -> datetime:
    # Asked again and again as one tick is worked out, and by all schedules that are due at the same times.
    return cron._next_wildcard(moment) if cron.is_wildcard else cron._next_fixed(moment)


@lru_cache(maxsize=1024)
def _normalised(expression: str) -> str:
    if len(expression) > MAX_LENGTH:
        raise InvalidCron(expression, f"is {len(expression)} characters long; at most {MAX_LENGTH} are read")
    nickname = expression.strip().lower()
    if nickname.startswith("@") and nickname not in NICKNAMES:
        raise InvalidCron(expression, f"is no known nickname ({', '.join(NICKNAMES)})")
    fields = NICKNAMES.get(nickname, expression).upper().split()
    if len(fields) not in (5, 6):
        raise InvalidCron(
            expression,
            f"has {len(fields)} fields; it takes five (minute, hour, day of month, month, day of week), "
            "or six with the seconds last",
        )
    # The last Friday is `L5` for croniter, `5L` for cronsim.
    days = re.sub(r"\bL([0-7])\b", r"\1L", fields[4])
    normal = " ".join([*fields[5:], *fields[:4], days])
    try:
        next(CronSim(normal, _PROBE))
    except CronSimError as error:
        raise InvalidCron(expression, _reason(str(error).removeprefix("Bad "), fields)) from error
    except StopIteration as error:
        raise InvalidCron(expression, "the day-of-month and day-of-week fields never meet in these months") from error
    return normal


def _reason(name: str, fields: list[str]) -> str:
    text = fields[_FIELDS.index(name)]
    backwards = [part for part in text.split(",") if re.fullmatch(r"(\d+)-(\d+)(/\d+)?", part) and _is_backwards(part)]
    if backwards:
        hint = f"{backwards[0]} runs backwards: write it as two ranges"
    elif re.search(r"/0+\b", text):
        hint = "a step of 0 never ends"
    elif "?" in text:
        hint = "write * for any"
    elif "R" in text and name not in ("month", "day-of-week"):
        hint = "a random time would differ between schedulers: choose one, or give the schedule a jitter"
    elif name == "day-of-month" and re.fullmatch(r"[\d,*/-]+", text) and _has_only_days(text):
        hint = "these months have no such day"
    else:
        hint = "is not understood"
    return f"{name} field {text[:40]!r}: {hint}"


def _is_backwards(part: str) -> bool:
    first, last = re.findall(r"\d+", part)[:2]
    return int(first) > int(last)


def _has_only_days(text: str) -> bool:
    return all(1 <= int(number) <= 31 for number in re.findall(r"\d+", text))
