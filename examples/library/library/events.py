"""What happens when documents of the library change: see `doc_events` in hooks.py."""

import frappe
from frappe import _


def welcome(doc, method=None):
    """Write to a new member; the mail leaves once the member is committed."""
    frappe.sendmail(
        recipients=[doc.email],
        subject=_("Welcome to the library"),
        template="welcome",
        args={"member": doc},
        reference_doctype="Member",
        reference_name=doc.name,
    )


def refuse_with_open_loans(doc, method=None):
    """A member who still has books stays."""
    loan = frappe.db.exists("Loan", {"member": doc.name, "docstatus": 1, "status": ("in", ["On loan", "Overdue"])})
    if loan:
        frappe.throw(_("{0} still has the books of {1}").format(doc.member_name, loan))
