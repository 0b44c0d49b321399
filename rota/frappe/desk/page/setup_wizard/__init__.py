"""Frappe's `desk.page.setup_wizard`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
