"""Permissions by role, by user, by sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current

rights = (
    "select", "read", "write", "create", "delete", "submit", "cancel", "amend", "print", "email", "report", "import",
    "export", "share",
)  # fmt: skip
GUEST_ROLE = "Guest"
ALL_USER_ROLE = "All"
SYSTEM_USER_ROLE = "Desk User"
ADMIN_ROLE = "Administrator"
AUTOMATIC_ROLES = (GUEST_ROLE, ALL_USER_ROLE, SYSTEM_USER_ROLE, ADMIN_ROLE)


def has_permission(
    doctype: str,
    ptype: str = "read",
    doc: Any = None,
    verbose: bool = False,
    user: str | None = None,
    raise_exception: bool = False,
    *,
    parent_doctype: str | None = None,
    print_logs: bool = True,
    throw: bool = False,
    **_: Any,
) -> bool:
    """The same as `frappe.has_permission`, with Frappe's older arguments."""
    return frappe.has_permission(doctype, ptype, doc, user, throw, parent_doctype=parent_doctype)


def get_doc_permissions(doc: Any, user: str | None = None, ptype: str | None = None) -> dict[str, int]:
    """Each right, and whether the user has it on a document."""
    permissions = current().documents.permissions
    wanted = (ptype,) if ptype else rights
    return {right: int(permissions.has_permission(doc.doctype, right, doc=doc, user=user)) for right in wanted}


def get_role_permissions(doctype_meta: Any, user: str | None = None, is_owner: bool | None = None) -> dict[str, Any]:
    """Each right, and whether the user has it by role."""
    meta = frappe.get_meta(doctype_meta) if isinstance(doctype_meta, str) else doctype_meta
    found = current().documents.permissions.role_permissions(meta, user, is_owner=is_owner)
    return frappe._dict(found)


def get_user_permissions(user: str | None = None) -> dict[str, Any]:
    """For each DocType the documents that the user is confined to."""
    return current().documents.permissions.user_permissions(user)


def has_user_permission(doc: Any, user: str | None = None, debug: bool = False) -> bool:
    """Whether the user's confinements let the document through."""
    return current().documents.permissions.has_permission(doc.doctype, "read", doc=doc, user=user)


def get_roles(user: str | None = None, with_standard: bool = True) -> list[str]:
    """The roles of a user; without those that everybody has, if asked to."""
    found = frappe.get_roles(user)
    return found if with_standard else [one for one in found if one not in AUTOMATIC_ROLES]


def get_valid_perms(doctype: str | None = None, user: str | None = None) -> list[Any]:
    """The rows of permissions, of a DocType or all, that the user's roles have."""
    roles = set(get_roles(user))
    names = [doctype] if doctype else current().documents.doctypes.names()
    return [
        frappe._dict(row, parent=name)
        for name in names
        for row in frappe.get_meta(name).get_permissions()
        if row.role in roles
    ]


def get_all_perms(role: str) -> list[Any]:
    """The rows of permissions of a role."""
    rows = frappe.get_all("DocPerm", fields=["*"], filters={"role": role})
    own = frappe.get_all("Custom DocPerm", fields=["*"], filters={"role": role})
    replaced = frappe.get_all("Custom DocPerm", pluck="parent", distinct=True)
    return [*own, *(row for row in rows if row.parent not in replaced)]


def get_doctypes_with_read() -> list[str]:
    """The DocTypes that the user may read."""
    return sorted({row.parent for row in get_valid_perms() if row.read})


def get_linked_doctypes(dt: str) -> list[str]:
    """The DocType and those that it links to."""
    return sorted({dt, *(field.options for field in frappe.get_meta(dt).get_link_fields())})


def can_import(doctype: str, raise_exception: bool = False) -> bool:
    """Whether the user may import documents of a DocType."""
    return frappe.has_permission(doctype, "import", throw=raise_exception)


def can_export(doctype: str, raise_exception: bool = False, is_owner: bool = False) -> bool:
    """Whether the user may export documents of a DocType."""
    return frappe.has_permission(doctype, "export", throw=raise_exception)


