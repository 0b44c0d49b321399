"""What users have to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class ToDo(Document):
    """Something to do; assignments of documents are ToDos."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
