"""Iterate inside a job so that it goes on where it was: after a crash, a deploy, its time limit, or a pause.

`for invoice in iterate("Sales Invoice", {...})` is a plain loop. What its rows wrote, and the place in the loop, are
one commit each `batch` rows. With `on_error="collect"` an error in the loop's body takes back its row alone, which is
noted; then the job's function is called again and comes back to the row after it, as it would after a crash.
"""

from __future__ import annotations

import sys
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import FrameType
from typing import Any, Literal

from rota.engine.cursor import Loop
from rota.errors import (
    DoesNotExistError,
    LockTimeoutError,
    QueryDeadlockError,
    QueryTimeoutError,
    RetryLater,
    StoreBusy,
    StoreDeadlock,
    StoreError,
    StoreTimeout,
    StoreUnavailable,
    TooManyRowsFailed,
    UsageError,
)
from rota.sites.checkpoint import Checkpoint
from rota.sites.context import Context, current
from rota.sites.errorlog import record_row_failure
from rota.sites.pacing import Pacing
from rota.sites.rows import Row, Rows, rows_of
from rota.sites.shards import hand_out, part_of

BATCH = 500
SAVEPOINT = "rota_row"
# Nobody's fault: the database gives up now and then, and the job tries again as a whole.
PASSING = (
    QueryDeadlockError, QueryTimeoutError, LockTimeoutError, StoreBusy, StoreDeadlock, StoreTimeout, StoreUnavailable,
    RetryLater,
)  # fmt: skip


def iterate(
    source: str | Iterable[Any],
    filters: Any = None,
    *,
    fields: Any = None,
    batch: int = BATCH,
    on_error: Literal["raise", "collect"] = "raise",
    max_errors: int | None = None,
    order_by: str = "name",
    rate: float | None = None,
    throttle_on: Callable[[], Any] | None = None,
    shards: int = 1,
) -> Iterator[Any]:
    """The documents of a DocType that the filters pick, or the items of an iterable, each handed out once.

    In a job that is run again after a crash, a deploy or its time limit, the loop goes on behind the last row that was
    committed. Rows and place are committed together each `batch` rows, so don't commit in the loop's body.

    `fields`: None gives documents, a list of fields gives dicts, one field gives its values. `on_error`: "raise" fails
    the job, which goes on at the row's batch when it is tried again; "collect" leaves out the rows that fail, up to
    `max_errors` (None: any number): see `Job.failed_rows`. `order_by`: name or creation, asc or desc. `rate`: rows a
    second at most; `throttle_on`: called after each batch, and while it says something true the loop waits. `shards`:
    hand the rows out to so many jobs of this method; the job that does ends with that.

    Outside a job it only hands out the rows. The iterable must be the same each time.

    Raises:
        UsageError: what is asked for can't be.
        TooManyRowsFailed: more than `max_errors`; the job fails, and a retry by hand goes on behind them.
    """
    if batch < 1 or shards < 1 or (max_errors is not None and max_errors < 0) or (rate is not None and rate <= 0):
        raise UsageError("batch, shards and rate are above 0, and max_errors is not below")
    if on_error not in ("raise", "collect"):
        raise UsageError(f'on_error is "raise" or "collect", not {on_error!r:.40}')
    context = current()
    rows = rows_of(source, context.documents, filters, fields=fields, order_by=order_by, page=min(batch, BATCH))
    if context.running is None:
        return _plainly(rows)
    limit = max_errors if on_error == "collect" else -1
    return Iteration(context, rows, batch=batch, limit=limit, rate=rate, throttle_on=throttle_on, shards=shards).run()


def _plainly(rows: Rows) -> Iterator[Any]:
    for row in rows.between(None, None):
        try:
            value = row.load()
        except DoesNotExistError:
            continue
        yield value


