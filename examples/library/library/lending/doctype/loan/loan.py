import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import add_days, date_diff, getdate, nowdate


class Loan(Document):
    def validate(self):
        self.refuse_blocked_members()
        self.refuse_doubles()
        self.due_on = self.due_on or add_days(self.lent_on, self.days_allowed())
        if getdate(self.due_on) < getdate(self.lent_on):
            frappe.throw(_("The books can't be due before they are lent"))

    def refuse_blocked_members(self):
        if frappe.db.get_value("Member", self.member, "blocked"):
            frappe.throw(_("{0} may not borrow books").format(self.member))

    def refuse_doubles(self):
        books = [item.book for item in self.items]
        if len(books) > len(set(books)):
            frappe.throw(_("A book can be lent only once in a loan"))

    def days_allowed(self):
        """The shortest time of all genres in the loan."""
        genres = [frappe.db.get_value("Book", item.book, "genre") for item in self.items]
        days = frappe.get_all("Genre", filters={"name": ["in", [one for one in genres if one]]}, pluck="loan_days")
        return min(days, default=21)

    def on_submit(self):
        for item in self.items:
            self.take_copy(item.book, 1)
        self.db_set("status", "On loan")
        # A bound method: the worker loads the document anew and calls it.
        frappe.enqueue(self.send_receipt, queue="short", enqueue_after_commit=True)

    def on_cancel(self):
        for item in self.open_items():
            self.take_copy(item.book, -1)
        self.db_set("status", "Cancelled")

    def take_copy(self, book, count):
        """Lend (or give back) a copy; two loans at the same moment can't take the same one."""
        title, copies, lent = frappe.db.get_value("Book", book, ["title", "copies", "copies_lent"], for_update=True)
        if lent + count > copies:
            frappe.throw(_("All copies of {0} are lent").format(title))
        frappe.db.set_value("Book", book, "copies_lent", lent + count)

    @frappe.whitelist()
    def bring_back(self, book):
        """One book is back; with the last one the loan is over."""
        for item in self.open_items():
            if item.book == book:
                item.returned_on = nowdate()
                self.take_copy(book, -1)
                break
        else:
            frappe.throw(_("{0} is not lent with {1}").format(book, self.name))
        if not self.open_items():
            self.status = "Returned"
        self.save()
        return self.status

    def open_items(self):
        return [item for item in self.items if not item.returned_on]

    def days_late(self):
        return max(0, date_diff(nowdate(), self.due_on))

    def send_receipt(self):
        member = frappe.get_doc("Member", self.member)
        frappe.sendmail(
            recipients=[member.email],
            subject=_("Your loan {0}").format(self.name),
            template="receipt",
            args={"member": member, "loan": self},
            reference_doctype="Loan",
            reference_name=self.name,
        )
