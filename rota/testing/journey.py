"""Move a test's site through time: its schedules fire on the way, and what is due later becomes due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, tzinfo

from rota.clock import to_micros
from rota.cron import time_zone
from rota.engine.scheduler import Ticker
from rota.sites.serving import ScheduledSite
from rota.store import ScheduleRow
from rota.testing.drain import Drain
from rota.testing.testclock import moment_of
from rota.testing.testsite import TestSite, site_here

NEVER = 10 * 366 * 86400.0  # seconds
MICROSECOND = timedelta(microseconds=1)
MAX_JOBS = 10_000


class Travel:
    """Time as the test moves it. Schedules that come due on the way enqueue their jobs."""

    def __init__(self, site: TestSite, zone: tzinfo) -> None:
        self._site, self._zone = site, zone
        self._ticker = Ticker(ScheduledSite(site), site.clock, longest_sleep=NEVER)

    @property
    def now(self) -> datetime:
        """The site's time, aware, in the zone of the journey."""
        return self._site.clock.now().astimezone(self._zone)

    def advance(self, *, run: bool = False, **span: float) -> None:
        """Go on by a span, as `timedelta` takes it: `advance(hours=2)`. Raises as `to`."""
        self.to(self.now + timedelta(**span), run=run)

    def to(self, when: datetime | str, *, run: bool = False) -> None:
        """Go on to a moment. `run`: run all jobs on the way when they are due, as if workers were there.

        Raises:
            ValueError: that is in the past.
        """
        end = moment_of(when, self._zone)
        if end < self.now:
            raise ValueError(f"{end} is before {self.now}: time goes on, or begins anew with another travel()")
        while True:
            pause = self._step(run=run)
            if self.now >= end:
                return
            self._site.clock.move_to(min(end, self.now + max(pause, MICROSECOND)))

    def arrive(self) -> None:
        """Fire what is due at this very moment, and count all schedules from here."""
        since = to_micros(self._site.clock.now()) - 1
        views = self._site.store.schedules()
        with self._site.store.turn() as turn:
            turn.drop_schedules([view.id for view in views])
            rows = [ScheduleRow(id=view.id, definition=view.definition, enabled=view.enabled) for view in views]
            turn.put_schedules(rows, since=since)
        self._ticker.run_once()

    def _step(self, *, run: bool) -> timedelta:
        pause = self._ticker.run_once()
        if run:
            Drain(self._site).run(max_jobs=MAX_JOBS, wait=False)
            due = self._site.store.due_at()
            if due is not None:
                pause = min(pause, (due - to_micros(self._site.clock.now())) / 1e6)
        return timedelta(seconds=pause)


@contextmanager
def travel(when: datetime | str, tz: str | tzinfo | None = None) -> Iterator[Travel]:
    """Make it `when` for the test's site, and let time stand still: `with travel("2026-03-29 02:30") as time:`.

    `tz`: the zone of `when`, by default the site's. Schedules count from that moment: what is due at it fires. What
    the test has done so far is committed. Only Rota's clock moves: `frappe.utils.now()`, schedules, retries, delays;
    Python's own `datetime.now()` does not.

    Raises:
        UsageError: the test has no site.
    """
    site = site_here()
    zone = site.zone if tz is None else time_zone(tz) if isinstance(tz, str) else tz
    site.commit()
    with site.clock.standing_at(moment_of(when, zone)):
        journey = Travel(site, zone)
        journey.arrive()
        yield journey
