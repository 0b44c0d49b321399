"""Make a site anew on other databases, or a second one of it: tables, queue, history, schedules, files, settings.

The source stands still and is only read. The copy becomes a site, in maintenance mode, only when it is proved to be
the same: until then its folder has no site_config.json.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from rota.config import Config, load
from rota.db import Connection
from rota.documents.doctypes import DocTypes
from rota.documents.session import Session
from rota.documents.sql import table_of
from rota.engine.neighbors import living
from rota.engine.wake import PREFIX
from rota.errors import BenchRunning, CopyMismatch, SiteInUse
from rota.sites.bench import SITE_CONFIG, Bench, read_json, write_json
from rota.sites.copying.catalog import Catalog
from rota.sites.copying.tables import TableCopy, TableProof, same_or_raise
from rota.sites.install import database_settings
from rota.sites.site import ADMINISTRATOR, Site
from rota.sites.views import VIEWS, create_views

UNFINISHED = "copy-unfinished.json"
DATABASE_KEYS = ("db_type", "db_name", "db_host", "db_port", "db_user", "db_password", "db_url", "db_pooler")
FOLDERS = ("public", "private")
#: What is made by `migrate`, or belongs to the processes of one machine and one moment.
_OWN_ENGINE = frozenset({"schema_version", "counter", "dispatcher", "worker"})
_OWN_DOCUMENTS = frozenset({"rota_outbox", "rota_ledger", "rota_ledger_floor", "rota_handoff_version"})
#: A resumable job's cursor commits with documents, so on SQLite it is kept beside them.
_CURSORS = {"sqlite": "rota_job_cursor", "postgresql": "job_cursor"}
_CACHE = frozenset({"cache_entry", "cache_item", "document_lock"})


@dataclass(slots=True, kw_only=True)
class Copied:
    """What was copied, and the proof."""

    source: str
    target: str
    tables: list[TableProof] = field(default_factory=list)
    files: int = 0
    size: int = 0  #: bytes of files
    claim_number: int = 0  #: the last claim number that the copy counts as given out

    @property
    def rows(self) -> int:
        return sum(proof.rows for proof in self.tables)


def copy_site(
    bench: Bench, source: str, target: str, *, database: str = "sqlite", while_in_use: bool = False
) -> Copied:
    """Copy a site; `database`: `sqlite`, or the postgresql:// URL of an empty database.

    `while_in_use`: though processes use the source, which then wait until the copy is through.

    Raises:
        UsageError: the name is taken, or the database is not empty; nothing was made.
        SiteInUse: processes use the source; nothing was made.
        CopyMismatch: something could not be carried over. The target is no site; the source is as it was.
    """
    bench.site_path(source)
    bench.check_free(target)
    own = database_settings(database, pooler=load(bench.path).db_pooler)
    with ExitStack() as stack:
        old = stack.enter_context(Site.load(bench, source))
        if not while_in_use:
            stack.enter_context(_alone(bench, old))
        if (bench.sites_path / target / UNFINISHED).exists():
            shutil.rmtree(bench.sites_path / target)  # what an earlier try left
        folder = bench.make_site_folders(target)
        write_json(folder / UNFINISHED, {"copy_of": source})
        new = stack.enter_context(Site(bench, target, _settings(bench, old, own)))
        copied = Copied(source=source, target=target)
        try:
            Copying(old, new, copied).run()
            _copy_files(old.path, new.path, copied)
        except CopyMismatch as error:
            raise CopyMismatch(target, error.reason) from error
        with new.store.turn() as turn:
            turn.pause("site", "", by=ADMINISTRATOR, why="maintenance mode")
        kept = read_json(bench.site_config_path(source))
        kept = {name: value for name, value in kept.items() if name not in DATABASE_KEYS}
        # Last, as this makes it a site.
        write_json(folder / SITE_CONFIG, {**kept, **own, "maintenance_mode": 1})
        (folder / UNFINISHED).unlink()
    return copied


def _settings(bench: Bench, old: Site, own: dict[str, Any]) -> Config:
    """The source's settings with other databases, before there is a file of them."""
    common = load(bench.path)
    return replace(old.config, **{name: own.get(name, getattr(common, name)) for name in DATABASE_KEYS})


