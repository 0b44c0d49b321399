"""Who exported or printed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class AccessLog(Document):
    """Who exported or printed what."""


@frappe.whitelist()
def make_access_log(
    doctype: str | None = None,
    document: Any = None,
    method: str | None = None,
    file_type: str | None = None,
    report_name: str | None = None,
    filters: Any = None,
    page: str | None = None,
    columns: Any = None,
) -> None:
    """Write it to the log `access`."""
    frappe.logger("access").info(
        "%s: %s %s %s %s",
        frappe.session.user,
        method or "read",
        doctype or report_name or page,
        document or "",
        file_type or "",
    )


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
