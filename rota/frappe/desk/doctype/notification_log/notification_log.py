"""Notifications that users find at their bell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class NotificationLog(Document):
    """A notification."""


def enqueue_create_notification(users: Any, doc: Any) -> None:
    """Notify users with these values; they are made with the transaction."""
    make_notification_logs(doc, users)


def make_notification_logs(doc: Any, users: Any) -> None:
    """Notify users (names, or one as text separated by commas) with these values."""
    values = dict(doc)
    names = users.split(",") if isinstance(users, str) else users
    for user in dict.fromkeys(name.strip() for name in names if name):
        if not frappe.db.exists("User", user):
            continue
        log = frappe.new_doc("Notification Log")
        log.update({**values, "for_user": user, "from_user": values.get("from_user") or frappe.session.user})
        log.insert(ignore_permissions=True)
        frappe.publish_realtime("notification", after_commit=True, user=user)


def get_title(doctype: str, docname: Any, title_field: str | None = None) -> Any:
    """What people call a document."""
    field = title_field or frappe.get_meta(doctype).get_title_field()
    return docname if field == "name" else frappe.db.get_value(doctype, docname, field)


def get_title_html(title: str) -> str:
    """A document's title in a notification's text."""
    return f'<b class="subject-title">{frappe.utils.escape_html(title)}</b>'


def get_email_header(doc: Any, language: str | None = None) -> str:
    """The heading of a notification's mail."""
    return f"New {doc.type} Notification: {doc.document_name or doc.subject}"


@frappe.whitelist()
def get_notification_logs(limit: int = 20) -> dict[str, Any]:
    """The user's notifications, newest first."""
    rows = frappe.get_list(
        "Notification Log",
        filters={"for_user": frappe.session.user},
        fields=["*"],
        limit=frappe.utils.cint(limit),
        order_by="creation desc",
    )
    return {"notification_logs": rows, "user_info": {}}


@frappe.whitelist()
def mark_all_as_read() -> None:
    """The user has read all."""
    for name in frappe.get_all("Notification Log", {"for_user": frappe.session.user, "read": 0}, pluck="name"):
        frappe.db.set_value("Notification Log", name, "read", 1, update_modified=False)


@frappe.whitelist()
def mark_as_read(docname: str) -> None:
    """The user has read one."""
    if docname:
        frappe.db.set_value("Notification Log", str(docname), "read", 1, update_modified=False)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
