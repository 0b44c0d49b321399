"""What a user may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.permissions import get_valid_perms


class UserPermissions:
    """A user with what the desk shows of it."""

    def __init__(self, name: str = "") -> None:
        self.name = name or str(frappe.session.user)
        self.doc: Any = None

    def get_roles(self) -> list[str]:
        """The user's roles."""
        return frappe.get_roles(self.name)

    def load_user(self) -> Any:
        """The user's values, roles and what may be read and written."""
        fields = ["creation", "language", "full_name", "email", "user_image", "time_zone", "user_type", "name"]
        values = frappe.db.get_value("User", self.name, fields, as_dict=True) or frappe._dict()
        rights: dict[str, list[str]] = {right: [] for right in ("can_read", "can_write", "can_create", "can_delete")}
        for row in get_valid_perms(user=self.name):
            for right, names in rights.items():
                if row.get(right.removeprefix("can_")) and row.parent not in names:
                    names.append(row.parent)
        return values.update({"roles": self.get_roles(), **rights})

    @property
    def can_read(self) -> list[str]:
        """The DocTypes that the user may read."""
        return list(self.load_user().can_read)


def get_user_fullname(user: str) -> str:
    """A user's name; "" when there is none."""
    return frappe.db.get_value("User", user, "full_name") or ""


def get_fullname_and_avatar(user: str) -> Any:
    """A user's `fullname`, `avatar` and `name`."""
    row = frappe.db.get_value("User", user, ["first_name", "last_name", "user_image", "name"], as_dict=True)
    name = " ".join(filter(None, (row.first_name, row.last_name)))
    return frappe._dict(fullname=name, avatar=row.user_image, name=row.name)


def get_system_managers(only_name: bool = False) -> list[str]:
    """The System Managers that are enabled, Administrator aside, as addresses with their names."""
    names = [one for one in get_users_with_role("System Manager") if one != "Administrator"]
    return names if only_name else [frappe.utils.get_formatted_email(name) for name in names]


def get_users_with_role(role: str) -> list[str]:
    """The users with a role that are enabled."""
    names = frappe.get_all("Has Role", {"role": role, "parenttype": "User"}, pluck="parent")
    enabled: list[str] = frappe.get_all(
        "User", {"name": ("in", names or [""]), "enabled": 1}, pluck="name", order_by="name"
    )
    return [name for name in enabled if name not in ("Guest",)]


def get_enabled_system_users() -> list[Any]:
    """The users of the desk that are enabled: dicts of `email`, `language`, `name`."""
    hidden = ("Administrator", "Guest")
    found: list[Any] = frappe.get_all(
        "User",
        fields=["email", "language", "name"],
        filters={"user_type": "System User", "enabled": 1, "name": ("not in", hidden)},
    )
    return found


def is_website_user(username: str | None = None) -> bool:
    """Whether a user may not enter the desk."""
    return bool(frappe.db.get_value("User", username or frappe.session.user, "user_type") == "Website User")


def is_system_user(username: str | None = None) -> Any:
    """The user, if it is enabled and may enter the desk; None otherwise."""
    wanted = {"enabled": 1, "user_type": "System User"}
    return frappe.db.get_value("User", {"email": username or frappe.session.user, **wanted})


def get_roles(user: str | None = None, with_standard: bool = True) -> list[str]:
    """The roles of a user."""
    from rota.frappe.permissions import get_roles as roles

    return roles(user, with_standard)


def get_user_info_for_avatar(user_id: str) -> Any:
    """Address, picture and name of a user."""
    return frappe.utils.get_user_info_for_avatar(user_id)


def set_last_active_to_now(user: str) -> None:
    """Note that a user is active now."""
    frappe.db.set_value("User", user, "last_active", frappe.utils.now_datetime(), update_modified=False)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
