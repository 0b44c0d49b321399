"""What a user has set for a list: kept in the site's cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_user_settings(doctype: str, for_update: bool = False) -> str:
    """The user's settings for a DocType's list, as JSON."""
    return frappe.cache.hget("_user_settings", f"{doctype}::{frappe.session.user}") or "{}"


def update_user_settings(doctype: str, user_settings: Any, for_update: bool = False) -> None:
    """Add to them."""
    known = frappe.parse_json(get_user_settings(doctype))
    known.update(frappe.parse_json(user_settings))
    frappe.cache.hset("_user_settings", f"{doctype}::{frappe.session.user}", frappe.as_json(known))


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
