"""Make sites, and install apps on them."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from rota import config
from rota.db import Database, open_database
from rota.errors import UnknownApp, UsageError
from rota.sites.apps import App, Apps, builtin_app, find_app
from rota.sites.bench import SITE_CONFIG, Bench, write_json
from rota.sites.migrate import bring_up, run_methods
from rota.sites.passwords import change_password
from rota.sites.records import ADMINISTRATOR
from rota.sites.report import Report
from rota.sites.site import Site

SQLITE = "sqlite"


def new_site(
    bench: Bench, name: str, *, database: str = SQLITE, admin_password: str, apps: Iterable[str] = ()
) -> Report:
    """Make a site. `database`: `sqlite`, or the postgresql:// URL of an empty database.

    Raises:
        UsageError: the name is taken or can't be one; the database is not empty.
        UnknownApp, BrokenApp: an app can't be used; nothing was made.
        StoreUnavailable: the database can't be reached; nothing was made.
    """
    bench.check_free(name)
    wanted = [find_app(bench, app) for app in apps]
    Apps([builtin_app(), *wanted]).hooks()
    key = base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")
    own = {**database_settings(database, pooler=config.load(bench.path).db_pooler), "encryption_key": key}
    was_there = (bench.sites_path / name).exists()
    folder = bench.make_site_folders(name)
    try:
        with Site(bench, name, replace(config.load(bench.path), **own)) as site:
            report = bring_up(site)
            change_password(site, ADMINISTRATOR, admin_password)
            for app in wanted:
                report.add(_install(site, app))
        # Last, as this makes it a site: what serves the bench never sees half of one.
        write_json(folder / SITE_CONFIG, own)
    except BaseException:
        if not was_there:
            shutil.rmtree(folder)
        if database != SQLITE:
            empty_database(open_database(database))
        raise
    return report


def install_app(bench: Bench, name: str, app_name: str) -> Report:
    """Install an app on a site: `before_install`, its DocTypes and schedules, `after_install`.

    Raises:
        UnknownApp, BrokenApp: it can't be used, or an app that it requires is missing; nothing was changed.
    """
    with Site.load(bench, name) as site:
        if app_name in site.apps.names:
            return Report(name, done=[f"{app_name} is installed already"])
        return _install(site, find_app(bench, app_name))


def _install(site: Site, app: App) -> Report:
    apps = Apps([*site.apps, app])
    _check_required(app, apps)
    apps.hooks()
    hooks = Apps([app]).hooks
    report = Report(site.name)
    site.assume_apps(apps)
    site.flags = {"in_install": app.name}
    run_methods(site, hooks("before_install"), "before_install", report)
    report.add(bring_up(site))
    site.remember_apps(list(apps))
    run_methods(site, hooks("after_install"), "after_install", report)
    report.done.append(f"installed {app.name}")
    return report


def installed(bench: Bench, name: str) -> list[App]:
    """The apps of a site, in the order of their installation."""
    with Site.load(bench, name) as site:
        return list(site.apps)


def pending_jobs(bench: Bench, name: str) -> int:
    """How many jobs of the site wait or run."""
    with Site.load(bench, name) as site:
        counts = site.store.stats()
    return sum(counts[state] for state in ("queued", "started"))


def database_settings(database: str, *, pooler: bool) -> dict[str, Any]:
    """The configuration of a new site's databases. `database`: `sqlite`, or the URL of an empty database.

    Raises:
        UsageError: it is neither, or not empty.
        StoreUnavailable: it can't be reached.
    """
    if database == SQLITE:
        return {"db_type": SQLITE}
    if not database.startswith(("postgresql://", "postgres://")):
        raise UsageError(f"--db is sqlite or a postgresql:// URL, not {database.split('://', 1)[0]!r}")
    connection = open_database(database, pooler=pooler).connect()
    try:
        schemas = "select count(*) from information_schema.schemata where schema_name = 'rota'"
        tables = "select count(*) from information_schema.tables where table_schema = current_schema()"
        if connection.value(schemas) or connection.value(tables):
            where = open_database(database).describe()
            raise UsageError(f"the database {where} is not empty: give the site one of its own")
    finally:
        connection.close()
    return {"db_type": "postgresql", "db_url": database}


def empty_database(database: Database) -> None:
    """Take away what was made in a database that was empty before."""
    connection = database.connect()
    try:
        connection.script("drop schema if exists rota cascade")
        made = (
            "select format('drop %s if exists %I cascade', "
            "case when table_type = 'VIEW' then 'view' else 'table' end, table_name) "
            "from information_schema.tables where table_schema = current_schema()"
        )
        for (statement,) in connection.query(made):
            connection.script(statement)
    finally:
        connection.close()


def _check_required(app: App, apps: Apps) -> None:
    for required in app.hooks().get("required_apps") or ():
        short = str(required).rsplit("/", 1)[-1]
        if short not in (*apps.names, "frappe"):
            raise UnknownApp(short, f"{app.name} requires it: install it first")
