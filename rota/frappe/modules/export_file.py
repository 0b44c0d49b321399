"""Documents as JSON files of apps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.model import child_table_fields, default_fields


def export_doc(doc: Any) -> None:
    """Write a document's JSON into its app."""
    write_document_file(doc)


def export_to_files(
    record_list: Any = None,
    record_module: str | None = None,
    verbose: int = 0,
    create_init: bool | None = None,
) -> None:
    """Write the JSON of documents, as (doctype, name, ...) pairs, into their apps. Not while an import runs."""
    if frappe.flags.in_import:
        return
    for doctype, name, *_ in record_list or []:
        write_document_file(frappe.get_doc(doctype, name), record_module, create_init)


def write_document_file(
    doc: Any, record_module: str | None = None, create_init: bool | None = None, folder_name: str | None = None
) -> str:
    """Write a document's JSON into its app; the path."""
    from rota.frappe.modules.utils import scrub_dt_dn

    module = record_module or (doc.get("module") if doc.doctype != "Module Def" else doc.name)
    kind, own = scrub_dt_dn(doc.doctype, str(doc.name))
    folder = Path(frappe.get_module_path(str(module), *([folder_name] if folder_name else [kind, own])))
    frappe.utils.create_folder(str(folder), with_init=bool(create_init))
    path = folder / f"{own}.json"
    path.write_text(frappe.as_json(strip_default_fields(doc, doc.as_dict(no_nulls=True))) + "\n", encoding="utf-8")
    return str(path)


def strip_default_fields(doc: Any, doc_export: Any) -> Any:
    """The values without what every row has."""
    for field in doc.meta.get_table_fields():
        for row in doc_export.get(field.fieldname) or []:
            for name in (*default_fields, *child_table_fields):
                row.pop(name, None)
    return doc_export


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
