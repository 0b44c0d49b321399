"""`rota restore`: a site becomes what it was when a backup was made, or nothing happens.

S1  hold the site alone; unpack the archive beside it and prove it
S3  let no claim number come twice, and
S4  let nothing run that is done: in the unpacked pair, so that a kill up to here has changed nothing
S2  put all in place, under a marker that keeps everybody away if that is interrupted; what was there is kept
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rota.config import load
from rota.db import Database
from rota.db.sqlite import SQLite
from rota.errors import BrokenArchive, RestoreUnfinished, RotaError, UsageError
from rota.sites.backups.archive import (
    DUMP,
    FOLDERS,
    JOBS_DB,
    SETTINGS,
    SITE_DB,
    read_manifest,
    unpack,
)
from rota.sites.backups.make import BACKUPS, VERSIONS, Counts, check_files, count_postgresql
from rota.sites.bench import SITE_CONFIG, Bench, read_json, write_json
from rota.sites.durable import flush
from rota.sites.install import database_settings, empty_database
from rota.sites.site import ENGINE_DB, Site
from rota.sites.sitelock import MARKER, hold_alone
from rota.store import Older, Store

UNPACKED = ".restoring"
DATABASE_KEYS = ("db_type", "db_name", "db_host", "db_port", "db_user", "db_password", "db_url", "db_pooler")
HELD = (
    "site.db was older than jobs.db: jobs may be without their documents; look at them, then `rota jobs resume --all`"
)
BY = "rota restore"
# The file itself last: once it has been moved, what lies in its place is new.
_FILES = ("-wal", "-shm", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A site that was restored."""

    site: str
    made_at: str  #: when the backup was, ISO 8601
    counts: Counts  #: rows by side and table
    kept: Path | None  #: where that is which was there before
    jobs: Mapping[str, int]  #: by state


def restore(bench: Bench, archive: Path, name: str | None = None, *, database: str | None = None) -> Restored:
    """Restore a site from an archive; `name`: by default that of the site it was made of.

    `database`: the URL of an empty database, for an archive of a site on PostgreSQL.

    Raises:
        BrokenArchive: the archive is damaged, or none; nothing was changed.
        SiteInUse: processes have the site open; nothing was changed.
        UsageError: archive and site are not on the same kind of database, or the database is not empty.
    """
    manifest = read_manifest(archive)
    _check_versions(archive, manifest)
    name = name or str(manifest["site"])
    folder = bench.sites_path / name
    is_new, was_there = not (folder / SITE_CONFIG).exists(), folder.exists()
    if is_new:
        bench.make_site_folders(name)
    with _gone_again(folder, keep=was_there), hold_alone(folder), _unpacked(archive, folder) as unpacked:
        settings = _settings(bench, name, unpacked, manifest, database, is_new=is_new)
        if manifest["database"] == "sqlite":
            counts, jobs = _make_fit(archive, manifest, unpacked)
        else:
            counts, jobs = _load(archive, manifest, unpacked, _site(bench, name, settings))
        kept = _put_in_place(archive, _site(bench, name, settings), unpacked, settings)
    return Restored(site=name, made_at=str(manifest.get("made_at")), counts=counts, kept=kept, jobs=jobs)


@contextmanager
def _gone_again(folder: Path, *, keep: bool) -> Iterator[None]:
    """Take away the folder of a site that did not come to be, unless some of its files are in place."""
    try:
        yield
    except RotaError:
        if not keep and not (folder / MARKER).exists():
            shutil.rmtree(folder)
        raise


def take_as_it_is(bench: Bench, name: str) -> Older:
    """Let a site's databases pass as a pair though they may be of two moments: somebody has put them there by hand.

    The answer says which was older. If that was site.db, all jobs are held until a person has looked at them.

    Raises:
        SiteInUse: processes have the site open.
        RestoreUnfinished: a restore was interrupted, so what lies there is no state of the site.
    """
    folder = bench.site_path(name)
    with hold_alone(folder):
        if (folder / MARKER).exists():
            raise RestoreUnfinished(name, str(read_json(folder / MARKER).get("archive", "ARCHIVE")))
        with Site(bench, name, load(bench.path, name)) as site:
            site.store.migrate()
            found = site.store.repair()
            if found is Older.SITE:
                with site.store.turn() as turn:
                    turn.pause("site", "", by=BY, why=HELD)
    return found


def _check_versions(archive: Path, manifest: Mapping[str, Any]) -> None:
    versions = manifest.get("versions")
    there = versions if isinstance(versions, dict) else {}
    for part, ours in VERSIONS.items():
        found = there.get(part)
        if not isinstance(found, int) or found > ours:
            reason = f"it is of Rota {manifest.get('rota')} ({part} version {found}, here {ours}): install that first"
            raise BrokenArchive(archive, reason)


@contextmanager
def _unpacked(archive: Path, site: Path) -> Iterator[Path]:
    """The archive's files in a folder on the site's disk, each as it must be."""
    folder = site / BACKUPS / UNPACKED
    if folder.exists():
        shutil.rmtree(folder)  # of a restore that was killed
    folder.mkdir(mode=0o700, parents=True)
    try:
        unpack(archive, folder)
        yield folder
    finally:
        shutil.rmtree(folder)


# --- settings ---


