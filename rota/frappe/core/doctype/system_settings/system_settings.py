"""The settings of a site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.document import Document
from rota.frappe._missing import missing


class SystemSettings(Document):
    """The settings of a site."""


def get_system_settings(key: str) -> Any:
    """One of them."""
    return frappe.get_system_settings(key)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
