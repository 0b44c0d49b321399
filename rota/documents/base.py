"""The values of a document and of its child rows: attributes, `get`, `set`, `append`, `as_dict`.

A document keeps its values in its own `__dict__`, so that any attribute may be set; only the DocType's fields are
stored. Dates, numbers and texts stay as they were given until the document is read again.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self

from rota.documents.comparison import as_number, picks
from rota.documents.dictionary import AttrDict
from rota.documents.doctype import Meta
from rota.documents.fieldtypes import CHILD, NUMBERS, STANDARD, Kind
from rota.documents.values import iso, to_float, to_int, to_json

if TYPE_CHECKING:
    from rota.documents.documents import Documents

_current: list[Callable[[], Documents]] = []
_ISO = (datetime, date, time, timedelta)


def set_provider(current: Callable[[], Documents]) -> None:
    """Say where documents that app code makes itself, as `MyDocument({...})`, find their site; called once."""
    _current[:] = [current]


class DocStatus(int):
    """0 draft, 1 submitted, 2 cancelled."""

    def is_draft(self) -> bool:
        """Not submitted yet."""
        return self == 0

    def is_submitted(self) -> bool:
        """Submitted, and not cancelled."""
        return self == 1

    def is_cancelled(self) -> bool:
        """Cancelled."""
        return self == 2

    @classmethod
    def draft(cls) -> DocStatus:
        """0."""
        return cls(0)

    @classmethod
    def submitted(cls) -> DocStatus:
        """1."""
        return cls(1)

    @classmethod
    def cancelled(cls) -> DocStatus:
        """2."""
        return cls(2)


class BaseDocument:
    """What documents and child rows have in common."""

    if TYPE_CHECKING:
        doctype: str
        name: Any
        flags: AttrDict

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, values: Mapping[str, Any]) -> None:
        own = self.__dict__
        if "_documents" not in own:
            own["_documents"] = _from_provider()
        own.setdefault("flags", AttrDict())
        doctype = values.get("doctype") or own.get("doctype")
        if not doctype:
            raise ValueError("a document needs its doctype")
        own["doctype"] = doctype
        meta = self._documents.get_meta(doctype)
        for column in meta.column_kinds:
            own.setdefault(column, None)
        for field in meta.table_fields:
            own.setdefault(field.fieldname, [])
        self.update(values)

    # --- what it belongs to ---

    @property
    def documents(self) -> Documents:
        """The site's documents that this one is among."""
        found: Documents = self.__dict__["_documents"]
        return found

    @property
    def meta(self) -> Meta:
        """The DocType."""
        own = self.__dict__
        found: Meta = own["_documents"].doctypes.get(own["doctype"])
        return found

    @property
    def docstatus(self) -> DocStatus:
        """0 draft, 1 submitted, 2 cancelled."""
        return DocStatus(to_int(self.__dict__.get("docstatus")))

    @docstatus.setter
    def docstatus(self, value: Any) -> None:
        self.__dict__["docstatus"] = to_int(value)

    @property
    def parent_doc(self) -> BaseDocument | None:
        """The document that a child row is in, when it was loaded or appended there."""
        reference = self.__dict__.get("_parent_doc")
        return reference() if reference is not None else None

    def is_new(self) -> bool:
        """Whether it has not been inserted yet."""
        return bool(self.__dict__.get("__islocal"))

    # --- values ---

    def get(self, key: Any, filters: Any = None, limit: int | None = None, default: Any = None) -> Any:
        """A value, or `default`; of a table field, the rows that `filters` (a dict) picks, `limit` of them."""
        if isinstance(key, dict):
            return [row for row in self.get_all_children() if picks(row, key)][: limit or None]
        if filters is not None and not isinstance(filters, dict):
            default, filters = filters, None
        own = self.__dict__
        value = own[key] if key in own else getattr(self, key, None) if hasattr(type(self), key) else None
        if callable(value) and key not in own:
            value = None
        if filters and isinstance(value, list):
            value = [row for row in value if picks(row, filters)]
        if limit and isinstance(value, list):
            value = value[:limit]
        return default if value is None else value

    def getone(self, key: Any, filters: Any = None) -> Any:
        """The first row that `filters` picks, or None."""
        rows = self.get(key, filters, limit=1)
        return rows[0] if rows else None

    def set(self, key: str, value: Any, as_value: bool = False) -> None:
        """Set a value; rows given for a table field, dicts or documents, replace those there."""
        if isinstance(value, (list, tuple)) and not as_value and self._table_field(key):
            self.__dict__[key] = []
            self.extend(key, value)
        elif key == "docstatus":
            self.docstatus = value
        else:
            prop = getattr(type(self), key, None)
            if isinstance(prop, property):
                if prop.fset is not None:
                    prop.fset(self, value)
            else:
                self.__dict__[key] = value

    def update(self, values: Mapping[str, Any] | None = None, **more: Any) -> Self:
        """Set several values."""
        given = {**(values.as_dict() if isinstance(values, BaseDocument) else values or {}), **more}
        if "name" in given:
            self.__dict__["name"] = given["name"]
        for key, value in given.items():
            if key not in ("_documents", "flags") and not (key == "doctype" and "doctype" in self.__dict__):
                self.set(key, value)
        return self

    def update_if_missing(self, values: Mapping[str, Any]) -> None:
        """Set the values of fields that have none."""
        for key, value in (values.as_dict() if isinstance(values, BaseDocument) else values).items():
            if self.get(key) is None and (value is not None or key not in self.meta.column_kinds):
                self.set(key, value)

    def _table_field(self, key: str) -> bool:
        field = self.meta.by_name.get(key)
        return field is not None and field.kind is Kind.TABLE

    # --- child rows ---

    def append(self, key: str, value: Any = None, position: int = -1) -> Any:
        """Add a row, given as a dict or a document, to a table field, at its end or before `position`; the new row."""
        if value is None:
            value = {}
        rows = self.__dict__.get(key)
        if rows is None:
            rows = self.__dict__[key] = []
        row = self._child(value, key)
        if position == -1 or position >= len(rows):
            rows.append(row)
        else:
            rows.insert(position, row)
            for number, one in enumerate(rows, 1):
                one.__dict__["idx"] = number
        row.__dict__["idx"] = rows.index(row) + 1 if position != -1 else row.__dict__.get("idx") or len(rows)
        return row

    def extend(self, key: str, rows: Iterable[Any]) -> None:
        """Add several rows."""
        for row in rows:
            self.append(key, row)

    def remove(self, row: Any) -> None:
        """Take a row out of its table field; the rest are numbered anew."""
        rows: list[Any] = self.get(row.parentfield) or []
        if row in rows:
            rows.remove(row)
        for number, one in enumerate(rows, 1):
            one.__dict__["idx"] = number

    def _child(self, value: Any, key: str) -> Any:
        field = self.meta.by_name.get(key)
        doctype = field.options if field is not None else None
        if isinstance(value, BaseDocument):
            row = value
        elif not isinstance(value, Mapping):
            raise TypeError(f"a row of {self.doctype}.{key} must be a dict or a document, not {type(value).__name__}")
        else:
            if not (doctype or value.get("doctype")):
                raise AttributeError(f"{self.doctype} has no table field {key!r}")
            row = self.documents.make({**value, "doctype": doctype or value["doctype"]})
        own = row.__dict__
        own["parent"], own["parenttype"], own["parentfield"] = self.__dict__.get("name"), self.doctype, key
        own["_parent_doc"] = weakref.ref(self)
        if own.get("name") is None:
            own["__islocal"] = 1
        return row

    def get_all_children(self, parenttype: str | None = None) -> list[Any]:
        """The rows of all table fields, in order; only those of the child DocType `parenttype` if given."""
        found: list[Any] = []
        for field in self.meta.table_fields:
            if parenttype in (None, field.options):
                found += self._rows(field.fieldname)
        return found

    def _rows(self, key: str) -> list[Any]:
        """The rows of a table field, as documents even where an app put dicts."""
        rows = self.__dict__.get(key)
        if not rows:
            return []
        if any(not isinstance(row, BaseDocument) for row in rows):
            rows = self.__dict__[key] = [
                row if isinstance(row, BaseDocument) else self._child(row, key) for row in rows
            ]
        return list(rows)

    # --- as data ---

    def get_valid_dict(
        self,
        sanitize: bool = True,
        convert_dates_to_str: bool = False,
        ignore_nulls: bool = False,
        ignore_virtual: bool = False,
    ) -> AttrDict:
        """The values of all columns, numbers as numbers; with `convert_dates_to_str` dates as ISO text."""
        values = AttrDict()
        for column, kind in self.meta.column_kinds.items():
            value = self.get(column)
            if kind in NUMBERS and not (column == "name" and value is None):
                value = as_number(value, kind)
            elif convert_dates_to_str and isinstance(value, _ISO):
                value = iso(value)
            elif isinstance(value, Decimal):
                value = float(value)
            if value is not None or not ignore_nulls:
                values[column] = value
        if not ignore_virtual:
            for field in self.meta.virtual_fields:
                if field.kind is not Kind.TABLE:
                    values[field.fieldname] = self.get(field.fieldname)
        return values

    def as_dict(
        self,
        no_nulls: bool = False,
        no_default_fields: bool = False,
        convert_dates_to_str: bool = True,
        no_child_table_fields: bool = False,
        no_private_properties: bool = False,
    ) -> AttrDict:
        """The document and its rows as dicts that the standard JSON encoder takes: dates and times are ISO text."""
        values = self.get_valid_dict(convert_dates_to_str=True, ignore_nulls=no_nulls)
        values = AttrDict({key: iso(value) if isinstance(value, _ISO) else value for key, value in values.items()})
        values["doctype"] = self.doctype
        for field in self.meta.get_table_fields(include_computed=True):
            rows = self._rows(field.fieldname) if not to_int(field.is_virtual) else self.get(field.fieldname) or []
            values[field.fieldname] = [
                row.as_dict(
                    no_nulls=no_nulls, no_default_fields=no_default_fields, no_child_table_fields=no_child_table_fields
                )
                if isinstance(row, BaseDocument)
                else row
                for row in rows
            ]
        if no_default_fields:
            values = AttrDict({key: value for key, value in values.items() if key not in STANDARD or key == "name"})
            values.pop("name", None)
        if no_child_table_fields:
            values = AttrDict({key: value for key, value in values.items() if key not in CHILD})
        own = self.__dict__
        extra = ("_user_tags", "_comments", "_assign", "_liked_by")
        private = ("__islocal", "__unsaved", "__onload", "__run_link_triggers")
        for key in (*extra, *(private if not no_private_properties else ())):
            if own.get(key) is not None:
                values[key] = own[key]
        return values

    def as_json(self) -> str:
        """The document as JSON text, keys sorted."""
        import json

        return json.dumps(json.loads(to_json(self.as_dict())), indent=1, sort_keys=True, separators=(",", ": "))

    # --- numbers ---

    def precision(self, fieldname: str, parentfield: str | None = None) -> int | None:
        """The digits after the point of a number field; None for another field."""
        meta = self.meta
        if parentfield and not isinstance(parentfield, str):
            parentfield = parentfield.parentfield
        if parentfield:
            child = meta.get_table_field_doctype(parentfield)
            meta = self.documents.get_meta(child) if child else meta
        field = meta.get_field(fieldname)
        if field is None or field.fieldtype not in ("Currency", "Float", "Percent"):
            return None
        settings = self.documents.defaults
        asked = settings.get("currency_precision" if field.fieldtype == "Currency" else "float_precision")
        return field.precision_or(to_int(asked) or (2 if field.fieldtype == "Currency" else 3))

    def round_floats_in(self, doc: Any, fieldnames: Iterable[str] | None = None) -> None:
        """Round the number fields of a document or row to their precision."""
        names = fieldnames or [one.fieldname for one in doc.meta.of_type("Currency", "Float", "Percent")]
        for name in names:
            doc.set(name, round(to_float(doc.get(name)), self.precision(name, doc.parentfield) or 0))

    # --- being compared, copied, shown ---

    def get_label_from_fieldname(self, fieldname: str) -> str:
        """The label of a field."""
        return self.meta.get_label(fieldname)

    def __getstate__(self) -> dict[str, Any]:
        hidden = ("_documents", "_parent_doc", "_doc_before_save")
        return {key: value for key, value in self.__dict__.items() if key not in hidden}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["_documents"] = _from_provider()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        from copy import deepcopy

        twin = type(self).__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(deepcopy(self.__getstate__(), memo))
        twin.__dict__["_documents"] = self.__dict__["_documents"]
        for field in twin.meta.table_fields:
            for row in twin._rows(field.fieldname):
                row.__dict__["_parent_doc"] = weakref.ref(twin)
        return twin

    def __repr__(self) -> str:
        own = self.__dict__
        at = f" parent={own['parent']!r}" if own.get("parent") else ""
        return f"<{type(self).__name__}: {own.get('doctype')} {own.get('name')!r}{at}>"

    def __str__(self) -> str:
        return f"{type(self).__name__}({self.__dict__.get('name') or 'unsaved'})"


def _from_provider() -> Documents:
    if not _current:
        raise RuntimeError("no site is open: make documents with the documents of a site")
    return _current[0]()
