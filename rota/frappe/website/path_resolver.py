"""Which page an address means: an app serves its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


class PathResolver:
    """Finds no page."""

    def __init__(self, path: str, http_status_code: int | None = None) -> None:
        self.path = path.strip("/ ")
        self.http_status_code = http_status_code

    def resolve(self) -> tuple[str, Any]:
        """The path, and nothing that renders it."""
        return self.path, None


def resolve_path(path: str) -> str:
    """The path itself."""
    return path or "index"


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
