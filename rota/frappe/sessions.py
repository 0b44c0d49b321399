"""Sessions of people who are signed in."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.exceptions import SessionBootFailed

__all__ = ["SessionBootFailed"]


def get_csrf_token() -> str:
    """The token that a form's request must carry."""
    if not frappe.session.data.csrf_token:
        frappe.session.data.csrf_token = generate_csrf_token()
    return str(frappe.session.data.csrf_token)


def generate_csrf_token() -> str:
    """A new one."""
    frappe.session.data.csrf_token = secrets.token_hex(28)
    return str(frappe.session.data.csrf_token)


def clear_sessions(user: str | None = None, keep_current: bool = False, force: bool = False) -> None:
    """Sign a user out everywhere."""
    frappe.cache.delete_keys(f"user:{user or frappe.session.user}:")


def get_expiry_period() -> str:
    """How long a sign-in lasts without a request, HH:MM:SS."""
    return str(frappe.conf.session_expiry)


def get_expiry_in_seconds(expiry: str | None = None) -> int:
    """The same in seconds."""
    hours, minutes, seconds = (int(part) for part in (expiry or get_expiry_period()).split(":"))
    return hours * 3600 + minutes * 60 + seconds


def get() -> Any:
    """What the desk starts with."""
    from rota.frappe.boot import get_bootinfo

    return get_bootinfo()


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
