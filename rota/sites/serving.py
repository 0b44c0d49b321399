"""A bench's sites as the engine's processes see them: how to open each one's store, and when its schedules may fire."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from pathlib import Path

from setproctitle import setproctitle

from rota import config
from rota.clock import SystemClock
from rota.engine.dispatcher import Dispatcher
from rota.engine.outcome import FailedJob
from rota.engine.queue import Queue
from rota.engine.scheduler import scheduler_services
from rota.engine.service import ServiceLoop
from rota.engine.settings import DispatcherSettings
from rota.errors import ConfigError
from rota.sites.bench import Bench
from rota.sites.failures import tell_failure
from rota.sites.run import SiteRunner
from rota.sites.site import Site
from rota.sites.switches import why_off
from rota.store import Store

log = logging.getLogger("rota.dispatcher")

ANSWER_SECONDS = 8.0
#: of a file: which one it is, how long, and when it was written; None: it is not there
Stamp = tuple[int, int, int] | None


class BenchSites:
    """The sites that a process serves: all of the bench, those of tomorrow too, or only the ones named."""

    def __init__(self, bench: Bench, only: list[str] | None = None) -> None:
        self._bench = bench
        self._only = only
        self._served: dict[str, Site] = {}  #: whose stores live: what they remember must not outlive a restore
        self._maintenance: dict[str, tuple[list[Stamp], bool]] = {}

    def names(self) -> list[str]:
        """Which they are now."""
        return self._bench.sites() if self._only is None else self._only

    def stores(self) -> Mapping[str, Callable[[], Store]]:
        """For a dispatcher: how to open each site's store."""
        return {name: partial(self._store, name) for name in self.names()}

    def _store(self, name: str) -> Store:
        # One process serves all: a server that says nothing may not take the time in which others' leases run out.
        site = self._served[name] = Site.load(self._bench, name)
        return site.make_store(answer_timeout=ANSWER_SECONDS)

    def tell_failure(self, name: str, job: FailedJob, error: str | None) -> None:
        """For a dispatcher: say on its output that a job has failed for good."""
        tell_failure(name, job, error, self._served[name].config.mask_keys)

    def is_in_maintenance(self, name: str) -> bool:
        """For a dispatcher: whether `maintenance_mode` is on, also if a person has written it into a file just now."""
        stamps = [_stamp(path) for path in (self._bench.common_config_path, self._bench.site_config_path(name))]
        seen, is_on = self._maintenance.get(name, ([], False))
        if seen != stamps:
            try:
                is_on = config.load(self._bench.path, name).maintenance_mode
            except ConfigError as error:
                log.warning("%s: its settings can't be read, and are taken to be as before: %s", name, error)
            self._maintenance[name] = stamps, is_on
        return is_on

    def scheduled(self) -> Mapping[str, Callable[[], ScheduledSite]]:
        """For a scheduler: each site with its queue and its switches."""
        return {name: lambda name=name: ScheduledSite(Site.load(self._bench, name)) for name in self.names()}  # type: ignore[misc]


class ScheduledSite:
    """A site as its ticker needs it (`engine.scheduler.ScheduledSite`)."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.name = site.name

    @property
    def store(self) -> Store:
        return self._site.store

    @property
    def time_zone(self) -> str:
        return self._site.time_zone

    @cached_property
    def queue(self) -> Queue:
        """Makes the jobs of ticks. A method is looked for by the worker, as importing apps is not the scheduler's."""
        site = self._site
        return Queue(
            store=site.store,
            config=site.config,
            site=site.name,
            zone=site.zone,
            check_method=lambda _: None,
            wake=site.wake_workers,
        )

    def paused(self) -> str | None:
        """Why no schedule fires now: settings and switches are read anew, as people change them while this runs."""
        return why_off(self._site, config.load(self._site.bench.path, self.name))

    def wake(self) -> None:
        """Wake the dispatchers for this site."""
        self._site.wake_workers()


def run_scheduler(bench: Bench, only: list[str] | None = None) -> int:
    """Fire schedules until SIGTERM; the process's exit code."""
    sites, clock = BenchSites(bench, only), SystemClock()
    setproctitle("rota: scheduler")
    return ServiceLoop(lambda: scheduler_services(sites.scheduled(), clock), run_folder=bench.run_path).run()


def run_dispatcher(
    bench: Bench,
    faces: Callable[[], None],
    only: list[str] | None = None,
    *,
    queues: Iterable[str] = (),
    workers: int | None = None,
    burst: bool = False,
) -> int:
    """Run jobs until SIGTERM, or, with `burst`, until none is left; the process's exit code.

    `faces` makes the names importable under which applications know Rota.

    Raises:
        UnknownQueue: the bench has no such queue.
    """
    settings = DispatcherSettings.of(config.load(bench.path), queues=queues, workers=workers, burst=burst)
    sites = BenchSites(bench, only)
    dispatcher = Dispatcher(
        sites=sites.stores,
        runner=SiteRunner(bench, faces),
        run_folder=bench.run_path,
        settings=settings,
        on_failed=sites.tell_failure,
        is_closed=sites.is_in_maintenance,
    )
    return dispatcher.run()


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
