"""Comments, and documents before and after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist(methods=["POST", "PUT"])
def add_comment(reference_doctype: str, reference_name: Any, content: str, comment_email: str, comment_by: str) -> Any:
    """Add a comment to a document that the user may read; the Comment."""
    doc = frappe.get_doc(reference_doctype, reference_name)
    doc.check_permission()
    text = frappe.utils.sanitize_html(content)
    return doc.add_comment("Comment", text, comment_email=comment_email, comment_by=comment_by)


@frappe.whitelist()
def update_comment(name: str, content: str) -> None:
    """Change one's own comment.

    Raises:
        PermissionError: it is somebody else's.
    """
    doc = frappe.get_doc("Comment", name)
    if frappe.session.user not in ("Administrator", doc.owner):
        frappe.throw(frappe._("Comment can only be edited by the owner"), frappe.PermissionError)
    doc.content = frappe.utils.sanitize_html(content)
    doc.save(ignore_permissions=True)


@frappe.whitelist()
def remove_attach() -> None:
    """Delete the File that the request names by `fid`."""
    frappe.delete_doc("File", frappe.form_dict.fid)


@frappe.whitelist()
def get_next(
    doctype: str,
    value: Any,
    prev: Any,
    filters: Any = None,
    sort_order: str = "desc",
    sort_field: str = "modified",
) -> Any:
    """The document after (or before, with `prev`) another in a list; None at its end."""
    back = frappe.utils.cint(prev)
    up = (sort_order.lower() == "asc") != bool(back)
    wanted = frappe.parse_json(filters) or []
    conditions = [*(wanted if isinstance(wanted, list) else [[key, "=", one] for key, one in wanted.items()])]
    here = frappe.db.get_value(doctype, value, sort_field)
    conditions.append([doctype, sort_field, ">" if up else "<", here])
    found = frappe.get_list(
        doctype, filters=conditions, order_by=f"{sort_field} {'asc' if up else 'desc'}", limit=1, pluck="name"
    )
    if not found:
        frappe.msgprint(frappe._("No further records"))
        return None
    return found[0]


def get_pdf_link(doctype: str, docname: Any, print_format: str = "Standard", no_letterhead: int = 0) -> str:
    """The address that prints a document; nothing answers there, as documents are not printed."""
    return f"/api/method/frappe.utils.print_format.download_pdf?doctype={doctype}&name={docname}"


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
