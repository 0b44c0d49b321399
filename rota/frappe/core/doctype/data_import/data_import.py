"""Documents imported from tables; Rota keeps the DocType and imports nothing by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class DataImport(Document):
    """An import of documents."""


def import_doc(path: str, pre_process: Any = None, sort: bool = False) -> None:
    """Import the documents of a JSON file, or of a folder's JSON files."""
    from rota.frappe.modules.import_file import import_path

    import_path(path)


def export_json(
    doctype: str,
    path: str,
    filters: Any = None,
    or_filters: Any = None,
    name: Any = None,
    order_by: str = "creation asc",
) -> None:
    """Write documents as JSON into a file."""
    names = (
        [name]
        if name
        else frappe.get_all(doctype, filters=filters, or_filters=or_filters, order_by=order_by, pluck="name")
    )
    documents = [frappe.get_doc(doctype, one).as_dict(no_nulls=True, no_private_properties=True) for one in names]
    Path(path).write_text(frappe.as_json(documents), encoding="utf-8")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
