"""What templates may use: see `jinja` in hooks.py."""

import frappe
from frappe.utils import flt


def book_list(titles):
    """`A`, `A and B`, `A, B and C`."""
    *others, last = titles
    return f"{', '.join(others)} and {last}" if others else last


def money(amount):
    """An amount with its currency."""
    return f"{frappe.db.get_default('currency') or 'EUR'} {flt(amount):.2f}"
