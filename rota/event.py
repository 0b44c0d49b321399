"""A realtime message, and the rooms that say who may hear it. The names are Frappe's, as browsers subscribe to them.

user:NAME             all windows of one user
doc:DOCTYPE/NAME      who looks at a document
open_doc:DOCTYPE/NAME who has it open in a form
doctype:DOCTYPE       who looks at a list of it
task_progress:ID      who waits for a task
all                   every user of the desk
website               everybody who is connected
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SITE_ROOM, WEBSITE_ROOM = "all", "website"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A message on its way to a room."""

    name: str  #: what browsers listen for: msgprint, progress, list_update, or an app's own
    message: Any  #: any JSON value
    room: str
    at_once: bool = False  #: not to be held back until the transaction commits, whatever the caller asked for


def user_room(user: str) -> str:
    return f"user:{user}"


def doctype_room(doctype: str) -> str:
    return f"doctype:{doctype}"


def doc_room(doctype: str, name: str) -> str:
    return f"doc:{doctype}/{name}"


def open_doc_room(doctype: str, name: str) -> str:
    return f"open_doc:{doctype}/{name}"


def task_room(task_id: str) -> str:
    return f"task_progress:{task_id}"


def addressed(
    name: str | None,
    message: Any = None,
    *,
    room: str | None = None,
    user: str | None = None,
    doctype: str | None = None,
    docname: str | None = None,
    task_id: str | None = None,
    running_task: str | None = None,
    session_user: str,
) -> Event:
    """The event that `frappe.publish_realtime` means (its rules, in its order).

    `task_id` names a task, `running_task` the one that runs here; an event of a task goes out at once. `msgprint` to
    nobody is for `session_user`; another event to nobody is for every user of the desk.
    """
    message = {} if message is None else message
    if name is None:
        name = "task_progress" if running_task or task_id else "global"
    elif name == "msgprint" and not user:
        user = session_user
    elif name == "list_update":
        doctype = doctype or (message.get("doctype") if isinstance(message, Mapping) else None)
        room = doctype_room(str(doctype)) if doctype else room
    elif name == "docinfo_update" and doctype and docname:
        room = doc_room(doctype, docname)
    if room:
        return Event(name=name, message=message, room=room)
    if task := task_id or running_task:
        if isinstance(message, Mapping):
            message = {"task_id": task, **message}
        return Event(name=name, message=message, room=task_room(task), at_once=True)
    if user:
        return Event(name=name, message=message, room=user_room(user))
    if doctype and docname:
        return Event(name=name, message=message, room=doc_room(doctype, docname))
    return Event(name=name, message=message, room=SITE_ROOM)
