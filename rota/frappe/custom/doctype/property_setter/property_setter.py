"""Properties of DocTypes that a site or an app overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def make_property_setter(
    doctype: str,
    fieldname: str | None,
    property: str,
    value: Any,
    property_type: str,
    for_doctype: bool = False,
    validate_fields_for_doctype: bool = True,
    is_system_generated: bool = True,
) -> Any:
    """Override a property of a field, or with `for_doctype` of the DocType; the Property Setter."""
    delete_property_setter(doctype, property, None if for_doctype else fieldname)
    setter = frappe.get_doc(
        {
            "doctype": "Property Setter",
            "doctype_or_field": "DocType" if for_doctype else "DocField",
            "doc_type": doctype,
            "field_name": None if for_doctype else fieldname,
            "property": property,
            "value": value,
            "property_type": property_type,
            "is_system_generated": is_system_generated,
        }
    )
    return setter.insert(ignore_permissions=True)


def delete_property_setter(
    doc_type: str, property: str | None = None, field_name: str | None = None, row_name: str | None = None
) -> None:
    """Go back to what the DocType comes with."""
    given = {"doc_type": doc_type, "property": property, "field_name": field_name, "row_name": row_name}
    wanted = {key: value for key, value in given.items() if value is not None}
    for name in frappe.get_all("Property Setter", filters=wanted, pluck="name"):
        frappe.delete_doc("Property Setter", name, ignore_permissions=True, force=True)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
