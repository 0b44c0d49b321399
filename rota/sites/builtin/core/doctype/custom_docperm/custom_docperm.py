"""Permissions that a site sets in place of those that a DocType comes with."""

from __future__ import annotations

from rota.documents.document import Document


class CustomDocPerm(Document):
    """A row of permissions; its `parent` is the DocType."""

    def on_update(self) -> None:
        """Let the DocType be read anew."""
        self.documents.doctypes.changed(self.parent)

    def on_trash(self) -> None:
        """Let the DocType be read anew once it is gone."""
        doctype, documents = self.parent, self.documents
        documents.session.before_commit.add(lambda: documents.doctypes.changed(doctype))
