"""PostgreSQL 13+ through psycopg 3: explicit transactions on an autocommit connection, time limits on everything.

The DSN is libpq's, so it may name several hosts and `target_session_attrs=read-write`: a cluster with a standby is one
database. A standby that is promoted is found by the next `connect`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

from rota.db.connection import NOTHING, Connection, Database, Dialect, Params, Row, identifier
from rota.errors import (
    CommitUnknown,
    ConfigError,
    StoreBusy,
    StoreConflict,
    StoreDeadlock,
    StoreError,
    StoreFull,
    StoreTimeout,
    StoreUnavailable,
)

try:
    import psycopg
    from psycopg.adapt import Loader
    from psycopg.pq import Format, TransactionStatus

    from rota.db.pgdriver import NO_ANSWER, DriverConnection, DriverCursor
except ImportError as missing:
    raise ConfigError("PostgreSQL needs its driver: pip install 'rota[postgresql]'") from missing

CONNECT_TIMEOUT = 5
# A server that does not answer at all is left alone for a while: one process may serve many sites on it, and others.
SILENT_SECONDS = 10.0
_silent_until: dict[str, float] = {}
# What the driver, the kernel and we say of a peer that takes everything and says nothing.
_SILENCE = ("timeout expired", "timed out", NO_ANSWER)
# A peer that vanished is noticed after about 10 + 3 x 3 s: well within the 30 s in which a dead host's jobs are back.
# While something of ours is on its way to it, keepalives rest, and without a limit that lasts for a quarter of an hour.
KEEPALIVE: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
SERVER_KEEPALIVE: dict[str, Any] = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}

# Statements of a connection that keep their cursor, and the longest result that stays with one.
KEPT_CURSORS = 128
KEPT_ROWS = 100

_TOKENS = re.compile(
    r"'(?:[^']|'')*' | \"(?:[^\"]|\"\")*\" | --[^\n]* | /\*.*?\*/ | (\$\w*\$).*?\1 | :: | :(?P<name>[A-Za-z_]\w*)",
    re.S | re.X,
)


class PostgreSQL(Database):
    """A database on a PostgreSQL server, by its DSN."""

    dialect: Dialect = "postgresql"

    def __init__(self, dsn: str, *, pooler: bool = False) -> None:
        """`pooler`: a transaction pooler stands before the server, so that a session is nobody's own."""
        self.dsn = dsn
        self.pooler = pooler
        self._server = dsn.partition("?")[0].rpartition("@")[2].rpartition("/")[0] + dsn.partition("?")[2]

    def connect(
        self,
        *,
        busy_timeout: float = 30.0,
        statement_timeout: float = 0,
        name: str = "rota",
        settings: dict[str, str] | None = None,
        prepare: bool = True,
        session: bool = True,
        answer_timeout: float | None = None,
    ) -> PostgreSQLConnection:
        """Open a connection.

        `answer_timeout`: seconds after which a server that gives no answer to a statement is given up; None: never.
        `busy_timeout`: seconds to wait for a lock. `statement_timeout`: seconds a statement may run, 0 for ever.
        `settings`: further settings of the session. `prepare`: let hot statements be prepared on the server.
        `session`: make these limits and settings the session's; without it none of them holds. Behind a transaction
        pooler, where the next transaction of a session is somebody else's, both are off, and only a transaction's wait
        for locks is limited.
        """
        prepare, session = prepare and not self.pooler, session and not self.pooler
        self.check_answers()
        try:
            raw = DriverConnection.connect(
                self.dsn, autocommit=True, connect_timeout=CONNECT_TIMEOUT, application_name=name, **KEEPALIVE
            )
        except psycopg.Error as error:
            self.note_loss(error)
            raise StoreUnavailable(f"{self.describe()}: {_line(error)}") from error
        raw.answer_timeout = answer_timeout
        raw.prepare_threshold = 5 if prepare else None
        raw.adapters.register_loader("uuid", _KeyLoader)
        raw.adapters.register_loader("uuid", _BinaryKeyLoader)
        connection = PostgreSQLConnection(raw, self.describe(), self.note_loss)
        if self.pooler:
            connection.at_begin = f"; set local lock_timeout = {int(busy_timeout * 1000)}; set local timezone = 'UTC'"
        limits = {
            "lock_timeout": f"{int(busy_timeout * 1000)}",
            "statement_timeout": f"{int(statement_timeout * 1000)}",
            "timezone": "UTC",
            **SERVER_KEEPALIVE,
            **(settings or {}),
        }
        if not session:
            return connection
        try:
            connection.query(
                "select " + ", ".join(f"set_config(:n{i}, :v{i}, false)" for i in range(len(limits))),
                {f"n{i}": key for i, key in enumerate(limits)}
                | {f"v{i}": value for i, value in enumerate(limits.values())},
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def check_answers(self) -> None:
        left = _silent_until.get(self._server, 0.0) - time.monotonic()
        if left > 0:
            raise StoreUnavailable(f"{self.describe()}: the server did not answer; it is asked again in {left:.0f} s")

    def note_loss(self, error: psycopg.Error) -> None:
        """A connection was lost, or not made. Only one who waited in vain lets all others wait for a while."""
        if any(words in str(error) for words in _SILENCE):
            _silent_until[self._server] = time.monotonic() + SILENT_SECONDS

    def describe(self) -> str:
        parts = urlsplit(self.dsn)
        if parts.password is None:
            return self.dsn
        safe = parts.netloc.replace(f":{parts.password}@", ":***@", 1)
        return urlunsplit(parts._replace(netloc=safe))


class PostgreSQLConnection(Connection):
    """A connection to a server."""

    dialect: Dialect = "postgresql"

    def __init__(self, raw: DriverConnection, where: str, lost: Callable[[psycopg.Error], None]) -> None:
        """`lost` is told with which error the connection was lost."""
        super().__init__()
        self._lost = lost
        self.raw = raw
        self.where = where
        self.at_begin = ""  #: further statements, sent with each BEGIN
        self._cursors: dict[str, DriverCursor] = {}

    @property
    def is_lost(self) -> bool:
        return bool(self.raw.closed)

    def query(self, sql: str, params: Params = NOTHING) -> list[Row]:
        result = self._execute(sql, params).pgresult
        # Not the cursor's `description`: it is made anew for each column of each result.
        return self._fetched(sql) if result is not None and result.nfields else []

    def table(self, sql: str, params: Params = NOTHING) -> tuple[list[str], list[Row]]:
        cursor = self._execute(sql, params)
        if not cursor.description:
            return [], []
        return [column.name for column in cursor.description], self._fetched(sql)

    def _fetched(self, sql: str) -> list[Row]:
        rows = self._cursors[sql].fetchall()
        if len(rows) > KEPT_ROWS:
            del self._cursors[sql]  # and what it holds
        return rows

    def run(self, sql: str, params: Params = NOTHING) -> int:
        return self._execute(sql, params).rowcount

    def ahead(self, *statements: str) -> None:
        self.raw.ahead += statements

    def run_many(self, sql: str, rows: Sequence[Params]) -> None:
        if self.raw.ahead:
            # The rows go in a pipeline of the driver's own.
            statements, self.raw.ahead = self.raw.ahead, []
            self.script("; ".join(statements))
        text, names = numbered(sql)
        try:
            self._cursor(sql).executemany(text, [[row[name] for name in names] for row in rows])
        except psycopg.Error as error:
            self._fail(error)

    def script(self, sql: str) -> None:
        try:
            self._cursor(sql).execute(sql)
        except psycopg.Error as error:
            self._fail(error)

    def stream(self, sql: str, *, size: int = 2000) -> Iterator[list[Row]]:
        self.script(f"declare rota_stream no scroll cursor for {sql}")
        while rows := self.query(f"fetch {size} from rota_stream"):
            yield rows
        self.script("close rota_stream")

    def _execute(self, sql: str, params: Params) -> DriverCursor:
        text, names = numbered(sql)
        try:
            return self._cursor(sql).execute(text, [params[name] for name in names])
        except psycopg.Error as error:
            self._fail(error)

    def _cursor(self, sql: str) -> DriverCursor:
        """The statement's own cursor, which remembers how its values are written and read until another one comes."""
        cursor = self._cursors.get(sql)
        if cursor is None:
            if len(self._cursors) >= KEPT_CURSORS:
                self._cursors.clear()
            cursor = self._cursors[sql] = DriverCursor(self.raw)
        return cursor

    def begin(self, *, write: bool = True, savepoint: str | None = None, settings: Mapping[str, str] = NOTHING) -> None:
        self._check_process()
        if self.in_transaction:
            raise RuntimeError("a transaction is open already")
        self._once_committed.clear()
        more = [f"; set local {name} = '{value}'" for name, value in settings.items()]
        more += [f"; savepoint {identifier(savepoint)}"] if savepoint else []
        self.script(("begin" if write else "begin read only") + self.at_begin + "".join(more))
        self.in_transaction = True

    def commit(self) -> None:
        self.raw.ahead.clear()
        # The server turns the COMMIT of a broken transaction into a ROLLBACK without saying so.
        if self.raw.info.transaction_status == TransactionStatus.INERROR:
            self.rollback()
            raise StoreError(f"{self.where}: nothing was committed, as a statement of the transaction had failed")
        try:
            self._cursor("commit").execute("commit")
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            self.in_transaction = False
            if self.raw.closed or self.raw.broken:
                self._lost(error)
                raise CommitUnknown(f"{self.where}: the commit did not answer: {_line(error)}") from error
            self._fail(error)
        except psycopg.Error as error:
            self.in_transaction = False
            self._fail(error)
        self.in_transaction = False
        while self._once_committed:
            self._once_committed.pop()()

    def rollback(self) -> None:
        self.raw.ahead.clear()
        self.in_transaction = False
        if self.raw.closed or self.raw.info.transaction_status == TransactionStatus.IDLE:
            return
        try:
            self._cursor("rollback").execute("rollback")
        except psycopg.OperationalError:
            # The server is gone, and with it the transaction; the next statement says so.
            self.raw.close()

    def fileno(self) -> int:
        """For `select`: readable when the server sent something, such as a notification."""
        return self.raw.fileno()

    def notifications(self) -> list[str]:
        """The payloads of the notifications that have come to a connection that listens, without waiting.

        Raises:
            StoreUnavailable: the connection is lost.
        """
        try:
            return [notice.payload for notice in self.raw.notifies(timeout=0)]
        except psycopg.Error as error:
            self._fail(error)

    def close(self) -> None:
        self.raw.close()
        self.in_transaction = False

    def _fail(self, error: psycopg.Error) -> NoReturn:
        if self.raw.closed:
            self._lost(error)
        raise _translated(self.where, error, lost=self.raw.closed or self.raw.broken) from error


class _KeyLoader(Loader):
    """A uuid as 32 hexadecimal digits, which is how Rota writes keys."""

    def load(self, data: Any) -> str:
        return bytes(data).decode("ascii").replace("-", "")


class _BinaryKeyLoader(Loader):
    format = Format.BINARY

    def load(self, data: Any) -> str:
        return bytes(data).hex()


@lru_cache(maxsize=4096)
def numbered(sql: str) -> tuple[str, tuple[str, ...]]:
    """`:name` parameters as `$1`, `$2`, with the names in that order; text in quotes and comments stays."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        name = found.group("name")
        if name is None:
            return found.group()
        if name not in names:
            names.append(name)
        return f"${names.index(name) + 1}"

    text = _TOKENS.sub(number, sql)
    return text, tuple(names)


_BY_STATE: dict[str, type[StoreError]] = {
    "55P03": StoreBusy,  # lock_not_available
    "57014": StoreTimeout,  # query_canceled: statement_timeout
    "40001": StoreDeadlock,  # serialization_failure
    "40P01": StoreDeadlock,  # deadlock_detected
    "53100": StoreFull,  # disk_full
}


def _translated(where: str, error: psycopg.Error, *, lost: bool) -> StoreError:
    state = error.sqlstate or ""
    kind: type[StoreError] = _BY_STATE.get(state, StoreError)
    if lost or state.startswith(("08", "57P")):
        kind = StoreUnavailable
    elif state.startswith("23"):
        kind = StoreConflict
    return kind(f"{where}: {_line(error)}")


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
