"""Postal addresses."""

from __future__ import annotations

from rota.documents.document import Document
from rota.errors import ValidationError


class Address(Document):
    """Its name is `TITLE-TYPE`, with a number when that is taken."""

    address_title: str | None

    def autoname(self) -> None:
        """Name it after its title, or after what it is linked to.

        Raises:
            ValidationError: it has neither.
        """
        links = self.get("links") or ()
        self.address_title = self.address_title or (links[0].link_name if links else None)
        if not self.address_title:
            raise ValidationError("Address Title is mandatory.")
        base = f"{self.address_title.strip()}-{(self.address_type or 'Other').strip()}"
        name, number = base, 1
        while self.documents.exists("Address", name):
            name, number = f"{base}-{number}", number + 1
        self.name = name
