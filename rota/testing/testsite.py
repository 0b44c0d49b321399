"""A site for tests: made and migrated once for each set of apps, and put back to that state after each test.

What a test leaves open is rolled back. What it committed goes with the database files, which are replaced by copies of
the first ones; a test that committed nothing costs no copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from rota import config
from rota.db import Database
from rota.db.sqlite import SQLite
from rota.errors import UsageError
from rota.frappe import install_as_frappe
from rota.sites.bench import SITE_CONFIG, Bench, read_json, write_json
from rota.sites.context import Context, current_or_none, reset_current, set_current
from rota.sites.install import new_site
from rota.sites.site import ADMINISTRATOR, ENGINE_DB, SITE_DB, Site
from rota.testing.testclock import TestClock

SITE_NAME = "test.localhost"
_DATABASES = (SITE_DB, ENGINE_DB)
_FILES = ("public/files", "private/files")
_DOCTYPES_VERSION = "select value from \"tabSingles\" where doctype = 'DocType' and field = 'version'"
# What a site remembers of its databases once it has been asked.
_REMEMBERED = ("time_zone", "zone", "apps", "resolver", "controllers", "doc_events")


class TestSite(Site):
    """A site whose clock the test moves, and whose jobs run where the test says."""

    __test__ = False
    clock: TestClock
    current: Context  #: the context that is open for the test
    on_published: Callable[[], None] | None = None  #: called when a commit has published jobs

    @cached_property
    def database(self) -> Database:
        """The documents' database, which need not survive the machine."""
        return SQLite(self.path / SITE_DB, durable=False)

    @cached_property
    def engine_database(self) -> Database:
        return SQLite(self.path / ENGINE_DB, durable=False)

    @property
    def documents(self) -> Any:
        """The documents, as the test's user sees them."""
        return self.current.documents

    def commit(self) -> None:
        """Commit what the test did so far, as the end of a request would."""
        self.current.documents.session.commit()

    @contextmanager
    def as_user(self, user: str) -> Iterator[None]:
        """Act as somebody else inside the block."""
        before, self.current.user = self.current.user, user
        try:
            yield
        finally:
            self.current.user = before

    def wake_workers(self) -> None:
        if self.on_published is not None:
            self.on_published()

    @contextmanager
    def opened(self) -> Iterator[TestSite]:
        """Open for one test: what it does not commit is rolled back."""
        self.current = self.context(ADMINISTRATOR)
        token = set_current(self.current)
        try:
            yield self
        finally:
            self.on_published = None
            try:
                self.current.documents.session.rollback()
                self.current.close()
                self.current.documents.session.close()
            finally:
                reset_current(token)


@dataclass(slots=True)
class Template:
    """A site as it was after its apps were installed, and the way back there."""

    site: TestSite
    folder: Path  #: holds the first state of the databases
    doctypes_version: str
    remembered: Mapping[str, Any]
    stamps: dict[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path, apps: Sequence[str | Path], settings: Mapping[str, Any]) -> Template:
        """Make a bench in `folder` with one site, install the apps, and keep a copy."""
        install_as_frappe()
        bench = Bench.init(folder / "bench")
        new_site(bench, SITE_NAME, admin_password="test", apps=[_linked(bench, app) for app in apps])  # noqa: S106
        path = bench.site_path(SITE_NAME)
        write_json(path / SITE_CONFIG, {**read_json(path / SITE_CONFIG), **settings})
        site = TestSite(bench, SITE_NAME, config.load(bench.path, SITE_NAME), clock=TestClock())
        remembered = {name: getattr(site, name) for name in _REMEMBERED}
        template = cls(site, folder / "first", _doctypes_version(site), remembered)
        template.folder.mkdir()
        for name in _DATABASES:
            shutil.copyfile(path / name, template.folder / name)
            template.stamps[name] = _stamp(path / name)
        return template

    def restore(self) -> None:
        """Take back what a test committed, and the files it made. No connection may be open."""
        site = self.site
        site.clock.reset()
        site.close()
        site.__dict__.pop("store", None)  # it knows rows by now that the copies have not
        site.__dict__.update(self.remembered)
        # DocTypes that the test has changed are forgotten; the others need not be read again.
        site.metas.metas(self.doctypes_version)
        self._forget_cache()
        for name in _DATABASES:
            path = site.path / name
            if _stamp(path) != self.stamps[name]:
                for left in ("-wal", "-shm"):
                    path.with_name(name + left).unlink(missing_ok=True)
                shutil.copyfile(self.folder / name, path)
                self.stamps[name] = _stamp(path)
        for folder in (site.path / one for one in _FILES):
            for left_over in folder.iterdir():
                shutil.rmtree(left_over) if left_over.is_dir() else left_over.unlink()

    def _forget_cache(self) -> None:
        tables = self.site.__dict__.pop("cache_tables", None)
        self.site.__dict__.pop("cache_entries", None)
        if tables is not None:
            tables.close()
            for path in self.site.path.glob("cache.db*"):
                path.unlink()


def site_here() -> TestSite:
    """The test's site.

    Raises:
        UsageError: the test did not ask for the fixture.
    """
    context = current_or_none()
    if context is None or not isinstance(context.site, TestSite):
        raise UsageError("this needs the fixture `site` (or `rota_site`) in the test's arguments")
    return context.site


def _doctypes_version(site: Site) -> str:
    connection = site.database.connect()
    try:
        return str(connection.value(_DOCTYPES_VERSION) or "")
    finally:
        connection.close()


def _linked(bench: Bench, app: str | Path) -> str:
    """An app by its name; one that is given as a directory is linked into the bench."""
    if isinstance(app, str):
        return app
    link = bench.apps_path / app.name
    link.symlink_to(app.resolve(), target_is_directory=True)
    return app.name


def _stamp(path: Path) -> tuple[int, int]:
    # A write-ahead log that is left over holds commits that the file itself does not show yet.
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        return (0, 0)
    stat = path.stat()
    return (stat.st_mtime_ns, stat.st_ino)
