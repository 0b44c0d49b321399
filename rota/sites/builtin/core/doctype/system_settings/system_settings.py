"""The settings of a site that people change at the desk."""

from __future__ import annotations

from rota.cron import time_zone
from rota.documents.document import Document
from rota.engine.wake import SCHEDULES
from rota.sites.context import current
from rota.sites.views import create_views


class SystemSettings(Document):
    """A Single. The time zone reaches running processes when they start anew."""

    time_zone: str | None

    def validate(self) -> None:
        """Refuse a time zone that there is not.

        Raises:
            UnknownTimeZone: there is none of this name.
        """
        if self.time_zone:
            time_zone(self.time_zone)

    def on_update(self) -> None:
        """Let the views show the new zone's wall clock, and the scheduler see its switch."""
        site, session = current().site, self.documents.session
        if session.dialect == "postgresql" and self.has_value_changed("time_zone") and self.time_zone:
            create_views(session.script, self.time_zone)
        session.after_commit.add(lambda: site.waker.wake(site.name, SCHEDULES))
