"""Schedules of a site: what hooks declare is put beside what people made; what people switched off stays off."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from rota.schedule import Schedule
from rota.store import Store
from rota.store.views import ScheduleRow, ScheduleView

# What people decide about a schedule, and no hook takes back.
_KEPT = ("paused_until", "paused_by", "paused_why")
HOOKS = "hooks"


def sync_schedules(store: Store, wanted: Sequence[Schedule], unresolved: Mapping[str, str]) -> list[str]:
    """Make the schedules of hooks what `wanted` says; what was done, for people.

    Schedules that people made stay. So does what they decided about one that hooks declare: stopped, or paused until.
    One that is there and whose method is `unresolved` (id -> why) stays and is marked, as a missing package may be
    back at the next deploy; it is not made anew.
    """
    known = {view.id: view for view in store.schedules()}
    changes = [change for schedule in wanted if (change := _change(schedule, known.get(schedule.id)))]
    declared = {schedule.id for schedule in wanted} | unresolved.keys()
    gone = [view.id for view in known.values() if view.id not in declared and _is_of_hooks(view)]
    marked = [known[one] for one in unresolved if one in known and known[one].error != unresolved[one]]
    healed = [known[schedule.id] for schedule in wanted if schedule.id in known and known[schedule.id].error]
    if changes or gone or marked or healed:
        with store.turn() as turn:
            turn.put_schedules([row for row, _ in changes])
            turn.drop_schedules(gone)
            for view in marked:
                turn.note_schedule(view.id, view.next_due, unresolved[view.id])
            for view in healed:
                turn.note_schedule(view.id, view.next_due, None)
    return [text for _, text in changes] + [f"removed schedule {one}, as no app declares it" for one in gone]


def _change(schedule: Schedule, view: ScheduleView | None) -> tuple[ScheduleRow, str] | None:
    """The row to write and what to say of it; None when it stands so already."""
    if view is None:
        row = ScheduleRow(id=schedule.id, definition=schedule.to_json(), enabled=not schedule.stopped)
        return row, f"added schedule {schedule.id}"
    before = json.loads(view.definition)
    after = json.loads(schedule.to_json()) | {key: before[key] for key in _KEPT if key in before}
    if before == after:
        return None
    row = ScheduleRow(id=schedule.id, definition=json.dumps(after), enabled=view.enabled)
    return row, f"changed schedule {schedule.id}"


def _is_of_hooks(view: ScheduleView) -> bool:
    return bool(json.loads(view.definition).get("source", HOOKS) == HOOKS)
