"""What every database gives: statements with `:name` parameters, explicit transactions, one family of errors.

Nothing begins by itself: outside `begin`, each statement is its own transaction and sees what others have committed.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

Dialect = Literal["sqlite", "postgresql"]
Params = Mapping[str, Any]
Row = tuple[Any, ...]
NOTHING: Params = {}


class Database(ABC):
    """Where a database is, and how to open it. Holds no connection, so it may cross a fork."""

    dialect: Dialect

    @abstractmethod
    def connect(self, *, busy_timeout: float = 30.0) -> Connection:
        """Open a connection.

        `busy_timeout`: seconds to wait for another writer (SQLite) or a lock (PostgreSQL) before `StoreBusy`.

        Raises:
            StoreUnavailable: it can't be reached or opened.
        """

    @abstractmethod
    def describe(self) -> str:
        """Where it is, for people; never a password."""

    def check_answers(self) -> None:  # noqa: B027 - a file always answers
        """Refuse at once what would wait for a server that has just kept this process waiting in vain.

        Raises:
            StoreUnavailable: it did not answer a moment ago.
        """


class Connection(ABC):
    """One connection of one process. Not for several threads at once."""

    dialect: Dialect

    def __init__(self) -> None:
        self._pid = os.getpid()
        self.in_transaction = False
        self._once_committed: list[Callable[[], None]] = []

    @property
    def is_lost(self) -> bool:
        """Whether the database is gone from its other end, as far as is known here: only a new connection helps."""
        return False

    # --- statements ---

    @abstractmethod
    def query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        """All rows of a statement (also of a writing one with `returning`)."""

    @abstractmethod
    def table(self, sql: str, params: Params = NOTHING) -> tuple[list[str], list[Row]]:
        """The column names and all rows of a statement."""

    @abstractmethod
    def run(self, sql: str, params: Params = NOTHING) -> int:
        """Execute a writing statement; the number of rows it touched."""

    @abstractmethod
    def run_many(self, sql: str, rows: Sequence[Params]) -> None:
        """Execute one statement for each of `rows`, as cheaply as the driver can."""

    @abstractmethod
    def script(self, sql: str) -> None:
        """Execute several statements without parameters, separated by `;` (migrations)."""

    def ahead(self, *statements: str) -> None:
        """Execute statements without parameters or rows, no later than with the next statement of the transaction.

        PostgreSQL sends them together with it.
        """
        for statement in statements:
            self.run(statement)

    @abstractmethod
    def stream(self, sql: str, *, size: int = 2000) -> Iterator[list[Row]]:
        """All rows of a statement without parameters, `size` at a time: for tables that don't fit into memory.

        Within a transaction, whose end ends it.
        """

    def one(self, sql: str, params: Params = NOTHING) -> Row | None:
        """The first row, or None."""
        rows = self.query(sql, params)
        return rows[0] if rows else None

    def value(self, sql: str, params: Params = NOTHING) -> Any:
        """The first column of the first row, or None."""
        row = self.one(sql, params)
        return row[0] if row else None

    # --- transactions ---

    @abstractmethod
    def begin(self, *, write: bool = True, savepoint: str | None = None, settings: Mapping[str, str] = NOTHING) -> None:
        """Begin a transaction; `write` takes SQLite's write lock at once. With a first `savepoint` in the same breath.

        `settings`: of the server, for this transaction (PostgreSQL; they cost no message of their own).

        Raises:
            StoreBusy: another writer held the database for longer than the busy time limit.
        """

    @abstractmethod
    def commit(self) -> None:
        """Commit; durable when it returns.

        Raises:
            CommitUnknown: it failed without an answer. The transaction may or may not have happened.
            StoreError: it was refused; the transaction is rolled back.
        """

    @abstractmethod
    def rollback(self) -> None:
        """Roll back what is open; does nothing when nothing is."""

    def once_committed(self, do: Callable[[], None]) -> None:
        """Call `do`, which may raise nothing, right after the open transaction has committed (PostgreSQL)."""
        self._once_committed.append(do)

    def savepoint(self, name: str) -> None:
        """Set a savepoint. `name` must be an identifier."""
        self.run(f"savepoint {identifier(name)}")

    def release(self, name: str) -> None:
        """Keep what was done since the savepoint."""
        self.run(f"release savepoint {identifier(name)}")

    def rollback_to(self, name: str) -> None:
        """Undo what was done since the savepoint, which stays."""
        self.run(f"rollback to savepoint {identifier(name)}")

    @contextmanager
    def transaction(self, *, write: bool = True) -> Iterator[Connection]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        self.begin(write=write)
        try:
            yield self
        except BaseException:
            self.rollback()
            raise
        self.commit()

    @abstractmethod
    def close(self) -> None:
        """Close; rolls back what is open."""

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("a database connection must not cross a fork; open one in the child")


def identifier(name: str) -> str:
    """A savepoint's name, as it may stand in a statement.

    Raises:
        ValueError: it may not.
    """
    if not name.isidentifier() or not name.isascii():
        raise ValueError(f"{name!r} is not a savepoint's name")
    return name
