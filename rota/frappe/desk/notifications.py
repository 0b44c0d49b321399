"""Counts that the desk shows beside DocTypes; hooks `notification_config` name them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_notification_config() -> Any:
    """What the hooks `notification_config` give, merged."""
    config = frappe._dict()
    for path in frappe.get_hooks("notification_config"):
        for key, value in frappe.get_attr(path)().items():
            config.setdefault(key, {}).update(value)
    return config


def clear_notifications(user: str | None = None) -> None:
    """Count anew."""
    frappe.cache.delete_keys("notification_count:")


def delete_notification_count_for(doctype: str) -> None:
    """Count a DocType anew."""
    frappe.cache.delete_keys(f"notification_count:{doctype}")


def notify_mentions(ref_doctype: str, ref_name: Any, content: str) -> None:
    """Notify the users that a text mentions by `data-id`."""
    users = extract_mentions(content)
    if users:
        from rota.frappe.desk.doctype.notification_log.notification_log import make_notification_logs

        values = {"type": "Mention", "document_type": ref_doctype, "document_name": ref_name, "email_content": content}
        subject = f"{frappe.session.user} mentioned you in a comment in {ref_doctype} {ref_name}"
        make_notification_logs({**values, "subject": subject}, users)


def extract_mentions(txt: str) -> list[str]:
    """The users that a text mentions."""
    tags = re.findall(r"<[^>]*class=\"[^\"]*mention[^\"]*\"[^>]*>", txt or "")
    found = [re.search(r'data-id="([^"]+)"', tag) for tag in tags]
    return [one[1] for one in found if one]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
