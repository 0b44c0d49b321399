import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import validate_email_address


class Member(Document):
    def validate(self):
        self.email = (self.email or "").strip().lower()
        if not validate_email_address(self.email):
            frappe.throw(_("{0} is no e-mail address").format(self.email))
