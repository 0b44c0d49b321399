"""`frappe.monitor`: what applications note about their transactions.

Rota measures jobs and requests itself, so these calls are taken and ignored.
"""

from __future__ import annotations

from typing import Any


def add_data_to_monitor(**kwargs: Any) -> None:
    """Nothing to add to: Rota's own metrics and events are kept by the engine."""


def get_trace_id() -> str | None:
    """None: there is no monitor's trace."""
    return None
