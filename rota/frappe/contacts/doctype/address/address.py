"""Addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_address_display(address_dict: Any) -> str | None:
    """An address as lines of HTML; None without one."""
    if not address_dict:
        return None
    values = address_dict if isinstance(address_dict, dict) else frappe.get_doc("Address", address_dict).as_dict()
    names = ("address_line1", "address_line2", "city", "county", "state", "pincode", "country")
    lines = [frappe.utils.escape_html(str(values.get(name))) for name in names if values.get(name)]
    for label, name in (("Phone", "phone"), ("Email", "email_id")):
        if values.get(name):
            lines.append(f"{frappe._(label)}: {frappe.utils.escape_html(str(values.get(name)))}")
    return "<br>".join(lines)


@frappe.whitelist()
def get_default_address(doctype: str, name: Any, sort_key: str = "is_primary_address") -> Any:
    """The address of a document, the primary one first; None when there is none."""
    linked = {"parenttype": "Address", "link_doctype": doctype, "link_name": name}
    names = frappe.get_all("Dynamic Link", filters=linked, pluck="parent")
    if not names:
        return None
    found = frappe.get_all("Address", filters={"name": ("in", names)}, order_by=f"{sort_key} desc, name", pluck="name")
    return found[0] if found else None


def get_preferred_address(doctype: str, name: Any, preferred_key: str = "is_primary_address") -> Any:
    """The address of a document that is marked so."""
    return get_default_address(doctype, name, preferred_key)


def render_address(address: Any, check_permissions: bool = True) -> str | None:
    """An address as lines of HTML."""
    return get_address_display(address)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
