"""Calendars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing
from rota.frappe.desk.reportview import get_filters_cond


def get_event_conditions(doctype: str, filters: Any = None) -> str:
    """The condition that filters mean, as SQL to stand behind another."""
    return get_filters_cond(doctype, filters, []) if filters else ""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
