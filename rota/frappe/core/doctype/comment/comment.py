"""A comment on a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class Comment(Document):
    """A comment on a document."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
