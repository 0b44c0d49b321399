"""Backup and restore: a site becomes what it was at one moment, or nothing happens at all."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rota.db import open_database
from rota.errors import (
    BrokenArchive,
    PairMismatch,
    ProgramMissing,
    RestoreUnfinished,
    SiteInUse,
    StoreUnavailable,
    UsageError,
)
from rota.sites.backups import back_up, make, restore, restoring, take_as_it_is
from rota.sites.backups.archive import unpack
from rota.sites.bench import read_json, write_json
from rota.sites.fit import check_sites
from rota.sites.site import Site
from rota.sites.sitelock import MARKER
from rota.store import Older
from tests.support.benches import TestBench
from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_until

OTHER = "other.localhost"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[TestBench]:
    """A bench with a site on SQLite."""
    bench = TestBench(tmp_path / "bench", apps=["ledger"])
    yield bench
    bench.close()


@pytest.fixture
def pg_bench(tmp_path: Path, postgres_dsn: str) -> Iterator[TestBench]:
    """A bench with a site on PostgreSQL."""
    bench = TestBench(tmp_path / "bench", apps=["ledger"], database=postgres_dsn)
    yield bench
    bench.close()


def fill(bench: TestBench) -> None:
    """Documents, a file, jobs that wait and one that is done."""
    with bench.open() as context:
        for number in range(5):
            context.documents.get_doc({"doctype": "Effect", "number": number}).insert()
        context.documents.get_doc(
            {"doctype": "File", "file_name": "a.txt", "content": "hello", "is_private": 1}
        ).insert()
    enqueue(bench, "done")
    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
    enqueue(bench, "waits")
    set_own_setting(bench, 7)


def set_own_setting(bench: TestBench, value: int) -> None:
    path = bench.bench.site_config_path(bench.name)
    write_json(path, {**read_json(path), "own_setting": value})


def enqueue(bench: TestBench, job_id: str) -> None:
    with bench.jobs() as jobs:
        jobs.enqueue("ledger.tasks.record", {"number": 1000 + len(job_id)}, job_id=job_id)


def change(bench: TestBench) -> None:
    """What comes after the backup."""
    with bench.open() as context:
        context.documents.get_doc({"doctype": "Effect", "number": 77}).insert()
        (name,) = context.documents.get_all("File", {"file_name": "a.txt"}, pluck="name")
        context.documents.delete_doc("File", name)
    enqueue(bench, "later")
    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
    set_own_setting(bench, 8)


def picture(bench: TestBench, name: str) -> dict[str, Any]:
    with Site.load(bench.bench, name) as site, site.open() as context:
        file = site.path / "private" / "files" / "a.txt"
        return {
            "effects": sorted(context.documents.get_all("Effect", pluck="number")),
            "jobs": {job.id: str(job.state) for job in site.store.listing()},
            "file": file.read_text() if file.exists() else None,
            "own_setting": read_json(bench.bench.site_config_path(name))["own_setting"],
            "key": site.config.encryption_key,
        }


def last_claim(bench: TestBench) -> int:
    with bench.site() as site:
        return max(job.claim for job in site.store.listing())


def test_a_site_on_sqlite_becomes_what_it_was(bench: TestBench, tmp_path: Path) -> None:
    fill(bench)
    before = picture(bench, bench.name)
    made = back_up(bench.bench, bench.name, tmp_path)
    assert made.path.stat().st_mode & 0o777 == 0o600
    assert (made.files, made.left_out) == (1, [])
    assert made.counts["documents"]["tabEffect"] == 6
    change(bench)
    assert picture(bench, bench.name) != before

    restored = restore(bench.bench, made.path)

    assert picture(bench, bench.name) == before
    assert restored.kept is not None
    assert (restored.kept / "site.db").exists()
    assert restored.jobs["queued"] == 1
    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
    assert picture(bench, bench.name)["jobs"] == {"done": "finished", "waits": "finished"}
    assert leftovers(bench) == []


def leftovers(bench: TestBench) -> list[str]:
    found = [*bench.bench.site_path(bench.name).rglob("private/backups/.*"), bench.bench.sites_path / MARKER]
    return [one.name for one in found if one.exists()]


def test_a_site_on_postgresql_becomes_what_it_was(
    pg_bench: TestBench, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    fill(pg_bench)
    before, claim = picture(pg_bench, pg_bench.name), last_claim(pg_bench)
    made = back_up(pg_bench.bench, pg_bench.name, tmp_path)
    change(pg_bench)
    with pytest.raises(UsageError, match="is not empty"):
        restore(pg_bench.bench, made.path)
    with postgres_server.database() as empty:
        restored = restore(pg_bench.bench, made.path, database=empty)
        assert picture(pg_bench, pg_bench.name) == before
        assert restored.counts == made.counts
        assert pg_bench.run("worker", "--burst", "--processes", "1").returncode == 0
        assert picture(pg_bench, pg_bench.name)["jobs"] == {"done": "finished", "waits": "finished"}
        assert last_claim(pg_bench) > claim


def test_an_archive_makes_a_second_site(bench: TestBench, tmp_path: Path) -> None:
    fill(bench)
    made = back_up(bench.bench, bench.name, tmp_path)
    assert restore(bench.bench, made.path, OTHER).kept is None
    assert picture(bench, OTHER) == picture(bench, bench.name)


def test_the_command_backs_up_and_restores(bench: TestBench) -> None:
    fill(bench)
    before = picture(bench, bench.name)
    done = bench.run("backup")
    assert done.returncode == 0, done.stderr
    (archive,) = (bench.bench.site_path(bench.name) / "private" / "backups").glob("*.tar.gz")
    assert str(archive) in done.stdout
    change(bench)
    done = bench.run("restore", str(archive))
    assert done.returncode == 0, done.stderr
    assert "1 finished" in done.stdout
    assert "1 queued" in done.stdout
    assert picture(bench, bench.name) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["restore"], "name an ARCHIVE"),
        (["restore", "x.tar.gz", "--as-is"], "name an ARCHIVE"),
        (["restore", "absent.tar.gz"], "absent.tar.gz can't be restored"),
        (["backup", "no/such/folder/a.tar.gz"], "there is no such folder"),
    ],
)
def test_wrong_words_are_told(bench: TestBench, words: list[str], message: str) -> None:
    done = bench.run(*words)
    assert done.returncode != 0
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


# --- S1: nobody else ---


def test_a_site_in_use_is_not_restored_and_who_uses_it_is_named(bench: TestBench, tmp_path: Path) -> None:
    made = back_up(bench.bench, bench.name, tmp_path)
    worker = bench.start("worker", "--processes", "1")
    with bench.site() as site:
        wait_until(site.store.dispatchers, timeout=60)
    refused = bench.run("restore", str(made.path))
    assert refused.returncode == 1
    assert f"process {worker.pid} (rota" in refused.stderr
    with bench.site(), pytest.raises(SiteInUse):
        restore(bench.bench, made.path)


def test_nobody_gets_in_while_a_site_is_restored(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up(bench.bench, bench.name, tmp_path)
    refused = []

    def unpack_beside(path: Path, folder: Path) -> dict[str, Any]:
        with pytest.raises(StoreUnavailable, match="is being restored"):
            Site.load(bench.bench, bench.name)
        with pytest.raises(SiteInUse):
            restore(bench.bench, made.path)
        refused.append(True)
        return unpack(path, folder)

    monkeypatch.setattr(restoring, "unpack", unpack_beside)
    restore(bench.bench, made.path)
    assert refused == [True]


def test_two_backups_of_a_site_are_not_made_at_once(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = []
    original = make._link_files

    def link_beside(site: Path, folder: Path) -> list[str]:
        with pytest.raises(SiteInUse, match="another backup"):
            back_up(bench.bench, bench.name, tmp_path)
        refused.append(True)
        return original(site, folder)

    monkeypatch.setattr(make, "_link_files", link_beside)
    back_up(bench.bench, bench.name, tmp_path)
    assert refused == [True]


# --- what is refused changes nothing ---


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_a_damaged_archive_is_refused_and_the_site_is_as_it_was(bench: TestBench, tmp_path: Path) -> None:
    fill(bench)
    made = back_up(bench.bench, bench.name, tmp_path)
    change(bench)
    before = picture(bench, bench.name)
    damaged(made.path)
    with pytest.raises(BrokenArchive):
        restore(bench.bench, made.path)
    with pytest.raises(BrokenArchive):
        restore(bench.bench, made.path, OTHER)
    assert picture(bench, bench.name) == before
    assert leftovers(bench) == []
    assert not (bench.bench.sites_path / OTHER).exists()


def test_the_backup_of_a_newer_rota_is_refused(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up(bench.bench, bench.name, tmp_path)
    monkeypatch.setattr(restoring, "VERSIONS", {**make.VERSIONS, "engine": 0})
    with pytest.raises(BrokenArchive, match="install that first"):
        restore(bench.bench, made.path)


def test_backups_of_one_second_have_names_of_their_own(bench: TestBench, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    for seconds in range(120):
        moment = now + timedelta(seconds=seconds)
        (tmp_path / f"{bench.name}-{moment:%Y%m%d-%H%M%S}.tar.gz").touch()
    assert back_up(bench.bench, bench.name, tmp_path).path.name.endswith("-2.tar.gz")


def test_a_damaged_database_makes_no_backup(bench: TestBench, tmp_path: Path) -> None:
    path = bench.bench.site_path(bench.name) / "jobs.db"
    data = bytearray(path.read_bytes())
    data[8192:16384] = b"\xff" * 8192
    for one in (path.with_name("jobs.db-wal"), path.with_name("jobs.db-shm")):
        one.unlink(missing_ok=True)
    path.write_bytes(data)
    with pytest.raises(StoreUnavailable):
        back_up(bench.bench, bench.name, tmp_path)
    assert list(tmp_path.glob("*.tar.gz")) == []


def test_archives_of_the_other_database_are_refused(
    pg_bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rota.sites.install import new_site

    made = back_up(pg_bench.bench, pg_bench.name, tmp_path)
    new_site(pg_bench.bench, OTHER, admin_password="secret")
    files = back_up(pg_bench.bench, OTHER, tmp_path)
    with pytest.raises(UsageError, match="copy-site"):
        restore(pg_bench.bench, made.path, OTHER)
    with pytest.raises(UsageError, match="copy-site"):
        restore(pg_bench.bench, files.path, pg_bench.name)
    with pytest.raises(UsageError, match="--db URL"):
        restore(pg_bench.bench, made.path, "new.localhost")
    assert not (pg_bench.bench.sites_path / "new.localhost").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProgramMissing, match="pg_dump is missing: install it"):
        back_up(pg_bench.bench, pg_bench.name, tmp_path)


def test_a_dump_that_can_not_be_loaded_leaves_the_database_empty(
    pg_bench: TestBench, tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up(pg_bench.bench, pg_bench.name, tmp_path)
    monkeypatch.setattr(restoring, "count_postgresql", lambda _: {"documents": {}, "engine": {}})
    with postgres_server.database() as empty:
        with pytest.raises(BrokenArchive, match="numbers of rows"):
            restore(pg_bench.bench, made.path, OTHER, database=empty)
        connection = open_database(empty).connect()
        left = connection.value("select count(*) from pg_tables where schemaname in ('public', 'rota')")
        connection.close()
        assert left == 0
    assert OTHER not in pg_bench.bench.sites()


# --- files belong to the moment ---


def test_a_file_whose_deletion_came_after_the_moment_is_in_the_backup(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(bench)
    original, threads = make._link_files, []

    def delete() -> None:
        with bench.open() as context:
            (name,) = context.documents.get_all("File", {"file_name": "a.txt"}, pluck="name")
            context.documents.delete_doc("File", name)

    def link_while_it_is_deleted(site: Path, folder: Path) -> list[str]:
        threads.append(threading.Thread(target=delete))
        threads[0].start()
        with bench.open() as context:
            wait_until(lambda: not context.documents.get_all("File", {"file_name": "a.txt"}), timeout=60)
        return original(site, folder)

    monkeypatch.setattr(make, "_link_files", link_while_it_is_deleted)
    made = back_up(bench.bench, bench.name, tmp_path)
    threads[0].join()
    restore(bench.bench, made.path, OTHER)
    assert picture(bench, OTHER)["file"] == "hello"


def test_links_are_left_out_and_told(bench: TestBench, tmp_path: Path) -> None:
    (bench.bench.site_path(bench.name) / "public" / "files" / "link").symlink_to("/etc/passwd")
    assert back_up(bench.bench, bench.name, tmp_path).left_out == ["public/files/link"]


# --- crash points ---


class Killed(BaseException):
    """The process ends here."""


class Fuse:
    """Ends the process before its n-th step on the disk."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        monkeypatch.setattr(Path, "rename", self._burning(Path.rename))
        monkeypatch.setattr(Path, "unlink", self._burning(Path.unlink))
        monkeypatch.setattr(restoring, "write_json", self._burning(write_json))

    def _burning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **more: Any) -> Any:
            if self.left is not None:
                self.left -= 1
                if self.left < 0:
                    raise Killed
            return original(*args, **more)

        return step


