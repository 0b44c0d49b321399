"""Rules for assignments: Rota applies none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


def apply(doc: Any = None, method: str | None = None, doctype: str | None = None, name: Any = None) -> bool:
    """False: no rule applies."""
    return False


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
