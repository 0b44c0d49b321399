"""People that a site deals with."""

from __future__ import annotations

from rota.documents.document import Document


class Contact(Document):
    """A person, with addresses and numbers."""

    full_name: str | None
    email_id: str | None
    phone: str | None
    mobile_no: str | None

    def autoname(self) -> None:
        """The full name, with what it is linked to or a number when it is taken."""
        base = (
            " ".join(filter(None, (self.first_name, self.last_name))) or self.company_name or self.email_id or "Contact"
        )
        links = self.get("links") or ()
        base = f"{base}-{links[0].link_name}" if links else base
        name, number = base, 1
        while self.documents.exists("Contact", name):
            name, number = f"{base}-{number}", number + 1
        self.name = name

    def validate(self) -> None:
        """Fill in the full name and the primary address and numbers."""
        self.full_name = (
            " ".join(filter(None, (self.first_name, self.middle_name, self.last_name))) or self.company_name
        )
        self.email_id = _primary(self, "email_ids", "is_primary", "email_id") or self.email_id
        self.phone = _primary(self, "phone_nos", "is_primary_phone", "phone") or self.phone
        self.mobile_no = _primary(self, "phone_nos", "is_primary_mobile_no", "phone") or self.mobile_no

    def add_email(self, email_id: str, is_primary: int = 0, autosave: bool = False) -> None:
        """Add an e-mail address unless it is there."""
        if not any(row.email_id == email_id for row in self.get("email_ids") or ()):
            self.append("email_ids", {"email_id": email_id, "is_primary": is_primary})
            if autosave:
                self.save(ignore_permissions=True)

    def add_phone(
        self, phone: str, is_primary_phone: int = 0, is_primary_mobile_no: int = 0, autosave: bool = False
    ) -> None:
        """Add a number unless it is there."""
        if not any(row.phone == phone for row in self.get("phone_nos") or ()):
            kinds = {"is_primary_phone": is_primary_phone, "is_primary_mobile_no": is_primary_mobile_no}
            self.append("phone_nos", {"phone": phone, **kinds})
            if autosave:
                self.save(ignore_permissions=True)


def _primary(doc: Document, table: str, flag: str, field: str) -> str | None:
    rows = list(doc.get(table) or ())
    if len(rows) == 1 and field == "email_id":
        rows[0].set(flag, 1)
    return next((row.get(field) for row in rows if row.get(flag)), None)
