"""One search for everything: Rota keeps no index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def update_global_search(doc: Any) -> None:
    """Nothing: there is no index."""


def sync_global_search() -> None:
    """Nothing: there is no index."""


def rebuild_for_doctype(doctype: str) -> None:
    """Nothing: there is no index."""


def delete_for_document(doc: Any) -> None:
    """Nothing: there is no index."""


@frappe.whitelist()
def search(text: str, start: Any = 0, limit: Any = 20, doctype: str = "") -> list[Any]:
    """Documents of a DocType whose title is like a text, as far as the user may read them."""
    if not doctype:
        return []
    field = frappe.get_meta(doctype).get_title_field()
    rows = frappe.get_list(
        doctype, filters={field: ("like", f"%{text}%")}, fields=["name", f"{field} as title"], limit=limit
    )
    return [frappe._dict(doctype=doctype, name=row.name, title=row.title, content=row.title) for row in rows]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
