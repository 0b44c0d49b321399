"""Documents from JSON files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current


def import_path(path: str) -> None:
    """Import a file, or all JSON files of a folder."""
    found = Path(path)
    for file in [found] if found.is_file() else sorted(found.glob("*.json")):
        import_file_by_path(str(file), force=True)


def import_file_by_path(
    path: str,
    force: bool = False,
    data_import: bool = False,
    pre_process: Any = None,
    ignore_version: bool | None = None,
    reset_permissions: bool = False,
) -> bool:
    """Import the documents of a file; whether there was one."""
    if not Path(path).exists():
        return False
    read = read_doc_from_file(path)
    for values in read if isinstance(read, list) else [read]:
        import_doc(values, force=force, data_import=data_import, pre_process=pre_process)
    return True


def import_file(module: str, dt: str, dn: str, force: bool = False, **_: Any) -> bool:
    """Import a document that comes with an app; whether there is one."""
    return import_file_by_path(get_file_path(module, dt, dn), force=force)


def get_file_path(module: str, dt: str, dn: str) -> str:
    """Its file."""
    from rota.frappe.modules.utils import scrub_dt_dn

    kind, own = scrub_dt_dn(dt, dn)
    return frappe.get_module_path(module, kind, own, f"{own}.json")


def read_doc_from_file(path: str) -> Any:
    """What a JSON file holds.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(Path(path).read_text(encoding="utf-8"))


def import_doc(
    docdict: Any,
    data_import: bool = False,
    pre_process: Any = None,
    ignore_version: bool | None = None,
    reset_permissions: bool = False,
    path: str | None = None,
    force: bool = False,
    **_: Any,
) -> Any:
    """Insert a document of these values in place of the one of its name; a DocType is brought up to date."""
    values = dict(docdict)
    if values.get("doctype") == "DocType":
        current().documents.doctypes.sync(values)
        return frappe.get_doc("DocType", values["name"])
    doc = frappe.get_doc(values)
    if pre_process:
        pre_process(doc)
    if doc.name and frappe.db.exists(doc.doctype, doc.name):
        frappe.delete_doc(doc.doctype, doc.name, force=1, ignore_permissions=True, ignore_on_trash=True)
    doc.flags.ignore_links = doc.flags.ignore_mandatory = doc.flags.ignore_validate = True
    return doc.insert(ignore_permissions=True, set_name=doc.name)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
