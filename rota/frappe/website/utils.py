"""Routes, and what pages are kept for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def cleanup_page_name(title: Any) -> str:
    """A title as it is written in a route: lower case, words joined by hyphens."""
    if not title:
        return ""
    name = re.sub(r"[~!@#$%^&*+()<>,.\"'?\\`/:;|\[\]{}]", " ", str(title).lower())
    return re.sub(r"-+", "-", "-".join(name.split()))


def clear_cache(path: str | None = None) -> None:
    """Nothing is kept of pages, so nothing is to be forgotten."""


def clear_website_cache(path: str | None = None) -> None:
    """Nothing is kept of pages, so nothing is to be forgotten."""


def get_home_page() -> str:
    """Where a user who signs in begins: what hooks say, else the desk, or the website."""
    user = frappe.session.user
    for path in frappe.get_hooks("get_website_user_home_page"):
        if found := frappe.get_attr(path)(user):
            return str(found).strip("/")
    roles = frappe.get_hooks("role_home_page", {})
    for role in frappe.get_roles(user):
        if roles.get(role):
            return str(roles[role][-1]).strip("/")
    named = frappe.get_hooks("home_page")
    return str(named[-1]).strip("/") if named else "app" if user != "Guest" else "login"


def get_html_content_based_on_type(doc: Any, fieldname: str, content_type: str) -> str:
    """A document's text as HTML: as it is, or from Markdown."""
    if content_type == "Markdown":
        return str(frappe.utils.md_to_html(doc.get(f"{fieldname}_md")))
    return str(doc.get(f"{fieldname}_html" if content_type == "HTML" else fieldname) or "")


def is_signup_disabled() -> bool:
    """True: people don't sign up by themselves."""
    return True


def extract_title(source: str, path: str) -> str:
    """A page's title: its first heading, else its file's name."""
    found = re.search(r"<h1[^>]*>(.*?)</h1>|^# (.+)$", source, re.DOTALL | re.MULTILINE)
    if found:
        return str(frappe.utils.strip_html(found[1] or found[2])).strip()
    return path.rsplit("/", maxsplit=1)[-1].rsplit(".", maxsplit=1)[0].replace("_", " ").replace("-", " ").title()


def delete_page_cache(path: str) -> None:
    """Nothing is kept of pages, so nothing is to be forgotten."""


def get_boot_data() -> dict[str, Any]:
    """What a page of an app's own needs to know of the site."""
    return {
        "lang": frappe.local.lang,
        "sysdefaults": {"date_format": frappe.get_system_settings("date_format") or "yyyy-mm-dd"},
        "time_zone": {"system": frappe.utils.get_system_timezone(), "user": frappe.utils.get_system_timezone()},
        "sitename": frappe.local.site,
    }


def can_cache(no_cache: bool = False) -> bool:
    """False: nothing is kept of pages."""
    return False


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
