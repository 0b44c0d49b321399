from frappe.model.document import Document


class LoanItem(Document):
    pass
