"""The unit of work on the documents' database.

Reads outside a transaction see what is committed. The first write begins a transaction, which lasts until `commit` or
`rollback`. Savepoints are set when the first write after them comes: a block that only reads costs nothing.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rota.db import Connection, Database
from rota.db.connection import NOTHING, Params, Row
from rota.errors import (
    CommitUnknown,
    QueryDeadlockError,
    QueryTimeoutError,
    StoreBusy,
    StoreDeadlock,
    StoreError,
    StoreTimeout,
    TooManyWritesError,
)

logger = logging.getLogger("rota.documents")

MAX_WRITES = 200_000
Callback = Callable[[], Any]


class Participant(Protocol):
    """What else takes part in a unit of work: jobs enqueued in it, the fence of the job it belongs to."""

    def savepoint(self, name: str) -> None: ...
    def rollback_to(self, name: str) -> None: ...
    def release(self, name: str) -> None: ...

    def before_commit(self, connection: Connection | None, writes: int) -> None:
        """The last statements before COMMIT; `connection` is None when nothing was written.

        `writes`: how many rows' statements stand, those taken back by savepoints left out.
        """

    def committed(self) -> None: ...
    def rolled_back(self) -> None: ...


class CallbackManager:
    """Functions that run once, in the order they were added; what one of them adds runs, too."""

    def __init__(self) -> None:
        self._functions: deque[Callback] = deque()

    def add(self, function: Callback) -> None:
        """Run `function` the next time."""
        self._functions.append(function)

    def __call__(self, function: Callback) -> Callback:
        self.add(function)
        return function

    def run(self) -> None:
        """Run all; an error ends the run and leaves the rest for the next."""
        while self._functions:
            self._functions.popleft()()

    def run_all(self) -> None:
        """Run all though some fail: what is committed stays committed, so each failure is only logged."""
        while self._functions:
            function = self._functions.popleft()
            try:
                function()
            except Exception:
                logger.exception("a callback after the end of a transaction failed: %r", function)

    def reset(self) -> None:
        """Forget all."""
        self._functions.clear()


class _Savepoint:
    __slots__ = ("name", "place", "writes")

    def __init__(self, name: str, writes: int) -> None:
        self.name = name
        self.writes = writes
        self.place: int | None = None  #: which one of the database's it is; None until the first write behind it


class Reads:
    """Reading statements on a connection, with Frappe's names for what goes wrong."""

    connection: Connection

    def query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        """All rows of a reading statement."""
        try:
            return self.connection.query(sql, params)
        except StoreError as error:
            raise translated(error) from error

    def table(self, sql: str, params: Params = NOTHING) -> tuple[list[str], list[Row]]:
        """The column names and all rows of a reading statement."""
        try:
            return self.connection.table(sql, params)
        except StoreError as error:
            raise translated(error) from error


