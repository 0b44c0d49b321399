"""Fields that a site or an app adds to DocTypes of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.model.utils.rename_field import rename_field


def create_custom_field(doctype: str, df: Any, ignore_validate: bool = False, is_system_generated: bool = True) -> Any:
    """Add a field to a DocType unless it is there; the Custom Field, or None."""
    values = frappe._dict(df)
    values.fieldname = values.fieldname or frappe.scrub(values.label or "")
    if frappe.db.exists("Custom Field", {"dt": doctype, "fieldname": values.fieldname}):
        return None
    if frappe.get_meta(doctype).get_field(values.fieldname) is not None:
        return None
    field = frappe.get_doc(
        {
            "doctype": "Custom Field",
            "dt": doctype,
            "permlevel": 0,
            "fieldtype": "Data",
            "hidden": 0,
            "is_system_generated": is_system_generated,
            **values,
        }
    )
    field.flags.ignore_validate = ignore_validate
    return field.insert(ignore_permissions=True)


def create_custom_fields(custom_fields: Any, ignore_validate: bool = False, update: bool = True) -> None:
    """Add fields: `{doctype, or several: a field or a list of them}`; those that are there get the new values."""
    for doctypes, fields in custom_fields.items():
        for doctype in (doctypes,) if isinstance(doctypes, str) else doctypes:
            for df in [fields] if isinstance(fields, dict) else fields:
                name = frappe.db.get_value("Custom Field", {"dt": doctype, "fieldname": df["fieldname"]})
                if not name:
                    create_custom_field(doctype, df, ignore_validate=ignore_validate)
                elif update:
                    field = frappe.get_doc("Custom Field", name)
                    field.flags.ignore_validate = ignore_validate
                    field.update(df)
                    field.save(ignore_permissions=True)


def create_custom_field_if_values_exist(doctype: str, df: Any) -> None:
    """Add a field whose column has values already."""
    values = frappe._dict(df)
    if values.fieldname in frappe.db.get_table_columns(doctype):
        table = frappe.qb.DocType(doctype)
        if frappe.qb.from_(table).select(table.name).where(table[values.fieldname] != "").limit(1).run():
            create_custom_field(doctype, values)


def rename_fieldname(custom_field: str, fieldname: str) -> None:
    """Give a Custom Field another fieldname, and its values with it.

    Raises:
        ValidationError: the field is not one of a site's own.
    """
    field = frappe.get_doc("Custom Field", custom_field)
    if field.is_system_generated:
        frappe.throw(frappe._("System Generated Fields can not be renamed"))
    old = field.fieldname
    new = frappe.get_doc({**field.as_dict(), "doctype": "Custom Field", "name": None, "fieldname": fieldname})
    field.delete(ignore_permissions=True)
    new.insert(ignore_permissions=True)
    rename_field(field.dt, old, fieldname)


@frappe.whitelist()
def get_fields_label(doctype: str | None = None) -> Any:
    """The fields of a DocType after which another may stand: dicts of `value`, `label`."""
    meta = frappe.get_meta(str(doctype))
    return [{"value": field.fieldname or "", "label": frappe._(field.label or "")} for field in meta.fields]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
