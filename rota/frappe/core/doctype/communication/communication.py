"""Mails and messages about documents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class Communication(Document):
    """A mail or message about a document."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
