"""DocTypes as objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.doctype import Field, Meta
from rota.frappe._dict import _dict
from rota.frappe._missing import missing
from rota.sites.context import current

DEFAULT_FIELD_LABELS = {
    "name": "ID",
    "creation": "Created On",
    "docstatus": "Document Status",
    "idx": "Index",
    "modified": "Last Updated On",
    "modified_by": "Last Updated By",
    "owner": "Created By",
    "_user_tags": "Tags",
    "_liked_by": "Liked By",
    "_comments": "Comments",
    "_assign": "Assigned To",
}


def get_meta(doctype: Any, cached: bool = True) -> Meta:
    """The same as `frappe.get_meta`."""
    found: Meta = frappe.get_meta(doctype)
    return found


def load_meta(doctype: str) -> Meta:
    """The same as `get_meta`."""
    return get_meta(doctype)


def get_table_columns(doctype: str) -> list[str]:
    """The columns of a DocType's table."""
    return current().documents.database.get_table_columns(doctype)


def get_field_precision(df: Any, doc: Any = None, currency: str | None = None) -> int | None:
    """The digits after the point of a number field."""
    if df is None or df.get("fieldtype") not in ("Currency", "Float", "Percent"):
        return None
    asked = frappe.utils.cint(df.get("precision"))
    if asked:
        return asked
    defaults = current().documents.defaults
    if df.get("fieldtype") == "Currency":
        return frappe.utils.cint(defaults.get("currency_precision")) or 2
    return frappe.utils.cint(defaults.get("float_precision")) or 3


def get_field_currency(df: Any, doc: Any = None) -> str | None:
    """The currency of a Currency field: what its `options` name, in the document, its parent or another one."""
    options = df.get("options") if df else None
    if not options:
        return None
    if ":" in options:
        doctype, link, field = options.split(":")
        name = doc.get(link) if doc is not None else None
        return frappe.db.get_value(doctype, name, field) if name else None
    found = doc.get(options) if doc is not None else None
    if not found and doc is not None and doc.get("parent"):
        parent = getattr(doc, "parent_doc", None)
        found = parent.get(options) if parent is not None else None
    return found or None


def get_default_df(fieldname: str) -> _dict | None:
    """A field that every document has; None for another."""
    if fieldname in ("creation", "modified"):
        return _dict(fieldname=fieldname, fieldtype="Datetime")
    if fieldname in ("idx", "docstatus"):
        return _dict(fieldname=fieldname, fieldtype="Int")
    return _dict(fieldname=fieldname, fieldtype="Data") if fieldname in DEFAULT_FIELD_LABELS else None


def is_single(doctype: str) -> bool:
    """Whether there is one document of the DocType only."""
    return bool(frappe.get_meta(doctype).issingle)


def get_parent_dt(dt: str) -> str:
    """The DocType of which a child DocType is a table; "" when there is none."""
    found = frappe.db.get_value(
        "DocField", {"fieldtype": ("in", ("Table", "Table MultiSelect")), "options": dt}, "parent"
    )
    return found or ""


def clear_meta_cache(doctype: str = "*") -> None:
    """Read DocTypes anew."""
    current().documents.doctypes.refresh()


def trim_tables(doctype: str | None = None, dry_run: bool = False, quiet: bool = False) -> dict[str, Any]:
    """Nothing: columns of fields that are gone are kept, as nothing is ever dropped."""
    return {}


__all__ = ["DEFAULT_FIELD_LABELS", "Field", "Meta", "get_field_currency", "get_field_precision", "get_meta"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