def add_user_permission(
    doctype: str,
    name: Any,
    user: str,
    ignore_permissions: bool = False,
    applicable_for: str | None = None,
    is_default: int = 0,
    hide_descendants: int = 0,
    apply: int = 0,
) -> None:
    """Confine a user to a document of a DocType."""
    values = {"user": user, "allow": doctype, "for_value": name}
    if frappe.db.exists("User Permission", {**values, "applicable_for": applicable_for or ""}):
        return
    frappe.get_doc(
        {
            "doctype": "User Permission",
            **values,
            "is_default": is_default,
            "applicable_for": applicable_for,
            "apply_to_all_doctypes": 0 if applicable_for else 1,
            "hide_descendants": hide_descendants,
        }
    ).insert(ignore_permissions=ignore_permissions)


def remove_user_permission(doctype: str, name: Any, user: str, ignore_permissions: bool = False) -> None:
    """Take a confinement away."""
    wanted = {"user": user, "allow": doctype, "for_value": name}
    for one in frappe.get_all("User Permission", filters=wanted, pluck="name"):
        frappe.delete_doc("User Permission", one, ignore_permissions=ignore_permissions)


def clear_user_permissions_for_doctype(doctype: str, user: str | None = None) -> None:
    """Take all confinements to documents of a DocType away, of everybody or one user."""
    wanted = {"allow": doctype, **({"user": user} if user else {})}
    for one in frappe.get_all("User Permission", filters=wanted, pluck="name"):
        frappe.delete_doc("User Permission", one, force=True, ignore_permissions=True)


def setup_custom_perms(parent: str) -> bool:
    """Copy a DocType's permissions, so that the site may change them; whether that was needed."""
    if frappe.db.exists("Custom DocPerm", {"parent": parent}):
        return False
    for row in frappe.get_all("DocPerm", fields=["*"], filters={"parent": parent}):
        values = {key: value for key, value in row.items() if key not in ("name", "creation", "modified", "owner")}
        frappe.get_doc({**values, "doctype": "Custom DocPerm", "parent": parent}).insert(ignore_permissions=True)
    return True


def add_permission(doctype: str, role: str, permlevel: int = 0, ptype: str | None = None) -> str:
    """Give a role the right to read a DocType (or another right); the name of the row."""
    setup_custom_perms(doctype)
    wanted = {"parent": doctype, "role": role, "permlevel": permlevel, "if_owner": 0}
    known = frappe.db.get_value("Custom DocPerm", wanted)
    if known:
        return str(known)
    row = frappe.get_doc({"doctype": "Custom DocPerm", **wanted, ptype or "read": 1}).insert(ignore_permissions=True)
    return str(row.name)


def update_permission_property(
    doctype: str,
    role: str,
    permlevel: int,
    ptype: str,
    value: Any = None,
    validate: bool = True,
    if_owner: int = 0,
) -> bool | None:
    """Give a role a right on a DocType, or take it; whether its permissions had to be copied first."""
    copied = setup_custom_perms(doctype)
    wanted = {"parent": doctype, "role": role, "permlevel": permlevel, "if_owner": if_owner}
    name = frappe.db.get_value("Custom DocPerm", wanted)
    doc = frappe.get_doc("Custom DocPerm", name) if name else frappe.get_doc({"doctype": "Custom DocPerm", **wanted})
    doc.set(ptype, value)
    doc.save(ignore_permissions=True)
    return copied or None


def reset_perms(doctype: str) -> None:
    """Go back to the permissions that the DocType comes with."""
    for name in frappe.get_all("Custom DocPerm", filters={"parent": doctype}, pluck="name"):
        frappe.delete_doc("Custom DocPerm", name, force=True, ignore_permissions=True)


def get_allowed_docs_for_doctype(user_permissions: Any, doctype: str) -> list[Any]:
    """The documents of a list of confinements that hold for a DocType."""
    return [
        one.get("doc") for one in user_permissions if not one.get("applicable_for") or one["applicable_for"] == doctype
    ]


filter_allowed_docs_for_doctype = get_allowed_docs_for_doctype


def is_system_user(user: str | None = None) -> bool:
    """Whether the user may enter the desk."""
    return bool(frappe.get_cached_value("User", user or frappe.session.user, "user_type") == "System User")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