class Copying:
    """The databases of a site on their way."""

    def __init__(self, old: Site, new: Site, copied: Copied) -> None:
        self._old, self._new, self._copied = old, new, copied
        self._copies: list[tuple[TableCopy, str]] = []

    def run(self) -> None:
        """Copy all tables and prove it."""
        old, new = self._old, self._new
        new.store.migrate()
        old.store.settle()
        old.store.sweep()
        with _standing_still(old) as source:
            with _writing(new) as target:
                self._documents(source["documents"], target["documents"])
                self._engine(source, target)
                for each in target.values():
                    if each.connection.in_transaction:
                        each.connection.commit()
            with _reading(new) as target:
                for copy, side in self._copies:
                    self._copied.tables.append(copy.prove(source[side], target[side]))
        same_or_raise(new.name, self._copied.tables)
        self._check_claims()

    # --- documents ---

    def _documents(self, source: Catalog, target: Catalog) -> None:
        old, new = (
            Session(self._old.database, connection=source.connection),
            Session(self._new.database, connection=target.connection),
        )
        doctypes, made = DocTypes(old, views=VIEWS), DocTypes(new, views=VIEWS)
        made.schema.create_base()
        for name in doctypes.names():
            if table_of(name) not in VIEWS:
                made.schema.sync(doctypes.get(name))
        there = target.tables()
        for name, columns in source.tables().items():
            if name not in _OWN_DOCUMENTS and name not in _CURSORS.values():
                copy = TableCopy(source, target, name)
                copy.make_room(columns, there.get(name))
                self._keep(copy, "documents")
                copy.copy_indexes()
        if target.dialect == "postgresql":
            create_views(target.connection.script, self._old.time_zone)

    # --- the engine ---

    def _engine(self, source: dict[str, Catalog], target: dict[str, Catalog]) -> None:
        there = target["engine"].tables()
        for name, columns in source["engine"].tables().items():
            if name not in _OWN_ENGINE | _CACHE | set(_CURSORS.values()):
                if name not in there:
                    raise CopyMismatch(self._new.name, f"the engine's table {name} is unknown there")
                copy = TableCopy(source["engine"], target["engine"], name)
                copy.make_room(columns, there[name])
                self._keep(copy, "engine")
        self._cursors(source, target)
        self._counters(source["engine"], target)

    def _cursors(self, source: dict[str, Catalog], target: dict[str, Catalog]) -> None:
        sides = {"sqlite": "documents", "postgresql": "engine"}
        old, new = source[sides[self._old.store.dialect]], target[sides[self._new.store.dialect]]
        name, new_name = _CURSORS[old.dialect], _CURSORS[new.dialect]
        copy = TableCopy(old, new, name, new_name)
        copy.make_room(old.tables()[name], new.tables()[new_name])
        self._keep(copy, "cursors")

    def _counters(self, source: Catalog, sides: dict[str, Catalog]) -> None:
        """Numbers that were given out once never come again: claims are the fence."""
        claim, place = _counted(source)
        claims = [f"select coalesce(max(claim), 0) from {source.sql_name(one)}" for one in ("live", "done", "attempt")]
        highest = max(claim, *(int(source.connection.value(sql)) for sql in claims))
        self._copied.claim_number = highest
        target = sides["engine"]
        if target.dialect == "sqlite":
            target.connection.run("update counter set claim = :claim", {"claim": highest})
            # The ledger of the source is not copied: no claim of before can commit here.
            sides["documents"].connection.run("update rota_ledger_floor set claim = :claim", {"claim": highest})
            return
        for sequence, last in (("claim_number", highest), ("live_seq", place)):
            if last:
                target.connection.query(f"select setval('rota.{sequence}', :last)", {"last": last})

    def _check_claims(self) -> None:
        with _reading(self._new) as target:
            claim, _ = _counted(target["engine"])
        if claim < self._copied.claim_number:
            raise CopyMismatch(self._new.name, f"claim numbers would come again: {claim} is the last there")

    def _keep(self, copy: TableCopy, side: str) -> None:
        copy.copy()
        self._copies.append((copy, side))


