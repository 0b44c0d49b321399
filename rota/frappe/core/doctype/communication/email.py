"""Mails about documents, kept with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist()
def make(
    doctype: str | None = None,
    name: Any = None,
    content: str | None = None,
    subject: str | None = None,
    sent_or_received: str = "Sent",
    sender: str | None = None,
    sender_full_name: str | None = None,
    recipients: Any = None,
    communication_medium: str = "Email",
    send_email: Any = False,
    print_html: str | None = None,
    print_format: str | None = None,
    attachments: Any = None,
    send_me_a_copy: Any = False,
    cc: Any = None,
    bcc: Any = None,
    read_receipt: Any = None,
    print_letterhead: Any = True,
    email_template: str | None = None,
    communication_type: str | None = None,
    send_after: Any = None,
    **_: Any,
) -> dict[str, Any]:
    """Keep a mail about a document as a Communication, and send it with `send_email`; `{"name": its name}`.

    Raises:
        PermissionError: the user may not write mails about the document.
    """
    if doctype and name:
        frappe.has_permission(doctype, "email", name, throw=True)
    values = {
        "subject": subject,
        "content": content,
        "sender": sender or frappe.utils.get_formatted_email(frappe.session.user),
        "sender_full_name": sender_full_name,
        "recipients": _joined(recipients),
        "cc": _joined(cc),
        "bcc": _joined(bcc),
        "communication_medium": communication_medium,
        "sent_or_received": sent_or_received,
        "reference_doctype": doctype,
        "reference_name": name,
        "communication_type": communication_type or "Communication",
        "status": "Linked",
    }
    communication = frappe.get_doc({"doctype": "Communication", **values}).insert(ignore_permissions=True)
    if frappe.utils.sbool(send_email):
        frappe.sendmail(
            recipients=values["recipients"].split(",") if values["recipients"] else [],
            cc=values["cc"].split(",") if values["cc"] else [],
            bcc=values["bcc"].split(",") if values["bcc"] else [],
            sender=values["sender"],
            subject=subject or "",
            message=content or "",
            reference_doctype=doctype,
            reference_name=name,
            attachments=frappe.parse_json(attachments) if isinstance(attachments, str) else attachments,
            communication=communication.name,
            send_after=send_after,
        )
    return {"name": communication.name, "emails_not_sent_to": ""}


def _joined(addresses: Any) -> str | None:
    return addresses if isinstance(addresses, str) or addresses is None else ",".join(addresses)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
