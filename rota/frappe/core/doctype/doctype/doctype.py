"""DocTypes as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def validate_fields_for_doctype(doctype: str) -> None:
    """Refuse a DocType whose fields can't be.

    Raises:
        ValidationError: it is so.
    """
    from rota.documents.definition import check_definition

    check_definition(frappe.get_doc("DocType", doctype).as_dict())


def clear_permissions_cache(doctype: str) -> None:
    """Read permissions anew."""
    frappe.clear_cache(doctype=doctype)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