class Session(Reads):
    """One unit of work after the other on one connection. Not for several threads at once."""

    def __init__(
        self,
        database: Database,
        *,
        participants: Sequence[Participant] = (),
        connection: Connection | None = None,
        max_writes: int = MAX_WRITES,
    ) -> None:
        """`connection`: an open one to use, which stays open at `close`; otherwise one is opened.

        `max_writes`: how many rows' statements a transaction may have before `TooManyWritesError`.
        """
        self.database = database
        self.participants = list(participants)
        self.connection = connection or database.connect()
        self._owns_connection = connection is None
        self.max_writes = max_writes
        self.auto_commit_on_many_writes = False
        self.writes = 0
        self.wrote = False
        self._savepoints: list[_Savepoint] = []
        self._unset = 0
        # How many the database has. One that is released stays there until its place is needed, or the end.
        self._kept = 0
        self.before_commit = CallbackManager()
        self.after_commit = CallbackManager()
        self.before_rollback = CallbackManager()
        self.after_rollback = CallbackManager()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect

    # --- statements ---

    def write(self, sql: str, params: Params = NOTHING) -> int:
        """Execute a writing statement, in a transaction that begins now unless one is open; the rows it touched.

        Raises:
            StoreConflict: a unique index or another constraint said no.
            QueryTimeoutError, QueryDeadlockError: the database gave up.
            TooManyWritesError: the transaction has more writes than allowed.
        """
        try:
            self._before_write(1)
            return self.connection.run(sql, params)
        except StoreError as error:
            raise translated(error) from error

    def write_query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        """The rows that a writing statement gives with `returning`."""
        try:
            self._before_write(1)
            return self.connection.query(sql, params)
        except StoreError as error:
            raise translated(error) from error

    def lock_query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        """The rows of a reading statement that holds them until the transaction, which begins unless one is open, ends.

        SQLite has one writer: there the whole database is held.

        Raises:
            QueryTimeoutError: somebody else holds them; the transaction stays usable.
        """
        with self.atomic():
            try:
                self._begin()
                return self.connection.query(sql, params)
            except StoreError as error:
                raise translated(error) from error

    def write_table(self, sql: str, params: Params = NOTHING) -> tuple[list[str], list[Row]]:
        """The column names and rows that a statement gives which may write."""
        try:
            self._before_write(1)
            return self.connection.table(sql, params)
        except StoreError as error:
            raise translated(error) from error

    def write_many(self, sql: str, rows: Sequence[Params]) -> None:
        """Execute a writing statement for each of `rows`."""
        if not rows:
            return
        try:
            self._before_write(len(rows))
            self.connection.run_many(sql, rows)
        except StoreError as error:
            raise translated(error) from error

    def script(self, sql: str) -> None:
        """Execute statements that change the schema, in the transaction."""
        try:
            self._before_write(0)
            self.connection.script(sql)
        except StoreError as error:
            raise translated(error) from error

    def _before_write(self, count: int) -> None:
        self.wrote = True
        self.writes += count
        if self.writes > self.max_writes:
            self._too_many_writes(count)
        self._begin()

    def _begin(self) -> None:
        if not self.connection.in_transaction:
            self.connection.begin(write=True, savepoint="s0" if self._unset else None)
            self._place_savepoints(0)
        elif self._unset:
            self._set_savepoints()

    def _set_savepoints(self) -> None:
        # Nothing was written between those that are not set yet, so one of the database's stands for all of them.
        first = len(self._savepoints) - self._unset
        around = self._savepoints[first - 1].place if first else None
        place = 0 if around is None else around + 1
        statements = [f"release savepoint s{place}"] if self._kept > place else []
        statements.append(f"savepoint s{place}")
        self._place_savepoints(place)
        self.connection.ahead(*statements)

    def _place_savepoints(self, place: int) -> None:
        for savepoint in self._savepoints[len(self._savepoints) - self._unset :]:
            savepoint.place = place
            self._kept = place + 1
        self._unset = 0

    def _too_many_writes(self, count: int) -> None:
        if not self.auto_commit_on_many_writes:
            raise TooManyWritesError(
                f"more than {self.max_writes:,} writes in one transaction: commit now and then, "
                "or set frappe.db.auto_commit_on_many_writes"
            )
        self.commit()
        self.wrote, self.writes = True, count

    # --- the end ---

    def begin(self) -> None:
        """Begin the transaction as a write would, unless it is open."""
        self._before_write(0)

    def commit(self) -> None:
        """Commit what was written, with the callbacks of Frappe's order.

        Raises:
            CommitUnknown: the commit may or may not have happened.
            StoreError: it was refused; everything is rolled back.
        """
        self.before_rollback.reset()
        self.after_rollback.reset()
        self.before_commit.run()
        wrote = self.wrote
        for participant in tuple(self.participants):
            participant.before_commit(self.connection if wrote else None, self.writes)
        try:
            if self.connection.in_transaction:
                self.connection.commit()
        except StoreError as error:
            self._forget()
            self.after_commit.reset()
            for participant in tuple(self.participants):
                participant.rolled_back()
            if isinstance(error, CommitUnknown):
                raise
            raise translated(error) from error
        self._forget()
        for participant in tuple(self.participants):
            participant.committed()
        self.after_commit.run_all()

    def rollback(self, save_point: str | None = None) -> None:
        """Take back everything since the last commit, or what came after `save_point`, which stays.

        A rollback to a savepoint takes back statements and what participants hold, but leaves callbacks alone.
        """
        if save_point is not None:
            self._rollback_to(self._find(save_point))
            return
        self.before_commit.reset()
        self.after_commit.reset()
        self.before_rollback.run()
        self.connection.rollback()
        self._forget()
        for participant in tuple(self.participants):
            participant.rolled_back()
        self.after_rollback.run_all()

    def close(self) -> None:
        """Roll back what is open, and close the connection unless it was given."""
        if self.connection.in_transaction:
            self.rollback()
        if self._owns_connection:
            self.connection.close()

    def _forget(self) -> None:
        self._savepoints.clear()
        self._unset = self._kept = 0
        self.writes = 0
        self.wrote = False

    # --- savepoints ---

    def savepoint(self, name: str, *, before_reads: bool = False) -> None:
        """Set a savepoint; one of the same name right before it is replaced.

        `before_reads`: also an error of a read can be taken back, which PostgreSQL needs inside a transaction.
        """
        if self._savepoints and self._savepoints[-1].name == name:
            self._release(self._savepoints[-1])
        self._push(name)
        if before_reads and self.dialect == "postgresql" and self.connection.in_transaction:
            self._set_savepoints()

    def release_savepoint(self, name: str) -> None:
        """Forget a savepoint and all after it; what was done stays."""
        self._release(self._find(name))

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """A block that is taken back as a whole when it fails, and leaves a usable transaction."""
        savepoint = self._push("")
        try:
            yield
        except BaseException:
            if savepoint in self._savepoints:  # not so when the block ended the transaction itself
                self._rollback_to(savepoint)
                self._release(savepoint)
            raise
        if savepoint in self._savepoints:
            self._release(savepoint)

    @contextmanager
    def atomic_now(self) -> Iterator[None]:
        """The same with the savepoint set at once, for a read that may fail inside a transaction."""
        with self.atomic():
            self._set_savepoints()
            yield

    def _push(self, name: str) -> _Savepoint:
        savepoint = _Savepoint(name, self.writes)
        for participant in tuple(self.participants):
            participant.savepoint(f"s{len(self._savepoints)}")
        self._savepoints.append(savepoint)
        self._unset += 1
        return savepoint

    def _find(self, name: str) -> _Savepoint:
        for savepoint in reversed(self._savepoints):
            if savepoint.name == name:
                return savepoint
        raise StoreError(f"there is no savepoint {name!r} in this transaction")

    def _rollback_to(self, savepoint: _Savepoint) -> None:
        number = self._savepoints.index(savepoint)
        self._drop_after(number + 1)
        self.writes = savepoint.writes
        if savepoint.place is not None:
            self.connection.rollback_to(f"s{savepoint.place}")
            self._kept = savepoint.place + 1
        for participant in tuple(self.participants):
            participant.rollback_to(f"s{number}")

    def _release(self, savepoint: _Savepoint) -> None:
        number = self._savepoints.index(savepoint)
        for participant in tuple(self.participants):
            participant.release(f"s{number}")
        self._drop_after(number)

    def _drop_after(self, number: int) -> None:
        self._unset -= sum(savepoint.place is None for savepoint in self._savepoints[number:])
        del self._savepoints[number:]


def translated(error: StoreError) -> Exception:
    """The error as Frappe's apps know it; itself where Frappe has no name for it."""
    if isinstance(error, StoreDeadlock):
        return QueryDeadlockError(str(error))
    if isinstance(error, (StoreTimeout, StoreBusy)):
        return QueryTimeoutError(str(error))
    return error
