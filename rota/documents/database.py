"""What apps call `frappe.db`: reads and writes past the documents' checks and hooks, raw SQL, the transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rota.documents.conditions import Rules
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.fieldtypes import Kind
from rota.documents.query import Query, Select
from rota.documents.rawsql import RawSQL
from rota.documents.sql import quote, quoted_list, table_of
from rota.documents.storage import conflict, read_single, single_text, single_value, taken_columns, write_single_values
from rota.documents.values import TO_COLUMN, to_text
from rota.documents.virtual import virtual_count
from rota.errors import (
    DoctypeNotFoundError,
    DuplicateEntryError,
    InvalidColumnName,
    QueryDeadlockError,
    QueryTimeoutError,
    StoreConflict,
    TooManyWritesError,
    UniqueValidationError,
    ValidationError,
)

if TYPE_CHECKING:
    from rota.documents.documents import Documents

_SINGLES = ("doctype", "field", "value")


class DocumentDatabase(RawSQL):
    """Reads and writes of one site's tables."""

    def __init__(self, documents: Documents) -> None:
        super().__init__(documents)
        self.value_cache: dict[Any, Any] = {}

    @property
    def db_type(self) -> str:
        """`sqlite` or `postgres`, as Frappe says it."""
        return "postgres" if self._session.dialect == "postgresql" else "sqlite"

    # --- the transaction ---

    def commit(self) -> None:
        """Commit; see `Session.commit`."""
        self._session.commit()

    def rollback(self, *, save_point: str | None = None, chain: bool = False) -> None:
        """Roll back everything, or to a savepoint."""
        self._session.rollback(save_point)

    def savepoint(self, save_point: str) -> None:
        """Set a savepoint."""
        self._session.savepoint(save_point)

    def release_savepoint(self, save_point: str) -> None:
        """Forget a savepoint; what was done stays."""
        self._session.release_savepoint(save_point)

    def begin(self, *, read_only: bool = False) -> None:
        """Nothing to do: the first write begins."""

    @property
    def before_commit(self) -> Any:
        """Callbacks before the commit."""
        return self._session.before_commit

    @property
    def after_commit(self) -> Any:
        """Callbacks after the commit."""
        return self._session.after_commit

    @property
    def before_rollback(self) -> Any:
        """Callbacks before a rollback."""
        return self._session.before_rollback

    @property
    def after_rollback(self) -> Any:
        """Callbacks after a rollback."""
        return self._session.after_rollback

    @property
    def transaction_writes(self) -> int:
        """How many writes the open transaction has."""
        return self._session.writes

    @property
    def auto_commit_on_many_writes(self) -> bool:
        """Commit now and then instead of raising TooManyWritesError."""
        return self._session.auto_commit_on_many_writes

    @auto_commit_on_many_writes.setter
    def auto_commit_on_many_writes(self, value: Any) -> None:
        self._session.auto_commit_on_many_writes = bool(value)

    # --- reads ---

    def get_value(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        ignore: Any = None,
        as_dict: Any = False,
        debug: bool = False,
        order_by: Any = "KEEP_DEFAULT_ORDERING",
        cache: bool = False,
        for_update: bool = False,
        *,
        run: bool = True,
        pluck: bool = False,
        distinct: bool = False,
        skip_locked: bool = False,
        wait: bool = True,
    ) -> Any:
        """Values of the first document that the filters, or a name, pick; None when there is none.

        One field gives its value, a list of fields a tuple, `as_dict` a dict. `for_update` locks the row; `wait=False`
        then fails at once when somebody else holds it, `skip_locked` takes the next one.

        Raises:
            InvalidFilter: a field or filter can't be understood.
        """
        rows = self.get_values(
            doctype,
            filters,
            fieldname,
            as_dict=as_dict,
            order_by=order_by,
            for_update=for_update,
            limit=1,
            pluck=pluck,
            distinct=distinct,
            skip_locked=skip_locked,
            wait=wait,
        )
        if not rows:
            return None
        row = rows[0]
        if as_dict or pluck or isinstance(row, AttrDict):
            return row
        if isinstance(fieldname, (list, tuple)) or fieldname == "*":
            return row if len(row) > 1 else row[0]
        return row[0]

    def get_values(
        self,
        doctype: str,
        filters: Any = None,
        fieldname: Any = "name",
        ignore: Any = None,
        as_dict: Any = False,
        debug: bool = False,
        order_by: Any = "KEEP_DEFAULT_ORDERING",
        update: Any = None,
        cache: bool = False,
        for_update: bool = False,
        *,
        run: bool = True,
        pluck: bool = False,
        distinct: bool = False,
        limit: Any = None,
        skip_locked: bool = False,
        wait: bool = True,
    ) -> Any:
        """The same of all documents that the filters pick: a list of tuples, dicts, or values (`pluck`)."""
        if doctype == "Singles":
            return self._singles_table(filters, fieldname, as_dict=as_dict, pluck=pluck)
        meta = self._documents.get_meta(doctype)
        if meta.issingle:
            return self._single_values(meta, fieldname, as_dict=as_dict)
        what = Select(
            fields=fieldname,
            filters=filters,
            order_by=order_by,
            limit=limit,
            distinct=distinct,
            rules=Rules.PLAIN,
        )
        if for_update:
            what.for_update = " for update of t0" + (" skip locked" if skip_locked else "" if wait else " nowait")
        if meta.is_virtual and table_of(doctype) not in self._documents.views:
            return self._virtual_values(meta, filters, fieldname, as_dict=as_dict)
        built = self._documents.reading.build(meta, what)
        rows = self._documents.reading.run(meta, built, for_update=for_update)
        if pluck:
            return [row[0] for row in built.rows(rows)]
        return built.dicts(rows) if as_dict else [tuple(row) for row in built.rows(rows)]

    def _virtual_values(self, meta: Meta, filters: Any, fieldname: Any, *, as_dict: bool) -> Any:
        if isinstance(filters, (str, int)):
            doc = self._documents.get_doc(meta["name"], filters)
            found = [doc.as_dict()]
        else:
            found = self._documents.get_all(meta["name"], filters=filters, fields=["*"])
        names = [fieldname] if isinstance(fieldname, str) else list(fieldname)
        rows = [AttrDict({name: row.get(name) for name in names}) for row in found]
        return rows if as_dict else [tuple(row.values()) for row in rows]

    def _singles_table(self, filters: Any, fieldname: Any, *, as_dict: Any, pluck: bool) -> Any:
        """The table of all Singles, as a plain table."""
        names = [fieldname] if isinstance(fieldname, str) else list(fieldname)
        conditions = dict(filters or {})
        for name in (*names, *conditions):
            if name not in _SINGLES:
                raise InvalidColumnName(f"Singles has the columns {', '.join(_SINGLES)}, not {name!r:.60}")
        where = " and ".join(f"{name} = :{name}" for name in conditions)
        found = self._session.query(
            f'select {", ".join(names)} from "tabSingles"{" where " + where if where else ""} order by doctype, field',
            {name: to_text(value) for name, value in conditions.items()},
        )
        if pluck:
            return [row[0] for row in found]
        return [AttrDict(zip(names, row, strict=True)) for row in found] if as_dict else found

    def _single_values(self, meta: Meta, fieldname: Any, *, as_dict: Any) -> Any:
        values = read_single(self._documents, meta)
        values["name"] = meta["name"]
        names = list(values) if fieldname == "*" else _listed(fieldname)
        for name in names:
            if name not in values:
                raise InvalidColumnName(f"{meta['name']} has no field {name!r:.60}")
        row = AttrDict({name: values[name] for name in names})
        return [row] if as_dict else [tuple(row.values())]

    def get_single_value(self, doctype: str, fieldname: str, cache: bool = True) -> Any:
        """A field of a Single, as its field's type.

        Raises:
            ValidationError: there is no such field.
        """
        meta = self._documents.get_meta(doctype)
        kind = meta.column_kinds.get(fieldname)
        if kind is None:
            raise InvalidColumnName(f"Field {fieldname} does not exist on {doctype}")
        found = self._session.query(
            'select value from "tabSingles" where doctype = :doctype and field = :field',
            {"doctype": doctype, "field": fieldname},
        )
        return single_value(kind, found[0][0] if found else None)

    def get_singles_dict(
        self, doctype: str, debug: bool = False, *, for_update: bool = False, cast: bool = False
    ) -> AttrDict:
        """The stored values of a Single, as text; with `cast` as their fields' types."""
        found = self._session.query(
            'select field, value from "tabSingles" where doctype = :doctype', {"doctype": doctype}
        )
        if not cast:
            return AttrDict(found)
        kinds = self._documents.get_meta(doctype).column_kinds
        return AttrDict({name: single_value(kinds.get(name, Kind.LONG), value) for name, value in found})

    def get_list(self, *args: Any, **kwargs: Any) -> Any:
        """The same as `frappe.get_list`."""
        return self._documents.get_list(*args, **kwargs)

    def get_all(self, *args: Any, **kwargs: Any) -> Any:
        """The same as `frappe.get_all`."""
        return self._documents.get_all(*args, **kwargs)

    def exists(self, dt: Any, dn: Any = None, cache: bool = False, *, debug: bool = False) -> Any:
        """The name of a document that is there, by name or filters; None when there is none."""
        if isinstance(dt, Mapping):
            given = dict(dt)
            dt, dn = given.pop("doctype"), given
        if dn is None:
            return None if not self._documents.doctypes.exists(dt) else self._first_name(dt)
        if isinstance(dn, str) and dt == dn and self._is_single(dt):
            return dn
        if dt == "DocType" and isinstance(dn, str):
            return dn if self._documents.doctypes.exists(dn) else None
        return self.get_value(dt, dn, "name", order_by=None)

    def _is_single(self, doctype: str) -> bool:
        return bool(self._documents.get_meta(doctype).issingle)

    def _first_name(self, doctype: str) -> Any:
        return doctype if self._is_single(doctype) else self.get_value(doctype, {}, "name")

    def count(
        self, dt: str, filters: Any = None, debug: bool = False, cache: bool = False, distinct: bool = True, **more: Any
    ) -> int:
        """How many documents the filters pick."""
        meta = self._documents.get_meta(dt)
        if meta.is_virtual and table_of(dt) not in self._documents.views:
            return virtual_count(self._documents, dt, filters)
        what = Select(
            fields=["count(name) as n"], filters=filters, or_filters=more.get("or_filters"), rules=Rules.PLAIN
        )
        if distinct and _may_join(filters):
            what.fields = ["count(distinct name) as n"]
        built = self._documents.reading.build(meta, what)
        return int(self._documents.reading.run(meta, built)[0][0])

    def a_row_exists(self, doctype: str) -> bool:
        """Whether the table has any row."""
        table = quote(table_of(self._documents.get_meta(doctype)["name"]), self._session.dialect)
        return bool(self._session.query(f"select 1 from {table} limit 1"))

    def get_descendants(self, doctype: str, name: Any) -> list[Any]:
        """The names below a document of a tree."""
        return list(
            self._documents.get_all(doctype, filters=[["name", "descendants of", name]], pluck="name", order_by="lft")
        )

    # --- writes ---

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
        from rota.documents.filters import parse

        condition = query.where(parse(filters))
        if not condition:
            return ""
        dialect = self._session.dialect
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
        conditions = {name: to_text(value) for name, value in dict(filters or {}).items() if name in _SINGLES}
        if not conditions:
            raise ValidationError("say which Single: filters with doctype, field or value")
        where = " and ".join(f"{name} = :{name}" for name in conditions)
        return self._session.write(f'delete from "tabSingles" where {where}', conditions)

    def truncate(self, doctype: str) -> None:
        """Delete all rows, and commit, as MariaDB does."""
        self.delete(doctype)
        self.commit()

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
        marks = ", ".join(f":p{number}" for number in range(len(fields)))
        ending = " on conflict do nothing" if ignore_duplicates else ""
        sql = (
            f"insert into {quote(table_of(doctype), dialect)} ({quoted_list(fields, dialect)}) values ({marks}){ending}"
        )
        convert = [TO_COLUMN[dialect][kind] for kind in kinds if kind is not None]
        rows = [
            {f"p{number}": read(value) for number, (read, value) in enumerate(zip(convert, row, strict=True))}
            for row in values
        ]
        try:
            with self._session.atomic():
                for start in range(0, len(rows), chunk_size):
                    self._session.write_many(sql, rows[start : start + chunk_size])
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

    # --- defaults ---

    def get_default(self, key: str, parent: str = "__default") -> Any:
        """A value that everybody, or `parent`, has by default."""
        return self._documents.defaults.get(key, parent)

    def set_default(self, key: str, val: Any, parent: str = "__default", parenttype: str | None = None) -> None:
        """Set a value that everybody, or `parent`, has by default."""
        self._documents.defaults.set(key, val, parent, parenttype or "__default")

    def get_global(self, key: str, user: str = "__global") -> Any:
        """A value kept for the whole site."""
        return self._documents.defaults.get(key, user)

    def set_global(self, key: str, val: Any, user: str = "__global") -> None:
        """Keep a value for the whole site."""
        self._documents.defaults.set(key, val, user)

    # --- the schema ---

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
        return any(
            name in names
            for name in (index_name, f"{table_name}_{index_name}_index", f"{table_name}_{index_name}_unique")
        )

    def updatedb(self, doctype: str, meta: Any = None) -> list[str]:
        """Bring a DocType's table up to date; what was done."""
        self._documents.doctypes.changed(doctype)
        return self._documents.doctypes.sync_table(doctype)

    # --- errors ---

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

    DuplicateEntryError = DuplicateEntryError
    TooManyWritesError = TooManyWritesError
    QueryDeadlockError = QueryDeadlockError
    QueryTimeoutError = QueryTimeoutError


def _listed(fields: Sequence[str] | str) -> list[str]:
    return [fields] if isinstance(fields, str) else list(fields)


def _may_join(filters: Any) -> bool:
    """Whether filters may reach a child table, which would count a document once a row."""
    if isinstance(filters, Mapping):
        return any("." in str(key) for key in filters)
    return isinstance(filters, (list, tuple, str))


__all__ = ["DocumentDatabase", "single_text"]
