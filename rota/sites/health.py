"""How a site is: do its schedules fire, does anybody claim, what is late and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rota.clock import from_micros, to_micros
from rota.engine.neighbors import living
from rota.engine.roster import LOOK_SECONDS
from rota.errors import UsageError
from rota.schedule import Schedule, next_due
from rota.sites.site import Site
from rota.sites.switches import why_inactive
from rota.store import DispatcherView, PauseView, ScheduleView, WorkerView

#: A tick is late once it has been due for this long, in seconds.
LATE_AFTER = 90.0
#: A scheduler deletes history about once a minute; seconds after which somebody should look why none does.
PRUNED_WITHIN = 3600.0
UNPRUNED = (
    "jobs are kept for longer than rq_results_ttl and rq_job_failure_ttl say, as no scheduler deletes them: run "
    "`rota schedule` on one host, also if nothing is scheduled (`rota start` has one)"
)
POLLED = (
    f"db_pooler is set: other hosts' jobs are found by looking every {LOOK_SECONDS:g} s, as no wake-up comes through "
    "a transaction pooler"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A schedule's next tick. Computed, not read: it must be right where no scheduler has ever run."""

    id: str
    due: int  #: microseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A schedule whose tick should have come, and why it has not."""

    id: str
    due: int  #: microseconds
    seconds: float
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """A site at one moment."""

    site: str
    inactive: str | None  #: why its schedules do not fire; None when they do
    dispatchers: Sequence[DispatcherView]
    workers: Sequence[WorkerView]
    pauses: Sequence[PauseView]
    schedules: Sequence[ScheduleView]
    coming: Sequence[Coming]  #: the soonest first; none while the schedules do not fire
    late: Sequence[Late]
    broken: dict[str, str]  #: schedules that can't run: id -> why
    waiting: dict[str, float]  #: queue -> seconds for which its oldest claimable job has waited
    notes: Sequence[str] = ()  #: what is no problem and good to know, each a line for people

    @property
    def problems(self) -> list[str]:
        """What keeps the site from working, each a line for people; empty when it works."""
        found = []
        if not self.dispatchers:
            found.append("no dispatcher is alive: start one with `rota start` or `rota worker`")
        return found + [f"{one.id} is {one.seconds:.0f} s late: {one.why}" for one in self.late]


def look(site: Site) -> Health:
    """See how a site is."""
    store, inactive = site.store, why_inactive(site)
    now = store.now()
    dispatchers = living(store)
    schedules = store.schedules()
    broken = {one.id: one.error for one in schedules if one.error}
    coming = [] if inactive else _coming(site, schedules, broken)
    why = "no scheduler has taken it" if dispatchers else "no scheduler is running"
    return Health(
        site=site.name,
        inactive=inactive,
        dispatchers=dispatchers,
        workers=store.workers(),
        pauses=store.pauses(),
        schedules=schedules,
        coming=coming,
        late=[
            Late(id=one.id, due=one.due, seconds=(now - one.due) / 1e6, why=broken.get(one.id, why))
            for one in coming
            if now - one.due >= LATE_AFTER * 1e6
        ],
        broken=broken,
        waiting={queue: (now - since) / 1e6 for queue, since in store.oldest_queued().items()},
        notes=_notes(site),
    )


def _notes(site: Site) -> list[str]:
    notes = [POLLED] if site.config.db_pooler and site.store.dialect == "postgresql" else []
    return [*notes, UNPRUNED] if site.store.is_overdue(PRUNED_WITHIN) else notes


def _coming(site: Site, schedules: Sequence[ScheduleView], broken: dict[str, str]) -> list[Coming]:
    """The next ticks; what can't be read is added to `broken`."""
    found = []
    for one in schedules:
        if not one.enabled:
            continue
        try:
            last = from_micros(one.last_due)
            due = next_due(Schedule.from_json(one.definition), last_due=last, created=last, site_tz=site.time_zone)
        except UsageError as error:
            broken[one.id] = str(error)
            continue
        if due is not None:
            found.append(Coming(id=one.id, due=to_micros(due)))
    return sorted(found, key=lambda one: one.due)
