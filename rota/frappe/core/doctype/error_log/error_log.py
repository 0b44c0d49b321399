"""An error that was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class ErrorLog(Document):
    """An error that was kept."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
