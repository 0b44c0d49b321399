"""A field that a site or an app adds to a DocType of another."""

from __future__ import annotations

import re

from rota.documents.document import Document
from rota.errors import ValidationError


class CustomField(Document):
    """Its name is `DOCTYPE-FIELDNAME`."""

    fieldname: str | None

    def autoname(self) -> None:
        """Name the field after its label unless it has a name."""
        self.fieldname = self.fieldname or "custom_" + re.sub(r"\W+", "_", (self.label or "").strip().lower())
        self.name = f"{self.dt}-{self.fieldname}"

    def validate(self) -> None:
        """Refuse a field that is there already, or that can't be a column.

        Raises:
            ValidationError: it is.
        """
        if not str(self.fieldname).isidentifier():
            raise ValidationError(f"{self.fieldname!r} is no field name: letters, digits and underscores")
        meta = self.documents.get_meta(self.dt)
        known = meta.get_field(self.fieldname or "")
        if known is not None and not known.is_custom_field:
            raise ValidationError(f"DocType {self.dt} has a field {self.fieldname} already")

    def on_update(self) -> None:
        """Give the DocType's table the column."""
        _changed(self, self.dt)

    def on_trash(self) -> None:
        """The DocType forgets the field; the column stays, as nothing is ever dropped."""
        doctype, documents = self.dt, self.documents
        documents.session.before_commit.add(lambda: documents.doctypes.changed(doctype))


def _changed(doc: Document, doctype: str) -> None:
    doctypes = doc.documents.doctypes
    doctypes.changed(doctype)
    doctypes.sync_table(doctype)
