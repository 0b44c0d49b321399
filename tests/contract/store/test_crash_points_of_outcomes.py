"""Whoever is killed or frozen around a job's end, around maintenance or a backup: who goes on, and how."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from rota.db.sqlite import SQLite
from rota.jobs import Ending, JobState, Mode
from rota.store import ScheduleRow
from rota.store.backup import cut
from tests.contract.store.site import SECOND, Site, outcome
from tests.contract.store.test_crash_points import Fuse, Killed

YEAR = 365 * 86_400


def test_killed_after_it_enqueued_a_caller_that_asks_again_gets_the_same_job(site: Site) -> None:
    first = site.enqueue("x")
    again = site.enqueue("x", mode=Mode.SKIP)
    assert (again.state, again.winner) == (JobState.CANCELED, first.key)
    assert [claim.key for claim in site.claim(5)] == [first.key]


def test_frozen_until_its_claim_was_seen_as_lost_a_worker_that_commits_before_the_fence_has_finished(
    site: Site,
) -> None:
    claim, worker = site.start(), site.connect()
    site.clock.advance(seconds=21)
    lost = site.lost()
    site.commit_last(worker, claim, site.spec("child"))
    fenced = site.store.expiry.raise_fence(lost)
    with site.store.turn() as turn:
        turn.expire([outcome(claim, Ending.LOST, run_at=0) for _ in fenced])
    assert site.state(claim.key) is JobState.FINISHED
    assert site.state("child") is JobState.QUEUED


def test_killed_before_its_report_was_recorded_a_job_that_wrote_nothing_runs_again(site: Site) -> None:
    first = site.start()
    site.clock.advance(seconds=21)
    site.expire(run_at=0)
    assert site.store.children(first.key) == []
    child = site.spec(parent=first.key)
    site.record(site.claim_one(token=site.dispatcher()), Ending.RETURNED, children=(child,))
    assert site.store.children(first.key) == [child.key]


def test_killed_before_a_failure_was_recorded_a_job_runs_again_or_is_failed_as_lost(site: Site) -> None:
    first, second = site.start(), site.start()
    site.clock.advance(seconds=21)
    fenced = site.store.expiry.raise_fence(site.lost())
    callback = site.spec()
    with site.store.turn() as turn:
        turn.expire(
            [
                outcome(first, Ending.LOST, run_at=0),
                outcome(second, Ending.LOST, error="lost", on_failure=callback),
            ]
        )
    assert len(fenced) == 2
    assert site.state(first.key) is JobState.QUEUED
    assert (site.state(second.key), site.job(second.key).error) == (JobState.FAILED, "lost")
    assert site.store.job(callback.key) is not None


@pytest.mark.parametrize("ending", [Ending.RETURNED, Ending.FAILED, Ending.COMMITTED])
def test_a_report_whose_commit_did_not_answer_is_recorded_once(site: Site, ending: Ending) -> None:
    claim = site.start()
    children = (site.spec(parent=claim.key),) if ending is Ending.RETURNED else ()
    if ending is Ending.COMMITTED:
        site.commit_last(site.connect(), claim)
    on_failure = site.spec()
    first = site.record(claim, ending, children=children, on_failure=on_failure)
    before = site.store.stats()
    second = site.record(claim, ending, children=children, on_failure=on_failure)
    assert second.state is first.state
    assert site.store.stats() == before


@pytest.mark.parametrize("ends", ["recorded", "expired"])
def test_a_run_that_is_being_canceled_is_canceled_by_whoever_ends_it(site: Site, ends: str) -> None:
    claim = site.start()
    with site.store.turn() as turn:
        assert turn.cancel(claim.key, "", "ann") == "canceling"
    if ends == "recorded":
        site.record(claim, Ending.LOST, run_at=0)
    else:
        site.clock.advance(seconds=21)
        site.expire(run_at=0)
    assert site.state(claim.key) is JobState.CANCELED
    assert site.claim(5) == []


def test_killed_after_a_tick_a_scheduler_is_followed_by_one_that_finds_it_taken(site: Site) -> None:
    with site.store.turn() as turn:
        turn.put_schedules([ScheduleRow(id="s", definition="{}")])
        due = turn.now + SECOND
        assert turn.tick("s", due, site.spec()) is not None
    with site.another_store().turn() as turn:
        assert turn.tick("s", due, site.spec()) is None
    assert len(site.claim(5)) == 1


def test_killed_while_it_prunes_a_maintainer_has_pruned_or_not(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.record(site.start("old"), Ending.RETURNED)
    site.clock.advance(seconds=YEAR)
    site.start("new")
    fuse, killed = Fuse(monkeypatch, site.connect()), 0
    while True:
        fuse.left = killed
        try:
            with site.store.turn() as turn:
                turn.prune()
        except Killed:
            fuse.left = None
            assert site.store.job("old") is not None
            killed += 1
            continue
        break
    fuse.left = None
    assert killed > 1
    assert site.store.job("old") is None
    assert site.state("new") is JobState.STARTED


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_killed_while_it_prunes_the_ledger_a_maintainer_leaves_floor_and_rows_as_one(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, documents = site.start(), site.connect()
    site.commit_last(documents, claim)
    assert site.store.settle()
    assert site.store.sweep()
    look = "select (select claim from rota_ledger_floor), (select count(*) from rota_ledger)"
    fuse, killed = Fuse(monkeypatch, site.connect()), 0
    while True:
        fuse.left = killed
        try:
            assert site.store.prune_ledger()
        except Killed:
            fuse.left = None
            assert documents.query(look) == [(0, 1)]
            killed += 1
            continue
        break
    fuse.left = None
    assert killed > 2
    assert documents.query(look) == [(claim.number, 0)]


HOLDER = """
import os, signal, sys
from pathlib import Path
from rota.db.sqlite import SQLite
from rota.store.backup import _both_locked
site, jobs = (SQLite(Path(path)) for path in sys.argv[1:])
with _both_locked(site, jobs, 60):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
def test_killed_while_it_holds_both_files_a_backup_holds_up_nobody(site: Site, tmp_path: Path) -> None:
    key = site.enqueue().key
    documents, engine = site.documents, site.engine
    assert isinstance(documents, SQLite)
    assert isinstance(engine, SQLite)
    killed = subprocess.run([sys.executable, "-c", HOLDER, documents.path, engine.path], timeout=120, check=False)
    assert killed.returncode == -9
    assert [claim.key for claim in site.claim(5)] == [key]
    with cut(documents, engine) as moment:
        site.publish(site.connect(), site.spec("later"))
        moment.copy(tmp_path / "site.copy", tmp_path / "jobs.copy")
    with closing(SQLite(tmp_path / "site.copy").connect()) as copy:
        assert copy.value("select count(*) from rota_outbox") == 0
