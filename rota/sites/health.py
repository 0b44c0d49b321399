"""How a site is: do its schedules fire, does anybody claim, what is late and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rota.store import Store
from rota.store.views import DispatcherView, PauseView, ScheduleView, WorkerView

#: A tick is late once it has been due for this long, in seconds.
LATE_AFTER = 90.0


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
    late: Sequence[Late]
    broken: Sequence[ScheduleView]  #: schedules that can't run, with the reason in `error`
    waiting: dict[str, float]  #: queue -> seconds for which its oldest claimable job has waited

    @property
    def problems(self) -> list[str]:
        """What keeps the site from working, each a line for people; empty when it works."""
        found = []
        if not self.dispatchers:
            found.append("no dispatcher is alive: start one with `rota start` or `rota worker`")
        if self.inactive is None:
            found += [f"{one.id} is {one.seconds:.0f} s late: {one.why}" for one in self.late]
        return found


def look(site: str, store: Store, inactive: str | None) -> Health:
    """See how a site is; `inactive` says why its schedules do not fire."""
    now = store.now()
    dispatchers = [one for one in store.dispatchers() if one.alive]
    schedules = store.schedules()
    return Health(
        site=site,
        inactive=inactive,
        dispatchers=dispatchers,
        workers=store.workers(),
        pauses=store.pauses(),
        schedules=schedules,
        late=[] if inactive else _late(schedules, now, has_dispatcher=bool(dispatchers)),
        broken=[one for one in schedules if one.error],
        waiting={queue: (now - since) / 1e6 for queue, since in store.oldest_queued().items()},
    )


def _late(schedules: Sequence[ScheduleView], now: int, *, has_dispatcher: bool) -> list[Late]:
    found = []
    for one in schedules:
        if not one.enabled or one.next_due is None or now - one.next_due < LATE_AFTER * 1e6:
            continue
        why = one.error or ("no scheduler has taken it" if has_dispatcher else "no scheduler is running")
        found.append(Late(id=one.id, due=one.next_due, seconds=(now - one.next_due) / 1e6, why=why))
    return found


def next_ticks(health: Health, limit: int = 5) -> list[ScheduleView]:
    """The schedules that are due next, the soonest first; none while they do not fire."""
    coming = [one for one in health.schedules if one.enabled and one.next_due is not None]
    return [] if health.inactive else sorted(coming, key=lambda one: one.next_due or 0)[:limit]
