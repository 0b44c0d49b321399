"""Kinds of fields, by what their columns are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.fieldtypes import CHILD, STANDARD
from rota.frappe._missing import missing

data_fieldtypes = (
    "Currency", "Int", "Long Int", "Float", "Percent", "Check", "Small Text", "Long Text", "Code", "Text Editor",
    "Markdown Editor", "HTML Editor", "Date", "Datetime", "Time", "Text", "Data", "Link", "Dynamic Link", "Password",
    "Select", "Rating", "Read Only", "Attach", "Attach Image", "Signature", "Color", "Barcode", "Geolocation",
    "Duration", "Icon", "Phone", "Autocomplete", "JSON",
)  # fmt: skip
float_like_fields = {"Float", "Currency", "Percent"}
datetime_fields = {"Datetime", "Date", "Time"}
attachment_fieldtypes = ("Attach", "Attach Image")
no_value_fields = (
    "Section Break", "Column Break", "Tab Break", "HTML", "Table", "Table MultiSelect", "Button", "Image", "Fold",
    "Heading",
)  # fmt: skip
display_fieldtypes = ("Section Break", "Column Break", "Tab Break", "HTML", "Button", "Image", "Fold", "Heading")
numeric_fieldtypes = ("Currency", "Int", "Long Int", "Float", "Percent", "Check")
data_field_options = ("Email", "Name", "Phone", "URL", "Barcode", "IBAN")
default_fields = ("doctype", *STANDARD)
child_table_fields = tuple(CHILD)
optional_fields = ("_user_tags", "_comments", "_assign", "_liked_by", "_seen")
table_fields = ("Table", "Table MultiSelect")
core_doctypes_list = (
    "DefaultValue", "DocType", "DocField", "DocPerm", "DocType Action", "DocType Link", "User", "Role", "Has Role",
    "Page", "Module Def", "Print Format", "Report", "Customize Form", "Customize Form Field", "Property Setter",
    "Custom Field", "Client Script",
)  # fmt: skip
log_types = (
    "Version", "Error Log", "Scheduled Job Log", "Event Sync Log", "Event Update Log", "Access Log", "View Log",
    "Activity Log", "Energy Point Log", "Notification Log", "Email Queue", "DocShare", "Document Follow",
    "Console Log",
)  # fmt: skip
std_fields = [
    {"fieldname": "name", "fieldtype": "Link", "label": "ID"},
    {"fieldname": "owner", "fieldtype": "Link", "label": "Created By", "options": "User"},
    {"fieldname": "idx", "fieldtype": "Int", "label": "Index"},
    {"fieldname": "creation", "fieldtype": "Datetime", "label": "Created On"},
    {"fieldname": "modified", "fieldtype": "Datetime", "label": "Last Updated On"},
    {"fieldname": "modified_by", "fieldtype": "Link", "label": "Last Updated By", "options": "User"},
    {"fieldname": "_user_tags", "fieldtype": "Data", "label": "Tags"},
    {"fieldname": "_liked_by", "fieldtype": "Data", "label": "Liked By"},
    {"fieldname": "_comments", "fieldtype": "Text", "label": "Comments"},
    {"fieldname": "_assign", "fieldtype": "Text", "label": "Assigned To"},
    {"fieldname": "docstatus", "fieldtype": "Int", "label": "Document Status"},
]


def get_permitted_fields(
    doctype: str,
    parenttype: str | None = None,
    user: str | None = None,
    permission_type: str | None = None,
    *,
    ignore_virtual: bool = False,
) -> list[str]:
    """The fields of a DocType that the user may read, or write."""
    from rota import frappe
    from rota.sites.context import current

    meta = frappe.get_meta(doctype)
    permissions = current().documents.permissions
    levels = permissions.levels(meta, permission_type or "read", user=user)
    return [
        *STANDARD,
        *(child_table_fields if meta.istable else ()),
        *(
            field.fieldname
            for field in meta.fields
            if field.has_column and (field.permlevel or 0) in levels and not (ignore_virtual and field.is_virtual)
        ),
    ]


def is_default_field(fieldname: str) -> bool:
    """Whether every document has this field."""
    return fieldname in default_fields


def delete_fields(args_dict: dict[str, list[str]], delete: int = 0) -> None:
    """Nothing: columns of fields that are gone are kept, as nothing is ever dropped."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
