"""Names in addresses of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing
from rota.frappe.utils._urls import slug

__all__ = ["slug"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
