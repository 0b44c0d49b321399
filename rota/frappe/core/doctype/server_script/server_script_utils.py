"""Scripts in the database: Rota runs none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing

EVENT_MAP: dict[str, str] = {}


def run_server_script_for_doc_event(doc: Any, event: str) -> None:
    """Nothing: Rota runs no scripts from the database."""


def get_server_script_map() -> dict[str, Any]:
    """Empty: Rota runs no scripts from the database."""
    return {}


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
