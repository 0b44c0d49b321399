"""Files that are attached to documents: `frappe.utils.file_manager` and what happens when a document goes."""

from __future__ import annotations

from typing import Any

from rota.documents.documents import Documents


def save_file(
    documents: Documents,
    fname: str | None,
    content: str | bytes,
    *,
    dt: str | None = None,
    dn: Any = None,
    folder: str | None = None,
    decode: bool = False,
    is_private: Any = 0,
    df: str | None = None,
) -> Any:
    """Keep a content as a File, attached to a document (`dt`, `dn`, field `df`) if one is named; the File.

    Raises:
        MaxFileSizeReachedError: it is larger than the site allows.
    """
    values = {
        "doctype": "File",
        "file_name": fname,
        "attached_to_doctype": dt,
        "attached_to_name": dn,
        "attached_to_field": df,
        "folder": folder,
        "is_private": is_private,
        "content": content,
        "decode": decode,
    }
    return documents.get_doc(values).insert(ignore_permissions=True)


def attached_to(documents: Documents, doctype: str, name: Any) -> list[Any]:
    """The files of a document: name, file_name, file_url, is_private, file_size."""
    filters = {"attached_to_doctype": doctype, "attached_to_name": str(name)}
    fields = ["name", "file_name", "file_url", "is_private", "file_size"]
    found: list[Any] = documents.get_all("File", filters=filters, fields=fields, order_by="creation")
    return found


def delete_attached(documents: Documents, doctype: str, name: Any) -> None:
    """Delete the files of a document that is deleted, in its transaction."""
    for file in attached_to(documents, doctype, name):
        documents.delete_doc("File", file.name, ignore_permissions=True, force=True)
