"""`frappe.utils.telemetry`, which tells nothing to nobody: the calls that applications make are taken and ignored."""

from __future__ import annotations

from typing import Any


def capture(event: str, app: str, **kwargs: Any) -> None:
    """Nothing leaves the machine."""


def capture_doc(doc: Any, action: str) -> None:
    """Nothing leaves the machine."""


def init_telemetry() -> None:
    """There is nothing to start."""


def is_enabled() -> bool:
    """Never."""
    return False
