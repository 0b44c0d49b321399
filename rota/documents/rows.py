"""Rows of a DocType's table, whole: the statements are made once for each DocType and kept with its `Meta`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rota.documents.doctype import Meta
from rota.documents.session import Session
from rota.documents.sql import quote, quoted_list, table_of
from rota.documents.values import FROM_COLUMN, TO_COLUMN, Converter


class Rows:
    """How to read and write the rows of one DocType on one dialect."""

    def __init__(self, meta: Meta, dialect: str) -> None:
        self.doctype: str = meta["name"]
        self.columns = list(meta.column_kinds)
        table, names = quote(table_of(self.doctype), dialect), quoted_list(self.columns, dialect)
        key = quote("name", dialect)
        # Parameters are numbered, as a column's name need not be one.
        marks = {column: f"c{number}" for number, column in enumerate(self.columns)}
        self._writers: list[tuple[str, str, Converter]] = [
            (column, marks[column], TO_COLUMN[dialect][kind]) for column, kind in meta.column_kinds.items()
        ]
        readers = FROM_COLUMN[dialect]
        self._readers: list[tuple[str, Converter]] = [
            (column, readers[kind]) for column, kind in meta.column_kinds.items() if kind in readers
        ]
        self._dialect = dialect
        self._reader_by_name = dict(self._readers)
        self._some: dict[tuple[str, ...], tuple[str, list[Converter | None]]] = {}
        self._from_name = f"from {table} where {key} = :name"
        self._name = TO_COLUMN[dialect][meta.column_kinds["name"]]
        self._select = f"select {names} {self._from_name}"
        self._insert = f"insert into {table} ({names}) values ({', '.join(':' + mark for mark in marks.values())})"
        sets = ", ".join(f"{quote(column, dialect)} = :{mark}" for column, mark in marks.items() if column != "name")
        self._update = f"update {table} set {sets} where {key} = :{marks['name']}"
        self._delete = f"delete from {table} where {key} = :name"
        self._children = (
            f"select {names} from {table} where parent = :parent and parenttype = :parenttype "
            f"and parentfield = :parentfield order by idx"
        )
        self._delete_children = (
            f"delete from {table} where parent = :parent and parenttype = :parenttype and parentfield = :parentfield"
        )
        self._lock = " for update" if dialect == "postgresql" else ""

    def key(self, name: Any) -> Any:
        """A name as the table has it."""
        return self._name(name)

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        """A row, in the order of the columns, as a dict of Python values."""
        values = dict(zip(self.columns, row, strict=True))
        for column, reader in self._readers:
            value = values[column]
            if value is not None:
                values[column] = reader(value)
        return values

    def bind(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters of a whole row."""
        get = values.get
        return {mark: convert(get(column)) for column, mark, convert in self._writers}

    def select(self, session: Session, name: Any, *, for_update: bool = False) -> dict[str, Any] | None:
        """The row of this name, or None. `for_update` locks it until the transaction ends."""
        if for_update:
            rows = session.lock_query(self._select + self._lock, {"name": self.key(name)})
        else:
            rows = session.query(self._select, {"name": self.key(name)})
        return self.read(rows[0]) if rows else None

    def values(self, session: Any, name: Any, columns: tuple[str, ...]) -> tuple[Any, ...] | None:
        """Some columns of the row of this name, or None."""
        known = self._some.get(columns)
        if known is None:
            sql = f"select {quoted_list(columns, self._dialect)} {self._from_name}"
            readers = [self._reader_by_name.get(column) for column in columns]
            known = self._some[columns] = (sql, readers if any(readers) else [])
        sql, readers = known
        rows = session.query(sql, {"name": self.key(name)})
        if not rows:
            return None
        if not readers:
            return tuple(rows[0])
        return tuple(
            value if read is None or value is None else read(value)
            for read, value in zip(readers, rows[0], strict=True)
        )

    def children(self, session: Session, parent: Any, parenttype: str, parentfield: str) -> list[dict[str, Any]]:
        """The rows of a parent's table field, in order."""
        found = session.query(
            self._children, {"parent": str(parent), "parenttype": parenttype, "parentfield": parentfield}
        )
        return [self.read(row) for row in found]

    def insert(self, session: Session, values: Mapping[str, Any]) -> None:
        """Insert a row. Raises StoreConflict when its name or a unique value is taken."""
        session.write(self._insert, self.bind(values))

    def insert_many(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert several rows."""
        session.write_many(self._insert, [self.bind(values) for values in rows])

    def update(self, session: Session, values: Mapping[str, Any]) -> int:
        """Write all columns of the row with this name; how many rows that were (0 or 1)."""
        return session.write(self._update, self.bind(values))

    def update_many(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write all columns of several rows."""
        session.write_many(self._update, [self.bind(values) for values in rows])

    def delete(self, session: Session, name: Any) -> int:
        """Delete the row of this name; how many that were."""
        return session.write(self._delete, {"name": self.key(name)})

    def delete_children(self, session: Session, parent: Any, parenttype: str, parentfield: str) -> int:
        """Delete the rows of a parent's table field; how many they were."""
        return session.write(
            self._delete_children, {"parent": str(parent), "parenttype": parenttype, "parentfield": parentfield}
        )


def rows_of(meta: Meta, dialect: str) -> Rows:
    """The rows of a DocType; made once for each `Meta`."""
    known: dict[str, Rows] = meta.__dict__.setdefault("_rows", {})
    rows = known.get(dialect)
    if rows is None:
        rows = known[dialect] = Rows(meta, dialect)
    return rows
