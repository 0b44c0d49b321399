"""What the apps of a site declare: DocTypes, roles, schedules, fixtures. Reads and imports; changes nothing.

All of it is read before a site is changed, so that an app that can't be used leaves the site as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rota.documents.definition import check_definition, core_definitions
from rota.engine.call import Resolver
from rota.engine.options import seconds_of
from rota.errors import BrokenApp, RotaError, UnknownMethod, ValidationError
from rota.schedule import DEFAULT_INTERVAL, Schedule, from_hooks
from rota.sites.apps import JOB_MARK, App, Apps

#: What a `@rota.job` may say of its schedule.
_SCHEDULE_OPTIONS = ("tz", "queue", "timeout", "retry", "catch_up", "overlap")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What all apps of a site declare, complete and checked."""

    definitions: Mapping[str, Mapping[str, Any]]  #: DocTypes by name, the last app's where several declare one
    modules: Mapping[str, str]  #: module -> app
    schedules: Sequence[Schedule]
    fixtures: Sequence[Path]
    problems: Sequence[str] = ()  #: schedules that can't be made, and why
    unresolved: Mapping[str, str] = field(default_factory=dict)  #: those whose method can't be found: id -> why

    @property
    def roles(self) -> list[str]:
        """The roles that permissions name."""
        rows = [row for one in self.definitions.values() for row in one.get("permissions") or ()]
        return sorted({row["role"] for row in rows if row.get("role")})


def declared(apps: Apps, resolver: Resolver, *, scheduler_interval: float = DEFAULT_INTERVAL) -> Declared:
    """Read all that `apps` declare; `resolver` finds the methods of their schedules.

    Raises:
        BrokenApp: hooks, tasks or a DocType that can't be used; names the file, the line and the reason.
    """
    apps.hooks()
    definitions = {definition["name"]: definition for app in apps for definition in _definitions(app)}
    problems: list[str] = []
    schedules = {one.id: one for app in apps for one in _schedules(app, int(scheduler_interval), problems)}
    unresolved = {one.id: why for one in schedules.values() if (why := _why_unresolved(resolver, one.method))}
    return Declared(
        definitions=definitions,
        modules={module: app.name for app in apps for module in app.modules()},
        schedules=[one for one in schedules.values() if one.id not in unresolved],
        fixtures=[path for app in apps for path in app.fixtures()],
        problems=[*problems, *unresolved.values()],
        unresolved=unresolved,
    )


def _why_unresolved(resolver: Resolver, method: str) -> str:
    try:
        resolver.resolve(method)
    except UnknownMethod as error:
        return str(error)
    return ""


def _definitions(app: App) -> Iterator[dict[str, Any]]:
    for source in app.doctypes():
        try:
            definition = json.loads(source.path.read_text(encoding="utf-8"))
            if not isinstance(definition, dict) or definition.get("doctype") != "DocType":
                continue
            check_definition(definition)
        except json.JSONDecodeError as error:
            raise BrokenApp(app.name, source.path, error.lineno, f"this is not JSON ({error.msg})") from error
        except (OSError, UnicodeDecodeError, ValidationError) as error:
            raise BrokenApp(app.name, source.path, 0, str(error)) from error
        if definition["name"] not in core_definitions():
            yield definition


def _schedules(app: App, interval: int, problems: list[str]) -> Iterator[Schedule]:
    for events in _single_events(app.hooks().get("scheduler_events") or {}, problems):
        try:
            yield from from_hooks(events, scheduler_interval=interval)
        except RotaError as error:
            problems.append(f"{error} (scheduler_events of {app.name})")
    for function in app.jobs():
        options = getattr(function, JOB_MARK)
        if not getattr(options, "cron", None):
            continue
        method = f"{function.__module__}.{function.__qualname__}"
        chosen = {key: value for key in _SCHEDULE_OPTIONS if (value := getattr(options, key, None)) is not None}
        try:
            if "timeout" in chosen:
                chosen["timeout"] = seconds_of("timeout", chosen["timeout"])
            yield Schedule.make(method, "cron", options.cron, scheduler_interval=interval, **chosen)
        except RotaError as error:
            problems.append(f"{error} (tasks of {app.name})")


def _single_events(events: Any, problems: list[str]) -> Iterator[dict[str, Any]]:
    """Each entry as `scheduler_events` of its own, so that a wrong one keeps no other from being made."""
    if not isinstance(events, Mapping):
        problems.append(f"scheduler_events is a dict of frequencies, not {events!r:.80}")
        return
    for key, value in events.items():
        if key == "cron" and isinstance(value, Mapping):
            yield from ({key: {cron: [entry]}} for cron, entries in value.items() for entry in _listed(entries))
        else:
            yield from ({key: [entry]} if key != "cron" else {key: entry} for entry in _listed(value))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
