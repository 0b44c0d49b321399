"""Contacts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_default_contact(doctype: str, name: Any) -> Any:
    """The contact of a document, the primary one first; None when there is none."""
    linked = {"parenttype": "Contact", "link_doctype": doctype, "link_name": name}
    names = frappe.get_all("Dynamic Link", filters=linked, pluck="parent")
    if not names:
        return None
    found = frappe.get_all(
        "Contact", filters={"name": ("in", names)}, order_by="is_primary_contact desc, name", pluck="name"
    )
    return found[0] if found else None


@frappe.whitelist()
def get_contact_details(contact: str) -> dict[str, Any]:
    """A contact's values under the names that forms have for them."""
    doc = frappe.get_doc("Contact", contact)
    doc.check_permission("read")
    return {
        "contact_person": doc.name,
        "contact_display": " ".join(filter(None, (doc.get("salutation"), doc.get("first_name"), doc.get("last_name")))),
        "contact_email": doc.get("email_id"),
        "contact_mobile": doc.get("mobile_no"),
        "contact_phone": doc.get("phone"),
        "contact_designation": doc.get("designation"),
        "contact_department": doc.get("department"),
    }


def get_contact_name(email_id: str) -> Any:
    """The contact of an address; None when there is none."""
    return frappe.db.get_value("Contact Email", {"email_id": email_id, "parenttype": "Contact"}, "parent")


def get_contacts_linking_to(doctype: str, docname: Any, fields: Any = None) -> Any:
    """The contacts of a document."""
    linked = {"parenttype": "Contact", "link_doctype": doctype, "link_name": docname}
    names = frappe.get_all("Dynamic Link", filters=linked, pluck="parent")
    return frappe.get_all("Contact", filters={"name": ("in", names or [""])}, fields=fields or ["name"])


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
