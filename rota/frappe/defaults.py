"""Values that a user, or everybody, has by default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.context import current

common_default_keys = ["__default", "__global"]


def set_user_default(key: str, value: Any, user: str | None = None, parenttype: str | None = None) -> None:
    """Set a user's value."""
    set_default(key, value, user or frappe.session.user, parenttype)


def add_user_default(key: str, value: Any, user: str | None = None, parenttype: str | None = None) -> None:
    """Add to a user's values."""
    add_default(key, value, user or frappe.session.user, parenttype)


def get_user_default(key: str, user: str | None = None) -> Any:
    """A user's value, else everybody's; the first when there are several."""
    found = current().documents.defaults.of_user(key, user) or current().documents.defaults.of_user(
        frappe.scrub(key), user
    )
    return found[0] if isinstance(found, list) and found else found


def get_user_default_as_list(key: str, user: str | None = None) -> list[Any]:
    """A user's values."""
    found = current().documents.defaults.of_user(key, user)
    return [] if found is None else found if isinstance(found, list) else [found]


def get_defaults(user: str | None = None) -> dict[str, Any]:
    """All values of everybody and of a user, the user's first."""
    found = frappe._dict(get_defaults_for())
    found.update(get_defaults_for(user or frappe.session.user))
    found["user"] = user or frappe.session.user
    return found


def clear_user_default(key: str, user: str | None = None) -> None:
    """Take a user's value away."""
    clear_default(key, parent=user or frappe.session.user)


def set_global_default(key: str, value: Any) -> None:
    """Set everybody's value."""
    set_default(key, value, "__default")


def add_global_default(key: str, value: Any) -> None:
    """Add to everybody's values."""
    add_default(key, value, "__default")


def get_global_default(key: str) -> Any:
    """Everybody's value."""
    found = current().documents.defaults.get(key)
    return found[0] if isinstance(found, list) and found else found


def set_default(key: str, value: Any, parent: str, parenttype: str | None = "__default") -> None:
    """Set the one value of a key."""
    current().documents.defaults.set(key, value, parent, parenttype or "__default")


def add_default(key: str, value: Any, parent: str, parenttype: str | None = None) -> None:
    """Add to the values of a key."""
    current().documents.defaults.add(key, value, parent, parenttype or "__default")


def clear_default(
    key: str | None = None,
    value: Any = None,
    parent: str | None = None,
    name: Any = None,
    parenttype: str | None = None,
) -> None:
    """Take away the values that all these pick."""
    given = {"defkey": key, "defvalue": value, "parent": parent, "name": name, "parenttype": parenttype}
    wanted = {field: one for field, one in given.items() if one is not None}
    if not wanted:
        raise frappe.ValidationError("clear_default: say which, by key, value, parent, name or parenttype")
    frappe.db.delete("DefaultValue", wanted)
    current().documents.defaults.forget()


def get_defaults_for(parent: str = "__default") -> dict[str, Any]:
    """All values of everybody, or of one user; a list where there are several."""
    found = frappe._dict()
    rows = frappe.get_all(
        "DefaultValue", filters={"parent": parent}, fields=["defkey", "defvalue"], order_by="creation"
    )
    for row in rows:
        if row.defkey not in found:
            found[row.defkey] = row.defvalue
        elif isinstance(found[row.defkey], list):
            found[row.defkey].append(row.defvalue)
        else:
            found[row.defkey] = [found[row.defkey], row.defvalue]
    return found


def get_user_permissions(user: str | None = None) -> dict[str, Any]:
    """For each DocType the documents that the user is confined to."""
    return current().documents.permissions.user_permissions(user)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
