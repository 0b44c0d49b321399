"""Says that it ran."""

import frappe


def tick():
    """One document of a DocType that every site has."""
    frappe.get_doc({"doctype": "ToDo", "description": "tick"}).insert(ignore_permissions=True)
