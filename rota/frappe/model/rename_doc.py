"""Other names for documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def rename_doc(
    doctype: str | None = None,
    old: Any = None,
    new: Any = None,
    force: bool = False,
    merge: bool = False,
    **kwargs: Any,
) -> Any:
    """The same as `frappe.rename_doc`; a document may be given as `doc`."""
    doc = kwargs.pop("doc", None)
    if doc is not None:
        doctype, old = doc.doctype, doc.name
    return frappe.rename_doc(str(doctype), old, new, force=force, merge=merge, **kwargs)


@frappe.whitelist()
def update_document_title(
    *, doctype: str, docname: str, title: str | None = None, name: str | None = None, merge: Any = False, **_: Any
) -> str:
    """Give a document another title, or name, as the user; the name."""
    doc = frappe.get_doc(doctype, docname)
    doc.check_permission("write")
    field = doc.meta.get_title_field()
    if title is not None and field != "name" and doc.get(field) != title:
        doc.set(field, title)
        doc.save()
    if name and name != docname:
        return str(frappe.rename_doc(doctype, docname, name, merge=frappe.utils.sbool(merge)))
    return docname


def bulk_rename(doctype: str, rows: Any = None, via_console: bool = False) -> list[str]:
    """Give documents other names, as (old, new) pairs; what was done, for people."""
    done = []
    for old, new, *_ in rows or []:
        frappe.rename_doc(doctype, old, new)
        done.append(f"Successful: {old} to {new}")
    return done


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
