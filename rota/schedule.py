"""What runs when: Frappe's frequencies, schedules from `scheduler_events`, and the due times that have come.

A due time belongs to the schedule, never to the clock of whoever looks: all is computed from `last_due`, the latest due
time that became a tick. Whoever asks again after the tick was recorded gets nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from types import NoneType
from typing import Any, NoReturn, TypeVar

from rota.cron import Cron
from rota.errors import InvalidCron, InvalidSchedule, UnknownTimeZone

DEFAULT_INTERVAL = 240
"""Seconds: Frappe's `scheduler_interval`, by which the frequency `all` runs."""
GRACE = 60.0
"""Seconds that a tick may be late under `catch_up="none"` before it counts as missed."""
MAX_TICKS = 100
"""How many due times `due` hands out at once under `catch_up="all"`; the next call goes on after them."""
MAX_COUNTED = 1000
"""Missed due times are counted up to here."""

_JITTER, _LONG_JITTER = 60.0, 600.0
_MAX_SECONDS = 100 * 366 * 86400
_INSTANT = timedelta(microseconds=1)
_ALWAYS = ("id", "method", "frequency", "cron")
E = TypeVar("E", bound=StrEnum)


class CatchUp(StrEnum):
    """What becomes of due times that nobody was there for."""

    NONE = "none"
    ONCE = "once"
    ALL = "all"


class Overlap(StrEnum):
    """What becomes of a tick whose schedule's last job has not ended. `skip` is Frappe's."""

    SKIP = "skip"
    QUEUE = "queue"
    REPLACE = "replace"
    ALLOW = "allow"


@dataclass(frozen=True, slots=True)
class Frequency:
    """A key of `scheduler_events`, as Frappe has it. `jitter` is in seconds."""

    key: str
    cron: str
    queue: str = "default"
    jitter: float = _JITTER

    @property
    def label(self) -> str:
        """As a Scheduled Job Type shows it: `Hourly Long`."""
        return self.key.replace("_", " ").title()


