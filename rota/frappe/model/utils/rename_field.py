"""A field's data under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def rename_field(doctype: str, old_fieldname: str, new_fieldname: str, validate: bool = True) -> None:
    """Copy what the old column holds into the new field's; the old column stays."""
    meta = frappe.get_meta(doctype)
    field = meta.get_field(new_fieldname)
    if field is None:
        if validate:
            raise frappe.ValidationError(f"rename_field: {doctype} has no field {new_fieldname}")
        return
    if field.fieldtype in ("Table", "Table MultiSelect"):
        table = frappe.qb.DocType(field.options)
        rows = frappe.qb.update(table).set(table.parentfield, new_fieldname)
        rows.where((table.parentfield == old_fieldname) & (table.parenttype == doctype)).run()
    elif meta.issingle:
        singles = frappe.qb.DocType("Singles")
        change = frappe.qb.update(singles).set(singles.field, new_fieldname)
        change.where((singles.doctype == doctype) & (singles.field == old_fieldname)).run()
    elif frappe.db.has_column(doctype, old_fieldname):
        table = frappe.qb.DocType(doctype)
        frappe.qb.update(table).set(table[new_fieldname], table[old_fieldname]).run()


def update_reports(*_: Any) -> None:
    """Nothing: reports name no columns of the database."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
