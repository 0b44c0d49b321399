"""Groups of addresses that mails go to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class EmailGroup(Document):
    """A group of addresses."""


def add_subscribers(name: str, email_list: Any) -> None:
    """Add addresses to a group; those that are there stay."""
    listed = email_list.replace(",", "\n").split("\n") if isinstance(email_list, str) else email_list
    for email in (one.strip() for one in listed):
        address = frappe.utils.validate_email_address(email)
        if address and not frappe.db.exists("Email Group Member", {"email_group": name, "email": address}):
            values = {"email_group": name, "email": address}
            frappe.get_doc({"doctype": "Email Group Member", **values}).insert(ignore_permissions=True)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
