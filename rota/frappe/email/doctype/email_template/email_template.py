"""Templates of mails that people write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class EmailTemplate(Document):
    """A template of mails."""

    @property
    def response_(self) -> str:
        """The text of the template."""
        return str((self.response_html if self.use_html else self.response) or "")

    def get_formatted_subject(self, doc: Any) -> str:
        """The subject, filled in."""
        return frappe.render_template(self.subject or "", doc)

    def get_formatted_response(self, doc: Any) -> str:
        """The text, filled in."""
        return frappe.render_template(self.response_, doc)

    def get_formatted_email(self, doc: Any) -> dict[str, str]:
        """`{"subject", "message"}`, filled in."""
        values = frappe.parse_json(doc) if isinstance(doc, str) else doc
        return {"subject": self.get_formatted_subject(values), "message": self.get_formatted_response(values)}


@frappe.whitelist()
def get_email_template(template_name: str, doc: Any) -> dict[str, str]:
    """`{"subject", "message"}` of a template, filled in with a document's values."""
    template = frappe.get_doc("Email Template", template_name)
    values = frappe.parse_json(doc) if isinstance(doc, str) else doc
    text = (template.response_html if template.use_html else template.response) or ""
    return {
        "subject": frappe.render_template(template.subject or "", values),
        "message": frappe.render_template(text, values),
    }


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
