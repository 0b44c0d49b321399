"""A transaction on the engine's tables as the statements see it, whoever's connection it is.

On SQLite it is a turn on jobs.db; on PostgreSQL a turn, or the documents' own transaction.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rota.db import Connection, Statements
from rota.db.connection import Row
from rota.store.notify import Notifier
from rota.store.words import OnStopped, StoreSettings

Rows = Sequence[Mapping[str, Any]]


@dataclass(slots=True, kw_only=True)
class Work:
    """One transaction: its connection, the named statements, and the moment it counts as."""

    tx: Connection
    sql: Statements
    now: int  #: microseconds since 1970
    lease_now: int  #: microseconds of the clock that leases are counted in
    settings: StoreSettings
    on_stopped: OnStopped | None
    lanes: set[tuple[str, int]]  #: lanes that this process knows to be in the table
    #: PostgreSQL: makes lanes known in a transaction of its own, as the others would wait for the end of this one
    learn_lanes: Callable[[Sequence[tuple[str, int]]], None] | None = None
    notifier: Notifier | None = None  #: PostgreSQL: wakes those who listen
    site: Connection | None = None  #: SQLite: site.db, to be read only
    due_since: int = 0  #: what was scheduled up to this moment went on long ago
    all_due: bool = False  #: everything that was due goes on once this commits
    #: lanes that are in the table once this commits
    new_lanes: set[tuple[str, int]] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)  #: queues that got something claimable

    @property
    def sqlite(self) -> bool:
        return self.tx.dialect == "sqlite"

    def rows(self, statement: str, /, **params: Any) -> list[Row]:
        return self.tx.query(self.sql[statement], params)

    def one(self, statement: str, /, **params: Any) -> Row | None:
        return self.tx.one(self.sql[statement], params)

    def value(self, statement: str, /, **params: Any) -> Any:
        return self.tx.value(self.sql[statement], params)

    def run(self, statement: str, /, **params: Any) -> int:
        return self.tx.run(self.sql[statement], params)

    def many(self, statement: str, rows: Rows) -> None:
        """One statement for each row."""
        if rows:
            self.tx.run_many(self.sql[statement], rows)

    def put(self, statement: str, rows: Rows) -> list[Row]:
        """Insert rows with one statement where the database has a good one (PostgreSQL: rows as JSON)."""
        if not rows:
            return []
        if self.sqlite:
            self.tx.run_many(self.sql[statement], rows)
            return []
        return self.rows(statement, rows=json.dumps(rows))

    def list(self, values: Iterable[Any]) -> Any:
        """A list as the database takes it: JSON on SQLite, an array on PostgreSQL."""
        return json.dumps(list(values)) if self.sqlite else list(values)

    def keys(self, keys: Sequence[str]) -> Any:
        """A list of jobs' keys that are in the tables: hexadecimal digits, so that nothing has to be escaped.

        As text, as an encoder and a driver look at each of them: that takes longer than all else that a turn does here.
        """
        if not self.sqlite:
            return "{" + ",".join(keys) + "}"
        return '["' + '","'.join(keys) + '"]' if keys else "[]"

    def claimed(self, refs: Sequence[tuple[str, int]]) -> dict[str, Any]:
        """Jobs, each under one claim, as the parameters `keys` and `claims`."""
        if self.sqlite:
            keys = self.keys([key for key, _ in refs])
            return {"keys": keys, "claims": json.dumps([claim for _, claim in refs])}
        # In the keys' order. Of two claims of one job only the later can be its present one, and the last counts.
        refs = sorted(refs)
        keys = self.keys([key for key, _ in refs])
        return {"keys": keys, "claims": "{" + ",".join([str(claim) for _, claim in refs]) + "}"}

    def places(self, lanes: Sequence[tuple[str, int]]) -> Sequence[int]:
        """New places at the ends of these lanes, in their order."""
        if not self.sqlite:
            return [row[0] for row in self.rows("draw_places", count=len(lanes))]
        ends: dict[tuple[str, int], int] = {}
        places = []
        for queue, lane in lanes:
            last = ends.get((queue, lane))
            ends[queue, lane] = 1 + (self.value("end_of_lane", queue=queue, lane=lane) if last is None else last)
            places.append(ends[queue, lane])
        return places

    @contextmanager
    def scanning(self) -> Iterator[None]:
        """A part that reads all of a table, where a plan that is pinned to indexes would be a detour."""
        if self.sqlite:
            yield
        elif self.tx.in_transaction:
            self.run("seqscan", on="on")
            yield
            self.run("seqscan", on="off")
        else:
            with self.tx.transaction(write=False):
                self.run("seqscan", on="on")
                yield

    @contextmanager
    def savepoint(self, name: str) -> Iterator[None]:
        """A part that an error undoes, and nothing else of the transaction."""
        lanes, woken = set(self.new_lanes), set(self.woken)
        self.tx.savepoint(name)
        try:
            yield
        except BaseException:
            self.tx.rollback_to(name)
            self.new_lanes, self.woken = lanes, woken
            raise
        finally:
            self.tx.release(name)

    def know_lanes(self, lanes: Collection[tuple[str, int]]) -> None:
        """See to it that dispatchers look into these lanes."""
        unknown = sorted(set(lanes) - self.lanes - self.new_lanes)
        if unknown and self.learn_lanes is not None:
            self.learn_lanes(unknown)
            return
        for queue, lane in unknown:
            self.run("add_lane", queue=queue, lane=lane)
        self.new_lanes.update(unknown)
