"""Documents assigned to users: each assignment is a ToDo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import ValidationError
from rota.frappe._missing import missing


class DuplicateToDoError(ValidationError):
    """The document is assigned to this user already."""


def get(args: Any = None) -> list[Any]:
    """Whom a document is assigned to: dicts of `owner` and `name` of the ToDo."""
    given = frappe._dict(args or frappe.form_dict)
    rows = frappe.get_all(
        "ToDo",
        fields=["allocated_to as owner", "name"],
        filters={
            "reference_type": given.doctype,
            "reference_name": given.name,
            "status": ("not in", ("Cancelled", "Closed")),
        },
    )
    return list(rows)


@frappe.whitelist()
def add(args: Any = None, *, ignore_permissions: bool = False) -> list[Any]:
    """Assign a document to users: a dict of `assign_to` (a list), `doctype`, `name`, `description`, `date`, `priority`.

    Raises:
        PermissionError: the user may not write the document.
    """
    given = frappe._dict(args or frappe.form_dict)
    users = frappe.parse_json(given.assign_to)
    if not ignore_permissions:
        frappe.get_doc(given.doctype, given.name).check_permission()
    for user in [users] if isinstance(users, str) else users:
        known = {
            "reference_type": given.doctype,
            "reference_name": given.name,
            "status": "Open",
            "allocated_to": user,
        }
        if frappe.get_all("ToDo", filters=known):
            continue
        frappe.get_doc(
            {
                "doctype": "ToDo",
                **known,
                "description": given.description or f"Assignment for {given.doctype} {given.name}",
                "priority": given.priority or "Medium",
                "date": given.date or frappe.utils.nowdate(),
                "assigned_by": given.assigned_by or frappe.session.user,
                "assignment_rule": given.assignment_rule,
            }
        ).insert(ignore_permissions=True)
        _note(given.doctype, given.name)
    return get({"doctype": given.doctype, "name": given.name})


@frappe.whitelist()
def add_multiple(args: Any = None) -> None:
    """Assign several documents to users; `name` holds the list of them as JSON."""
    given = frappe._dict(args or frappe.form_dict)
    for name in frappe.parse_json(given.name):
        add({**given, "name": name})


@frappe.whitelist()
def remove(doctype: str, name: Any, assign_to: str, ignore_permissions: bool = False) -> list[Any]:
    """Take an assignment back."""
    return set_status(doctype, name, assign_to=assign_to, status="Cancelled", ignore_permissions=ignore_permissions)


@frappe.whitelist()
def close(doctype: str, name: Any, assign_to: str, ignore_permissions: bool = False) -> list[Any]:
    """Close an assignment."""
    return set_status(doctype, name, "", assign_to, status="Closed", ignore_permissions=ignore_permissions)


def set_status(
    doctype: str,
    name: Any,
    todo: str | None = None,
    assign_to: str | None = None,
    status: str = "Cancelled",
    ignore_permissions: bool = False,
) -> list[Any]:
    """Give an assignment another status."""
    if not ignore_permissions:
        frappe.get_doc(doctype, name).check_permission()
    wanted = {"reference_type": doctype, "reference_name": name, "allocated_to": assign_to, "status": "Open"}
    for found in [todo] if todo else frappe.get_all("ToDo", filters=wanted, pluck="name"):
        doc = frappe.get_doc("ToDo", found)
        doc.status = status
        doc.save(ignore_permissions=True)
    _note(doctype, name)
    return get({"doctype": doctype, "name": name})


def clear(doctype: str, name: Any, ignore_permissions: bool = False) -> bool:
    """Take all assignments of a document back; whether there were any."""
    return _all(doctype, name, "Cancelled", ignore_permissions)


def close_all_assignments(doctype: str, name: Any, ignore_permissions: bool = False) -> bool:
    """Close all assignments of a document; whether there were any."""
    return _all(doctype, name, "Closed", ignore_permissions)


def _all(doctype: str, name: Any, status: str, ignore_permissions: bool) -> bool:
    found = get({"doctype": doctype, "name": name})
    for one in found:
        set_status(doctype, name, todo=one.name, status=status, ignore_permissions=ignore_permissions)
    return bool(found)


def _note(doctype: str, name: Any) -> None:
    """Keep the assigned users with the document, as lists show them."""
    if "_assign" in frappe.db.get_table_columns(doctype):
        users = [one.owner for one in get({"doctype": doctype, "name": name})]
        frappe.db.set_value(doctype, name, "_assign", frappe.as_json(users, indent=None), update_modified=False)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
