"""Schedules as documents. They are kept in the engine's tables; what is written here takes effect at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rota.documents.document import Document
from rota.engine.wake import SCHEDULES
from rota.errors import ValidationError
from rota.schedule import Schedule
from rota.sites.context import current
from rota.store.turn import Turn
from rota.store.views import ScheduleRow


class ScheduledJobType(Document):
    """A schedule. People stop it, start it, make their own and delete it; apps declare the others in hooks."""

    schedule_id: str
    stopped: Any

    def autoname(self) -> None:
        """The last two parts of the method, as Frappe 15 calls it; the schedule's id when that is taken."""
        schedule = self._schedule()
        self.schedule_id = schedule.id
        taken = self.documents.exists("Scheduled Job Type", schedule.short_name)
        self.name = schedule.id if taken else schedule.short_name

    def validate(self) -> None:
        """Refuse a schedule that can't be.

        Raises:
            InvalidSchedule, InvalidCron: the frequency, the cron expression or the method is wrong.
        """
        if self.is_new():
            self._schedule()

    def _schedule(self) -> Schedule:
        cron = self.cron_format if self.frequency == "Cron" else ""
        options = {"tz": self.time_zone, "catch_up": self.catch_up, "overlap": self.overlap, "queue": self.queue}
        chosen = {key: value for key, value in options.items() if value}
        return Schedule.make(self.method, self.frequency, cron or "", source="user", **chosen)

    def db_insert(self, ignore_if_duplicate: bool = False) -> None:
        """Make the schedule.

        Raises:
            ValidationError: there is one of this method, frequency and expression.
        """
        schedule = self._schedule()
        if current().site.store.schedule(schedule.id) is not None:
            if ignore_if_duplicate:
                return
            raise ValidationError(f"there is a schedule {schedule.id} already")
        row = ScheduleRow(id=schedule.id, definition=schedule.to_json(), enabled=not self.stopped)
        _change(lambda turn: turn.put_schedules([row]))

    def db_update(self) -> None:
        """Stop or start the schedule; what else it is, its app declares."""
        schedule_id, on = self.schedule_id, not self.stopped
        _change(lambda turn: turn.enable_schedule(schedule_id, on))

    def load_doc_before_save(self, *, raise_exception: bool = False) -> None:
        """A view can't be locked: the last one to save wins."""
        self.__dict__["_doc_before_save"] = None if self.is_new() else self.documents.get_doc(self.doctype, self.name)

    def check_if_latest(self) -> None:
        """`modified` is the last tick's time, which people don't compete for."""
        self.load_doc_before_save()
        self._action = "save"

    def delete_from_table(self) -> None:
        """Remove the schedule; one that hooks declare comes back with the next `migrate`."""
        schedule_id = self.schedule_id
        _change(lambda turn: turn.drop_schedules([schedule_id]))


def _change(change: Callable[[Turn], object]) -> None:
    site = current().site
    with site.store.turn() as turn:
        change(turn)
    site.waker.wake(site.name, SCHEDULES)
