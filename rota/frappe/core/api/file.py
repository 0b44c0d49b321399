"""Files and folders, as pages ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.core.doctype.file.file import get_attached_images as find_images


@frappe.whitelist()
def create_new_folder(file_name: str, folder: str) -> Any:
    """Make a folder in another; the File."""
    doc = frappe.new_doc("File")
    doc.file_name, doc.is_folder, doc.folder = file_name, 1, folder
    return doc.insert(ignore_if_duplicate=True)


@frappe.whitelist()
def get_files_in_folder(folder: str, start: Any = 0, page_length: Any = 20) -> dict[str, Any]:
    """`{"files": those in a folder, "has_more": whether there are more}`."""
    length = frappe.utils.cint(page_length)
    files = frappe.get_list(
        "File",
        {"folder": folder},
        ["name", "file_name", "file_url", "is_folder", "modified"],
        limit_start=frappe.utils.cint(start),
        limit=length + 1,
    )
    return {"files": files[:length], "has_more": len(files) > length}


@frappe.whitelist()
def move_file(file_list: Any, new_parent: str, old_parent: str) -> None:
    """Move files into another folder."""
    for one in frappe.parse_json(file_list):
        doc = frappe.get_doc("File", one["name"])
        doc.folder = new_parent
        doc.save()


@frappe.whitelist()
def get_attached_images(doctype: str, names: Any) -> Any:
    """For each document the addresses of its pictures."""
    return find_images(doctype, names)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
