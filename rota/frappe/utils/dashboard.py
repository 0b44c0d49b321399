"""Charts that are kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


def cache_source(function: Any) -> Any:
    """Decorate the function of a chart's source; it is computed each time."""
    return function


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
