"""Ticks: each due time of a schedule becomes one job, however many schedulers look (protocol K).

A schedule that can't be read or run is marked and logged, and the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Protocol

from rota.clock import Clock, from_micros, to_micros
from rota.engine.maintenance import Pruner
from rota.engine.queue import Queue
from rota.engine.service import Name, Service
from rota.engine.wake import SCHEDULES
from rota.errors import InvalidCron, InvalidSchedule, RotaError, StoreError, UnknownTimeZone, UsageError
from rota.jobs import JobSpec
from rota.schedule import DueTick, Overlap, Schedule, due, next_due
from rota.store import JobView, ScheduleView, Store, TickRow, Turn

log = logging.getLogger("rota.scheduler")

# The wall clock may step, and a wake-up may get lost: it never sleeps longer without looking.
LONGEST_SLEEP_SECONDS = 60.0
# This many ticks share a transaction: what it costs by itself is then little, and nobody waits for it for long.
AT_ONCE = 500
PRUNING = "pruning"
Maker = Callable[[], Service]
UNREADABLE = (InvalidSchedule, InvalidCron, UnknownTimeZone)


class ScheduledSite(Protocol):
    """What a ticker needs of a site."""

    @property
    def name(self) -> str: ...
    @property
    def store(self) -> Store: ...
    @property
    def queue(self) -> Queue: ...
    @property
    def time_zone(self) -> str:
        """The IANA name of the site's zone."""
        ...

    def paused(self) -> str | None:
        """Why no schedule may fire now, if so."""
        ...

    def wake(self) -> None:
        """Wake the dispatchers for this site."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A due time that has come, with its job, or with the reason why it has none."""

    schedule: Schedule
    due: DueTick
    spec: JobSpec | None
    skipped: str | None


@dataclass(slots=True)
class _Known:
    """A schedule as it was parsed, and its next due time as it was computed, for as long as both stand so."""

    definition: str
    schedule: Schedule
    last_due: int = -1
    next_due: int | None = None


class Ticker:
    """The service that fires one site's schedules."""

    def __init__(self, site: ScheduledSite, clock: Clock, *, longest_sleep: float = LONGEST_SLEEP_SECONDS) -> None:
        self._site = site
        self._clock = clock
        self._longest_sleep = longest_sleep
        self._known: dict[str, _Known] = {}
        self._errors: dict[str, str] = {}

    def run_once(self) -> float:
        """Fire what is due; seconds until the next due time, and never more than the longest sleep."""
        if self._site.paused():
            return self._longest_sleep
        now = self._clock.now()
        views = [view for view in self._site.store.schedules() if view.enabled]
        ticks = [tick for view in views for tick in self._due(view, now)]
        for start in range(0, len(ticks), AT_ONCE):
            self._take(ticks[start : start + AT_ONCE])
        if ticks:
            views = [view for view in self._site.store.schedules() if view.enabled]
        moments = [moment for view in views if (moment := self._next(view)) is not None]
        self._note(views)
        if not moments:
            return self._longest_sleep
        return min(max(0.0, (min(moments) - to_micros(self._clock.now())) / 1e6), self._longest_sleep)

    # --- what is due ---

    def _due(self, view: ScheduleView, now: datetime) -> list[Tick]:
        moment = self._next(view)
        if moment is None or moment > to_micros(now):
            return []
        schedule, last = self._known[view.id].schedule, from_micros(view.last_due)
        found = due(schedule, last_due=last, created=last, now=now, site=self._site.name, site_tz=self._site.time_zone)
        return [self._tick(schedule, one) for one in found]

    def _next(self, view: ScheduleView) -> int | None:
        """The schedule's next due time in microseconds; None if it has none or can't be read, which is marked."""
        try:
            known = self._parsed(view)
            if known.last_due != view.last_due:
                last = from_micros(view.last_due)
                moment = next_due(known.schedule, last_due=last, created=last, site_tz=self._site.time_zone)
                known.last_due, known.next_due = view.last_due, None if moment is None else to_micros(moment)
        except UNREADABLE as error:
            self._known.pop(view.id, None)
            self._mark(view.id, str(error))
            return None
        return known.next_due

    def _parsed(self, view: ScheduleView) -> _Known:
        known = self._known.get(view.id)
        if known is None or known.definition != view.definition:
            known = self._known[view.id] = _Known(view.definition, Schedule.from_json(view.definition))
            self._errors.pop(view.id, None)
        return known

    def _tick(self, schedule: Schedule, one: DueTick) -> Tick:
        if one.skipped:
            return Tick(schedule=schedule, due=one, spec=None, skipped=one.skipped)
        try:
            spec = tick_spec(self._site.queue, schedule, one)
        except UsageError as error:
            self._mark(schedule.id, str(error))
            return Tick(schedule=schedule, due=one, spec=None, skipped=f"it can't be run: {error}")
        self._errors.pop(schedule.id, None)
        return Tick(schedule=schedule, due=one, spec=spec, skipped=None)

    # --- taking it ---

    def _take(self, ticks: list[Tick]) -> None:
        try:
            self._take_all(ticks)
        except StoreError:
            raise
        except RotaError as error:
            if len(ticks) == 1:
                self._mark(ticks[0].schedule.id, str(error))
                return
            # One that can't be stored must not keep the others from their time.
            for one in ticks:
                self._take([one])

    def _take_all(self, ticks: list[Tick]) -> None:
        with self._site.store.turn() as turn:
            rows = [row for each in _one_of_each(ticks) for row in _record(turn, each)]
        for row in rows:
            if row.skipped:
                due_at = from_micros(row.due)
                log.info("%s: skipped %s due %s: %s", self._site.name, row.schedule, due_at, row.skipped)
        self._site.wake()

    # --- what people see ---

    def _mark(self, schedule: str, error: str) -> None:
        if self._errors.get(schedule) != error:
            self._errors[schedule] = error
            log.error("%s: the schedule %s can't run: %s", self._site.name, schedule, error)

    def _note(self, views: list[ScheduleView]) -> None:
        """Write next due times and errors where they differ from what is shown."""
        changed = []
        for view in views:
            known, error = self._known.get(view.id), self._errors.get(view.id)
            moment = known.next_due if known is not None else None
            if (view.next_due, view.error) != (moment, error):
                changed.append((view.id, moment, error))
        if changed:
            with self._site.store.turn() as turn:
                turn.note_schedules(changed)


