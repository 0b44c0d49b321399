"""Commands of apps: Rota has a command line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def get_site(context: Any, raise_err: bool = True) -> str:
    """The site that is open."""
    return str(frappe.local.site)


def pass_context(function: Any) -> Any:
    """Decorate a command; it is never run."""
    return function


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
