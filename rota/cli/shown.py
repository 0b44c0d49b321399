"""How jobs and moments look to people and to programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from rota.clock import from_micros
from rota.sites.control import Target, pause_of
from rota.sites.health import Health
from rota.sites.masking import masked, masked_arguments
from rota.sites.retrying import RETRIED, who_retried
from rota.store import Store
from rota.store.views import JobView, PauseView

LONGEST_CELL = 60
MOST_COMING = 5


def moment(micros: int | None, zone: tzinfo | None = None) -> str | None:
    """A stored moment: ISO 8601 in UTC, or as a clock on the wall of `zone` shows it."""
    if micros is None:
        return None
    if zone is None:
        return from_micros(micros).isoformat()
    return from_micros(micros).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def duration(view: JobView) -> float | None:
    """Seconds that the latest attempt took; None before it ended."""
    if view.started_at is None or view.ended_at is None:
        return None
    return (view.ended_at - view.started_at) / 1e6


def pause_value(pause: PauseView) -> dict[str, Any]:
    """A pause for programs."""
    return {
        "scope": pause.scope,
        "name": pause.name,
        "by": pause.by,
        "why": pause.why,
        "at": moment(pause.at),
        "until": moment(pause.until),
    }


def pause_text(pause: PauseView, zone: tzinfo) -> str:
    """A pause for people: what, by whom, until when and why."""
    end = "" if pause.until is None else f" until {moment(pause.until, zone)}"
    why = f": {pause.why}" if pause.why else ""
    return f"{Target(pause.scope, pause.name)} by {pause.by}{end}{why}"  # type: ignore[arg-type]


def job_value(view: JobView, pauses: Sequence[PauseView] = ()) -> dict[str, Any]:
    """A job for programs: moments in ISO 8601, UTC; durations in seconds. `pauses`: those of its site."""
    pause = pause_of(view, pauses)
    return {
        "id": view.id,
        "key": view.key,
        "state": view.state.value,
        "waits_for": "pause" if pause else view.waits_for,
        "paused": pause and pause_value(pause),
        "queue": view.queue,
        "method": view.method,
        "user": view.user,
        "created_at": moment(view.created_at),
        "run_at": moment(view.run_at),
        "started_at": moment(view.started_at),
        "ended_at": moment(view.ended_at),
        "seconds": duration(view),
        "attempt": view.attempt,
        "crashes": view.crashes,
        "timeout": view.timeout,
        "error": view.error,
        "reason": view.reason,
        "worker": f"{view.host}.{view.pid}" if view.pid else view.host,
    }


JOB_COLUMNS = ("id", "state", "queue", "method", "user", "created", "took", "attempt", "error")


def job_row(view: JobView, zone: tzinfo, pauses: Sequence[PauseView] = ()) -> tuple[Any, ...]:
    """A job as a line of a table; `JOB_COLUMNS` names its cells."""
    took, pause = duration(view), pause_of(view, pauses)
    waits_for = "pause" if pause else view.waits_for
    state = f"{view.state.value} ({waits_for})" if waits_for else view.state.value
    error = f"paused: {pause_text(pause, zone)}" if pause else _last_line(view.error or view.reason)
    return (
        view.id,
        state,
        view.queue,
        view.method,
        view.user,
        moment(view.created_at, zone),
        None if took is None else f"{took:.3g} s",
        view.attempt,
        error if len(error) <= LONGEST_CELL else f"{error[: LONGEST_CELL - 1]}…",
    )


def job_details(store: Store, view: JobView, *, mask: Iterable[str]) -> dict[str, Any]:
    """All that is known of a job, secrets hidden."""
    progress, retried = store.progress(view.key), who_retried(view)
    return {
        **job_value(view, store.pauses()),
        "arguments": masked_arguments(view, mask),
        "options": {
            key: value for key, value in view.options.items() if value not in (None, "", [], {}) and key != RETRIED
        },
        "result": masked(view.result, set(mask)) if view.result else None,
        "retry_of": view.retry_of,
        "retried_by": retried and retried["by"],
        "old_arguments": masked_arguments(view, mask, encoded=retried["kwargs"])
        if retried and retried["kwargs"]
        else None,
        "parent": view.parent,
        "progress": progress and {"done": progress.done, "total": progress.total, "message": progress.message},
        "attempts": [
            {"attempt": one.attempt, "ending": one.ending, "started_at": moment(one.started_at), "error": one.error}
            for one in store.attempts(view.key)
        ],
        "lines": [
            {"attempt": one.attempt, "at": moment(one.at), "level": one.level, "text": one.text}
            for one in store.lines(view.key)
        ],
    }


def job_text(details: dict[str, Any]) -> str:
    """A job's details for people."""
    long = ("paused", "error", "attempts", "lines", "arguments", "old_arguments", "options", "result")
    lines = [f"{key + ':':14}{value}" for key, value in details.items() if key not in long and value is not None]
    for key in ("paused", "arguments", "old_arguments", "options", "result"):
        if details[key]:
            lines.append(f"{key + ':':14}{json.dumps(details[key], ensure_ascii=False)}")
    lines += [f"attempt {one['attempt']} {one['ending']}: {_last_line(one['error'])}" for one in details["attempts"]]
    if details["lines"]:
        lines += ["", *(f"{one['at']} {one['level']:8}{one['text']}" for one in details["lines"])]
    if details["error"]:
        lines += ["", details["error"].rstrip()]
    return "\n".join(lines)


def _last_line(text: str | None) -> str:
    lines = (text or "").strip().splitlines()
    return lines[-1] if lines else ""


def status_value(health: Health) -> dict[str, Any]:
    """`scheduler status` for programs. `status` and `site` are Frappe's."""
    return {
        "site": health.site,
        "status": "enabled" if health.inactive is None else "disabled",
        "reason": health.inactive,
        "dispatchers": [{"host": one.host, "pid": one.pid, "queues": list(one.queues)} for one in health.dispatchers],
        "workers": len(health.workers),
        "idle_workers": sum(one.state == "idle" for one in health.workers),
        "schedules": len(health.schedules),
        "next": [{"schedule": one.id, "due": moment(one.due)} for one in health.coming[:MOST_COMING]],
        "late": [{"schedule": one.id, "due": moment(one.due), "why": one.why} for one in health.late],
        "pauses": [pause_value(one) for one in health.pauses],
        "problems": [*health.problems, *(f"{id_}: {error}" for id_, error in health.broken.items())],
        "notes": list(health.notes),
    }


def status_text(health: Health, zone: tzinfo) -> str:
    """`scheduler status` for people; the first line is Frappe's."""
    word = "enabled" if health.inactive is None else "disabled"
    lines = [f"Scheduler is {word} for site {health.site}"]
    if health.inactive:
        lines.append(f"  why: {health.inactive}")
    if health.dispatchers:
        hosts = ", ".join(f"{one.host} (process {one.pid})" for one in health.dispatchers)
        busy = sum(one.state == "busy" for one in health.workers)
        lines.append(f"  runs at {hosts}; workers: {len(health.workers)}, {busy} of them busy")
    elif health.inactive is None:
        lines.append("  nothing runs: start it with `rota start`")
    lines += [f"  next: {moment(one.due, zone)} {one.id}" for one in health.coming[:MOST_COMING]]
    lines += [f"  late: {one.id}, due {moment(one.due, zone)}: {one.why}" for one in health.late]
    lines += [f"  problem: {id_}: {error}" for id_, error in health.broken.items()]
    lines += [f"  paused: {pause_text(one, zone)}" for one in health.pauses]
    return "\n".join(lines)