def _one_of_each(ticks: list[Tick]) -> Iterator[list[Tick]]:
    """The ticks in their order, in parts that have no schedule twice: the later one sees what became of the earlier."""
    part: dict[str, Tick] = {}
    for one in ticks:
        if one.schedule.id in part:
            yield list(part.values())
            part = {}
        part[one.schedule.id] = one
    yield list(part.values())


def _record(turn: Turn, ticks: list[Tick]) -> list[TickRow]:
    """Record ticks, and those of them that another scheduler took are none of ours."""
    taken = turn.take_ticks([(one.schedule.id, to_micros(one.due.due)) for one in ticks])
    ours = [one for one in ticks if one.schedule.id in taken]
    shared = {one.spec.id for one in ours if one.spec is not None and one.schedule.overlap is not Overlap.ALLOW}
    live = turn.live_by_ids(shared)
    rows = [
        TickRow(
            schedule=one.schedule.id,
            due=to_micros(one.due.due),
            spec=None if (skipped := _skipped(turn, one, live)) else one.spec,
            skipped=skipped,
        )
        for one in ours
    ]
    # Nobody but a scheduler inserts several of these ids, and it holds their schedules.
    turn.put_ticks(rows, free=shared - live.keys())
    return rows


def _skipped(turn: Turn, one: Tick, live: Mapping[str, JobView]) -> str | None:
    """Why a tick has no job, if so; the run that it replaces is canceled."""
    before = None if one.spec is None else live.get(one.spec.id)
    if before is not None and one.schedule.overlap is Overlap.SKIP:
        return f"the run of {from_micros(before.created_at):%Y-%m-%d %H:%M:%S} UTC is still {before.state}"
    if before is not None and one.schedule.overlap is Overlap.REPLACE:
        turn.cancel(before.key, "its schedule is due again", "the scheduler")
    return one.skipped


def scheduler_services(sites: Mapping[str, Callable[[], ScheduledSite]], clock: Clock) -> dict[Name, Maker]:
    """The services that a scheduler's process runs, for `ServiceLoop`: ticks and pruning of each site."""
    services: dict[Name, Maker] = {}
    for name, opener in sites.items():
        services[name, SCHEDULES] = partial(_ticker, opener, clock)
        services[name, PRUNING] = partial(_pruner, opener)
    return services


def _ticker(opener: Callable[[], ScheduledSite], clock: Clock) -> Service:
    return Ticker(opener(), clock)


def _pruner(opener: Callable[[], ScheduledSite]) -> Service:
    return Pruner(opener().store)


def tick_spec(queue: Queue, schedule: Schedule, one: DueTick) -> JobSpec:
    """The job of a due time. Unless runs may overlap, all jobs of a schedule share its public id.

    Raises:
        UsageError: its queue, method or an option is not there.
    """
    shared = schedule.overlap is not Overlap.ALLOW
    spec = queue.spec(
        schedule.method,
        schedule.kwargs,
        queue=schedule.queue,
        timeout=schedule.timeout,
        retry=schedule.retry,
        job_id=job_id(schedule.id) if shared else None,
        deduplicate=schedule.overlap is Overlap.SKIP,
        run_at=one.run_at if one.run_at > one.due else None,
        job_name=schedule.method,
    )
    told = {"schedule": schedule.id, "due": to_micros(one.due), "coalesced": one.coalesced}
    return spec._replace(options={**spec.options, **told})


def job_id(schedule: str) -> str:
    """The public id that the jobs of a schedule share."""
    return f"scheduled_job::{schedule}"[:255]
