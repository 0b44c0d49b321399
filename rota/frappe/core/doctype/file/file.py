"""Files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites import attachments
from rota.sites.builtin.core.doctype.file.file import File, may_access
from rota.sites.context import current

URL_PREFIXES = ("http://", "https://")


def has_permission(doc: Any, ptype: str | None = None, user: str | None = None, debug: bool = False) -> bool:
    """Whether a user may do `ptype` with a file."""
    return bool(may_access(doc, ptype or "read", user or frappe.session.user))


def get_files_by_search_text(text: str) -> list[Any]:
    """Files that the user may read whose name has a text in it."""
    found: list[Any] = frappe.get_list(
        "File",
        filters={"is_folder": 0},
        or_filters={"file_name": ("like", f"%{text}%"), "file_url": ("like", f"%{text}%")},
        fields=["name", "file_name", "file_url", "is_folder", "modified"],
    )
    return found


def attach_files_to_document(doc: Any, event: Any = None) -> None:
    """Attach the files that a document's Attach fields name, so that whoever may read it may read them."""
    for field in doc.meta.get("fields", {"fieldtype": ["in", ["Attach", "Attach Image"]]}):
        url = doc.get(field.fieldname)
        if not str(url or "").startswith(("/files", "/private/files")):
            continue
        loose = {"file_url": url, "attached_to_name": ("is", "not set")}
        for name in frappe.get_all("File", filters=loose, pluck="name"):
            values = {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
            frappe.db.set_value("File", name, {**values, "attached_to_field": field.fieldname})


def remove_file(fid: str | None = None, **_: Any) -> None:
    """Delete a File."""
    frappe.delete_doc("File", fid)


def get_attached_images(doctype: str, names: Any) -> dict[str, list[str]]:
    """For each document the addresses of its pictures."""
    found: dict[str, list[str]] = {}
    for name in frappe.parse_json(names):
        for one in attachments.attached_to(current().documents, doctype, name):
            if frappe.utils.is_image(one.file_url or ""):
                found.setdefault(name, []).append(one.file_url)
    return found


def get_local_image(file_url: str) -> Any:
    """Refused: pictures are not opened."""
    from rota.errors import NotInRota

    raise NotInRota("frappe.core.doctype.file.file.get_local_image", "pictures are not opened; use Pillow")


__all__ = ["File", "has_permission"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
