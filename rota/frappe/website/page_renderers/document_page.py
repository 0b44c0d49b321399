"""A base of applications' own page renderers; nothing calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing
from rota.frappe.website.page_renderers.base_renderer import BaseRenderer


class DocumentPage(BaseRenderer):
    """Renders no page by itself."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
