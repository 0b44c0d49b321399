"""Documents saved from forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist(methods=["POST", "PUT"])
def savedocs(doc: Any, action: str) -> None:
    """Save, submit, update or cancel a document, as the action says; it is put into the response."""
    saved = frappe.get_doc(frappe.parse_json(doc))
    saved.docstatus = {"Save": 0, "Submit": 1, "Update": 1, "Cancel": 2}[action]
    saved.save()
    send_updated_docs(saved)


@frappe.whitelist(methods=["POST", "PUT"])
def cancel(
    doctype: str | None = None,
    name: Any = None,
    workflow_state_fieldname: str | None = None,
    workflow_state: str | None = None,
) -> None:
    """Cancel a document; it is put into the response."""
    doc = frappe.get_doc(str(doctype), name)
    if workflow_state_fieldname and workflow_state:
        doc.set(workflow_state_fieldname, workflow_state)
    doc.cancel()
    send_updated_docs(doc)


def send_updated_docs(doc: Any) -> None:
    """Put a document and what stands beside it into the response."""
    from rota.frappe.desk.form.load import get_docinfo

    get_docinfo(doc)
    frappe.response.docs.append(doc.as_dict())


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
