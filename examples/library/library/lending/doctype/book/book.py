import frappe
from frappe import _
from frappe.model.document import Document


class Book(Document):
    def validate(self):
        if self.copies < self.copies_lent:
            frappe.throw(_("{0} copies of {1} are lent").format(self.copies_lent, self.title))

    def recount(self):
        """Count the lent copies anew. Runs as a job: see `library.tasks.recount_books`."""
        item, loan = frappe.qb.DocType("Loan Item"), frappe.qb.DocType("Loan")
        rows = (
            frappe.qb.from_(item)
            .join(loan)
            .on(item.parent == loan.name)
            .select(item.name)
            .where((item.book == self.name) & (loan.docstatus == 1) & item.returned_on.isnull())
        ).run()
        self.db_set("copies_lent", len(rows))
        return len(rows)
