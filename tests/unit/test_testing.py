"""What Rota's pytest plugin gives to the tests of applications, as such tests use it: in a pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

APP = """
from datetime import timedelta

import frappe
import rota


def remember(text):
    frappe.get_doc({"doctype": "Note", "title": text}).insert(ignore_permissions=True)


def titles():
    return sorted(frappe.get_all("Note", pluck="title"))


@rota.job(queue="long")
def first(text="first"):
    remember(text)
    second.enqueue(text="second")


@rota.job
def second(text):
    remember(text)


@rota.job(retry=rota.Retry(3, base=60))
def flaky():
    job = rota.current_job()
    if job.attempt < 3:
        raise ValueError(f"attempt {job.attempt}")
    remember(f"attempt {job.attempt}")
    rota.progress(1, 2, "half")


@rota.job
def broken():
    raise ValueError("never works")


@rota.job
def again():
    again.enqueue()


@rota.job(cron="30 2 * * *", tz="Europe/Berlin")
def nightly():
    remember("nightly at " + frappe.utils.now_datetime().isoformat(sep=" "))


async def later():
    remember("async")
"""
HOOKS = 'app_name = "notes"\n'
DOCTYPE = """
{"doctype": "DocType", "name": "Note", "module": "Pad", "fields": [
    {"fieldname": "title", "fieldtype": "Data", "label": "Title"}
], "permissions": [{"role": "System Manager", "read": 1, "write": 1, "create": 1}]}
"""
INI = "[pytest]\nrota_apps = ./notes\naddopts = -p no:cacheprovider\nfilterwarnings = error\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with the app `notes`, as its authors have it."""
    package = tmp_path / "notes" / "notes"
    doctype = package / "pad" / "doctype" / "note"
    doctype.mkdir(parents=True)
    (package / "hooks.py").write_text(HOOKS)
    (package / "modules.txt").write_text("Pad\n")
    (package / "tasks.py").write_text(APP)
    (doctype / "note.json").write_text(DOCTYPE)
    for folder in (package, package / "pad", doctype.parent, doctype):
        (folder / "__init__.py").touch()
    (tmp_path / "pytest.ini").write_text(INI)
    return tmp_path


def run(project: Path, tests: str, *words: str) -> subprocess.CompletedProcess[str]:
    (project / "test_notes.py").write_text(tests)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "--import-mode=importlib", *words],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def passes(project: Path, tests: str) -> None:
    done = run(project, tests)
    assert done.returncode == 0, done.stdout + done.stderr


def test_enqueues_are_seen_before_and_after_their_commit(project: Path) -> None:
    passes(
        project,
        """
import pytest
import frappe
from notes import tasks

def test_waiting(site, jobs):
    tasks.first.enqueue(text="a")
    job = jobs.assert_enqueued(tasks.first, {"text": "a"}, queue="long")
    assert job.kwargs["text"] == "a"
    frappe.db.commit()
    jobs.assert_enqueued("notes.tasks.first", times=1)
    jobs.assert_not_enqueued(tasks.first, {"text": "b"})
    with pytest.raises(AssertionError, match="with {'text': 'b'} is not enqueued. These jobs are:"):
        jobs.assert_enqueued(tasks.first, {"text": "b"})
    with pytest.raises(AssertionError, match="1 times, not 2"):
        jobs.assert_enqueued(tasks.first, times=2)

def test_rolled_back(site, jobs):
    tasks.first.enqueue()
    frappe.db.rollback()
    assert jobs.enqueued() == []
""",
    )


def test_drain_runs_jobs_and_what_they_enqueue_through_the_real_pipeline(project: Path) -> None:
    passes(
        project,
        """
import pytest
from notes import tasks
import rota

def test_chain(jobs):
    tasks.first.enqueue()
    ran = jobs.drain()
    assert [job.method for job in ran] == ["notes.tasks.first", "notes.tasks.second"]
    assert tasks.titles() == ["first", "second"]

def test_retries(jobs, site):
    before = site.now()
    job = tasks.flaky.enqueue()
    ran = jobs.drain()
    assert [one.get_status(refresh=False) for one in ran] == ["scheduled", "scheduled", "finished"]
    assert tasks.titles() == ["attempt 3"]
    assert (site.now() - before).total_seconds() > 60
    assert site.store.progress(job.key).message == "half"

def test_without_waiting(jobs):
    tasks.second.options(delay=10).enqueue(text="later")
    assert jobs.drain(wait=False) == []
    jobs.assert_enqueued(tasks.second)
    assert len(jobs.drain()) == 1

def test_failure(jobs):
    tasks.broken.enqueue()
    with pytest.raises(AssertionError, match="never works"):
        jobs.drain()
    tasks.broken.enqueue()
    jobs.drain(allow_failures=True)
    assert [job.method for job in jobs.failed()] == ["notes.tasks.broken"] * 2

def test_circle(jobs):
    tasks.again.enqueue()
    with pytest.raises(AssertionError, match="2 jobs ran, and there are more; the next is notes.tasks.again"):
        jobs.drain(max_jobs=2)

def test_async(jobs):
    rota.enqueue("notes.tasks.later")
    jobs.drain()
    assert tasks.titles() == ["async"]
""",
    )


