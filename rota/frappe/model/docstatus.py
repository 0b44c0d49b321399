"""Draft, submitted, cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.base import DocStatus
from rota.frappe._missing import missing

__all__ = ["DocStatus"]

if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
