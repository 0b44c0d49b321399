"""Domains restrict nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.documents.document import Document
from rota.frappe._missing import missing


class Domain(Document):
    """Domains restrict nothing."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
