"""Stores that have grown: rows of jobs that wait and of jobs that have ended, copied from real ones by SQL."""

from __future__ import annotations

from rota.benchmark.arena import Arena
from rota.benchmark.rates import drained
from rota.db import Connection

# So many rows a transaction: a write-ahead log of some hundred megabytes at most.
AT_ONCE = 500_000
# Where the keys begin: before those of all jobs that are enqueued today.
_FINISHED, _QUEUED = "00000000000070008", "00000001000070008"


def fill_finished(arena: Arena, count: int, *, first: int = 1) -> None:
    """So many jobs that have ended, an hour and more ago, as copies of one that runs now.

    They are numbered from `first`, which is beyond the last one of an earlier call.
    """
    arena.enqueue_many("noop", 1)
    drained(arena, 1)
    last = first + count - 1
    age = f"3600000000 - ({last} - n.i)"
    with arena.store() as connection:
        key = connection.value(f"select key from {arena.table('done')} order by key desc limit 1")
        copies = _Copies(arena, connection, str(key), _FINISHED)
        copies.insert("job", first, last)
        copies.insert("done", first, last, started_at=f"started_at - {age}", ended_at=f"ended_at - {age}")
    _tidy(arena)


def fill_queued(arena: Arena, count: int, *, first: int = 1) -> None:
    """So many jobs that wait, numbered from `first`, which is beyond the last one of an earlier call."""
    arena.enqueue_many("noop", 1)
    with arena.store() as connection:
        key = connection.value(f"select key from {arena.table('live')} where state = 1 order by seq desc limit 1")
        copies, last = _Copies(arena, connection, str(key), _QUEUED), first + count - 1
        if connection.dialect == "sqlite":
            place = f"{connection.value('select max(seq) from live')} + n.i"
        else:
            place = "nextval('rota.live_seq')"
        copies.insert("job", first, last)
        copies.insert("live", first, last, seq=place)
    _tidy(arena)


class _Copies:
    """Copies of one job's rows, each with a key and id of its own."""

    def __init__(self, arena: Arena, connection: Connection, key: str, prefix: str) -> None:
        """`prefix`: the first 17 digits of the copies' keys; the number follows."""
        self._arena, self._connection, self._key = arena, connection, key
        if connection.dialect == "sqlite":
            self._numbers = "with recursive n(i) as (select :first union all select i + 1 from n where i < :last)"
            self._id = f"printf('{prefix}%015x', n.i)"
            self._own_key = self._id
        else:
            self._numbers = "with n(i) as (select generate_series(cast(:first as bigint), cast(:last as bigint)))"
            self._id = f"'{prefix}' || lpad(to_hex(n.i), 15, '0')"
            self._own_key = f"cast({self._id} as uuid)"

    def insert(self, table: str, first: int, last: int, **changed: str) -> None:
        """Copy the job's row of a table; the columns `changed` get an expression, of the number n.i, instead."""
        name = self._arena.table(table)
        own = {"key": self._own_key, "id": self._id, **changed}
        columns = self._connection.table(f"select * from {name} limit 0")[0]
        values = [own.get(column, f"t.{column}") for column in columns]
        copy = (
            f"insert into {name} ({', '.join(columns)}) {self._numbers} "
            f"select {', '.join(values)} from n cross join {name} t where t.key = :key"
        )
        for start in range(first, last + 1, AT_ONCE):
            end = min(start + AT_ONCE - 1, last)
            with self._connection.transaction():
                self._connection.run(copy, {"first": start, "last": end, "key": self._key})


def _tidy(arena: Arena) -> None:
    """What the database does by itself after such a load, done before anything is measured."""
    with arena.store() as connection:
        if connection.dialect == "sqlite":
            connection.query("pragma wal_checkpoint(truncate)")
            return
        for table in ("job", "live", "done"):
            connection.run(f"vacuum analyze {arena.table(table)}")
        connection.run("checkpoint")
