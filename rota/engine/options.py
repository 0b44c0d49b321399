"""What may be asked for at an enqueue, checked and brought into the form that a job carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from rota.clock import from_micros, to_micros
from rota.errors import UsageError, ValidationError
from rota.jobs import MAX_ID_LENGTH, Mode

MICROSECOND = 1_000_000
MOST_PRIORITY = 1000
MOST_SECONDS = 10 * 366 * 86400.0
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}

# Frappe's own words, as apps and tests look for them.
NEEDS_ID = "`job_id` paramater is required for deduplication."


def seconds_of(name: str, value: Any, *, least: float = 0.0) -> float:
    """A span in seconds from a number, a timedelta, or RQ's spelling ("30s", "10m", "2h", "1d").

    Raises:
        UsageError: it is none, or too short or long.
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str) and (found := _SPAN.fullmatch(value.strip().lower())):
        seconds = float(found[1]) * _UNITS[found[2]]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise UsageError(f'{name} takes seconds, a timedelta, or a text as in "10m", not {value!r:.80}')
    if not least <= seconds <= MOST_SECONDS:
        raise UsageError(f"{name} must be from {least:g} s to ten years, not {value!r:.80}")
    return seconds


def moment_of(run_at: datetime | None, delay: Any, *, now: int, zone: tzinfo) -> int | None:
    """When a job may run at the earliest, in microseconds: at `run_at` (naive: in the site's zone), or after `delay`.

    Raises:
        UsageError: both are given, or one that is no moment or span.
    """
    if run_at is None and delay is None:
        return None
    if run_at is not None and delay is not None:
        raise UsageError("take either run_at or delay, not both")
    if run_at is None:
        return now + int(seconds_of("delay", delay) * MICROSECOND)
    if not isinstance(run_at, datetime):
        raise UsageError(f"run_at takes a datetime, not {run_at!r:.80}; a span is given as delay")
    return to_micros(run_at if run_at.tzinfo else run_at.replace(tzinfo=zone))


def end_of(name: str, text: str, *, now: int, zone: tzinfo) -> int:
    """A moment to come in microseconds, as people write it: a span ("2h"), or a time (ISO 8601) in `zone` or its own.

    Raises:
        UsageError: it is neither, or over.
    """
    end = _moment(name, text, now=now, sign=1, zone=zone)
    if end <= now:
        raise UsageError(f"{name}: {text} is over")
    return end


def start_of(name: str, text: str, *, now: int, zone: tzinfo) -> int:
    """A moment that is over, written in the same ways: a span says how long ago it was.

    Raises:
        UsageError: it is neither.
    """
    return _moment(name, text, now=now, sign=-1, zone=zone)


def _moment(name: str, text: str, *, now: int, sign: int, zone: tzinfo) -> int:
    if _SPAN.fullmatch(text.strip().lower()):
        return now + sign * int(seconds_of(name, text) * MICROSECOND)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UsageError(
            f'{name} takes a span as in "2h", or a time as in "2026-01-31 18:00", not {text!r:.80}'
        ) from error
    return to_micros(moment if moment.tzinfo else moment.replace(tzinfo=zone))


def mode_of(deduplicate: bool | str, job_id: str | None, run_at: int | None) -> Mode:
    """What an enqueue does when a job of its id is alive, from `deduplicate`: False, True, skip, replace, debounce.

    Raises:
        ValidationError: it needs a job_id.
        UsageError: it is none of these, or debounces nothing.
    """
    if deduplicate is False or deduplicate is None:
        return Mode.PLAIN
    words = {True: Mode.SKIP, "skip": Mode.SKIP, "replace": Mode.REPLACE, "debounce": Mode.DEBOUNCE}
    mode = words.get(deduplicate)
    if mode is None:
        raise UsageError(f'deduplicate is True, False, "skip", "replace" or "debounce", not {deduplicate!r:.80}')
    if not job_id:
        raise ValidationError(NEEDS_ID)
    if mode is Mode.DEBOUNCE and run_at is None:
        raise UsageError("debounce needs a delay: how long to wait for the last of several enqueues")
    return mode


def id_of(job_id: Any, key: str) -> str:
    """The public id: what was given, as text, or the key.

    Raises:
        UsageError: it is empty, too long or no text.
    """
    if job_id is None:
        return key
    if not isinstance(job_id, str) or not job_id or len(job_id) > MAX_ID_LENGTH:
        raise UsageError(f"job_id must be a text of 1 to {MAX_ID_LENGTH} characters, not {job_id!r:.300}")
    return job_id


def priority_of(priority: Any) -> int:
    """A whole number; lower runs first.

    Raises:
        UsageError: it is none, or out of range.
    """
    if not isinstance(priority, int) or isinstance(priority, bool) or abs(priority) > MOST_PRIORITY:
        raise UsageError(f"priority is a whole number from -{MOST_PRIORITY} to {MOST_PRIORITY}, not {priority!r:.80}")
    return priority


def texts_of(name: str, value: Any) -> list[str]:
    """A list of texts, from one or several.

    Raises:
        UsageError: something else is in it.
    """
    many = [value] if isinstance(value, str) else value
    if not isinstance(many, (list, tuple, set, frozenset)) or not all(isinstance(one, str) for one in many):
        raise UsageError(f"{name} takes texts, not {value!r:.80}")
    return list(many)


def rate_of(rate_limit: Any) -> dict[str, Any] | None:
    """A rate limit as it is stored: `{"key", "count", "per"}`, so many jobs of the key per so many seconds.

    Raises:
        UsageError: a part is missing or makes no sense.
    """
    if rate_limit is None:
        return None
    if not isinstance(rate_limit, Mapping) or set(rate_limit) != {"key", "count", "per"}:
        raise UsageError(f'rate_limit takes {{"key": text, "count": number, "per": seconds}}, not {rate_limit!r:.80}')
    count = rate_limit["count"]
    if not isinstance(count, int) or isinstance(count, bool) or count < 1:
        raise UsageError(f"rate_limit: count is a number of jobs, not {count!r:.80}")
    per = seconds_of("rate_limit: per", rate_limit["per"], least=0.001)
    return {"key": str(rate_limit["key"]), "count": count, "per": per}


def shown_moment(micros: int | None) -> datetime | None:
    """The aware UTC time of a stored moment, if there is one."""
    return None if micros is None else from_micros(micros)
