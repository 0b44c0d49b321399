"""Entries of the cache: values, hashes, sets and lists of bytes by key, with expiry, bounded in number and size.

What was used longest ago goes first. Looking does not count as use until some minutes have passed, as otherwise every
read would be a write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase

from rota.clock import Clock, to_micros
from rota.db import Connection
from rota.errors import UsageError
from rota.sites.cache.tables import CacheTables

SECOND = 1_000_000
FRESH = 600 * SECOND  # how long a use keeps an entry from being marked as used again
SWEEP_EVERY = 256  # writes of this process
BATCH = 1000
VALUE, HASH, SET, LIST = "value", "hash", "set", "list"
# Every key sorts before this, and no key is it.
_LAST = "\U0010ffff"


class Entries:
    """All keys, fields and values are bytes or text; moments are microseconds since 1970, UTC."""

    def __init__(
        self, tables: CacheTables, clock: Clock, *, max_entries: int = 200_000, max_bytes: int = 256 << 20
    ) -> None:
        self._tables, self.clock, self._sql = tables, clock, tables.sql
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._writes = 0

    def now(self) -> int:
        return to_micros(self.clock.now())

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that is done in the block happens at once for others."""
        with self._tables.writing():
            yield

    # --- any kind ---

    def kind(self, key: str) -> str | None:
        """What sort of entry it is; None when there is none."""
        with self._tables.reading() as tx:
            row = tx.one(self._sql["read_entry"], {"key": key, "now": self.now()})
        return str(row[0]) if row else None

    def delete(self, keys: Sequence[str]) -> int:
        """Delete entries; how many there were."""
        with self._tables.writing() as tx:
            return sum(self._delete(tx, key) for key in keys)

    def expires_at(self, key: str) -> tuple[bool, int | None]:
        """Whether it is there, and when it expires."""
        with self._tables.reading() as tx:
            row = tx.one(self._sql["read_entry"], {"key": key, "now": self.now()})
        return (True, row[2]) if row else (False, None)

    def expire(self, key: str, at: int | None) -> bool:
        """Let it expire at a moment, or never; whether it was there."""
        with self._tables.writing() as tx:
            return bool(tx.run(self._sql["expire_entry"], {"key": key, "expires_at": at, "now": self.now()}))

    def keys(self, pattern: str) -> list[str]:
        """The keys that fit a shell pattern (`*`, `?`, `[...]`), in order."""
        wild = min((pattern.index(one) for one in "*?[" if one in pattern), default=len(pattern))
        prefix = pattern[:wild]
        after = prefix + _LAST if prefix else ""
        with self._tables.reading() as tx:
            rows = tx.query(self._sql["keys"], {"first": prefix, "after": after, "now": self.now()})
        return [row[0] for row in rows if fnmatchcase(row[0], pattern)]

    def clear(self) -> None:
        """Delete all entries."""
        with self._tables.writing() as tx:
            tx.run(self._sql["delete_all_items"])
            tx.run(self._sql["delete_all_entries"])

    # --- values ---

    def get(self, key: str) -> bytes | None:
        with self._tables.reading() as tx:
            now = self.now()
            row = self._read(tx, key, VALUE, now)
            if row is None:
                return None
            if now - row[1] > FRESH:
                tx.run(self._sql["touch_entry"], {"key": key, "now": now})
            return row[0]

    def set(self, key: str, value: bytes, *, expires_at: int | None = None) -> None:
        """Put a value in place of whatever was there."""
        with self._changing() as tx:
            tx.run(self._sql["delete_items"], {"key": key})
            size = len(key) + len(value)
            row = {"key": key, "kind": VALUE, "value": value, "expires_at": expires_at, "size": size}
            tx.run(self._sql["put_entry"], {**row, "now": self.now()})

    def set_if_absent(self, key: str, value: bytes, *, expires_at: int | None = None) -> bool:
        with self._tables.writing():
            if self.kind(key) is not None:
                return False
            self.set(key, value, expires_at=expires_at)
            return True

    def add(self, key: str, amount: int) -> int:
        """Count up a value that is a whole number; an absent one is 0. It keeps its expiry.

        Raises:
            UsageError: it is no whole number.
        """
        with self._tables.writing():
            _, expires_at = self.expires_at(key)
            known = self.get(key) or b"0"
            try:
                total = int(known) + amount
            except ValueError as error:
                raise UsageError(f"the cache's {key!r} is no whole number, so it can't be counted up") from error
            self.set(key, str(total).encode(), expires_at=expires_at)
            return total

    # --- members of hashes and sets ---

    def put_field(self, key: str, kind: str, field: bytes, value: bytes) -> bool:
        """Put a member; whether it is a new one."""
        with self._changing() as tx:
            self._begin(tx, key, kind)
            old = tx.one(self._sql["read_item"], {"key": key, "field": field})
            tx.run(self._sql["put_item"], {"key": key, "field": field, "place": 0, "value": value})
            self._grow(tx, key, len(value) - len(old[0]) if old else len(field) + len(value))
            return old is None

    def field(self, key: str, kind: str, field: bytes) -> bytes | None:
        with self._tables.reading() as tx:
            if self._read(tx, key, kind, self.now()) is None:
                return None
            row = tx.one(self._sql["read_item"], {"key": key, "field": field})
        return row[0] if row else None

    def fields(self, key: str, kind: str) -> dict[bytes, bytes]:
        """All members of a hash or a set."""
        with self._tables.reading() as tx:
            if self._read(tx, key, kind, self.now()) is None:
                return {}
            return dict(tx.query(self._sql["items"], {"key": key}))

    def delete_fields(self, key: str, kind: str, fields: Sequence[bytes]) -> int:
        """Take members out; how many there were. An entry without members is none."""
        with self._tables.writing() as tx:
            if self._read(tx, key, kind, self.now()) is None:
                return 0
            gone = [(one, self.field(key, kind, one)) for one in dict.fromkeys(fields)]
            found = [(one, value) for one, value in gone if value is not None]
            for one, _ in found:
                tx.run(self._sql["delete_item"], {"key": key, "field": one})
            self._shrink(tx, key, sum(len(one) + len(value) for one, value in found))
            return len(found)

    # --- lists ---

    def push(self, key: str, values: Sequence[bytes], *, left: bool) -> int:
        """Add values at an end, one after the other; the new length."""
        with self._changing() as tx:
            self._begin(tx, key, LIST)
            first, last = tx.query(self._sql["ends"], {"key": key})[0]
            for number, value in enumerate(values, 1):
                place = (1 if first is None else first) - number if left else (0 if last is None else last) + number
                item = {"key": key, "field": str(place).encode(), "place": place, "value": value}
                tx.run(self._sql["put_item"], item)
            self._grow(tx, key, sum(len(value) + 8 for value in values))
            return self._count(tx, key)

    def pop(self, key: str, *, left: bool) -> bytes | None:
        """Take the value at an end out."""
        with self._tables.writing() as tx:
            length = self.length(key, LIST)
            if not length:
                return None
            start = 0 if left else length - 1
            field, value = tx.query(self._sql["slice"], {"key": key, "count": 1, "start": start})[0]
            tx.run(self._sql["delete_item"], {"key": key, "field": field})
            self._shrink(tx, key, len(value) + 8)
            return bytes(value)

    def slice(self, key: str, start: int, count: int) -> list[bytes]:
        """`count` values of a list from `start` on."""
        with self._tables.reading() as tx:
            if self._read(tx, key, LIST, self.now()) is None:
                return []
            rows = tx.query(self._sql["slice"], {"key": key, "count": count, "start": start})
        return [row[1] for row in rows]

    def keep_slice(self, key: str, start: int, count: int) -> None:
        """Take all other values out of a list."""
        with self._tables.writing() as tx:
            length = self.length(key, LIST)
            rows = tx.query(self._sql["slice"], {"key": key, "count": length, "start": 0}) if length else []
            gone = [row for number, row in enumerate(rows) if not start <= number < start + count]
            for field, _ in gone:
                tx.run(self._sql["delete_item"], {"key": key, "field": field})
            if gone:
                self._shrink(tx, key, sum(len(value) + 8 for _, value in gone))

    def length(self, key: str, kind: str) -> int:
        """How many members it has."""
        with self._tables.reading() as tx:
            return 0 if self._read(tx, key, kind, self.now()) is None else self._count(tx, key)

    # --- within bounds ---

    def sweep(self) -> int:
        """Delete what is expired, and of the rest what was used longest ago while there is too much; how many."""
        swept = 0
        with self._tables.writing() as tx:
            for row in tx.query(self._sql["expired"], {"now": self.now(), "limit": BATCH}):
                swept += self._delete(tx, row[0])
            count, size = tx.query(self._sql["totals"])[0]
            if count <= self._max_entries and size <= self._max_bytes:
                return swept
            # A tenth below the bounds, so that not every sweep has to do it again.
            wanted, room = self._max_entries * 0.9, self._max_bytes * 0.9
            while count > wanted or size > room:
                rows = tx.query(self._sql["least_used"], {"limit": BATCH})
                for key, bytes_of in rows:
                    if count > wanted or size > room:
                        swept += self._delete(tx, key)
                        count, size = count - 1, size - bytes_of
                if not rows:
                    break
        return swept

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            self.sweep()
        with self._tables.writing() as tx:
            yield tx

    def _read(self, tx: Connection, key: str, kind: str, now: int) -> tuple[bytes, int] | None:
        row = tx.one(self._sql["read_entry"], {"key": key, "now": now})
        if row is None:
            return None
        if row[0] != kind:
            raise UsageError(f"the cache's {key!r} is a {row[0]}, not a {kind}")
        return row[1], row[3]

    def _begin(self, tx: Connection, key: str, kind: str) -> None:
        """See that there is an entry of this kind; what is left of an expired one goes first."""
        if self._read(tx, key, kind, self.now()) is None:
            self._delete(tx, key)
            row = {"key": key, "kind": kind, "value": None, "expires_at": None, "size": len(key)}
            tx.run(self._sql["put_entry"], {**row, "now": self.now()})

    def _grow(self, tx: Connection, key: str, size: int) -> None:
        tx.run(self._sql["grow_entry"], {"key": key, "size": size, "now": self.now()})

    def _shrink(self, tx: Connection, key: str, size: int) -> None:
        if self._count(tx, key):
            self._grow(tx, key, -size)
        else:
            self._delete(tx, key)

    def _count(self, tx: Connection, key: str) -> int:
        return int(tx.value(self._sql["count_items"], {"key": key}))

    def _delete(self, tx: Connection, key: str) -> int:
        tx.run(self._sql["delete_items"], {"key": key})
        return tx.run(self._sql["delete_entry"], {"key": key})
