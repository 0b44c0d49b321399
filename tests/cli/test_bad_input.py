"""Bad input of every kind: one clear line on stderr, the right exit code, nothing changed or lost."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.sites.bench import Bench
from tests.cli.conftest import SITE, Answer, Rota, run_process, write_app


def snapshot(folder: Path) -> str:
    """Everything that the site's databases and its configuration say."""
    text = hashlib.sha256((folder / "site_config.json").read_bytes())
    for name in ("site.db", "jobs.db"):
        connection = sqlite3.connect(folder / name)
        text.update("\n".join(connection.iterdump()).encode())
        connection.close()
    return text.hexdigest()


def one_line(answer: Answer) -> str:
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    return line


@pytest.fixture
def unchanged(bench: Bench, site: str) -> Iterator[None]:
    """The site must be after the test as it was before."""
    before = snapshot(bench.sites_path / site)
    yield
    assert snapshot(bench.sites_path / site) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--site", "nope", "migrate"], 2, "there is no site 'nope' in this bench (sites: one.local)"),
        (["install-app", "nope"], 2, "there is no app 'nope'"),
        (["new-app", "Not-A-Name"], 2, "'Not-A-Name' can't be an app's name"),
        (["jobs", "list", "--queue", "nope"], 2, "Queue should be one of short, default, long; 'nope' is not"),
        (["worker", "--burst", "--queue", "nope"], 2, "Queue should be one of short, default, long; 'nope' is not"),
        (["execute", "nope.tasks.f"], 2, "'nope.tasks.f' can't be run: 'nope' is not installed on this site"),
        (["execute", "nope.tasks.f", "--args", "[1"], 2, "--args: this is not JSON"),
        (["execute", "nope.tasks.f", "--kwargs", "[1]"], 2, "--kwargs must be a JSON object"),
        (["set-config", "claim_timeout", "soon"], 2, "claim_timeout"),
        (["set-config", "workers", '{"a": {"timeout": "soon"}}'], 2, "the queue 'a' is left out"),
        (["jobs", "show", "nope"], 1, "there is no job 'nope'"),
        (["jobs", "list", "--state", "lost"], 2, "'lost' is not one of"),
        (["migrate", "--no-such-option"], 2, "No such option"),
        (["no-such-command"], 2, "No such command 'no-such-command'"),
        (["set-admin-password", "x", "--user", "nobody@example.com"], 1, "there is no user 'nobody@example.com'"),
        (["new-site", "../evil", "--admin-password", "x"], 2, "'../evil' can't be a site's name"),
        (["new-site", "two.local", "--admin-password", "x", "--db", "mysql://h/d"], 2, "--db is sqlite or"),
        (["new-site", "two.local", "--admin-password", "x", "--db", "postgresql://127.0.0.1:1/d"], 1, "127.0.0.1"),
        (["new-site", "two.local", "--admin-password", ""], 2, "password of Administrator is missing"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
@pytest.mark.usefixtures("unchanged")
def test_one_line_and_nothing_changed(rota: Rota, words: list[str], code: int, said: str) -> None:
    answer = rota(*words)
    assert answer.code == code
    assert said in one_line(answer)


def test_without_a_bench_the_remedy_is_told(rota: Rota, tmp_path: Path) -> None:
    answer = rota("--bench", str(tmp_path), "migrate")
    assert answer.code == 2
    assert "make one with `rota init DIR`" in one_line(answer)


def test_a_failed_site_leaves_no_directory(bench: Bench, rota: Rota) -> None:
    rota("new-site", "two.local", "--admin-password", "x", "--db", "postgresql://127.0.0.1:1/d")
    assert list(bench.sites_path.iterdir()) == [bench.common_config_path]


def test_an_error_has_no_traceback_unless_asked_for(bench: Bench, site: str) -> None:
    plain = run_process(bench, "jobs", "show", "nope")
    debug = run_process(bench, "--debug", "jobs", "show", "nope")
    assert (plain.returncode, plain.stderr) == (1, "rota: there is no job 'nope'\n")
    assert "Traceback" in debug.stderr
    assert debug.stderr.endswith("rota: there is no job 'nope'\n")


def test_the_schedules_that_are_wrong_are_each_told(bench: Bench, rota: Rota, site: str) -> None:
    hooks = (
        'scheduler_events = {"cron": {"61 * * * *": ["wrong_app.tasks.f"], "0 0 31 2 *": ["wrong_app.tasks.f"]}, '
        '"daily": ["wrong_app.tasks.gone", "wrong_app.tasks.f"]}\n'
    )
    write_app(bench, "wrong_app", hooks=hooks, tasks="def f(): ...\n")
    answer = rota("install-app", "wrong_app")
    told = answer.err.splitlines()
    assert len(told) == 3
    assert any("61 * * * *" in line for line in told)
    assert any("0 0 31 2 *" in line for line in told)
    assert any("wrong_app.tasks.gone" in line for line in told)
    assert f"{site}: added schedule wrong_app.tasks.f|Daily" in answer.lines


# --- a full disk ---


@pytest.fixture
def full_disk(bench: Bench, made_site: Path) -> Iterator[Path]:
    """A site on a file system of its own that has no space left."""
    folder = bench.sites_path / SITE
    folder.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("making a small file system takes root")
    try:
        shutil.copytree(made_site, folder, dirs_exist_ok=True)
        # Opened once, so that the files of the write-ahead log are there.
        for name in ("site.db", "jobs.db"):
            sqlite3.connect(folder / name).execute("select count(*) from sqlite_master")
        _fill(folder / "filler")
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def _fill(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        for size in (65536, 4096, 1):
            try:
                while True:
                    os.write(descriptor, b"x" * size)
            except OSError:
                continue
    finally:
        os.close(descriptor)


def test_a_full_disk_is_told_and_nothing_is_lost(bench: Bench, full_disk: Path) -> None:
    write_app(bench, "full_app", hooks='scheduler_events = {"daily": ["full_app.tasks.f"]}\n', tasks="def f(): ...\n")
    answer = run_process(bench, "install-app", "full_app")
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "no space is left" in line
    (full_disk / "filler").unlink()
    for name in ("site.db", "jobs.db"):
        assert sqlite3.connect(full_disk / name).execute("pragma integrity_check").fetchone() == ("ok",)
    again = run_process(bench, "install-app", "full_app")
    assert (again.returncode, again.stderr) == (0, "")
    assert f"{SITE}: installed full_app" in again.stdout
