"""The writes of `frappe.db`, past the documents' checks and hooks: names from the DocType, values bound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from rota.documents.conditions import Rules
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.filters import parse
from rota.documents.query import Query
from rota.documents.rawsql import RawSQL
from rota.documents.sql import SINGLES_COLUMNS, quote, quoted_list, table_of
from rota.documents.storage import conflict, taken_columns, write_single_values
from rota.documents.values import TO_COLUMN, to_text
from rota.errors import (
    DuplicateEntryError,
    InvalidColumnName,
    StoreConflict,
    UniqueValidationError,
    ValidationError,
)

#: rows of one `bulk_insert` from which on the server looks at the table's values once they are committed
MANY_ROWS = 10_000


class Writes(RawSQL):
    """Changes rows of one site's tables."""

    def set_value(
        self,
        dt: str,
        dn: Any,
        field: Any,
        val: Any = None,
        modified: Any = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
        for_update: bool = True,
    ) -> None:
        """Write fields of documents, by name or filters, without checks, hooks or permissions.

        A name of None does nothing, as in Frappe.

        Raises:
            InvalidColumnName: the DocType has no such field.
            UniqueValidationError: a unique field's value is taken.
        """
        meta = self._documents.get_meta(dt)
        values = dict(field) if isinstance(field, Mapping) else {field: val}
        if update_modified:
            values.setdefault("modified", modified or self._documents.now())
            values.setdefault("modified_by", modified_by or self._documents.user)
        if meta.issingle or (isinstance(dn, str) and dn == dt and meta.issingle):
            write_single_values(self._documents, meta, values)
        elif dn is not None:
            self._update(meta, dn, values)
        self._documents.forget(dt, dn if isinstance(dn, (str, int)) else None)

    def _update(self, meta: Meta, filters: Any, values: Mapping[str, Any]) -> int:
        dialect = self._session.dialect
        query = self._query(meta)
        convert = TO_COLUMN[dialect]
        sets = []
        for name, value in values.items():
            kind = meta.all_kinds.get(name)
            if kind is None:
                raise InvalidColumnName(f"Field {name} does not exist on {meta['name']}")
            sets.append(f"{quote(name, dialect)} = {query.conditions.bind(convert[kind](value))}")
        where = self._where(query, meta, filters)
        sql = f"update {quote(table_of(meta['name']), dialect)} set {', '.join(sets)}{where}"
        try:
            with self._session.atomic():
                return self._session.write(sql, query.conditions.params)
        except StoreConflict as error:
            taken = taken_columns(error)
            doc = AttrDict(values, doctype=meta["name"], name=filters, meta=meta)
            raise conflict(doc, taken, error) from error

    def _query(self, meta: Meta) -> Query:
        documents = self._documents
        return Query(
            meta,
            self._session.dialect,
            rules=Rules.PLAIN,
            now=documents.now,
            get_meta=documents.get_meta,
            tree=documents.reading._place_in_tree,
        )

    def _where(self, query: Query, meta: Meta, filters: Any) -> str:
        """The condition of an UPDATE or DELETE: on names, so that filters may reach child tables."""
        dialect = self._session.dialect
        if isinstance(filters, (str, int)) and str(filters).lstrip()[:1] not in ("{", "["):
            key = TO_COLUMN[dialect][meta.column_kinds["name"]](filters)
            return f" where {quote('name', dialect)} = {query.conditions.bind(key)}" if filters != "" else ""
        condition = query.where(parse(filters))
        if not condition:
            return ""
        if query.conditions.calls_mariadbs:
            self.equip(self._session.connection)
        name = quote("name", dialect)
        return f" where {name} in (select t0.{name} from {query.sources.sql()} where {condition})"

    def set_single_value(
        self, doctype: str, fieldname: Any, value: Any = None, *, debug: bool = False, update_modified: bool = True
    ) -> None:
        """Write fields of a Single, without checks or hooks."""
        self.set_value(doctype, doctype, fieldname, value, update_modified=update_modified)

    def set(self, doc: Any, field: str, val: Any) -> None:
        """The same as `doc.db_set`."""
        doc.db_set(field, val)

    def delete(self, doctype: str, filters: Any = None, debug: bool = False, **kwargs: Any) -> int:
        """Delete the rows that the filters pick, all without filters, past hooks and links; how many they were."""
        if "conditions" in kwargs and filters is None:
            filters = kwargs["conditions"]
        if doctype == "Singles":
            return self._delete_singles(filters)
        if doctype == "__Auth":
            raise ValidationError("passwords are deleted with their user")
        meta = self._documents.get_meta(doctype)
        query = self._query(meta)
        where = self._where(query, meta, filters)
        self._documents.forget(doctype)
        with self._session.atomic():
            return self._session.write(
                f"delete from {quote(table_of(meta['name']), self._session.dialect)}{where}",
                query.conditions.params,
            )

    def _delete_singles(self, filters: Any) -> int:
        conditions = {name: to_text(value) for name, value in dict(filters or {}).items() if name in SINGLES_COLUMNS}
        if not conditions:
            raise ValidationError("say which Single: filters with doctype, field or value")
        where = " and ".join(f"{name} = :{name}" for name in conditions)
        return self._session.write(f'delete from "tabSingles" where {where}', conditions)

    def truncate(self, doctype: str) -> None:
        """Delete all rows, and commit, as MariaDB does."""
        self.delete(doctype)
        self._session.commit()

    def bulk_insert(
        self,
        doctype: str,
        fields: Sequence[str],
        values: Iterable[Sequence[Any]],
        ignore_duplicates: bool = False,
        *,
        chunk_size: int = 10_000,
    ) -> None:
        """Insert rows, past checks, hooks and naming.

        Raises:
            InvalidColumnName: the DocType has no such field.
            DuplicateEntryError, UniqueValidationError: a row is there already (not with `ignore_duplicates`).
        """
        meta = self._documents.get_meta(doctype)
        dialect = self._session.dialect
        kinds = [meta.all_kinds.get(name) for name in fields]
        for name, kind in zip(fields, kinds, strict=True):
            if kind is None:
                raise InvalidColumnName(f"Field {name} does not exist on {doctype}")
        table = quote(table_of(doctype), dialect)
        marks = ", ".join(f":p{number}" for number in range(len(fields)))
        ending = " on conflict do nothing" if ignore_duplicates else ""
        sql = f"insert into {table} ({quoted_list(fields, dialect)}) values ({marks}){ending}"
        convert = [TO_COLUMN[dialect][kind] for kind in kinds if kind is not None]
        rows = [
            {f"p{number}": read(value) for number, (read, value) in enumerate(zip(convert, row, strict=True))}
            for row in values
        ]
        try:
            with self._session.atomic():
                for start in range(0, len(rows), chunk_size):
                    self._session.write_many(sql, rows[start : start + chunk_size])
            if len(rows) >= MANY_ROWS and dialect == "postgresql":
                # By itself the server looks a minute later; until then it guesses, and sorts where it has an index.
                self._session.after_commit.add(partial(self._session.connection.run, f"analyze (skip_locked) {table}"))
        except StoreConflict as error:
            taken = taken_columns(error)
            error_class: type[Exception] = DuplicateEntryError if taken == ["name"] else UniqueValidationError
            raise error_class(f"{doctype}: one of the rows is there already ({', '.join(taken) or error})") from error

    def bulk_update(
        self,
        doctype: str,
        doc_updates: Mapping[Any, Mapping[str, Any]],
        *,
        chunk_size: int = 100,
        modified: Any = None,
        modified_by: str | None = None,
        update_modified: bool = True,
        debug: bool = False,
    ) -> None:
        """Write fields of several documents: `{name: {field: value}}`."""
        for name, values in doc_updates.items():
            self.set_value(
                doctype, name, values, modified=modified, modified_by=modified_by, update_modified=update_modified
            )

    def get_next_sequence_val(self, doctype: str) -> int:
        """The next number of a DocType with autoincrement names."""
        return self._documents.series.autoincrement(doctype)
