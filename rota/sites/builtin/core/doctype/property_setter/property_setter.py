"""A property of a DocType or field that a site or an app overrides."""

from __future__ import annotations

from rota.documents.document import Document


class PropertySetter(Document):
    """Its name is `DOCTYPE-FIELD-PROPERTY`, with `main` for a property of the DocType itself."""

    def autoname(self) -> None:
        """Name it after what it overrides."""
        self.name = f"{self.doc_type}-{self.field_name or self.row_name or 'main'}-{self.property}"

    def on_update(self) -> None:
        """Let the DocType be read anew."""
        doctypes = self.documents.doctypes
        doctypes.changed(self.doc_type)
        doctypes.sync_table(self.doc_type)

    def on_trash(self) -> None:
        """Let the DocType be read anew once it is gone."""
        doctype, documents = self.doc_type, self.documents
        documents.session.before_commit.add(lambda: documents.doctypes.changed(doctype))
