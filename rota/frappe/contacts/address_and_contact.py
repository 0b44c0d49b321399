"""The addresses and contacts of documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.contacts.doctype.address.address import get_address_display


def load_address_and_contact(doc: Any, key: str | None = None) -> None:
    """Let a document's addresses and contacts travel with it to the browser."""
    for doctype, name in (("Address", "addr_list"), ("Contact", "contact_list")):
        linked = {"parenttype": doctype, "link_doctype": doc.doctype, "link_name": doc.name}
        names = frappe.get_all("Dynamic Link", filters=linked, pluck="parent")
        rows = [frappe.get_doc(doctype, one).as_dict() for one in names]
        if doctype == "Address":
            rows = [{**row, "display": get_address_display(row)} for row in rows]
        doc.set_onload(name, rows)


def delete_contact_and_address(doctype: str, docname: Any) -> None:
    """Delete the addresses and contacts that belong to a document alone."""
    for parenttype in ("Contact", "Address"):
        linked = {"parenttype": parenttype, "link_doctype": doctype, "link_name": docname}
        for name in frappe.get_all("Dynamic Link", filters=linked, pluck="parent"):
            doc = frappe.get_doc(parenttype, name)
            if len(doc.links) == 1:
                doc.delete(ignore_permissions=True)


def set_link_title(doc: Any) -> None:
    """Give each link of an address or contact its document's title."""
    for link in doc.links or []:
        if not link.link_title and link.link_doctype and link.link_name:
            link.link_title = frappe.get_doc(link.link_doctype, link.link_name).get_title() or link.link_name


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
