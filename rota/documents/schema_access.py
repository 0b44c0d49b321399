"""What `frappe.db` says of tables, columns and indexes, and adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rota.documents.rawsql import RawSQL
from rota.documents.sql import table_of
from rota.errors import DoctypeNotFoundError


class SchemaAccess(RawSQL):
    """The schema of one site's tables."""

    def get_table_columns(self, doctype: str) -> list[str]:
        """The columns of a DocType's table.

        Raises:
            DoctypeNotFoundError: it has none.
        """
        columns = list(self._documents.doctypes.schema.columns(table_of(doctype)))
        if not columns:
            raise DoctypeNotFoundError(f"{doctype} has no table")
        return columns

    def has_column(self, doctype: str, column: str) -> bool:
        """Whether a DocType's table has this column."""
        return column in self.get_table_columns(doctype)

    def table_exists(self, doctype: str, cached: bool = True) -> bool:
        """Whether a DocType has a table."""
        return self._documents.doctypes.schema.table_exists(table_of(doctype))

    has_table = table_exists

    def get_tables(self, cached: bool = True) -> list[str]:
        """The names of all tables."""
        return self._documents.doctypes.schema.tables()

    def get_column_type(self, doctype: str, column: str) -> str | None:
        """The database's type of a column."""
        return self._documents.doctypes.schema.columns(table_of(doctype)).get(column)

    def add_index(self, doctype: str, fields: Sequence[str] | str, index_name: str | None = None) -> None:
        """Add an index on fields unless it is there."""
        with self._session.atomic():
            self._documents.doctypes.schema.add_index(table_of(doctype), _listed(fields), index_name)

    def add_unique(self, doctype: str, fields: Sequence[str] | str, constraint_name: str | None = None) -> None:
        """Make fields unique together unless they are.

        Raises:
            ValidationError: rows have the same values.
        """
        with self._session.atomic():
            self._documents.doctypes.schema.add_unique(table_of(doctype), _listed(fields), constraint_name)

    def has_index(self, table_name: str, index_name: str) -> bool:
        """Whether a table has an index made with this name."""
        names = self._documents.doctypes.schema.indexes(table_name)
        # By its own name, by SQL's CREATE INDEX, by `add_index` and by `add_unique`.
        own = f"{table_name}_{index_name}"
        return not names.isdisjoint((index_name, own, f"{own}_index", f"{own}_unique"))

    def updatedb(self, doctype: str, meta: Any = None) -> list[str]:
        """Bring a DocType's table up to date; what was done."""
        self._documents.doctypes.changed(doctype)
        return self._documents.doctypes.sync_table(doctype)


def _listed(fields: Sequence[str] | str) -> list[str]:
    return [fields] if isinstance(fields, str) else list(fields)
