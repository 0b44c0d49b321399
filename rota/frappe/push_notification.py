"""Push notifications: an app sends them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing


class PushNotification:
    """A relay for push notifications that is not there."""

    def __init__(self, project_name: str) -> None:
        self.project_name = project_name

    def is_enabled(self) -> bool:
        """False: there is no relay."""
        return False


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
