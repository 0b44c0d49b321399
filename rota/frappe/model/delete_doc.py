"""Deleting documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current


def delete_doc(doctype: str | None = None, name: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.delete_doc`."""
    return frappe.delete_doc(doctype, name, *args, **kwargs)


def check_if_doc_is_linked(doc: Any, method: str = "Delete") -> None:
    """Refuse when other documents link to this one.

    Raises:
        LinkExistsError: one does.
    """
    current().documents.check_no_back_links(doc)


def delete_from_table(doctype: str, name: Any, ignore_doctypes: Any = None, doc: Any = None) -> None:
    """Delete a document's row, past hooks and links."""
    frappe.db.delete(doctype, {"name": name})


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