FREQUENCIES: Mapping[str, Frequency] = {
    frequency.key: frequency
    for frequency in (
        Frequency("all", "", jitter=0),
        Frequency("hourly", "0 * * * *"),
        Frequency("hourly_long", "0 * * * *", "long", _LONG_JITTER),
        Frequency("hourly_maintenance", "0 * * * *", "long", _LONG_JITTER),
        Frequency("daily", "0 0 * * *"),
        Frequency("daily_long", "0 0 * * *", "long", _LONG_JITTER),
        Frequency("daily_maintenance", "0 0 * * *", "long", _LONG_JITTER),
        Frequency("weekly", "0 0 * * 0"),
        Frequency("weekly_long", "0 0 * * 0", "long", _LONG_JITTER),
        Frequency("monthly", "0 0 1 * *"),
        Frequency("monthly_long", "0 0 1 * *", "long", _LONG_JITTER),
        Frequency("cron", "", jitter=0),
        Frequency("yearly", "0 0 1 1 *"),
        Frequency("annual", "0 0 1 1 *"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A method and when it is due. Numbers are seconds; `make` fills in what follows from the frequency.

    Raises:
        InvalidSchedule: a field can't be what it is; an unknown zone or a bad expression is its cause.
    """

    id: str
    method: str
    frequency: str  #: Frappe's label, as in `Hourly Long`
    cron: str
    tz: str | None = None  #: None: the site's
    queue: str = "default"
    timeout: float | None = None  #: None: the queue's
    stopped: bool = False
    paused_until: datetime | None = None  #: aware; due times before it are left out for good
    paused_by: str = ""
    paused_why: str = ""
    catch_up: CatchUp = CatchUp.ONCE
    catch_up_window: float | None = None  #: what was missed by more is skipped; None: `GRACE` for `none`, else no limit
    overlap: Overlap = Overlap.SKIP
    jitter: float = 0.0  #: each site starts it at a moment of its own within so many seconds after it is due
    source: str = "hooks"  #: `hooks` (an app declares it) or `user`
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    retry: Any = None  #: what `RetryPolicy.of` takes

    @classmethod
    def make(
        cls,
        method: str,
        frequency: str = "cron",
        cron: str = "",
        *,
        scheduler_interval: int = DEFAULT_INTERVAL,
        **options: Any,
    ) -> Schedule:
        """A schedule of a frequency (its key or label), with the frequency's own queue and jitter unless given.

        Raises:
            InvalidSchedule: no such frequency or option, and as above.
        """
        kind = FREQUENCIES.get(frequency.lower().replace(" ", "_"))
        if kind is None:
            raise InvalidSchedule(
                str(method), f"no frequency is called {frequency!r}; there are {', '.join(FREQUENCIES)}"
            )
        if bool(cron) != (kind.key == "cron"):
            raise InvalidSchedule(str(method), "the frequency `cron` needs a cron expression, and no other takes one")
        known = [each.name for each in fields(cls)][4:]
        unknown = [name for name in options if name not in known]
        if unknown:
            raise InvalidSchedule(str(method), f"there is no option {unknown[0]!r}; there are {', '.join(known)}")
        return cls(
            id=identity(method, kind.label, cron),
            method=method,
            frequency=kind.label,
            cron=cron or kind.cron or _every(scheduler_interval),
            **{"queue": kind.queue, "jitter": kind.jitter, **options},
        )

    def __post_init__(self) -> None:
        parts = self.method.split(".") if isinstance(self.method, str) else []
        if len(parts) < 2 or not all(map(str.isidentifier, parts)):
            self._refuse(f"{self.method!r} is not the dotted path of a function, such as app.tasks.daily")
        object.__setattr__(self, "catch_up", self._one_of(CatchUp, "catch_up", self.catch_up))
        object.__setattr__(self, "overlap", self._one_of(Overlap, "overlap", self.overlap))
        for name in ("timeout", "catch_up_window", "jitter"):
            self._check_seconds(name, getattr(self, name))
        if not isinstance(self.queue, str) or not self.queue:
            self._refuse(f"queue is the name of a queue, not {self.queue!r}")
        if self.paused_until is not None and getattr(self.paused_until, "tzinfo", None) is None:
            self._refuse(f"paused_until is a time with a zone, not {self.paused_until!r}")
        if not isinstance(self.kwargs, Mapping):
            self._refuse(f"kwargs is a dict, not {self.kwargs!r:.80}")
        if not isinstance(self.cron, str) or not isinstance(self.tz, (str, NoneType)):
            self._refuse(f"cron and tz are texts, not {self.cron!r} and {self.tz!r}")
        try:
            Cron.parse(self.cron, self.tz or "UTC")
        except (InvalidCron, UnknownTimeZone) as error:
            self._refuse(str(error), error)

    def to_json(self) -> str:
        """How the store keeps it: a JSON object of what differs from the defaults, keys sorted."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        kept = {name: value for name, value in found.items() if value not in (None, "", {}) or name in _ALWAYS}
        return json.dumps(kept, sort_keys=True, default=_plain)

    @classmethod
    def from_json(cls, text: str) -> Schedule:
        """The schedule that `to_json` wrote.

        Raises:
            InvalidSchedule, InvalidCron, UnknownTimeZone: it can't be what it says.
        """
        try:
            values = json.loads(text)
            if values.get("paused_until"):
                values["paused_until"] = datetime.fromisoformat(values["paused_until"])
            return cls(**values)
        except (ValueError, TypeError, AttributeError) as error:
            raise InvalidSchedule(text[:60], f"the stored definition can't be read: {error}") from error

    @property
    def short_name(self) -> str:
        """The last two parts of the method, by which Frappe 15 calls a Scheduled Job Type: `tasks.daily_cleanup`."""
        return ".".join(self.method.split(".")[-2:])

    @property
    def cron_format(self) -> str:
        """The expression if the frequency is `Cron`, else "": as in a Scheduled Job Type."""
        return self.cron if self.frequency == FREQUENCIES["cron"].label else ""

    def clock(self, site_tz: str = "UTC") -> Cron:
        """Its cron expression in its own time zone, or in the site's if it has none: due times, previews, words."""
        return Cron.parse(self.cron, self.tz or site_tz)

    def offset(self, site: str) -> timedelta:
        """How long after a due time this site starts it: the same each time, spread over `jitter` between sites."""
        digest = hashlib.sha256(f"{site}\0{self.id}".encode()).digest()
        share = int.from_bytes(digest[:6]) / 2**48
        return timedelta(milliseconds=int(share * self.jitter * 1000))

    def _one_of(self, choices: type[E], name: str, value: str) -> E:
        try:
            return choices(value)
        except ValueError as error:
            self._refuse(f"{name} is one of {', '.join(choices)}, not {value!r}", error)

    def _check_seconds(self, name: str, value: float | None) -> None:
        if value is None and name != "jitter":
            return
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= _MAX_SECONDS
        if not is_number or (name == "timeout" and value == 0):
            self._refuse(f"{name} is a number of seconds, not {value!r}")

    def _refuse(self, reason: str, cause: Exception | None = None) -> NoReturn:
        raise InvalidSchedule(self.id, reason) from cause


@dataclass(frozen=True, slots=True, kw_only=True)
class DueTick:
    """A due time that has come, to be recorded as the schedule's `last_due` together with its job."""

    due: datetime
    run_at: datetime
    coalesced: int = 0  #: earlier due times that this one stands for, counted up to `MAX_COUNTED`
    skipped: str = ""  #: why no job is to be made of it; it is recorded all the same


def identity(method: str, frequency: str, cron_format: str = "") -> str:
    """The id of a schedule: method, frequency's label and, for `Cron`, the expression: unique, as in Frappe 16."""
    return "|".join(str(part) for part in (method, frequency, cron_format) if part)


def from_hooks(scheduler_events: Mapping[str, Any], *, scheduler_interval: int = DEFAULT_INTERVAL) -> list[Schedule]:
    """The schedules that `scheduler_events` declares, in its order; of two with the same id the later one counts.

    A frequency's value is a dotted path or a list of them; under `cron` each expression has such a value. In place of a
    path there may be a dict: the path as `method`, and options beside it (`tz`, `queue`, `timeout`, `catch_up`, ...).

    Raises:
        InvalidSchedule: names the key or the method, and what may stand there.
    """
    if not isinstance(scheduler_events, Mapping):
        raise InvalidSchedule("scheduler_events", f"is a dict of frequencies, not {scheduler_events!r:.80}")
    found: dict[str, Schedule] = {}
    for key, cron, entry in _entries(scheduler_events):
        schedule = _from_entry(key, cron, entry, scheduler_interval)
        found[schedule.id] = schedule
    return list(found.values())


def due(
    schedule: Schedule,
    *,
    last_due: datetime | None,
    created: datetime,
    now: datetime,
    site: str = "",
    site_tz: str = "UTC",
) -> list[DueTick]:
    """The ticks to record now, in order: due times after `last_due` (or `created`, before the first) and up to `now`.

    Under `once` and `none` they are one, the latest, with the count of those it stands for; under `all` each one, at
    most `MAX_TICKS` a call. What was missed by more than the window comes as one skipped tick. All times are aware.

    Raises:
        InvalidCron: it is not due again.
    """
    if schedule.stopped or (schedule.paused_until is not None and now < schedule.paused_until):
        return []
    cron, after = schedule.clock(site_tz), _start(schedule, last_due, created)
    offset = schedule.offset(site)
    window = GRACE if schedule.catch_up is CatchUp.NONE else None
    window = window if schedule.catch_up_window is None else schedule.catch_up_window
    ticks: list[DueTick] = []

    too_old = None if window is None else cron.latest(after=after, until=now - timedelta(seconds=window) - _INSTANT)
    latest = cron.latest(after=after, until=now)
    if too_old is not None and (latest == too_old or schedule.catch_up is CatchUp.ALL):
        why = f"missed by {_in_words(now - too_old)}; catch_up is {schedule.catch_up!s}, its window {window:g} s"
        count = _count(cron, after, too_old)
        ticks.append(DueTick(due=too_old, run_at=too_old + offset, coalesced=count, skipped=why))
        after = too_old
    if latest is None or latest == after:
        return ticks
    if schedule.catch_up is not CatchUp.ALL:
        return [DueTick(due=latest, run_at=latest + offset, coalesced=_count(cron, after, latest))]
    while len(ticks) < MAX_TICKS and after < latest:
        after = cron.next_after(after)
        ticks.append(DueTick(due=after, run_at=after + offset))
    return ticks


def next_due(
    schedule: Schedule, *, last_due: datetime | None, created: datetime, site_tz: str = "UTC"
) -> datetime | None:
    """The first due time after `last_due` (or `created`), in UTC, which may have passed; None if it is stopped.

    Raises:
        InvalidCron: it is not due again.
    """
    return None if schedule.stopped else schedule.clock(site_tz).next_after(_start(schedule, last_due, created))


def _start(schedule: Schedule, last_due: datetime | None, created: datetime) -> datetime:
    start = last_due or created
    return start if schedule.paused_until is None else max(start, schedule.paused_until - _INSTANT)


def _count(cron: Cron, after: datetime, until: datetime) -> int:
    """How many due times lie between the two."""
    count = 0
    while count < MAX_COUNTED and (after := cron.next_after(after)) < until:
        count += 1
    return count


def _every(interval: int) -> str:
    """Frappe's `all`: every so many whole minutes of the hour, or whole hours of the day."""
    minutes = max(interval // 60, 1)
    return f"*/{minutes} * * * *" if minutes < 60 else f"0 */{min(minutes // 60, 24)} * * *"


def _entries(scheduler_events: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    for key, value in scheduler_events.items():
        if key not in FREQUENCIES:
            raise InvalidSchedule(f"{key}", f"scheduler_events has no such key; it knows {', '.join(FREQUENCIES)}")
        if key == "cron":
            if not isinstance(value, Mapping):
                raise InvalidSchedule(
                    "cron", 'takes expressions and their methods: {"0 9 * * 1-5": ["app.tasks.report"]}'
                )
            for cron, entries in value.items():
                yield from ((key, cron, entry) for entry in _listed(entries))
        else:
            yield from ((key, "", entry) for entry in _listed(value))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]


def _from_entry(key: str, cron: str, entry: Any, scheduler_interval: int) -> Schedule:
    options = dict(entry) if isinstance(entry, Mapping) else {"method": entry}
    if "method" not in options:
        raise InvalidSchedule(f"{key} {cron}".strip(), f"{entry!r:.80} names no method")
    return Schedule.make(options.pop("method"), key, cron, scheduler_interval=scheduler_interval, **options)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "to_dict"):  # a RetryPolicy
        return value.to_dict()
    raise TypeError(f"{value!r} is no JSON value")


def _in_words(span: timedelta) -> str:
    return str(span - timedelta(microseconds=span.microseconds))
