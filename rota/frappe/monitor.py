"""`frappe.monitor`: what applications note about their transactions.

Rota measures jobs and requests itself, so these calls are taken and ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.frappe._missing import missing


def add_data_to_monitor(**kwargs: Any) -> None:
    """Nothing to add to: Rota's own metrics and events are kept by the engine."""


def get_trace_id() -> str | None:
    """None: there is no monitor's trace."""
    return None


def start(transaction_type: str = "request", method: Any = None, kwargs: Any = None) -> None:
    """Nothing: requests and jobs are measured anyway."""


def stop(response: Any = None) -> None:
    """Nothing: requests and jobs are measured anyway."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