class Iteration:
    """One loop of a running job."""

    def __init__(
        self,
        context: Context,
        rows: Rows,
        *,
        batch: int,
        limit: int | None,
        rate: float | None,
        throttle_on: Callable[[], Any] | None,
        shards: int,
    ) -> None:
        """`limit`: how many rows may fail; -1: none, the error is the job's."""
        self._context, self._session = context, context.documents.session
        self._checkpoint = Checkpoint.of(context)
        self._rows, self._batch, self._limit, self._shards = rows, batch, limit, shards
        self._name = ""
        self._pacing = Pacing(self._checkpoint, context.site, rate, throttle_on)
        self.is_open = False
        self._row: Row | None = None  #: the one that is being worked on
        self._was_rolled_back = self._was_committed = self._is_counted = False
        self._left_at: dict[FrameType, int] = {}  #: on which lines the loop was left, in the functions that are in it
        self._since: list[Row] = []  #: done since the last commit
        self._taken_back: list[Row] = []  #: by the job itself, while it was at its row
        self._again: deque[tuple[Row, bool]] = deque()  #: to be done once more; False: only to be passed by
        self._total: int | None = None

    def run(self) -> Iterator[Any]:
        """The rows."""
        checkpoint = self._checkpoint
        if checkpoint.is_iterating:
            raise UsageError("an iteration inside another one could not be gone on with: use a plain loop there")
        self._name = checkpoint.begin(self._rows.label, numbered=True)
        running = checkpoint.running
        part = part_of(self._rows, self._name, running.options)
        self._rows = part.rows
        if self._state.is_over:
            return
        if self._shards > 1 and part.is_all:
            hand_out(self._context, running, self._name, self._rows, self._shards)
        known = self._state.total
        self._total = self._state.total = part.total or self._rows.count() if known is None else known
        checkpoint.loop, self.is_open = self, True
        try:
            yield from self._each(self._state.place or part.after, part.upto)
            self._state.is_over = True
            checkpoint.save()
            self._pacing.tell(self._state)
        finally:
            self.is_open = False

    @property
    def _state(self) -> Loop:
        # A rollback replaces the cursor by the one that is saved.
        return self._checkpoint.cursor.loops.setdefault(self._name, Loop(total=self._total))

    def _each(self, after: list[Any] | None, upto: list[Any] | None) -> Iterator[Any]:
        failed = {one.row for one in self._state.failed_rows}
        found = self._rows.between(after, upto)
        while (one := self._next(found)) is not None:
            row, wanted = one
            if not wanted or row.name in failed:
                self._pass(row)
                continue
            self._pacing.before_row(self._state, len(self._since) >= self._batch)
            try:
                value = row.load()
            except DoesNotExistError:
                self._pass(row)
                continue
            self._open(row)
            try:
                yield value
            except GeneratorExit:
                self._leave(row)
                raise
            self._close(row)

    def _next(self, found: Iterator[Row]) -> tuple[Row, bool] | None:
        if self._again:
            return self._again.popleft()
        row = next(found, None)
        return None if row is None else (row, True)

    def _pass(self, row: Row) -> None:
        self._state.place = row.place
        self._checkpoint.changed()

    def _open(self, row: Row) -> None:
        self._row, self._was_rolled_back, self._was_committed, self._is_counted = row, False, False, False
        if self._limit != -1:
            self._session.savepoint(SAVEPOINT, before_reads=True)

    def _close(self, row: Row) -> None:
        self._row = None
        if self._limit != -1 and not self._was_rolled_back and not self._was_committed:
            self._session.release_savepoint(SAVEPOINT)
        if self._was_rolled_back:
            # The job itself rolled back: the rows before come once more, and then this one is done with.
            self._again.extendleft(reversed([*((one, True) for one in self._taken_back), (row, False)]))
            self._taken_back.clear()
        else:
            self._count(row)
            self._since.append(row)

    def _leave(self, row: Row) -> None:
        """The loop ends in this row: by `break` or `return`, which do it, or by an error, which takes it back."""
        if not self._was_rolled_back:
            self._count(row)
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            self._left_at[frame] = frame.f_lineno
            frame = frame.f_back

    def _count(self, row: Row) -> None:
        self._pass(row)
        self._state.done += 1
        self._is_counted = True

    # --- checkpoint.OpenLoop ---

    def committed(self) -> None:
        self._was_committed = True
        self._since.clear()

    def rolled_back(self) -> None:
        self._was_rolled_back = True
        self._taken_back += self._since
        self._since.clear()

    def collect(self, error: Exception) -> bool:
        """Take back the row that failed, and note it; False if the error is not the row's, or ends the job."""
        row = self._row
        if row is None or self._limit == -1 or isinstance(error, PASSING) or not self._is_of_row(error):
            return False
        told = "".join(traceback.format_exception(error))
        self._take_back(row)
        self._state.fail(row.name, f"{type(error).__name__}: {error}")
        self._left_at.clear()
        running = self._checkpoint.running
        title = f"{running.method}: row {row.name}"
        record_row_failure(self._context, title, told, self._rows.doctype, row.name)
        running.channel.log("ERROR", f"row {row.name} failed\n{told}")
        self._checkpoint.save()
        if self._limit is not None and self._state.failed > self._limit:
            raise TooManyRowsFailed(self._state.failed, f"{row.name}: {error}") from error
        return True

    def _is_of_row(self, error: Exception) -> bool:
        """Whether the row raised it: what was raised on a line behind the one that left the loop came after `break`."""
        lines = [
            (line, self._left_at[frame])
            for frame, line in traceback.walk_tb(error.__traceback__)
            if frame in self._left_at
        ]
        return not lines or lines[-1][0] <= lines[-1][1]

    def _take_back(self, row: Row) -> None:
        try:
            self._session.rollback(save_point=SAVEPOINT)
        except StoreError:
            # The job committed or rolled back inside the row: what is open goes as a whole, and what went with it is
            # done once more from the saved place on, past this row.
            self._session.rollback()
            self._state.done += 1
            return
        if not self._is_counted:
            self._count(row)
