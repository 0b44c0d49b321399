"""What stands beside documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def set_default(doc: Any, key: str) -> None:
    """Make a document the default of its kind: `is_default` of all others is taken away."""
    if not doc.is_default:
        frappe.db.set(doc, "is_default", 1)
    others = frappe.get_all(doc.doctype, filters={key: doc.get(key), "name": ("!=", doc.name)}, pluck="name")
    for name in others:
        frappe.db.set_value(doc.doctype, name, "is_default", 0)


def set_field_property(filters: dict[str, Any], key: str, value: Any) -> None:
    """Set a property of all fields that the filters pick."""
    for name in frappe.get_all("DocField", filters=filters, pluck="parent", distinct=True):
        doctype = frappe.get_doc("DocType", name)
        for field in doctype.get("fields", filters):
            field.set(key, value)
        doctype.save()


def is_virtual_doctype(doctype: str) -> bool:
    """Whether documents of the DocType are kept elsewhere."""
    return bool(frappe.get_meta(doctype).is_virtual)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
