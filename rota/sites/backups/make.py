"""`rota backup`: a site as it is at one moment, while everything runs.

Deletions of files wait until those that are there at that moment have a second name; everybody else goes on.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

from rota import __version__
from rota.db import Connection, open_database
from rota.db.sqlite import SQLite
from rota.errors import LockTimeoutError, SiteInUse, UsageError
from rota.sites.backups.archive import DUMP, FOLDERS, JOBS_DB, MANIFEST, SETTINGS, SITE_DB, new_archive
from rota.sites.backups.archive import FORMAT as ARCHIVE_FORMAT
from rota.sites.bench import Bench, read_json
from rota.sites.copying.catalog import Catalog
from rota.sites.filechanges import LOCK as FILES_LOCK
from rota.sites.locks import file_lock
from rota.sites.migrate import VERSION
from rota.sites.site import Site
from rota.store.backup import cut
from rota.store.migrate import ENGINE, HANDOFF

BACKUPS = "private/backups"
UNFINISHED = ".unfinished"
ENDING = ".tar.gz"
#: the schema's versions, by what they are of
VERSIONS: Mapping[str, int] = {"documents": VERSION, "engine": len(ENGINE), "handoff": len(HANDOFF)}
Counts = dict[str, dict[str, int]]
_POOLER = (
    "the site is behind a transaction pooler, which no snapshot gets through: name the server itself with --db URL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """An archive that was made."""

    site: str
    path: Path
    size: int  #: bytes
    counts: Counts  #: rows by side (`documents`, `engine`) and table
    files: int
    left_out: list[str]  #: files that are none: links, sockets

    @property
    def rows(self) -> int:
        return sum(sum(tables.values()) for tables in self.counts.values())


def back_up(bench: Bench, name: str, target: Path | None = None, *, database: str | None = None) -> Backup:
    """Back a site up to `target`: a new file, or a folder for it; by default the site's private/backups.

    `database`: the URL of the server itself, for a site behind a transaction pooler.

    Raises:
        UsageError: there is such a file; the site is behind a pooler.
        SiteInUse: another backup of it is being made.
        StoreError: a database can't be read, or is damaged. No archive is left.
        ProgramMissing: PostgreSQL's pg_dump is not installed.
    """
    with Site.load(bench, name) as site:
        path = _target(site, target)
        with _workplace(site) as folder:
            counts, left_out = _collect(site, folder, database)
            files = _write(site, folder, path, counts)
    return Backup(site=name, path=path, size=path.stat().st_size, counts=counts, files=files, left_out=left_out)


def _target(site: Site, wanted: Path | None) -> Path:
    path = site.path / BACKUPS if wanted is None else wanted.expanduser().absolute()
    if wanted is None:
        path.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        path = _free_name(path, f"{site.name}-{site.clock.now():%Y%m%d-%H%M%S}")
    if path.exists() or not path.parent.is_dir():
        why = "there is such a file already" if path.exists() else "there is no such folder"
        raise UsageError(f"the backup can't be written to {path}: {why}")
    return path


def _free_name(folder: Path, stem: str) -> Path:
    """A name in the folder that is not taken: two backups may be made in one second."""
    names = chain([stem], (f"{stem}-{number}" for number in count(2)))
    return next(path for path in (folder / f"{name}{ENDING}" for name in names) if not path.exists())


@contextmanager
def _workplace(site: Site) -> Iterator[Path]:
    """A folder of our own on the site's disk, without what a backup that was killed has left."""
    folder = site.path / BACKUPS / UNFINISHED
    try:
        with file_lock(site.path / "locks", "backup", site.clock, timeout=0):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(mode=0o700, parents=True)
            try:
                yield folder
            finally:
                shutil.rmtree(folder)
    except LockTimeoutError as error:
        raise SiteInUse(site.name, ["another backup of it"]) from error


# --- one moment ---


def _collect(site: Site, folder: Path, database: str | None) -> tuple[Counts, list[str]]:
    """Everything as it is at one moment, below `folder`: rows by table, and the files that are left out."""
    if isinstance(site.database, SQLite):
        return _collect_sqlite(site, folder)
    if site.config.db_pooler and database is None:
        raise UsageError(_POOLER)
    return _collect_postgresql(site, folder, database)


