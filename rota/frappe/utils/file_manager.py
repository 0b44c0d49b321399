"""Files of documents, as functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from rota import frappe  # what an app has put there counts
from rota.errors import DoesNotExistError, MaxFileSizeReachedError
from rota.frappe._missing import missing
from rota.sites import attachments
from rota.sites.context import current
from rota.sites.files import content_hash


def save_file(
    fname: str | None,
    content: Any,
    dt: str | None = None,
    dn: Any = None,
    folder: str | None = None,
    decode: bool = False,
    is_private: Any = 0,
    df: str | None = None,
) -> Any:
    """Keep a content as a File, attached to a document if one is named; the File.

    Raises:
        MaxFileSizeReachedError: it is larger than the site allows.
    """
    return attachments.save_file(
        current().documents, fname, content, dt=dt, dn=dn, folder=folder, decode=decode, is_private=is_private, df=df
    )


def save_url(
    file_url: str, filename: str | None, dt: str | None, dn: Any, folder: str | None, is_private: Any, df: Any = None
) -> Any:
    """Keep an address as a File."""
    values = {"attached_to_doctype": dt, "attached_to_name": dn, "attached_to_field": df, "folder": folder}
    doc = {"doctype": "File", "file_url": unquote(file_url), "file_name": filename, "is_private": is_private, **values}
    return frappe.get_doc(doc).insert(ignore_permissions=True)


def get_file(fname: str) -> list[Any]:
    """`[file name, content]` of a file, by the File's name, its address or file name.

    Raises:
        DoesNotExistError: there is none.
    """
    doc = _file(fname)
    return [doc.file_name, doc.get_content()]


def get_content(fname: str) -> Any:
    """The content of a file."""
    return get_file(fname)[1]


def get_file_path(file_name: str) -> str:
    """Where the content of a file is."""
    return str(_file(file_name).get_full_path())


def _file(fname: str) -> Any:
    for field in ("name", "file_url", "file_name"):
        if name := frappe.db.get_value("File", {field: fname}):
            return frappe.get_doc("File", name)
    raise DoesNotExistError(f"File {fname} not found")


def get_file_url(file_data_name: str) -> Any:
    """The address of a File."""
    return frappe.db.get_value("File", file_data_name, "file_url")


def get_content_hash(content: Any) -> str:
    """What two equal contents have in common."""
    return content_hash(content.encode() if isinstance(content, str) else content)


def get_max_file_size() -> int:
    """Bytes that a file may have."""
    return int(current().site.config.max_file_size)


def check_max_file_size(content: bytes) -> int:
    """The size of a content.

    Raises:
        MaxFileSizeReachedError: it is larger than the site allows.
    """
    if len(content) > get_max_file_size():
        raise MaxFileSizeReachedError(f"File size exceeded the maximum allowed size of {get_max_file_size() >> 20} MB")
    return len(content)


def get_file_name(fname: str, optional_suffix: str) -> str:
    """A file's name, with a suffix before its ending if there is one of this name."""
    if not frappe.db.exists("File", {"file_name": fname}):
        return fname
    stem, dot, ending = fname.rpartition(".")
    return f"{stem}{optional_suffix}.{ending}" if dot else f"{fname}{optional_suffix}"


def remove_file(
    fid: str | None = None, attached_to_doctype: str | None = None, attached_to_name: Any = None, **_: Any
) -> None:
    """Delete a File."""
    frappe.delete_doc("File", fid)


def remove_all(dt: str, dn: Any, from_delete: bool = False, delete_permanently: bool = False) -> None:
    """Delete the files of a document."""
    attachments.delete_attached(current().documents, dt, dn)


@frappe.whitelist()
def add_attachments(doctype: str, name: Any, attachments: Any) -> list[Any]:
    """Attach files that are there to another document; the Files."""
    found = []
    for one in frappe.parse_json(attachments):
        if isinstance(one, str):
            row = frappe.db.get_value("File", {"name": one}, ["file_name", "file_url", "is_private"])
            found.append(save_url(row[1], row[0], doctype, name, "Home/Attachments", row[2]))
    return found


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
