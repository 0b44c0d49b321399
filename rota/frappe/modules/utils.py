"""Where the files of apps' DocTypes are."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import DoctypeNotFoundError, ValidationError
from rota.frappe._apps import get_module_app
from rota.frappe._missing import missing
from rota.sites.context import current


def get_doctype_module(doctype: str) -> str:
    """The module that a DocType belongs to.

    Raises:
        DoctypeNotFoundError: there is no such DocType.
    """
    return str(frappe.get_meta(doctype).module)


def scrub_dt_dn(dt: str, dn: str) -> tuple[str, str]:
    """A DocType's and a document's name as they are written in paths."""
    return frappe.scrub(dt), frappe.scrub(dn) if dt in ("DocType", "Report", "Page", "Print Format") else dn


def get_doc_path(module: str, doctype: str, name: str) -> str:
    """The folder of a document that comes with an app."""
    kind, own = scrub_dt_dn(doctype, name)
    return frappe.get_module_path(module, kind, own)


def get_module_name(doctype: str, module: str, prefix: str = "", suffix: str = "", app: str | None = None) -> str:
    """The Python module of a DocType's controller."""
    app = app or get_module_app(module)
    own = frappe.scrub(doctype)
    return f"{app}.{frappe.scrub(module)}.doctype.{own}.{prefix}{own}{suffix}"


def load_doctype_module(doctype: str, module: str | None = None, prefix: str = "", suffix: str = "") -> ModuleType:
    """The Python module of a DocType's controller.

    Raises:
        ImportError: it has none.
    """
    module = module or get_doctype_module(doctype)
    try:
        return importlib.import_module(get_module_name(doctype, module, prefix, suffix))
    except ModuleNotFoundError as error:
        raise ImportError(f"Module import failed for {doctype}: {error}") from error


def get_doc_module(module: str, doctype: str, name: str) -> ModuleType:
    """The Python module beside a document that comes with an app."""
    kind, own = frappe.scrub(doctype), frappe.scrub(name)
    return importlib.import_module(f"{get_module_app(module)}.{frappe.scrub(module)}.{kind}.{own}.{own}")


def get_doctype_app_map() -> dict[str, str]:
    """Each DocType with its app."""
    rows = frappe.get_all("DocType", fields=["name", "module"])
    found = {}
    for row in rows:
        try:
            found[row.name] = get_module_app(row.module)
        except (ValidationError, DoctypeNotFoundError):
            continue  # made by hand, in a module of no app
    return found


def reload_doc(module: str, dt: str | None = None, dn: str | None = None, *_: Any, **__: Any) -> None:
    """Bring a DocType up to date with its file in its app."""
    if dt and frappe.scrub(dt) == "doctype" and dn:
        path = Path(frappe.get_module_path(module, "doctype", frappe.scrub(dn), f"{frappe.scrub(dn)}.json"))
        if path.exists():
            current().documents.doctypes.sync(path)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
