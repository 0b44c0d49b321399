"""Run a schedule now, in this process, as a tick of its own: with its log, its claim and its outcome."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random

from rota.clock import to_micros
from rota.engine.identity import Identity
from rota.engine.outcome import decide
from rota.engine.scheduler import tick_spec
from rota.errors import JobError
from rota.jobs import Claim, JobSpec, new_key
from rota.schedule import DueTick, Schedule
from rota.sites.local import LocalWorker
from rota.sites.serving import ScheduledSite
from rota.sites.site import Site
from rota.store import ClaimCursor, JobView, Want

# Before anything that waits, so that the claim made with the job is the job's own.
FIRST = -10_000
# The lease lasts for the job's whole time, as nobody renews it meanwhile; and for what comes after, in seconds.
AFTERWARDS = 60.0


def find_schedules(site: Site, event: str) -> list[Schedule]:
    """The schedules that `event` means: an id, a method, its last two parts, or a frequency (`daily`)."""
    found = [Schedule.from_json(view.definition) for view in site.store.schedules()]
    frequency = event.replace("_", " ").lower()
    return [one for one in found if event in (one.id, one.method, one.short_name) or one.frequency.lower() == frequency]


def trigger(site: Site, schedule: Schedule, faces: Callable[[], None]) -> JobView:
    """Run a schedule's method now; the job as it ended.

    `faces` makes the names importable under which applications know Rota.

    Raises:
        JobError: it waits or runs already, or its queue is paused.
    """
    now = site.clock.now()
    spec = tick_spec(ScheduledSite(site).queue, schedule, DueTick(due=now, run_at=now))._replace(priority=FIRST)
    token = new_key()
    claim = _claim(site, schedule, spec, now, token)
    with LocalWorker(site, faces, _nothing) as worker:
        report = worker.run(claim)
    with site.store.turn() as turn:
        most = site.config.max_crashes
        turn.record([decide(claim, report, now=turn.now, random=Random(), max_crashes=most)])  # noqa: S311 - spreads retries
        turn.unregister(token)
    view = site.store.job(spec.key)
    if view is None:
        raise JobError(f"{schedule.id} was run, and its job was deleted meanwhile")
    return view


def _claim(site: Site, schedule: Schedule, spec: JobSpec, now: datetime, token: str) -> Claim:
    identity = Identity()
    with site.store.turn() as turn:
        inserted = turn.tick(schedule.id, to_micros(now), spec)
        if inserted is None or inserted.winner is not None:
            raise JobError(f"{schedule.id} waits or runs already, or is stopped")
        lease = spec.timeout + AFTERWARDS
        turn.register(
            token,
            host=identity.host,
            pid=identity.pid,
            boot_id=identity.birth,
            queues=[spec.queue],
            lease=lease,
        )
        claims = turn.claim(token, [Want(spec.queue, 1)], 1, ClaimCursor())
        if [one.key for one in claims] != [spec.key]:
            # Raised inside the turn, so that neither the tick nor the job is made.
            raise JobError(f"{schedule.id} can't run now: its queue {spec.queue} is paused")
    return claims[0]


def _nothing(_: bytes) -> None:
    """What the job prints and logs goes to the terminal: nobody else listens."""
