"""What went wrong, as apps ask `frappe.db`: `is_deadlocked(error)`, `except frappe.db.OperationalError`."""

from __future__ import annotations

import re

from rota.errors import (
    DuplicateEntryError,
    InvalidColumnName,
    QueryDeadlockError,
    QueryTimeoutError,
    StoreConflict,
    StoreError,
    TooManyWritesError,
    UniqueValidationError,
)

_NO_COLUMN = re.compile(r"no such column|has no column|column .* does not exist", re.I)
_NO_TABLE = re.compile(r"no such table|relation .* does not exist", re.I)


class Failures:
    """The kinds of errors of a statement."""

    @staticmethod
    def is_deadlocked(error: BaseException) -> bool:
        """Whether an error is a deadlock."""
        return isinstance(error, QueryDeadlockError)

    @staticmethod
    def is_timedout(error: BaseException) -> bool:
        """Whether an error is a lock's or statement's time limit."""
        return isinstance(error, QueryTimeoutError)

    @staticmethod
    def is_duplicate_entry(error: BaseException) -> bool:
        """Whether an error is a name or value that is taken."""
        return isinstance(error, (StoreConflict, DuplicateEntryError, UniqueValidationError))

    is_unique_key_violation = is_primary_key_violation = is_duplicate_entry

    @staticmethod
    def is_missing_column(error: BaseException) -> bool:
        """Whether an error is a column that is not there."""
        said = isinstance(error, StoreError) and _NO_COLUMN.search(str(error))
        return isinstance(error, InvalidColumnName) or bool(said)

    @staticmethod
    def is_table_missing(error: BaseException) -> bool:
        """Whether an error is a table that is not there."""
        return isinstance(error, StoreError) and bool(_NO_TABLE.search(str(error)))

    DuplicateEntryError = DuplicateEntryError
    TooManyWritesError = TooManyWritesError
    QueryDeadlockError = QueryDeadlockError
    QueryTimeoutError = QueryTimeoutError
    # What drivers of databases call whatever a statement did wrong.
    OperationalError = InternalError = ProgrammingError = IntegrityError = StoreError
