"""What users did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class ActivityLog(Document):
    """What users did."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