def _collect_sqlite(site: Site, folder: Path) -> tuple[Counts, list[str]]:
    documents, engine = site.database, site.engine_database
    if not isinstance(documents, SQLite) or not isinstance(engine, SQLite):
        raise TypeError("a site on SQLite has two files")
    with ExitStack() as stack:
        with _files_stay(site):
            snapshot = stack.enter_context(cut(documents, engine, timeout=site.config.busy_timeout))
            left_out = _link_files(site.path, folder)
        snapshot.copy(folder / SITE_DB, folder / JOBS_DB)
    return check_files(folder), left_out


def check_files(folder: Path) -> Counts:
    """Read both of SQLite's files in a folder to the end: the rows of each table.

    Raises:
        StoreUnavailable: one is damaged.
    """
    found: Counts = {}
    for side, name in (("documents", SITE_DB), ("engine", JOBS_DB)):
        with closing(SQLite(folder / name).connect(read_only=True)) as connection:
            connection.check()
            found[side] = _count(Catalog(connection, ""))
    return found


def _collect_postgresql(site: Site, folder: Path, url: str | None) -> tuple[Counts, list[str]]:
    from rota.db import pgprograms  # the driver is an extra
    from rota.db.postgresql import PostgreSQL

    database = site.database if url is None else open_database(url)
    if not isinstance(database, PostgreSQL):
        raise UsageError("--db is the postgresql:// URL of the site's own database")
    with closing(database.connect()) as connection:
        with _files_stay(site):
            connection.script("begin isolation level repeatable read read only")
            snapshot = str(connection.value("select pg_export_snapshot()"))
            left_out = _link_files(site.path, folder)
        pgprograms.dump(database, folder / DUMP, snapshot=snapshot)
        counts = count_postgresql(connection)
        connection.rollback()
    return counts, left_out


def count_postgresql(connection: Connection) -> Counts:
    """The rows of each table of a site on PostgreSQL, as a connection's transaction sees them."""
    schema = str(connection.value("select current_schema()"))
    return {"documents": _count(Catalog(connection, schema)), "engine": _count(Catalog(connection, "rota"))}


def _count(catalog: Catalog) -> dict[str, int]:
    def rows(table: str) -> int:
        return int(catalog.connection.value(f"select count(*) from {catalog.sql_name(table)}"))  # noqa: S608 - quoted

    return {table: rows(table) for table in catalog.tables()}


@contextmanager
def _files_stay(site: Site) -> Iterator[None]:
    """Let who deletes documents with files wait: their files belong to the moment that is kept."""
    path = site.path / FILES_LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


def _link_files(site: Path, folder: Path) -> list[str]:
    """Give each file of the site a second name below `folder`; the names of what is no file."""
    left_out = []
    for top in FOLDERS:
        for path in sorted((site / top).rglob("*")):
            name = path.relative_to(site)
            # A name with a dot is that of a file which is being written.
            if path.name.startswith(".") or (path.is_dir() and not path.is_symlink()):
                continue
            if path.is_symlink() or not path.is_file():
                left_out.append(str(name))
                continue
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, folder / name)
            except OSError:  # a disk without second names, or another one
                shutil.copy2(path, folder / name)
    return left_out


# --- the archive ---


def _write(site: Site, folder: Path, path: Path, counts: Counts) -> int:
    """Write the archive; how many files of documents are in it."""
    manifest = {
        "format": ARCHIVE_FORMAT,
        "rota": __version__,
        "site": site.name,
        "made_at": site.clock.now().isoformat(timespec="seconds"),
        "database": site.store.dialect,
        "versions": dict(VERSIONS),
        "rows": counts,
    }
    documents = sorted(one for top in FOLDERS for one in (folder / top).rglob("*") if one.is_file())
    try:
        with new_archive(path) as archive:
            archive.add_json(MANIFEST, manifest)
            for name in (SITE_DB, JOBS_DB, DUMP):
                if (folder / name).exists():
                    archive.add_file(name, folder / name)
            archive.add_json(SETTINGS, _settings(site))
            for one in documents:
                archive.add_file(str(one.relative_to(folder)), one)
    except FileExistsError as error:
        raise UsageError(f"the backup can't be written to {path}: there is such a file already") from error
    return len(documents)


def _settings(site: Site) -> Mapping[str, Any]:
    return read_json(site.bench.site_config_path(site.name))
