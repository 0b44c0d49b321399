"""A site: its settings, databases, store and apps, and the way in: `open` gives a user, documents and a transaction."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rota import config
from rota.clock import Clock, SystemClock
from rota.config import Config
from rota.cron import time_zone
from rota.db import Connection, Database, open_database
from rota.db.sqlite import SQLite
from rota.documents.dictionary import AttrDict
from rota.documents.doctypes import MetaCache
from rota.documents.session import Session
from rota.engine.call import Resolver
from rota.engine.outcome import on_stopped
from rota.engine.wake import Waker
from rota.errors import ConfigError
from rota.sites.apps import App, Apps, builtin_app, find_app
from rota.sites.bench import Bench
from rota.sites.context import Context, reset_current, set_current
from rota.sites.controllers import Controllers
from rota.sites.sitelock import SiteLock, hold_shared
from rota.sites.transaction import Enqueues
from rota.sites.workspace import DocEvents, documents_of
from rota.store import Store, StoreSettings

ADMINISTRATOR = "Administrator"
SITE_DB, ENGINE_DB = "site.db", "jobs.db"
_APPS = "select value from \"tabSingles\" where doctype = 'Rota' and field = 'installed_apps'"
_SET_APPS = (
    "insert into \"tabSingles\" (doctype, field, value) values ('Rota', 'installed_apps', :value) "
    "on conflict (doctype, field) do update set value = :value"
)
_ZONE = "select value from \"tabSingles\" where doctype = 'System Settings' and field = 'time_zone'"


class Site:
    """One site of a bench, as one process sees it. Opens connections when they are first needed."""

    def __init__(self, bench: Bench, name: str, settings: Config, *, clock: Clock | None = None) -> None:
        self.bench = bench
        self.name = name
        self.path = bench.sites_path / name
        self.config = settings
        self.clock: Clock = clock or SystemClock()
        self.metas = MetaCache()
        self.waker = Waker(bench.run_path)
        #: What `frappe.flags` begins with: an installation or migration says so to the code of apps.
        self.flags: dict[str, Any] = {}
        self._lock: SiteLock | None = None

    @classmethod
    def load(cls, bench: Bench, name: str, *, clock: Clock | None = None) -> Self:
        """The site of this name. No restore gets in while this lives, or until `close`.

        Raises:
            UnknownSite: there is none.
            ConfigError: its settings can't be used.
            StoreUnavailable: it is being restored.
            RestoreUnfinished: a restore was interrupted.
        """
        lock = hold_shared(bench.site_path(name))
        site = cls(bench, name, config.load(bench.path, name), clock=clock)
        site._lock = lock
        return site

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- databases ---

    @cached_property
    def database(self) -> Database:
        """The documents' database."""
        settings = self.config
        if settings.db_url:
            return open_database(settings.db_url, pooler=settings.db_pooler)
        if settings.db_type == "sqlite":
            return SQLite(self.path / (settings.db_name or SITE_DB))
        if settings.db_type not in ("postgres", "postgresql"):
            raise ConfigError(f"db_type of {self.name} is {settings.db_type!r}: sqlite or postgresql")
        return open_database(_dsn(settings, self.name), pooler=settings.db_pooler)

    @cached_property
    def engine_database(self) -> Database:
        """Where the engine's tables are: a file beside SQLite's documents, a schema within PostgreSQL's."""
        database = self.database
        return SQLite(database.path.with_name(ENGINE_DB)) if isinstance(database, SQLite) else database

    @cached_property
    def store(self) -> Store:
        """The engine's tables."""
        return self.make_store()

    def make_store(self, **limits: float) -> Store:
        """Another view of the engine's tables, with limits of its own (`StoreSettings`); whoever asked closes it."""
        settings = self.config
        return Store(
            engine=self.engine_database,
            documents=self.database,
            clock=self.clock,
            on_stopped=on_stopped(self.clock),
            settings=StoreSettings(
                lease=settings.claim_timeout,
                busy_timeout=settings.busy_timeout,
                pooler=settings.db_pooler,
                priority_ageing=settings.priority_ageing,
                max_result=settings.max_result_size,
                keep_finished=settings.rq_results_ttl,
                keep_canceled=settings.rq_results_ttl,
                keep_failed=settings.rq_job_failure_ttl,
                keep_finished_count=settings.finished_jobs_limit,
                keep_canceled_count=settings.finished_jobs_limit,
                keep_failed_count=settings.rq_failed_jobs_limit,
                **limits,  # type: ignore[arg-type]
            ),
        )

    def reader(self) -> Connection:
        """A connection on which the views of the engine's tables can be read beside the documents."""
        from rota.sites.views import SCHEMA, attach_views

        database, engine = self.database, self.engine_database
        if not isinstance(database, SQLite) or not isinstance(engine, SQLite):
            return database.connect()
        connection = database.connect(read_only=True, attach={SCHEMA: engine.path})
        attach_views(connection, self.zone)
        return connection

    # --- time ---

    @cached_property
    def time_zone(self) -> str:
        """IANA name of the site's time zone: System Settings', else the configuration's, else the machine's."""
        return self._stored(_ZONE) or self.config.time_zone or machine_zone()

    @cached_property
    def zone(self) -> ZoneInfo:
        return time_zone(self.time_zone)

    def now(self) -> datetime:
        """The site's wall clock: naive, as documents carry it."""
        return self.clock.now().astimezone(self.zone).replace(tzinfo=None)

    # --- apps ---

    @cached_property
    def apps(self) -> Apps:
        """The installed apps, Rota's own DocTypes first.

        Raises:
            UnknownApp: one of them is not on this machine.
        """
        return Apps([builtin_app(), *(find_app(self.bench, name) for name in self.installed_apps())])

    @cached_property
    def resolver(self) -> Resolver:
        """Finds functions by dotted path, in the installed apps only."""
        return Resolver([*(app.package.split(".")[0] for app in self.apps), "frappe"])

    def check_method(self, path: str) -> None:
        """See that a dotted path leads to a function of an installed app.

        Raises:
            UnknownMethod: it does not, with the reason.
        """
        self.resolver.resolve(path)

    @cached_property
    def controllers(self) -> Controllers:
        """The classes of the site's DocTypes."""
        return Controllers(self.apps)

    @cached_property
    def doc_events(self) -> DocEvents:
        """What apps do when documents change."""
        return DocEvents(self)

    def installed_apps(self) -> list[str]:
        """Names of the installed apps, in the order of installation, without Rota's own."""
        stored = self._stored(_APPS)
        return [str(one) for one in json.loads(stored)] if stored else list(self.config.installed_apps)

    def remember_apps(self, apps: list[App]) -> None:
        """Write down which apps are installed."""
        session = Session(self.database)
        try:
            names = [app.name for app in apps if app.name != builtin_app().name]
            session.write(_SET_APPS, {"value": json.dumps(names)})
            session.commit()
        finally:
            session.close()
        self._forget_apps()

    def assume_apps(self, apps: Apps) -> None:
        """Work as if these apps were installed: this object only, and until `remember_apps`."""
        self._forget_apps()
        self.__dict__["apps"] = apps

    def _forget_apps(self) -> None:
        for derived in ("apps", "resolver", "controllers", "doc_events"):
            self.__dict__.pop(derived, None)

    def _stored(self, statement: str) -> str | None:
        if isinstance(self.database, SQLite) and not self.database.path.exists():
            return None
        connection = self.database.connect()
        try:
            tables = (
                "select name from sqlite_master where name = 'tabSingles'"
                if connection.dialect == "sqlite"
                else "select tablename from pg_tables where tablename = 'tabSingles'"
            )
            return connection.value(statement) if connection.query(tables) else None
        finally:
            connection.close()

    # --- the way in ---

    @contextmanager
    def open(self, user: str = ADMINISTRATOR, *, commit: bool = True) -> Iterator[Context]:
        """Open the site as `user`: a context and a transaction, which commits at the end and rolls back on an error."""
        context = self.context(user)
        token = set_current(context)
        try:
            yield context
            if commit:
                context.documents.session.commit()
        finally:
            try:
                context.close()
                context.documents.session.close()
            finally:
                reset_current(token)

    def context(self, user: str = ADMINISTRATOR) -> Context:
        """A context with connections of its own, which whoever asked for it makes current and closes."""
        enqueues = Enqueues(self.store, self.wake_workers)
        session = Session(self.database, participants=[enqueues])
        documents = documents_of(self, session, user)
        return Context(site=self, documents=documents, enqueues=enqueues, flags=AttrDict(self.flags))

    def wake_workers(self) -> None:
        """Tell dispatchers that there may be something to do."""
        self.waker.wake(self.name)

    def close(self) -> None:
        """Close the connections that were opened for the site: its store's, and those of its cache and locks."""
        for name in ("store", "cache_tables"):
            if name in self.__dict__:
                self.__dict__[name].close()
        if self._lock is not None:
            self._lock.release()


def machine_zone() -> str:
    """The machine's time zone, by its IANA name."""
    if name := os.environ.get("TZ", "").removeprefix(":"):
        return name
    link = Path("/etc/localtime")
    if link.is_symlink():
        _, found, zone = str(link.resolve()).partition("zoneinfo/")
        if found:
            return zone
    try:
        return Path("/etc/timezone").read_text(encoding="ascii").strip() or "UTC"
    except FileNotFoundError:
        return "UTC"


def _dsn(settings: Config, site: str) -> str:
    name = settings.db_name
    if not name:
        raise ConfigError(f"{site} is on PostgreSQL, but names no db_name (or db_url)")
    user = quote(settings.db_user or name, safe="")
    password = f":{quote(settings.db_password, safe='')}" if settings.db_password else ""
    port = f":{settings.db_port}" if settings.db_port else ""
    host = settings.db_host or "127.0.0.1"
    if host.startswith("/"):
        return f"postgresql://{user}{password}@/{quote(name)}?host={quote(host, safe='')}" + (
            f"&port={settings.db_port}" if settings.db_port else ""
        )
    return f"postgresql://{user}{password}@{host}{port}/{quote(name)}"
