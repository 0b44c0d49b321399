"""Bring a site up to what its apps declare: engine, tables, first documents, fixtures, schedules.

All that apps declare is read before anything is changed. Tables and documents change in one transaction. Running it
again changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from rota.documents.doctypes import DocTypes
from rota.documents.session import Session
from rota.engine.wake import SCHEDULES
from rota.errors import NewerSchema, RotaError
from rota.sites.bench import Bench
from rota.sites.declared import Declared, declared
from rota.sites.fixtures import load_fixtures
from rota.sites.records import Records
from rota.sites.report import Report
from rota.sites.schedules import sync_schedules
from rota.sites.site import Site
from rota.sites.views import VIEWS, create_views

#: The version of the documents' side of a site: what `Records.first` writes and how.
VERSION = 1
_SET_VERSION = (
    "insert into \"tabSingles\" (doctype, field, value) values ('Rota', 'version', :version) "
    "on conflict (doctype, field) do update set value = :version"
)
_VERSION = "select value from \"tabSingles\" where doctype = 'Rota' and field = 'version'"


def migrate(bench: Bench, name: str) -> Report:
    """Bring a site up to date.

    Raises:
        BrokenApp: an app's hooks or DocTypes can't be used; nothing was changed.
        NewerSchema: the site was written by a newer Rota; nothing was changed.
    """
    with Site.load(bench, name) as site:
        site.flags = {"in_migrate": True}
        return bring_up(site)


def bring_up(site: Site) -> Report:
    """Bring a site up to what its apps declare; raises as `migrate` does."""
    wanted = declared(site.apps, site.resolver, scheduler_interval=site.config.scheduler_interval)
    report = Report(site.name, problems=list(wanted.problems))
    found = check_version(site)
    report.done += site.store.migrate()
    run_methods(site, site.apps.hooks("before_migrate"), "before_migrate", report)
    report.done += _documents(site, wanted, is_new=found < VERSION)
    load_fixtures(site, wanted.fixtures, report)
    report.done += sync_schedules(site.store, wanted.schedules, wanted.unresolved)
    site.waker.wake(site.name, SCHEDULES)
    run_methods(site, site.apps.hooks("after_migrate"), "after_migrate", report)
    return report


def check_version(site: Site) -> int:
    """The version of a site's documents, 0 for a new one; refuses a site that a newer Rota has written.

    Raises:
        NewerSchema: it has; nothing was changed.
    """
    session = Session(site.database)
    try:
        if "tabSingles" not in DocTypes(session).schema.tables():
            return 0
        rows = session.query(_VERSION)
    finally:
        session.close()
    found = int(rows[0][0]) if rows else 0
    if found > VERSION:
        raise NewerSchema(site.database.describe(), found, VERSION)
    return found


def _documents(site: Site, wanted: Declared, *, is_new: bool) -> list[str]:
    session = Session(site.database)
    try:
        doctypes = DocTypes(session, views=VIEWS)
        done = doctypes.install()
        for definition in wanted.definitions.values():
            done += doctypes.sync(definition)
        records = Records(session, doctypes, site.now())
        if is_new:
            # Later on, what is missing was deleted by somebody.
            records.first(time_zone=site.time_zone)
            session.write(_SET_VERSION, {"version": str(VERSION)})
        records.roles(wanted.roles)
        records.modules(wanted.modules)
        if session.dialect == "postgresql":
            create_views(session.script, site.time_zone)
        session.commit()
    finally:
        session.close()
    return done + records.done


def run_methods(site: Site, methods: Iterable[str], hook: str, report: Report) -> None:
    """Run an app's functions as Administrator, each in a transaction of its own; one that fails is reported."""
    for method in methods:
        try:
            with site.open():
                site.resolver.resolve(method)()
        except RotaError as error:
            report.problems.append(f"{hook} {method}: {error}")
        except Exception as error:  # noqa: BLE001 - an app's own code; the others still run
            report.problems.append(f"{hook} {method}: {type(error).__name__}: {error}")
        else:
            report.done.append(f"ran {hook} {method}")
