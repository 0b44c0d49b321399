"""Full-text search: Rota keeps no index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


def web_search(text: str, scope: str | None = None, limit: int = 20) -> list[Any]:
    """Nothing is found: there is no index."""
    return []


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
