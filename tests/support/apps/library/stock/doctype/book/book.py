"""A book."""

import frappe
from frappe import _
from frappe.model.document import Document


class Book(Document):
    """Counts its pages."""

    def validate(self):
        """Add up the chapters."""
        if self.status == "Lost":
            frappe.throw(_("A lost book can't be saved"))
        self.pages = sum(row.pages or 0 for row in self.chapters)

    def recount(self, by=1):
        """Change the number of pages without the checks."""
        self.db_set("pages", (self.pages or 0) + by)

    def _recheck(self):
        """What `queue_action("recheck")` runs."""
        self.db_set("title", f"{self.title}, checked")

    def describe(self):
        """What the document is like where this runs."""
        return {"title": self.title, "new": self.is_new(), "chapters": [row.title for row in self.chapters]}

    def fail(self):
        """Raise."""
        raise ValueError("torn page")

    @frappe.whitelist()
    def lend(self, days: int = 7):
        """A method that may be called over HTTP."""
        return {"book": self.name, "days": days}
