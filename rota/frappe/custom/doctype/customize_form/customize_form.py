"""Changes of a DocType by hand; Rota has no form for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class CustomizeForm(Document):
    """Changes of a DocType by hand; Rota has no form for them."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
