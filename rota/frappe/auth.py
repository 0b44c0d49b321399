"""Who is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist()
def get_logged_user() -> str:
    """The user who asks."""
    return str(frappe.session.user)


def check_session_stopped() -> None:
    """Refuse while the site is under maintenance.

    Raises:
        SessionStopped: it is.
    """
    if frappe.conf.maintenance_mode:
        raise frappe.SessionStopped("Session Stopped")


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
