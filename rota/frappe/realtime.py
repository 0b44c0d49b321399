"""Messages to browsers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import event as rooms
from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.attached import realtime_of
from rota.sites.context import current


def publish_realtime(*args: Any, **kwargs: Any) -> None:
    """The same as `frappe.publish_realtime`."""
    frappe.publish_realtime(*args, **kwargs)


def publish_progress(*args: Any, **kwargs: Any) -> None:
    """The same as `frappe.publish_progress`."""
    frappe.publish_progress(*args, **kwargs)


def emit_via_redis(event: str, message: Any, room: str) -> None:
    """Send a message to a room at once; there is no Redis on its way."""
    realtime_of(current()).publish(rooms.Event(name=event, message=message, room=room))


@frappe.whitelist(allow_guest=True)
def get_user_info() -> dict[str, Any]:
    """Who is connected: `{"user", "user_type"}`."""
    user = frappe.session.user
    return {"user": user, "user_type": frappe.get_cached_value("User", user, "user_type")}


@frappe.whitelist(allow_guest=True)
def has_permission(doctype: str, name: Any) -> bool:
    """True, if the user may read a document.

    Raises:
        PermissionError: the user may not.
    """
    return frappe.has_permission(doctype, "read", name, throw=True)


def get_doctype_room(doctype: str) -> str:
    """The room of those who look at a list."""
    return rooms.doctype_room(doctype)


def get_doc_room(doctype: str, docname: Any) -> str:
    """The room of those who look at a document."""
    return rooms.doc_room(doctype, str(docname))


def get_user_room(user: str) -> str:
    """The room of a user's windows."""
    return rooms.user_room(user)


def get_site_room() -> str:
    """The room of everybody at the desk."""
    return rooms.SITE_ROOM


def get_task_progress_room(task_id: str) -> str:
    """The room of those who wait for a task."""
    return rooms.task_room(task_id)


def get_website_room() -> str:
    """The room of everybody who is connected."""
    return rooms.WEBSITE_ROOM


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
