"""What may be called over HTTP."""

import frappe


@frappe.whitelist()
def old():
    """Replaced by `new`."""
    return "old"


@frappe.whitelist(allow_guest=True, methods=["POST"])
def new(number: int = 1):
    """In its place."""
    return number


def hidden():
    """Not to be called from outside."""
