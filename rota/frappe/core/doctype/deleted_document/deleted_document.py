"""A document that was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class DeletedDocument(Document):
    """A document that was deleted."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