def test_each_test_begins_with_the_same_site(project: Path) -> None:
    passes(
        project,
        """
import pytest
import frappe
from notes import tasks

@pytest.mark.parametrize("how", ["committed", "left open", "drained", "nothing"] * 2)
def test_clean(site, jobs, how):
    assert tasks.titles() == []
    assert site.store.stats()["finished"] == 0
    assert frappe.cache.get_value("mark") is None
    assert not list((site.path / "public/files").iterdir())
    if how == "nothing":
        return
    tasks.remember("here")
    tasks.second.enqueue(text="there")
    frappe.cache.set_value("mark", 1)
    (site.path / "public/files/a.txt").touch()
    if how == "committed":
        frappe.db.commit()
    elif how == "drained":
        jobs.drain()
""",
    )


def test_inline_runs_each_job_at_its_commit(project: Path) -> None:
    passes(
        project,
        """
import frappe
import rota.testing
from notes import tasks

def test_inline(jobs):
    with rota.testing.inline():
        tasks.first.enqueue()
        assert tasks.titles() == []
        frappe.db.commit()
        assert tasks.titles() == ["first", "second"]
        tasks.flaky.enqueue()
        tasks.broken.enqueue()
    assert tasks.titles() == ["attempt 3", "first", "second"]
    assert len(jobs.failed()) == 1
    tasks.first.enqueue()
    frappe.db.commit()
    jobs.assert_enqueued(tasks.first)
""",
    )


def test_travel_moves_schedules_retries_and_delays(project: Path) -> None:
    passes(
        project,
        """
from datetime import datetime
import pytest
import rota.testing
from notes import tasks
import frappe

@pytest.fixture(scope="session")
def rota_settings():
    return {"time_zone": "Europe/Berlin"}

def test_spring(site, jobs):
    # 2:30 is skipped that night: cron(8) runs it right after the change.
    with rota.testing.travel("2026-03-29 01:00", tz="Europe/Berlin") as time:
        time.advance(minutes=59)
        assert jobs.enqueued() == []
        time.advance(minutes=2)
        jobs.assert_enqueued(tasks.nightly, times=1)
        assert len(jobs.drain()) == 1
        time.to("2026-04-02 12:00", run=True)
        assert len(tasks.titles()) == 5

def test_arrival(site, jobs):
    with rota.testing.travel("2026-07-01 02:30", tz="Europe/Berlin") as time:
        jobs.assert_enqueued(tasks.nightly, times=1)
        with pytest.raises(ValueError, match="is before"):
            time.to("2026-06-01")

def test_delay(site, jobs):
    with rota.testing.travel("2030-01-01 12:00") as time:
        assert frappe.utils.now_datetime() == datetime(2030, 1, 1, 12)
        tasks.second.options(delay=60).enqueue(text="late")
        assert jobs.drain() == []
        time.advance(seconds=59)
        assert jobs.drain() == []
        time.advance(seconds=1)
        assert len(jobs.drain()) == 1
        tasks.flaky.enqueue()
        assert len(jobs.drain()) == 1
        time.advance(hours=1, run=True)
        assert tasks.titles() == ["attempt 3", "late"]
    assert frappe.utils.now_datetime() < datetime(2030, 1, 1)
""",
    )


def test_a_run_that_names_no_apps_imports_nothing_of_rota(project: Path) -> None:
    (project / "pytest.ini").write_text(INI.replace("rota_apps = ./notes", ""))
    passes(
        project,
        """
import sys

def test_light():
    loaded = {name for name in sys.modules if name.split(".")[0] in ("rota", "frappe", "sqlglot", "psutil")}
    assert loaded <= {"rota", "rota.testing"}
""",
    )


def test_what_needs_a_site_says_so(project: Path) -> None:
    passes(
        project,
        """
import pytest
import rota
import rota.testing

def test_no_site():
    with pytest.raises(rota.RotaError, match="needs the fixture `site`"):
        with rota.testing.travel("2026-01-01"):
            pass
    with pytest.raises(rota.RotaError, match="needs the fixture `site`"):
        with rota.testing.inline():
            pass
""",
    )


def test_only_what_a_test_has_committed_is_copied_back(project: Path) -> None:
    passes(
        project,
        """
import pytest
import frappe
from notes import tasks

@pytest.mark.parametrize("how", ["rolled back", "committed"])
def test_one(rota_templates, rota_apps, rota_settings, how):
    template = rota_templates(rota_apps, rota_settings)
    file = template.site.path / "site.db"
    before = file.stat().st_mtime_ns
    with template.site.opened():
        tasks.remember("here")
        if how == "committed":
            frappe.db.commit()
    template.restore()
    assert (file.stat().st_mtime_ns == before) == (how == "rolled back")
    with template.site.opened():
        assert tasks.titles() == []
""",
    )
