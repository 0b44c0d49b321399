from frappe.model.document import Document


class Genre(Document):
    pass
