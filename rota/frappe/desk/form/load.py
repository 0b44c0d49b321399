"""A document with what a form shows beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist()
def getdoc(doctype: str, name: Any, user: str | None = None) -> None:
    """Put a document and what stands beside it into the response: `docs`, `docinfo`."""
    doc = frappe.get_doc(doctype, name)
    doc.check_permission("read")
    run_onload(doc)
    doc.apply_fieldlevel_read_permissions()
    get_docinfo(doc)
    frappe.response.docs.append(doc)


@frappe.whitelist()
def getdoctype(doctype: str, with_parent: bool = False, cached_timestamp: Any = None) -> None:
    """Put a DocType and its child DocTypes into the response."""
    metas = [frappe.get_meta(doctype)]
    metas += [frappe.get_meta(field.options) for field in metas[0].table_fields]
    frappe.response.docs.extend(metas)


@frappe.whitelist()
def get_docinfo(doc: Any = None, doctype: str | None = None, name: Any = None) -> Any:
    """What stands beside a document: comments, attachments, assignments, shares, permissions, tags."""
    if doc is None:
        doc = frappe.get_doc(str(doctype), name)
        doc.check_permission("read")
    from rota.frappe.desk.form import assign_to
    from rota.frappe.permissions import get_doc_permissions
    from rota.frappe.share import _get_users

    comments = get_comments(doc.doctype, doc.name)
    info = frappe._dict(
        doctype=doc.doctype,
        name=doc.name,
        attachments=get_attachments(doc.doctype, doc.name),
        comments=[one for one in comments if one.comment_type == "Comment"],
        info_logs=[one for one in comments if one.comment_type in ("Info", "Edit", "Label")],
        communications=[],
        versions=get_versions(doc),
        assignments=assign_to.get({"doctype": doc.doctype, "name": doc.name}),
        permissions=get_doc_permissions(doc),
        shared=_get_users(doc),
        tags=",".join(doc.get_tags()) if frappe.db.table_exists("Tag Link") else "",
    )
    frappe.response["docinfo"] = info
    return info


def get_comments(doctype: str, name: Any, comment_type: Any = None) -> list[Any]:
    """The comments on a document, oldest first."""
    wanted: dict[str, Any] = {"reference_doctype": doctype, "reference_name": str(name)}
    if comment_type:
        wanted["comment_type"] = ("in", [comment_type] if isinstance(comment_type, str) else list(comment_type))
    found: list[Any] = frappe.get_all(
        "Comment",
        filters=wanted,
        fields=["name", "creation", "content", "owner", "comment_type", "comment_email", "comment_by"],
        order_by="creation asc",
    )
    return found


def get_versions(doc: Any) -> list[Any]:
    """The latest ten changes of a document."""
    found: list[Any] = frappe.get_all(
        "Version",
        filters={"ref_doctype": doc.doctype, "docname": str(doc.name)},
        fields=["name", "owner", "creation", "data"],
        order_by="creation desc",
        limit=10,
    )
    return found


def get_attachments(dt: str, dn: Any) -> list[Any]:
    """The files attached to a document."""
    found: list[Any] = frappe.get_all(
        "File",
        fields=["name", "file_name", "file_url", "is_private"],
        filters={"attached_to_name": str(dn), "attached_to_doctype": dt},
    )
    return found


def get_assignments(dt: str, dn: Any) -> list[Any]:
    """Whom a document is assigned to."""
    from rota.frappe.desk.form import assign_to

    return assign_to.get({"doctype": dt, "name": dn})


def run_onload(doc: Any) -> None:
    """Let a document prepare what travels with it to the browser."""
    doc.set("__onload", frappe._dict())
    doc.run_method("onload")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
