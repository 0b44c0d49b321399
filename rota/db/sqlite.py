"""SQLite through the standard library: WAL, `synchronous=FULL`, and writers that take the lock as they begin."""

from __future__ import annotations

import ctypes
import logging
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from rota.db.connection import NOTHING, Connection, Database, Dialect, Params, Row
from rota.errors import CommitUnknown, StoreBusy, StoreConflict, StoreError, StoreFull, StoreUnavailable

log = logging.getLogger("rota.db")

_PIECES = re.compile(r"[^;]*;|[^;]+")
# A statement that SQLite compiled is kept this long; the hot ones must never be compiled again.
KEPT_STATEMENTS = 512
# Seconds between two tries to turn a new file into a WAL file.
_PAUSE = 0.002
# Seconds after which a writer must have waited for another, and between the first and between later tries to take the
# lock where writers meet; for how many milliseconds it is tried so, and for how many transactions it is remembered.
_SLEPT, _FIRST_PAUSE_OF_WRITERS, _LAST_PAUSE_OF_WRITERS = 0.001, 0.00002, 0.001
_SOON, _REMEMBERED = 200, 100
# How many nanoseconds later than it asked for Linux may wake a thread: by default (0) 50,000, more than a first pause.
_PR_SET_TIMERSLACK, _PRECISE, _DEFAULT = 29, 1, 0
_prctl = ctypes.CDLL(None).prctl
# From so many pages of the WAL on a commit copies them into the file, as is SQLite's own default; after so many commits
# a connection looks for the first time whether that comes to its end, then after twice as many each, up to the last.
_WAL_PAGES, _FIRST_LOOK, _LAST_LOOK = 1_000, 8, 1_000


class SQLite(Database):
    """A database file. It is made, in WAL mode, by the first connection that may write."""

    dialect: Dialect = "sqlite"

    def __init__(self, path: str | Path, *, durable: bool = True) -> None:
        """`durable`: a commit survives a crash of the machine; not so for a file that a test throws away."""
        self.path = Path(path)
        self.durable = durable

    def connect(
        self, *, busy_timeout: float = 30.0, read_only: bool = False, attach: dict[str, Path] | None = None
    ) -> SQLiteConnection:
        """Open the file.

        `read_only`: refuses to write and never waits for a writer. `attach`: further files, read-only, by schema name.
        """
        return SQLiteConnection(
            self.path, busy_timeout=busy_timeout, read_only=read_only, attach=attach or {}, durable=self.durable
        )

    def describe(self) -> str:
        return str(self.path)


