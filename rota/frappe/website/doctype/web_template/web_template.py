"""A template of web pages that an app brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class WebTemplate(Document):
    """A template of web pages that an app brings."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
