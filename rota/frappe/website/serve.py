"""Answers of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_response(path: str | None = None, http_status_code: int = 200) -> Any:
    """The response of this request."""
    return frappe.response


def get_response_content(path: str = "index") -> str:
    """The text of a page: there are none."""
    return ""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