class SQLiteConnection(Connection):
    """A connection to a database file."""

    dialect: Dialect = "sqlite"

    def __init__(
        self, path: Path, *, busy_timeout: float, read_only: bool, attach: dict[str, Path], durable: bool
    ) -> None:
        super().__init__()
        self.path = path
        self._look_in: float = float("inf") if read_only else _FIRST_LOOK  #: commits
        self._looked_after = _FIRST_LOOK  #: commits
        self._met = 0  #: for how many transactions more it is remembered that another one was writing
        mode = "ro" if read_only else "rwc"
        try:
            self.raw = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=busy_timeout,
                cached_statements=KEPT_STATEMENTS,
                check_same_thread=False,
            )
            if not read_only:
                self._enter_wal(busy_timeout)
            self._configure(read_only=read_only, attach=attach, durable=durable)
        except sqlite3.Error as error:
            self._fail(error)

    def _enter_wal(self, busy_timeout: float) -> None:
        # The one lock that SQLite asks for without waiting: whoever opens a new file beside another must ask again.
        deadline = time.monotonic() + busy_timeout
        while True:
            try:
                self.raw.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                    raise
                time.sleep(_PAUSE)
            else:
                return

    def _configure(self, *, read_only: bool, attach: dict[str, Path], durable: bool) -> None:
        run = self.raw.execute
        if not read_only:
            run(f"pragma synchronous = {'full' if durable else 'off'}")
        run("pragma temp_store = memory")
        run("pragma cache_size = -16384")
        run("pragma journal_size_limit = 67108864")
        for schema, file in attach.items():
            run("attach database :file as :schema", {"file": f"{file.absolute().as_uri()}?mode=ro", "schema": schema})

    def query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        try:
            return self.raw.execute(sql, params).fetchall()
        except sqlite3.Error as error:
            self._fail(error)

    def table(self, sql: str, params: Params = NOTHING) -> tuple[list[str], list[Row]]:
        try:
            cursor = self.raw.execute(sql, params)
            return [column[0] for column in cursor.description or ()], cursor.fetchall()
        except sqlite3.Error as error:
            self._fail(error)

    def run(self, sql: str, params: Params = NOTHING) -> int:
        try:
            return self.raw.execute(sql, params).rowcount
        except sqlite3.Error as error:
            self._fail(error)

    def run_many(self, sql: str, rows: Sequence[Params]) -> None:
        try:
            self.raw.executemany(sql, rows)
        except sqlite3.Error as error:
            self._fail(error)

    def script(self, sql: str) -> None:
        # Statement by statement, as executescript would commit what is open.
        statement = ""
        try:
            for piece in _PIECES.findall(sql):
                statement += piece
                if sqlite3.complete_statement(statement):
                    self.raw.execute(statement)
                    statement = ""
            if statement.strip():
                self.raw.execute(statement)
        except sqlite3.Error as error:
            self._fail(error)

    def stream(self, sql: str, *, size: int = 2000) -> Iterator[list[Row]]:
        try:
            cursor = self.raw.execute(sql)
            while rows := cursor.fetchmany(size):
                yield rows
        except sqlite3.Error as error:
            self._fail(error)

    def begin(self, *, write: bool = True, savepoint: str | None = None, settings: Mapping[str, str] = NOTHING) -> None:
        self._check_process()
        if self.in_transaction:
            raise RuntimeError("a transaction is open already")
        try:
            if write:
                self._take_write_lock()
            else:
                self.raw.execute("begin")
        except sqlite3.Error as error:
            self._fail(error)
        self.in_transaction = True
        if savepoint:
            self.savepoint(savepoint)

    def _take_write_lock(self) -> None:
        # SQLite waits for other writers by sleeping for 1, 2, 5 and more milliseconds, many times as long as most of
        # them write. Where writers have met lately, the lock is asked for more often at first.
        if self._met > 0:
            self._met -= 1
            if self._take_soon():
                return
        began = time.perf_counter()
        try:
            self.raw.execute("begin immediate")
        finally:
            if time.perf_counter() - began > _SLEPT:
                self._met = _REMEMBERED

    def _take_soon(self) -> bool:
        ((patience,),) = self.raw.execute("pragma busy_timeout")
        if patience < _SOON:
            return False
        self.raw.execute("pragma busy_timeout = 0")
        pause, end = _FIRST_PAUSE_OF_WRITERS, time.perf_counter() + _SOON / 1000
        _prctl(_PR_SET_TIMERSLACK, _PRECISE)
        try:
            while time.perf_counter() < end:
                try:
                    self.raw.execute("begin immediate")
                except sqlite3.OperationalError as error:
                    if _code(error) != sqlite3.SQLITE_BUSY:
                        raise
                    self._met = _REMEMBERED
                    time.sleep(pause)
                    pause = min(pause * 1.05, _LAST_PAUSE_OF_WRITERS)
                else:
                    return True
            return False
        finally:
            _prctl(_PR_SET_TIMERSLACK, _DEFAULT)
            self.raw.execute(f"pragma busy_timeout = {patience}")

    def commit(self) -> None:
        try:
            self.raw.execute("commit")
        except sqlite3.Error as error:
            self._after_failed_commit(error)
        self.in_transaction = False
        self._look_in -= 1
        if self._look_in <= 0:
            self._mind_wal()

    def _mind_wal(self) -> None:
        """Make a checkpoint; if it can't come to its end, let commits try again only once the WAL is twice as long.

        SQLite has each commit try from 1,000 pages on. None can while somebody reads from an earlier moment, or
        hardly any while others write, and a try takes the longer the more pages are left.
        """
        pages = copied = 0
        try:
            for _ in range(2):
                ((_, pages, copied),) = self.raw.execute("pragma main.wal_checkpoint(passive)").fetchall()
                if pages == copied:
                    break
            least = _WAL_PAGES if pages == copied else max(_WAL_PAGES, 2 * pages)
            self.raw.execute(f"pragma wal_autocheckpoint = {least}")
        except sqlite3.Error as error:
            # The commit stands all the same, and what was not copied is read from the WAL.
            log.warning("%s: no checkpoint was made, the next one will do more: %s", self.path, error)
        self._looked_after = min(2 * self._looked_after, max(_LAST_LOOK, pages // 32))
        self._look_in = self._looked_after

    def _after_failed_commit(self, error: sqlite3.Error) -> NoReturn:
        # Still open: SQLite refused before it wrote anything, and rolling back takes it all back. No longer open
        # though nobody rolled back: it may have happened. Not so on a full disk: the frame that would have committed
        # it is the last one, and did not fit.
        is_full = _code(error) == sqlite3.SQLITE_FULL
        unknown = not self.raw.in_transaction and not is_full
        self.rollback()
        if unknown:
            raise CommitUnknown(f"{self.path}: the commit did not answer: {error}") from error
        self._fail(error)

    def rollback(self) -> None:
        if self.raw.in_transaction:
            self.raw.execute("rollback")
        self.in_transaction = False

    def copy_to(self, path: Path) -> None:
        """Copy the file, as the open transaction sees it, to a new one for its owner alone; durable when it returns."""
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                copy.execute("pragma synchronous = full")
                self.raw.backup(copy)
        except sqlite3.Error as error:
            self._fail(error)

    def check(self) -> None:
        """Read the whole file.

        Raises:
            StoreUnavailable: it is damaged.
        """
        found = self.value("pragma quick_check(1)")
        if found != "ok":
            raise StoreUnavailable(f"{self.path} is damaged: {found}")

    def close(self) -> None:
        self.raw.close()
        self.in_transaction = False

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        raise _translated(self.path, error) from error


_BY_CODE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_BUSY: StoreBusy,
    sqlite3.SQLITE_LOCKED: StoreBusy,
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_CONSTRAINT: StoreConflict,
    sqlite3.SQLITE_CANTOPEN: StoreUnavailable,
    sqlite3.SQLITE_NOTADB: StoreUnavailable,
    sqlite3.SQLITE_CORRUPT: StoreUnavailable,
    sqlite3.SQLITE_READONLY: StoreUnavailable,
    sqlite3.SQLITE_IOERR: StoreUnavailable,
}


def _code(error: sqlite3.Error) -> int:
    """The primary result code; -1 where Python itself refused, as on a wrong parameter."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return -1 if code is None else code & 0xFF


def _translated(path: Path, error: sqlite3.Error) -> StoreError:
    kind = _BY_CODE.get(_code(error), StoreError)
    hint = {
        StoreBusy: "another process is writing; try again",
        StoreFull: "no space is left on the disk; make some and try again, nothing was changed",
    }.get(kind)
    return kind(f"{path}: {error}" + (f" ({hint})" if hint else ""))