def _counted(engine: Catalog) -> tuple[int, int]:
    """The last claim number and the last place that were given out."""
    sql = "select claim, (select coalesce(max(seq), 0) from live) from counter"
    if engine.dialect == "postgresql":
        sql = (
            "select (select case when is_called then last_value else 0 end from rota.claim_number), "
            "(select case when is_called then last_value else 0 end from rota.live_seq)"
        )
    ((claim, place),) = engine.connection.query(sql)
    return int(claim), int(place)


# --- connections ---


@contextmanager
def _connections(site: Site) -> Iterator[dict[str, Catalog]]:
    """The catalogs of a site's tables by side; PostgreSQL's share a connection."""
    documents = site.database.connect()
    engine: Connection | None = None
    try:
        schema = "" if documents.dialect == "sqlite" else str(documents.value("select current_schema()"))
        if documents.dialect == "sqlite":
            engine = site.engine_database.connect()
        found = {"documents": Catalog(documents, schema), "engine": Catalog(engine or documents, "rota")}
        found["cursors"] = found["documents" if engine else "engine"]
        yield found
    finally:
        for connection in (documents, engine):
            if connection is not None:
                connection.close()


@contextmanager
def _standing_still(site: Site) -> Iterator[dict[str, Catalog]]:
    """Nobody else writes meanwhile: SQLite's write locks, documents first; a lock on each table of PostgreSQL."""
    with _connections(site) as found:
        documents, engine = found["documents"], found["engine"]
        documents.connection.begin()
        if documents.dialect == "postgresql":
            for catalog in (documents, engine):
                names = ", ".join(catalog.sql_name(table) for table in catalog.tables())
                catalog.connection.script(f"lock table {names} in share mode")
        else:
            engine.connection.begin()
            left = "select (select count(*) from rota_outbox) + (select count(*) from rota_ledger where recorded = 0 "
            if documents.connection.value(left + "and done is not null)"):
                raise SiteInUse(site.name, ["whoever has just enqueued a job or finished one"])
        try:
            yield found
        finally:
            for connection in {id(one.connection): one.connection for one in found.values()}.values():
                connection.rollback()


@contextmanager
def _writing(site: Site) -> Iterator[dict[str, Catalog]]:
    with _connections(site) as found:
        for connection in {id(one.connection): one.connection for one in found.values()}.values():
            connection.begin()
        yield found


@contextmanager
def _reading(site: Site) -> Iterator[dict[str, Catalog]]:
    with _connections(site) as found:
        for connection in {id(one.connection): one.connection for one in found.values()}.values():
            connection.begin(write=False)
        yield found


@contextmanager
def _alone(bench: Bench, site: Site) -> Iterator[None]:
    """Keep `rota start` away, and see that no process of the source is alive.

    Raises:
        SiteInUse: some are.
    """
    who = [f"the dispatcher {one.host} (process {one.pid})" for one in living(site.store)]
    for file in bench.run_path.glob(f"{PREFIX}*"):
        pid = file.name.removeprefix(PREFIX).partition("-")[0]
        if pid.isdigit() and psutil.pid_exists(int(pid)):
            who.append(f"process {pid} of this bench")
    if who:
        raise SiteInUse(site.name, who)
    try:
        with bench.running():
            yield
    except BenchRunning as error:
        raise SiteInUse(site.name, [f"`rota start` (process {error.process})"]) from error


# --- files ---


def _copy_files(source: Path, target: Path, copied: Copied) -> None:
    for folder in FOLDERS:
        if (source / folder).is_dir():
            shutil.copytree(source / folder, target / folder, dirs_exist_ok=True, symlinks=True)
    for file in _files(source):
        copy = target / file.relative_to(source)
        with suppress(FileNotFoundError):
            if _digest(copy) == _digest(file):
                copied.files += 1
                copied.size += file.stat().st_size
                continue
        raise CopyMismatch(target.name, f"the file {file.relative_to(source)} is not the same")


def _files(site: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        yield from (path for path in sorted((site / folder).rglob("*")) if path.is_file())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_json(copied: Copied) -> dict[str, Any]:
    """For programs."""
    return {
        "source": copied.source,
        "target": copied.target,
        "rows": copied.rows,
        "tables": [
            {"table": proof.table, "rows": proof.rows, "checksum": proof.checksum, "same": proof.is_same}
            for proof in copied.tables
        ],
        "files": copied.files,
        "bytes": copied.size,
        "claim_number": copied.claim_number,
    }
