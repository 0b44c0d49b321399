"""When a failed job runs again: the policy that travels with it, and what servers ask for by `Retry-After`.

Exceptions are named by the dotted path of their class, so that a policy is plain data. An error matches a name if that
class is among the error's own classes; `requests.Timeout` and `requests.exceptions.Timeout` are one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from random import Random
from typing import Any, Final

from rota.clock import Clock, SystemClock
from rota.errors import InvalidRetry, RetryLater

MAX_ATTEMPTS: Final = 1000
BUSY: Final = frozenset({429, 503})
"""HTTP statuses whose `Retry-After` is obeyed."""

ErrorNames = Iterable[type[BaseException] | str] | type[BaseException] | str


class Backoff(StrEnum):
    """How the delay grows: doubling, by the same step, or not at all."""

    EXP = "exp"
    LINEAR = "linear"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how late a failed job runs again. `rota.Retry` is this class.

    `attempts` counts every run, the first one too. `base` and `cap` are seconds (or timedeltas): the delay before the
    second run, and the most that any delay may be. With `jitter` each delay is drawn from its upper half, so that jobs
    which failed together do not come back together. Without `on`, any error is retried; with it, these alone.
    `give_up_on` wins over `on`. Both take exception classes or dotted names, one or several.

    Raises:
        InvalidRetry: a value that can't be followed.
    """

    attempts: int = 5
    backoff: Backoff | str = Backoff.EXP
    base: float | timedelta = 10.0
    cap: float | timedelta = 3600.0
    jitter: bool = True
    on: ErrorNames = ()
    give_up_on: ErrorNames = ()

    def __post_init__(self) -> None:
        if not _is_whole(self.attempts) or not 1 <= self.attempts <= MAX_ATTEMPTS:
            raise InvalidRetry(f"attempts is a number from 1 to {MAX_ATTEMPTS}, not {self.attempts!r}")
        if self.backoff not in tuple(Backoff):
            raise InvalidRetry(f"backoff is one of {', '.join(Backoff)}, not {self.backoff!r}")
        if not isinstance(self.jitter, bool):
            raise InvalidRetry(f"jitter is True or False, not {self.jitter!r}")
        object.__setattr__(self, "backoff", Backoff(self.backoff))
        for name in ("base", "cap"):
            object.__setattr__(self, name, _seconds(name, getattr(self, name)))
        for name in ("on", "give_up_on"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))

    @classmethod
    def of(cls, value: RetryPolicy | Mapping[str, Any] | int | None) -> RetryPolicy | None:
        """What `retry=` may be: a policy, a number of attempts, the dict of a policy; None for no retries.

        Raises:
            InvalidRetry: none of these, or one with a value that can't be followed.
        """
        if value is None or isinstance(value, RetryPolicy):
            return value
        if isinstance(value, Mapping):
            return cls.from_dict(value)
        if _is_whole(value):
            return cls(attempts=value)
        raise InvalidRetry(f"takes rota.Retry(...), a number of attempts or a dict, not {value!r:.80}")

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RetryPolicy:
        """The policy that `to_dict` wrote; what is absent has its default.

        Raises:
            InvalidRetry: an unknown key, or a value that can't be followed.
        """
        known = [field.name for field in fields(cls)]
        unknown = [name for name in values if name not in known]
        if unknown:
            raise InvalidRetry(f"there is no {unknown[0]!r}; there are {', '.join(known)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """The policy as plain JSON values."""
        return {
            "attempts": self.attempts,
            "backoff": str(self.backoff),
            "base": self.base,
            "cap": self.cap,
            "jitter": self.jitter,
            "on": list(_names("on", self.on)),
            "give_up_on": list(_names("give_up_on", self.give_up_on)),
        }

    def wants(self, error_names: Iterable[str]) -> bool:
        """Whether an error of these classes (`error_names(error)`) is one to run again for. Counts no attempts."""
        raised = frozenset(error_names)
        if _any_among(_names("give_up_on", self.give_up_on), raised):
            return False
        return not self.on or _any_among(_names("on", self.on), raised)

    def delay(self, failures: int, random: Random) -> timedelta:
        """How long to wait after so many failures (1 or more) before the next run."""
        base, cap = _seconds("base", self.base), _seconds("cap", self.cap)
        steps = {Backoff.EXP: 2.0 ** min(failures - 1, 64), Backoff.LINEAR: float(failures), Backoff.FIXED: 1.0}
        seconds = min(base * steps[Backoff(self.backoff)], cap)
        return timedelta(seconds=random.uniform(seconds / 2, seconds) if self.jitter else seconds)


Retry = RetryPolicy


def error_name(error_type: type[BaseException]) -> str:
    """The dotted path of an exception class: `builtins.ValueError`, `requests.exceptions.Timeout`."""
    return f"{error_type.__module__}.{error_type.__qualname__}"


def error_names(error: BaseException) -> tuple[str, ...]:
    """The dotted paths of an error's class and all its bases, the class itself first."""
    return tuple(error_name(cls) for cls in type(error).__mro__ if issubclass(cls, BaseException))


def retry_after(answer: Any, *, most: float = 86400.0, clock: Clock | None = None) -> RetryLater | None:
    """What to raise when a server says "later": `if later := retry_after(response): raise later`.

    Takes a response, or the error made of one, of requests, httpx or urllib. None unless the status is 429 or 503 and
    `Retry-After` can be read (RFC 9110: seconds, or a date, which is held against the server's own `Date`). No server
    makes us wait longer than `most` seconds.
    """
    response = getattr(answer, "response", None)
    response = answer if response is None else response
    status = (
        getattr(response, "status_code", None) or getattr(response, "status", None) or getattr(response, "code", None)
    )
    headers = getattr(response, "headers", None)
    if status not in BUSY or headers is None:
        return None
    named = {str(name).lower(): str(value).strip() for name, value in headers.items()}
    asked = named.get("retry-after", "")
    if asked.isascii() and asked.isdigit():
        seconds = float(asked)
    elif (until := _date(asked)) is not None:
        now = _date(named.get("date", "")) or (clock or SystemClock()).now()
        seconds = (until - now).total_seconds()
    else:
        return None
    return RetryLater(min(max(seconds, 0.0), most))


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _seconds(name: str, value: float | timedelta) -> float:
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= 366 * 86400:
        raise InvalidRetry(f"{name} is a number of seconds, up to a year, not {value!r}")
    return float(seconds)


def _names(name: str, value: ErrorNames) -> tuple[str, ...]:
    many = (value,) if isinstance(value, (str, type)) else value
    if not isinstance(many, Iterable):
        raise InvalidRetry(f"{name} takes exception classes or their dotted names, not {value!r}")
    return tuple(_name(name, each) for each in many)


def _name(name: str, value: Any) -> str:
    if isinstance(value, type) and issubclass(value, BaseException):
        return error_name(value)
    if isinstance(value, str) and all(map(str.isidentifier, value.split("."))):
        return value if "." in value else f"builtins.{value}"
    raise InvalidRetry(f"{name} takes exception classes or their dotted names, not {value!r}")


def _any_among(wanted: Iterable[str], raised: frozenset[str]) -> bool:
    return any(name in raised or _defined_as(name) in raised for name in wanted)


def _defined_as(name: str) -> str:
    """The path under which the class that goes by this name was defined.

    Nothing is imported: an error was raised, so the module that defines its class is there already.
    """
    module, _, attribute = name.rpartition(".")
    found = getattr(sys.modules.get(module), attribute, None)
    return error_name(found) if isinstance(found, type) else name
