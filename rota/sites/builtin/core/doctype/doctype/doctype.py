"""DocTypes made by code or at the desk, beside those that apps bring as JSON."""

from __future__ import annotations

from rota.documents.document import Document


class DocType(Document):
    """A DocType as a document."""

    def on_update(self) -> None:
        """Give it its table, and the roles that its permissions name."""
        documents = self.documents
        documents.doctypes.changed(self.name)
        documents.doctypes.sync_table(self.name)
        for row in self.get("permissions") or ():
            if row.role and not documents.exists("Role", row.role):
                documents.get_doc({"doctype": "Role", "role_name": row.role}).insert(ignore_permissions=True)

    def on_trash(self) -> None:
        """Forget it; the table stays, as nothing is ever dropped."""
        name, documents = self.name, self.documents
        documents.session.before_commit.add(lambda: documents.doctypes.changed(name))
