"""Text messages: an app sends them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def validate_receiver_nos(receiver_list: Any) -> list[str]:
    """The numbers without spaces and signs.

    Raises:
        ValidationError: none is left.
    """
    found = ["".join(sign for sign in str(one) if sign not in " -()") for one in receiver_list if one]
    if not found:
        frappe.throw(frappe._("Please enter valid mobile nos"))
    return found


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
