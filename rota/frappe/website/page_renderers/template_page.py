"""A base of applications' own page renderers; nothing calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing


class TemplatePage:
    """Renders no page by itself."""

    def __init__(self, path: str = "", http_status_code: int | None = None) -> None:
        self.path = path
        self.http_status_code = http_status_code or 200

    def can_render(self) -> bool:
        """Whether it has this page."""
        return False

    def render(self) -> str:
        """The page; an app's class has one."""
        return ""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
