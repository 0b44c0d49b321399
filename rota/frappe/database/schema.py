"""What columns may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing

VARCHAR_LEN = 140


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
