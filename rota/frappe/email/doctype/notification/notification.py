"""A notification that an app brings; Rota sends none by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class Notification(Document):
    """A notification that an app brings; Rota sends none by itself."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
