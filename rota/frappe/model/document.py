"""`Document`, the class of every DocType's controller."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.base import BaseDocument, DocStatus
from rota.documents.document import Document
from rota.frappe._missing import missing


def get_doc(*args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.get_doc`."""
    return frappe.get_doc(*args, **kwargs)


def get_controller(doctype: str) -> type[Document]:
    """The class of a DocType's documents."""
    from rota.frappe.model.base_document import get_controller as find

    found: type[Document] = find(doctype)
    return found


def bulk_insert(doctype: str, documents: Any, ignore_duplicates: bool = False, chunk_size: int = 10_000) -> None:
    """Insert many documents of a DocType with their rows, past checks and hooks; each gets its name before."""
    rows: dict[str, list[Any]] = {}
    for doc in documents:
        doc.set_new_name() if not doc.name and hasattr(doc, "set_new_name") else None
        for one in (doc, *doc.get_all_children()):
            rows.setdefault(one.doctype, []).append(dict(one.get_valid_dict(ignore_virtual=True)))
    for kind, values in rows.items():
        fields = list(values[0])
        many = [[row.get(field) for field in fields] for row in values]
        frappe.db.bulk_insert(kind, fields, many, ignore_duplicates=ignore_duplicates, chunk_size=chunk_size)


def execute_action(__doctype: str, __name: Any, __action: str, **kwargs: Any) -> Any:
    """What the job of `Document.queue_action` calls."""
    from rota.frappe._document_methods import execute_action as run

    return run(__doctype, __name, __action, kwargs)


__all__ = [
    "BaseDocument",
    "DocStatus",
    "Document",
    "bulk_insert",
    "execute_action",
    "get_controller",
    "get_doc",
]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