def _settings(
    bench: Bench, name: str, unpacked: Path, manifest: Mapping[str, Any], database: str | None, *, is_new: bool
) -> dict[str, Any]:
    """The archive's settings, but for where the database is: that is a matter of this machine."""
    now = {} if is_new else read_json(bench.site_config_path(name))
    kept = {key: value for key, value in read_json(unpacked / SETTINGS).items() if key not in DATABASE_KEYS}
    if manifest["database"] == "sqlite":
        if database is not None:
            raise UsageError("--db is for archives of sites on PostgreSQL; `rota copy-site` moves a site there")
        if not is_new and not isinstance(_site(bench, name, now).database, SQLite):
            raise UsageError(_other_kind(name, "PostgreSQL", "SQLite"))
        return {**kept, "db_type": "sqlite", **{key: now[key] for key in DATABASE_KEYS if key in now}}
    if database is not None:
        return {**kept, **database_settings(database, pooler=load(bench.path).db_pooler)}
    if is_new:
        raise UsageError("the archive is of a site on PostgreSQL: name an empty database for it with --db URL")
    site = _site(bench, name, now)
    if isinstance(site.database, SQLite):
        raise UsageError(_other_kind(name, "SQLite", "PostgreSQL"))
    return {**kept, **{key: now[key] for key in DATABASE_KEYS if key in now}}


def _other_kind(name: str, here: str, there: str) -> str:
    return (
        f"the site {name} is on {here}, the archive is of one on {there}: restore it under another name with --site, "
        "and move it with `rota copy-site`"
    )


def _site(bench: Bench, name: str, settings: Mapping[str, Any]) -> Site:
    """The site with a database that its file may not name yet."""
    common = load(bench.path)
    return Site(bench, name, replace(common, **{key: settings[key] for key in DATABASE_KEYS if key in settings}))


# --- databases ---


def _make_fit(archive: Path, manifest: Mapping[str, Any], unpacked: Path) -> tuple[Counts, Mapping[str, int]]:
    counts = check_files(unpacked)
    _check_counts(archive, manifest, counts)
    engine, documents = SQLite(unpacked / JOBS_DB), SQLite(unpacked / SITE_DB)
    jobs = _repair(engine, documents)
    for one in (documents, engine):
        with closing(one.connect()) as connection:
            # What is put in place is one file each.
            connection.query("pragma wal_checkpoint(truncate)")
    return counts, jobs


def _load(archive: Path, manifest: Mapping[str, Any], unpacked: Path, site: Site) -> tuple[Counts, Mapping[str, int]]:
    from rota.db import pgprograms  # the driver is an extra
    from rota.db.postgresql import PostgreSQL

    database = site.database
    if not isinstance(database, PostgreSQL):
        raise TypeError("an archive of PostgreSQL needs a PostgreSQL database")
    database_settings(database.dsn, pooler=database.pooler)
    try:
        pgprograms.load(database, unpacked / DUMP)
        with closing(database.connect()) as connection:
            counts = count_postgresql(connection)
        _check_counts(archive, manifest, counts)
        return counts, _repair(database, database)
    except RotaError:
        empty_database(database)
        raise


def _check_counts(archive: Path, manifest: Mapping[str, Any], counts: Counts) -> None:
    if manifest.get("rows") != counts:
        raise BrokenArchive(archive, "its tables have not the numbers of rows that it says")


def _repair(engine: Database, documents: Database) -> Mapping[str, int]:
    from rota.clock import SystemClock

    with closing(Store(engine=engine, documents=documents, clock=SystemClock())) as store:
        store.migrate()
        store.repair()
        return store.stats()


# --- in place ---


def _put_in_place(archive: Path, target: Site, unpacked: Path, settings: dict[str, Any]) -> Path | None:
    """Let the unpacked files take the place of the site's, which are kept; where."""
    site, documents = target.path, target.database
    kept = site / BACKUPS / _kept_name(site, archive)
    kept.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(site / MARKER, {"archive": str(archive.absolute()), "kept": kept.name})
    flush(site)
    if isinstance(documents, SQLite):
        _exchange(unpacked / SITE_DB, documents.path, kept / SITE_DB, _FILES)
        _exchange(unpacked / JOBS_DB, documents.path.with_name(ENGINE_DB), kept / JOBS_DB, _FILES)
    for name in FOLDERS:
        (unpacked / name).mkdir(parents=True, exist_ok=True)
        _exchange(unpacked / name, site / name, kept / name)
    if (site / SITE_CONFIG).exists() and not (kept / SITE_CONFIG).exists():
        shutil.copy2(site / SITE_CONFIG, kept / SITE_CONFIG)
    # As it makes a folder a site, it comes last.
    write_json(site / SITE_CONFIG, settings)
    for folder in (kept, site):
        flush(folder)
    (site / MARKER).unlink()
    flush(site)
    if any(one.is_file() for one in kept.rglob("*")):
        return kept
    shutil.rmtree(kept)
    return None


def _kept_name(site: Path, archive: Path) -> str:
    """Where what was there is kept: the same folder again for a restore that was interrupted."""
    if (site / MARKER).exists():
        return str(read_json(site / MARKER)["kept"])
    number = 1
    while (site / BACKUPS / f"before-restore-{number}").exists():
        number += 1
    return f"before-restore-{number}"


def _exchange(new: Path, place: Path, kept: Path, endings: tuple[str, ...] = ("",)) -> None:
    """Move what is in a place to `kept`, and `new` to the place. What an interrupted restore had put there goes."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    for ending in endings:
        old = place.with_name(place.name + ending)
        if not os.path.lexists(old):
            continue
        if not os.path.lexists(kept):
            old.rename(kept.with_name(kept.name + ending))
        elif old.is_dir():
            shutil.rmtree(old)
        else:
            old.unlink()
    place.parent.mkdir(parents=True, exist_ok=True)
    new.rename(place)
    flush(place.parent)
