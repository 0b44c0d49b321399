"""What apps call `frappe.db`: reads and writes past the documents' checks and hooks, raw SQL, the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rota.documents.conditions import Rules
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.failures import Failures
from rota.documents.fieldtypes import Kind
from rota.documents.query import Select
from rota.documents.rows import rows_of
from rota.documents.schema_access import SchemaAccess
from rota.documents.sql import SINGLES_COLUMNS, quote, table_of
from rota.documents.storage import read_single, single_text, single_value
from rota.documents.values import to_text
from rota.documents.virtual import virtual_count
from rota.documents.writes import Writes
from rota.errors import InvalidColumnName

if TYPE_CHECKING:
    from rota.documents.documents import Documents


class DocumentDatabase(Writes, SchemaAccess, Failures):
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
        if isinstance(filters, (str, int)) and not (for_update or pluck):
            found = self._by_name(doctype, filters, fieldname, as_dict=as_dict)
            if found is not NotImplemented:
                return found
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

    def _by_name(self, doctype: str, name: str | int, fieldname: Any, *, as_dict: Any) -> Any:
        """Plain columns of one document, which most reads ask for; NotImplemented for anything else."""
        columns = (fieldname,) if isinstance(fieldname, str) else tuple(fieldname)
        if doctype == "Singles":
            return NotImplemented
        meta = self._documents.get_meta(doctype)
        if meta.issingle or meta.is_virtual or meta.is_autoincrement:
            return NotImplemented
        if isinstance(name, str) and name.lstrip()[:1] in ("{", "["):
            return NotImplemented
        kinds = meta.column_kinds
        for column in columns:
            if column not in kinds:
                return NotImplemented
        found = rows_of(meta, self._session.dialect).values(self._session, name, columns)
        if found is None:
            return None
        if as_dict:
            return AttrDict(zip(columns, found, strict=True))
        return found if len(columns) > 1 else found[0]

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
            if name not in SINGLES_COLUMNS:
                raise InvalidColumnName(f"Singles has the columns {', '.join(SINGLES_COLUMNS)}, not {name!r:.60}")
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


def _listed(fields: Sequence[str] | str) -> list[str]:
    return [fields] if isinstance(fields, str) else list(fields)


def _may_join(filters: Any) -> bool:
    """Whether filters may reach a child table, which would count a document once a row."""
    if isinstance(filters, Mapping):
        return any("." in str(key) for key in filters)
    return isinstance(filters, (list, tuple, str))


__all__ = ["DocumentDatabase", "single_text"]
