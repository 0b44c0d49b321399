"""Helpers that ask the site's documents, hooks or request.

They look the facade's functions up when they are called, so that what an app puts in their place is what runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from email.utils import quote
from importlib import import_module
from typing import Any

from rota.documents.dictionary import AttrDict
from rota.errors import DoesNotExistError
from rota.frappe.utils._emails import validate_email_address

SPECIALS = re.compile(r'[()<>@,:;".\[\]\\]')


def _facade() -> Any:
    return import_module("rota.frappe")


def get_fullname(user: str | None = None) -> str:
    """The first and last name of the user, by default the current one; the user's id where there is none."""
    frappe = _facade()
    user = user or frappe.session.user
    names = frappe.db.get_value("User", user, ["first_name", "last_name"], as_dict=True) or {}
    return " ".join(filter(None, (names.get("first_name"), names.get("last_name")))) or str(user)


def get_email_address(user: str | None = None) -> Any:
    """The address of the user, by default the current one; None where there is no such user."""
    frappe = _facade()
    return frappe.db.get_value("User", user or frappe.session.user, "email")


def get_formatted_email(user: str, mail: str | None = None) -> str:
    """`John Doe <john@example.com>`, by default with the user's own address; "" where there is none.

    An app's hook `get_sender_details` may give another name and address.
    """
    name = get_fullname(user)
    sender_details = get_hook_method("get_sender_details")
    if sender_details:
        sender_name, mail = sender_details()
        name = sender_name or name
    mail = mail or get_email_address(user) or validate_email_address(user)
    if not mail:
        return ""
    # People read it, so it is not encoded; a comma in the name must not make two addresses of one.
    return f'"{quote(name)}" <{mail}>' if SPECIALS.search(name) else f"{name} <{mail}>"


def get_defaults(key: str | None = None) -> Any:
    """The current user's defaults, or the one of this key."""
    return _facade().db.get_defaults(key)


def set_default(key: str, val: Any) -> Any:
    """Set a default of the whole site."""
    return _facade().db.set_default(key, val)


def get_user_info_for_avatar(user_id: str) -> dict[str, Any]:
    """Address, picture and name of a user; the id where there is no such user."""
    frappe = _facade()
    try:
        user = frappe.get_cached_doc("User", user_id)
    except DoesNotExistError:
        frappe.clear_last_message()
        return {"email": user_id, "image": "", "name": user_id}
    return {"email": user.email, "image": user.user_image, "name": user.full_name}


def add_user_info(user: str | Iterable[str] | None, user_info: dict[str, Any]) -> None:
    """Put name, picture, address and time zone of these users into `user_info`, as far as they are missing there."""
    users = [user] if isinstance(user, str) else list(user or ())
    missing = [name for name in users if name not in user_info]
    if not missing:
        return
    fields = ["name", "full_name", "user_image", "email", "time_zone"]
    for row in _facade().get_all("User", filters={"name": ("in", missing)}, fields=fields):
        user_info[row.name] = AttrDict(
            fullname=row.full_name or row.name,
            image=row.user_image,
            name=row.name,
            email=row.email,
            time_zone=row.time_zone,
        )


def get_db_count(*args: str) -> dict[str, int]:
    """How many documents there are of each of these DocTypes."""
    frappe = _facade()
    return {doctype: frappe.db.count(doctype) for doctype in args}


def call(fn: str | Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the function, or the one at this dotted path, returns, as plain JSON values."""
    frappe = _facade()
    return json.loads(frappe.as_json(frappe.call(fn, *args, **kwargs)))


def get_hook_method(hook_name: str, fallback: Any = None) -> Any:
    """The first function that the hook names, else `fallback`."""
    frappe = _facade()
    paths = frappe.get_hooks(hook_name)
    return frappe.get_attr(paths[0]) if paths else fallback


def call_hook_method(hook: str, *args: Any, **kwargs: Any) -> Any:
    """Call the functions that the hook names, until one returns something; that."""
    frappe = _facade()
    result = None
    for path in frappe.get_hooks(hook):
        result = result or frappe.get_attr(path)(*args, **kwargs)
    return result


def log(event: str, details: Any) -> None:
    """Write the details to the log of this name."""
    _facade().logger(event).info(details)


def get_host_name_from_request() -> str | None:
    """The address that the current request came for, with its scheme; None outside one."""
    frappe = _facade()
    request = getattr(frappe.local, "request", None)
    if not request or not request.host:
        return None
    scheme = "https" if frappe.get_request_header("X-Forwarded-Proto", "") == "https" else "http"
    return f"{scheme}://{request.host}"


def safe_eval(code: str, eval_globals: dict[str, Any] | None = None, eval_locals: dict[str, Any] | None = None) -> Any:
    """The value of an expression that a user wrote."""
    return _facade().safe_eval(code, eval_globals, eval_locals)
