"""Documents shared with users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current

_RIGHTS = ("read", "write", "submit", "share")


@frappe.whitelist()
def add(
    doctype: str,
    name: Any,
    user: str | None = None,
    read: Any = 1,
    write: Any = 0,
    submit: Any = 0,
    share: Any = 0,
    everyone: Any = 0,
    notify: Any = 0,
) -> Any:
    """Share a document with a user, or with everyone; the DocShare."""
    return add_docshare(doctype, name, user, read, write, submit, share, everyone, notify=notify)


def add_docshare(
    doctype: str,
    name: Any,
    user: str | None = None,
    read: Any = 1,
    write: Any = 0,
    submit: Any = 0,
    share: Any = 0,
    everyone: Any = 0,
    flags: Any = None,
    notify: Any = 0,
) -> Any:
    """The same, with `flags` for the document; rights that are there stay.

    Raises:
        PermissionError: the user may not share the document (not with the flag `ignore_share_permission`).
    """
    flags = frappe._dict(flags or {})
    if not flags.ignore_share_permission:
        frappe.has_permission(doctype, "share", name, throw=True)
    known = get_share_name(doctype, name, user, frappe.utils.cint(everyone))
    doc = frappe.get_doc("DocShare", known) if known else frappe.new_doc("DocShare")
    if not known:
        doc.update(
            {"user": user, "share_doctype": doctype, "share_name": name, "everyone": frappe.utils.cint(everyone)}
        )
    given = dict(zip(_RIGHTS, (read, write, submit, share), strict=True))
    doc.update({right: 1 for right, value in given.items() if frappe.utils.cint(value)})
    doc.flags.update(flags)
    doc.save(ignore_permissions=True)
    return doc


def remove(doctype: str, name: Any, user: str, flags: Any = None) -> None:
    """Share a document no longer."""
    known = get_share_name(doctype, name, user, 0)
    if known:
        frappe.delete_doc("DocShare", known, flags=flags, ignore_permissions=True)


@frappe.whitelist()
def set_permission(doctype: str, name: Any, user: str, permission_to: str, value: Any = 1, everyone: Any = 0) -> Any:
    """Give a user a right on a shared document, or take it."""
    frappe.has_permission(doctype, "share", name, throw=True)
    return set_docshare_permission(doctype, name, user, permission_to, value, everyone)


def set_docshare_permission(
    doctype: str, name: Any, user: str, permission_to: str, value: Any = 1, everyone: Any = 0, flags: Any = None
) -> Any:
    """The same without asking who may."""
    known = get_share_name(doctype, name, user, frappe.utils.cint(everyone))
    if not known:
        if not frappe.utils.cint(value):
            return None
        return add_docshare(
            doctype, name, user, everyone=everyone, flags={"ignore_share_permission": True}, **{permission_to: 1}
        )
    doc = frappe.get_doc("DocShare", known)
    doc.set(permission_to, frappe.utils.cint(value))
    if not any(doc.get(right) for right in _RIGHTS):
        doc.delete(ignore_permissions=True)
        return None
    return doc.save(ignore_permissions=True)


@frappe.whitelist()
def get_users(doctype: str, name: Any) -> list[Any]:
    """Whom a document is shared with: dicts of the user and the rights."""
    fields = ["name", "user", *_RIGHTS, "everyone", "owner", "creation"]
    return _get_users(frappe.get_doc(doctype, name), fields)


def _get_users(doc: Any, fields: Any = None) -> list[Any]:
    wanted = {"share_doctype": doc.doctype, "share_name": doc.name}
    found: list[Any] = frappe.get_all(
        "DocShare", fields=fields or ["name", "user", *_RIGHTS, "everyone", "owner", "creation"], filters=wanted
    )
    return found


def get_shared(doctype: str, user: str | None = None, rights: Any = None, **_: Any) -> list[str]:
    """The documents of a DocType that are shared with a user."""
    permissions = current().documents.permissions
    wanted = [rights] if isinstance(rights, str) else list(rights or ["read"])
    return sorted(set.intersection(*(permissions.shared(doctype, user, right) for right in wanted)))


def get_shared_doctypes(user: str | None = None) -> list[str]:
    """The DocTypes of which documents are shared with a user."""
    found: list[str] = frappe.get_all(
        "DocShare",
        filters={"read": 1},
        or_filters={"user": user or frappe.session.user, "everyone": 1},
        pluck="share_doctype",
        distinct=True,
    )
    return found


def get_share_name(doctype: str, name: Any, user: str | None, everyone: int) -> Any:
    """The DocShare of a document and a user; None when there is none."""
    who = {"everyone": 1} if everyone else {"user": user}
    return frappe.db.get_value("DocShare", {"share_doctype": doctype, "share_name": name, **who}, "name")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
