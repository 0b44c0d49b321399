"""The mails that wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.mail import flush as send


def flush(from_test: bool = False) -> None:
    """Send what waits, as far as it is due."""
    send()


def send_one(*_: Any, **__: Any) -> None:
    """Send what waits."""
    send()


def get_emails_sent_this_month(email_account: str | None = None) -> int:
    """How many mails were sent in this month."""
    return int(frappe.db.count("Email Queue", {"status": "Sent", "creation": (">=", frappe.utils.get_first_day(None))}))


def get_emails_sent_today(email_account: str | None = None) -> int:
    """How many mails were sent in the last 24 hours."""
    since = frappe.utils.add_to_date(None, days=-1)
    return int(frappe.db.count("Email Queue", {"status": "Sent", "creation": (">", since)}))


def clear_outbox(days: int | None = None) -> None:
    """Delete mails that are older than so many days, 30 unless told otherwise."""
    frappe.db.delete("Email Queue", {"modified": ("<", frappe.utils.add_to_date(None, days=-(days or 30)))})


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
