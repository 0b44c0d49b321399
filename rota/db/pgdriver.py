"""What psycopg's connections and cursors do here beyond what they do by themselves.

This reaches into the driver's inner steps, which may change with its next minor version: pyproject.toml keeps it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg._preparing import Prepare
from psycopg.generators import execute, fetch_many, send
from psycopg.pq import TransactionStatus

if TYPE_CHECKING:
    from psycopg._queries import PostgresQuery
    from psycopg.abc import PQGen

NO_ANSWER = "the server gave no answer"
CANCEL_TIMEOUT = 2.0  # seconds


class DriverConnection(psycopg.Connection[Any]):
    """A connection that gives a server up which takes a statement and says nothing more."""

    answer_timeout: float | None = None  #: seconds

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ahead: list[str] = []  #: statements that the next one takes along

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        is_ours = timeout is None and self.answer_timeout is not None
        try:
            return super().wait(gen, interval, self.answer_timeout if is_ours else timeout)
        except psycopg.errors._WaitTimeout:
            if not is_ours:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"{NO_ANSWER} for {self.answer_timeout:g} s") from None
        except BaseException as error:
            try:
                if not isinstance(error, psycopg.Error):
                    self._cancel(gen)
            finally:
                if self._is_amid_answers():
                    # What is still to come would be taken for the next statement's answer.
                    self.pgconn.finish()
            raise

    def _cancel(self, gen: Any) -> None:
        """A signal's handler has raised an exception: have the server give up what it does, and hear it say so."""
        try:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.cancel_safe(timeout=CANCEL_TIMEOUT)
                super().wait(gen, timeout=CANCEL_TIMEOUT)
        except psycopg.Error:
            pass  # it was canceled, or could not be, which is seen next

    def _is_amid_answers(self) -> bool:
        if self._pipeline is not None:
            return False  # the driver sees to it
        return self.pgconn.transaction_status == TransactionStatus.ACTIVE or bool(self.pgconn.pipeline_status)


class DriverCursor(psycopg.RawCursor[Any]):
    """A cursor whose statement takes along what its connection has to send ahead of it: one way there and back.

    The driver's own pipeline takes longer to set up, and loses an exception that a signal's handler raises meanwhile.
    """

    _conn: DriverConnection

    def _maybe_prepare_gen(
        self, pgq: PostgresQuery, *, prepare: bool | None = None, binary: bool | None = None
    ) -> PQGen[None]:
        ahead = self._conn.ahead
        if ahead and not self._conn._pipeline:
            prepared, name = self._get_prepared(pgq, prepare)
            if prepared is Prepare.YES:
                self._conn._prepared.maybe_add_to_cache(pgq, prepared, name)
                yield from self._together(ahead, name, pgq)
                return
            self._pgconn.send_query("; ".join(ahead).encode())
            results = yield from execute(self._pgconn)
            ahead.clear()
            self._check_results(results)
        yield from super()._maybe_prepare_gen(pgq, prepare=prepare, binary=binary)

    def _together(self, ahead: list[str], name: bytes, pgq: PostgresQuery) -> PQGen[None]:
        connection = self._pgconn
        connection.enter_pipeline_mode()
        for statement in ahead:
            connection.send_query_params(statement.encode(), None)
        self._send_query_prepared(name, pgq)
        connection.pipeline_sync()
        yield from send(connection)
        answers = []
        for _ in range(len(ahead) + 1):
            answers.append((yield from fetch_many(connection)))
        yield from fetch_many(connection)  # the answer to the sync
        connection.exit_pipeline_mode()
        ahead.clear()
        for results in answers:
            self._check_results(results)
        self._set_results(answers[-1])
