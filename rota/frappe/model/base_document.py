"""What documents and their rows have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.documents.base import BaseDocument
from rota.frappe._dict import _dict
from rota.frappe._missing import missing
from rota.sites.context import current

DOCTYPES_FOR_DOCTYPE = {"DocType", "DocField", "DocPerm", "DocType Action", "DocType Link", "DocType State"}
TABLE_DOCTYPES_FOR_DOCTYPE = {
    "fields": "DocField",
    "permissions": "DocPerm",
    "actions": "DocType Action",
    "links": "DocType Link",
    "states": "DocType State",
}
DOCTYPE_TABLE_FIELDS = [
    _dict(fieldname=fieldname, options=doctype) for fieldname, doctype in TABLE_DOCTYPES_FOR_DOCTYPE.items()
]
max_positive_value = {"smallint": 2**15 - 1, "int": 2**31 - 1, "bigint": 2**63 - 1}


def get_controller(doctype: str) -> Any:
    """The class of a DocType's documents: its controller, or what an app has put in its place.

    Raises:
        DoctypeNotFoundError: there is no such DocType.
    """
    return current().documents.controller(doctype)


def import_controller(doctype: str) -> Any:
    """The same as `get_controller`."""
    return get_controller(doctype)


__all__ = ["BaseDocument", "get_controller", "import_controller"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
