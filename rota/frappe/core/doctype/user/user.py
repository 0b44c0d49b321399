"""Users."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import AuthenticationError
from rota.frappe._missing import missing
from rota.sites.builtin.core.doctype.user.user import User

STANDARD_USERS = frappe.STANDARD_USERS


def get_system_users(exclude_users: Any = None, limit: int | None = None) -> list[str]:
    """The users of the desk that are enabled."""
    hidden = [*STANDARD_USERS, *([exclude_users] if isinstance(exclude_users, str) else exclude_users or [])]
    found: list[str] = frappe.get_all(
        "User",
        filters={"enabled": 1, "user_type": ("!=", "Website User"), "name": ("not in", hidden)},
        pluck="name",
        limit=limit,
    )
    return found


def get_active_users() -> int:
    """How many users of the desk are enabled."""
    return len(get_system_users())


def get_website_users() -> int:
    """How many users of the website are enabled."""
    return int(frappe.db.count("User", {"enabled": 1, "user_type": "Website User"}))


def get_total_users() -> int:
    """The same as `get_active_users`."""
    return get_active_users()


@frappe.whitelist()
def get_all_roles(arg: Any = None) -> list[str]:
    """The roles that people can be given."""
    found: list[str] = frappe.get_all(
        "Role",
        filters={"disabled": 0, "name": ("not in", ("Administrator", "Guest", "All", "Desk User"))},
        pluck="name",
    )
    return sorted(found)


@frappe.whitelist()
def get_roles(arg: Any = None) -> list[str]:
    """The roles of a user."""
    return frappe.get_roles(frappe.form_dict.get("uid") or frappe.session.user)


@frappe.whitelist()
def has_email_account(email: str) -> Any:
    """The mail accounts of an address."""
    return frappe.get_list("Email Account", filters={"email_id": email})


@frappe.whitelist(allow_guest=True)
def get_timezones() -> dict[str, list[str]]:
    """The names of all time zones."""
    from zoneinfo import available_timezones

    return {"timezones": sorted(available_timezones())}


@frappe.whitelist()
def generate_keys(user: str) -> dict[str, str]:
    """A new API secret for a user, and a key unless there is one; the secret is never shown again.

    Raises:
        PermissionError: no System Manager asks.
    """
    frappe.only_for("System Manager")
    doc = frappe.get_doc("User", user)
    secret = frappe.generate_hash(length=15)
    doc.api_key = doc.api_key or frappe.generate_hash(length=15)
    doc.api_secret = secret
    doc.save()
    return {"api_key": doc.api_key, "api_secret": secret}


def user_exists(email: str) -> bool:
    """Whether there is a user of this address."""
    return bool(frappe.db.exists("User", email))


def is_valid_login(user: str, password: str) -> bool:
    """Whether this is the user's password."""
    from rota.frappe.utils.password import check_password

    try:
        check_password(user, password)
    except AuthenticationError:
        return False
    return True


__all__ = ["STANDARD_USERS", "User", "generate_keys", "get_system_users"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