def test_a_restore_that_is_killed_anywhere_is_finished_by_the_next(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the marker is there the site is what it was; from then on nobody gets in."""
    fill(bench)
    before = picture(bench, bench.name)
    made = back_up(bench.bench, bench.name, tmp_path)
    change(bench)
    changed = picture(bench, bench.name)
    saved = tmp_path / "saved"
    shutil.copytree(bench.bench.site_path(bench.name), saved)
    fuse, steps, refused = Fuse(monkeypatch), 0, 0
    while True:
        fuse.left = steps
        try:
            restored = restore(bench.bench, made.path)
        except Killed:
            fuse.left = None
            steps += 1
        else:
            break
        if (bench.bench.sites_path / bench.name / MARKER).exists():
            refused += 1
            with pytest.raises(RestoreUnfinished, match=f"rota restore {made.path}"):
                Site.load(bench.bench, bench.name)
            with pytest.raises(RestoreUnfinished):
                take_as_it_is(bench.bench, bench.name)
            again = restore(bench.bench, made.path)
            assert again.kept is not None
            assert (again.kept / "site.db").read_bytes() == (saved / "site.db").read_bytes()
            assert picture(bench, bench.name) == before
        else:
            assert picture(bench, bench.name) in (changed, before)
        site = bench.bench.sites_path / bench.name
        shutil.rmtree(site)
        shutil.copytree(saved, site)
    fuse.left = None
    assert restored.kept is not None
    assert picture(bench, bench.name) == before
    assert steps > 10
    assert refused > 5


def test_a_backup_that_is_killed_leaves_no_archive_and_the_next_one_cleans_up(
    bench: TestBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bench.bench.site_path(bench.name) / make.BACKUPS / make.UNFINISHED

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_: None)  # a process that is killed cleans nothing up
        patch.setattr(make, "_write", killed)
        with pytest.raises(Killed):
            back_up(bench.bench, bench.name, tmp_path)
    assert (folder / "site.db").exists()
    assert list(tmp_path.glob("*.tar.gz*")) == []
    back_up(bench.bench, bench.name, tmp_path)
    assert not folder.exists()


# --- files of two moments ---


def copy_pair(bench: TestBench, folder: Path) -> None:
    """Both files as they are now; nobody has them open."""
    folder.mkdir()
    for name in ("site.db", "jobs.db"):
        shutil.copy(bench.bench.site_path(bench.name) / name, folder / name)


def put_back(bench: TestBench, folder: Path, name: str) -> None:
    site = bench.bench.site_path(bench.name)
    for ending in ("-wal", "-shm"):
        (site / f"{name}{ending}").unlink(missing_ok=True)
    shutil.copy(folder / name, site / name)


@pytest.mark.parametrize(("old", "older"), [("jobs.db", Older.JOBS), ("site.db", Older.SITE)])
def test_one_file_copied_back_alone_is_refused_until_somebody_says_so(
    bench: TestBench, tmp_path: Path, old: str, older: Older
) -> None:
    enqueue(bench, "first")
    checkpoint(bench)
    copy_pair(bench, tmp_path / "old")
    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
    enqueue(bench, "second")
    checkpoint(bench)
    put_back(bench, tmp_path / "old", old)

    with pytest.raises(PairMismatch, match=f"{old} is older than"):
        check_sites(bench.bench, [bench.name])
    for words in (["start", "--port", "0"], ["worker", "--burst"]):
        refused = bench.run(*words)
        assert refused.returncode == 1
        assert "rota restore --as-is" in refused.stderr
    done = bench.run("restore", "--as-is")
    assert done.returncode == 0, done.stderr
    check_sites(bench.bench, [bench.name])

    with bench.site() as site:
        holds = [one.why for one in site.store.pauses()]
    if older is Older.JOBS:
        assert holds == []
        assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
        with bench.open() as context:
            assert context.documents.get_all("Effect", pluck="number") == [1005], "its effect is there once"
    else:
        assert "jobs may be without their documents" in holds[0]
        assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
        assert bench.stats()["queued"] == 1, "all live jobs are held for a person"
    assert take_as_it_is(bench.bench, bench.name) is Older.NEITHER


def checkpoint(bench: TestBench) -> None:
    """Let each file be all of its database."""
    with bench.site() as site:
        for database in (site.database, site.engine_database):
            connection = database.connect()
            connection.query("pragma wal_checkpoint(truncate)")
            connection.close()


def test_a_site_that_can_not_be_used_keeps_no_other_from_starting(
    bench: TestBench, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = back_up(bench.bench, bench.name, tmp_path)
    restore(bench.bench, made.path, OTHER)
    write_json(bench.bench.site_path(OTHER) / MARKER, {"archive": "a.tar.gz"})
    check_sites(bench.bench, [bench.name, OTHER])
    assert "run `rota restore a.tar.gz --site other.localhost` again" in caplog.text
    with pytest.raises(RestoreUnfinished):
        check_sites(bench.bench, [OTHER])


def test_who_may_not_write_to_a_site_may_look_at_it(bench: TestBench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError(13, "no")

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        site = Site.load(bench.bench, bench.name)
    site.close()
