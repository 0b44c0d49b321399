"""New documents with their defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_new_doc(doctype: str, parent_doc: Any = None, parentfield: str | None = None, as_dict: bool = False) -> Any:
    """The same as `frappe.new_doc`."""
    return frappe.new_doc(doctype, parent_doc, parentfield, as_dict)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
