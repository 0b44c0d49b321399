"""What the desk and other programs call: `/api/method/library.api.lend`."""

import frappe

from library.tasks import most_read


@frappe.whitelist()
def lend(member, books):
    """Lend books to a member; the name of the loan."""
    loan = frappe.get_doc({"doctype": "Loan", "member": member})
    for book in frappe.parse_json(books):
        loan.append("items", {"book": book})
    loan.insert()
    loan.submit()
    return loan.name


@frappe.whitelist()
def bring_back(loan, book):
    """One book of a loan is back."""
    return frappe.get_doc("Loan", loan).bring_back(book)


@frappe.whitelist()
def popular():
    """The most popular books of the last 30 days."""
    return most_read()
