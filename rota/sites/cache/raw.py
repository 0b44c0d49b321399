"""The commands of Redis that apps use on `frappe.cache`, under the names and with the answers of Redis's Python client.

Keys are text or bytes; values are bytes, and what is given as text or a number is stored as its UTF-8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import SystemRandom
from typing import Any, NoReturn, Self

from rota.clock import to_micros
from rota.errors import NotInRota, UsageError
from rota.payload import clean_text
from rota.sites.cache.entries import HASH, LIST, SECOND, SET, Entries
from rota.sites.cache.lock import CacheLock

MAX_KEY = 1000  # characters; a longer key is replaced by its beginning and its digest

Key = str | bytes


class RawCache:
    """Lists, sets and single values of bytes."""

    def __init__(self, entries: Entries, local: MutableMapping[Any, Any]) -> None:
        """`local`: what this request or job has read; a command that changes an entry takes it out there."""
        self._entries, self._local = entries, local

    # --- Redis's: lists of bytes ---

    def lpush(self, key: Key, *values: Any) -> int:
        """Add values at the beginning; the new length."""
        return self._entries.push(as_text(key), [as_bytes(one) for one in values], left=True)

    def rpush(self, key: Key, *values: Any) -> int:
        """Add values at the end; the new length."""
        return self._entries.push(as_text(key), [as_bytes(one) for one in values], left=False)

    def lpop(self, key: Key) -> bytes | None:
        """Take the first value out."""
        return self._entries.pop(as_text(key), left=True)

    def rpop(self, key: Key) -> bytes | None:
        """Take the last value out."""
        return self._entries.pop(as_text(key), left=False)

    def llen(self, key: Key) -> int:
        """The length of a list."""
        return self._entries.length(as_text(key), LIST)

    def lrange(self, key: Key, start: int, stop: int) -> list[bytes]:
        """The values from `start` to `stop`, both included; -1 is the last."""
        return self._entries.slice(as_text(key), *self._span(key, start, stop))

    def ltrim(self, key: Key, start: int, stop: int) -> bool:
        """Keep only the values from `start` to `stop`, both included."""
        self._entries.keep_slice(as_text(key), *self._span(key, start, stop))
        return True

    def lindex(self, key: Key, index: int) -> bytes | None:
        """The value at a place; -1 is the last."""
        return next(iter(self.lrange(key, index, index)), None)

    def _span(self, key: Key, start: int, stop: int) -> tuple[int, int]:
        length = self.llen(key)
        first = max(start if start >= 0 else length + start, 0)
        last = min(stop if stop >= 0 else length + stop, length - 1)
        return first, max(last - first + 1, 0)

    # --- Redis's: sets of bytes ---

    def sadd(self, name: Key, *values: Any) -> int:
        """Add members; how many were new."""
        with self._entries.together():
            return sum(self._entries.put_field(as_text(name), SET, as_bytes(one), b"") for one in values)

    def srem(self, name: Key, *values: Any) -> int:
        """Take members out; how many there were."""
        return self._entries.delete_fields(as_text(name), SET, [as_bytes(one) for one in values])

    def sismember(self, name: Key, value: Any) -> bool:
        """Whether it is a member."""
        return self._entries.field(as_text(name), SET, as_bytes(value)) is not None

    def smembers(self, name: Key) -> set[bytes]:
        """All members."""
        return set(self._entries.fields(as_text(name), SET))

    def scard(self, name: Key) -> int:
        """How many members there are."""
        return self._entries.length(as_text(name), SET)

    def srandmember(self, name: Key, count: int | None = None) -> Any:
        """Any member, or None; with `count` a list of up to so many."""
        members = list(self.smembers(name))
        if count is None:
            return SystemRandom().choice(members) if members else None
        return SystemRandom().sample(members, min(count, len(members)))

    def spop(self, name: Key) -> bytes | None:
        """Take any member out."""
        with self._entries.together():
            member: bytes | None = self.srandmember(name)
            if member is not None:
                self.srem(name, member)
            return member

    # --- Redis's: single values of bytes ---

    def get(self, name: Key) -> bytes | None:
        """The bytes under a key."""
        return self._entries.get(as_text(name))

    def set(
        self,
        name: Key,
        value: Any,
        ex: float | timedelta | None = None,
        px: int | None = None,
        *,
        nx: bool = False,
        xx: bool = False,
    ) -> bool | None:
        """Keep bytes, for `ex` seconds or `px` milliseconds; None where `nx` (only a new one) or `xx` says no."""
        made, expires_at = as_text(name), self._in(px / 1000 if px else ex)
        with self._entries.together():
            is_there = self._entries.kind(made) is not None
            if (nx and is_there) or (xx and not is_there):
                return None
            self._forget([made])
            self._entries.set(made, as_bytes(value), expires_at=expires_at)
            return True

    def setex(self, name: Key, time: float | timedelta, value: Any) -> bool | None:
        """Keep bytes for some seconds."""
        return self.set(name, value, ex=time)

    def setnx(self, name: Key, value: Any) -> bool:
        """Keep bytes unless there is something; whether they are kept."""
        return bool(self.set(name, value, nx=True))

    def delete(self, *names: Key) -> int:
        """Forget keys; how many there were."""
        made = [as_text(one) for one in names]
        self._forget(made)
        return self._entries.delete(made)

    def incr(self, name: Key, amount: int = 1) -> int:
        """Count up; the new number. What is not there is 0."""
        self._forget([as_text(name)])
        return self._entries.add(as_text(name), amount)

    incrby = incr

    def decr(self, name: Key, amount: int = 1) -> int:
        """Count down; the new number."""
        return self.incr(name, -amount)

    decrby = decr

    def expire(self, name: Key, time: float | timedelta) -> bool:
        """Let it expire in so many seconds; whether it was there."""
        self._forget([as_text(name)])
        return self._entries.expire(as_text(name), self._in(time))

    def expireat(self, name: Key, when: float | datetime) -> bool:
        """Let it expire at a moment: seconds since 1970, or a time (UTC if it names no zone)."""
        self._forget([as_text(name)])
        if isinstance(when, datetime):
            return self._entries.expire(as_text(name), to_micros(when if when.tzinfo else when.replace(tzinfo=UTC)))
        return self._entries.expire(as_text(name), int(when * SECOND))

    def persist(self, name: Key) -> bool:
        """Let it no longer expire."""
        return self._entries.expire(as_text(name), None)

    def ttl(self, name: Key) -> int:
        """Seconds until it expires; -1 when it does not, -2 when there is none."""
        is_there, at = self._entries.expires_at(as_text(name))
        if at is None:
            return -1 if is_there else -2
        return round((at - self._entries.now()) / SECOND)

    def keys(self, pattern: Key = "*") -> list[bytes]:
        """The keys that fit a pattern."""
        return [one.encode() for one in self._entries.keys(as_text(pattern))]

    def scan_iter(self, match: Key = "*") -> Iterator[bytes]:
        """The keys that fit a pattern, one by one."""
        yield from self.keys(match)

    def flushall(self) -> bool:
        """Forget everything of this site."""
        self._local.clear()
        self._entries.clear()
        return True

    flushdb = flushall
    clear = flushall

    def ping(self) -> bool:
        """Whether the cache can be reached."""
        self._entries.kind("ping")
        return True

    # --- several at once ---

    def pipeline(self, transaction: bool = True) -> Pipeline:
        """Collects calls, which `execute` makes together; their answers come as a list."""
        return Pipeline(self, self._entries)

    def lock(
        self, name: Key, timeout: float | None = None, sleep: float = 0.1, blocking_timeout: float | None = None
    ) -> CacheLock:
        """A lock among all processes of the site, for a `with`; free after `timeout` seconds, whatever happened."""
        return CacheLock(self._entries, f"lock:{as_text(name)}", timeout, sleep, blocking_timeout)

    def ft(self, index_name: str = "idx") -> NoReturn:
        raise NotInRota("frappe.cache.ft", "full-text search belongs to Redis Stack; search with get_all and `like`")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotInRota(f"frappe.cache.{name}", "the cache is no Redis server")

    # --- inside ---

    def _forget(self, made: Iterable[str]) -> None:
        for key in made:
            self._local.pop(key, None)
            self._local.pop((HASH, key), None)

    def _in(self, seconds: float | timedelta | None) -> int | None:
        if seconds is None:
            return None
        span = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        return self._entries.now() + int(span * SECOND)


class Pipeline:
    """Calls on a cache that wait to be made together."""

    def __init__(self, cache: RawCache, entries: Entries) -> None:
        self._cache, self._entries = cache, entries
        self._calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.clear()

    def __getattr__(self, name: str) -> Callable[..., Pipeline]:
        method = getattr(self._cache, name)

        def remember(*args: Any, **kwargs: Any) -> Pipeline:
            self._calls.append((method, args, kwargs))
            return self

        return remember

    def execute(self) -> list[Any]:
        """Make the calls; others see all of them or none."""
        calls, self._calls = self._calls, []
        with self._entries.together():
            return [method(*args, **kwargs) for method, args, kwargs in calls]


def as_text(key: Any) -> str:
    """The key as both databases store it."""
    text = key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)
    text = clean_text(text, len(text) * 4 + 1000)
    if len(text) <= MAX_KEY:
        return text
    return f"{text[: MAX_KEY - 70]}#{sha256(text.encode()).hexdigest()}"


def as_bytes(value: Any) -> bytes:
    """As Redis's client stores it: bytes as they are, text in UTF-8, numbers as people write them."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return str(value).encode("utf-8", "backslashreplace")
    raise UsageError(
        f"a {type(value).__name__} can't be a member or raw value of the cache: convert it, or use set_value"
    )
