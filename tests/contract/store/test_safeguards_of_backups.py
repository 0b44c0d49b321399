"""A backup is one cut through both files: each order of copying them one after the other does its own harm."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rota.db.sqlite import SQLite
from rota.jobs import Claim, Ending, JobState
from rota.store.backup import cut
from tests.contract.store.harm import Scenario, with_and_without
from tests.contract.store.site import Site

SITE, JOBS = "site.db", "jobs.db"


@dataclass
class Copies:
    """A site, and the copies of its two files."""

    site: Site

    @property
    def folder(self) -> Path:
        return files(self.site)[0].path.parent / "copies"

    def take(self, meanwhile: Callable[[], None], *, first: str | None) -> Site:
        """Copy both while something happens: as one cut, or one file after the other. The restored site."""
        self.folder.mkdir()
        documents, engine = files(self.site)
        if first is None:
            with cut(documents, engine) as moment:
                meanwhile()
                moment.copy(self.folder / SITE, self.folder / JOBS)
        else:
            self._copy(first)
            meanwhile()
            self._copy(JOBS if first == SITE else SITE)
        return self._restored()

    def _copy(self, name: str) -> None:
        (file,) = [one for one in files(self.site) if one.path.name == name]
        with closing(file.connect(read_only=True)) as connection:
            connection.copy_to(self.folder / name)

    def _restored(self) -> Site:
        restored = Site((SQLite(self.folder / JOBS), SQLite(self.folder / SITE)), self.site.clock)
        self.site._opened.extend(restored._opened)
        restored._opened = self.site._opened
        restored.store.repair()
        return restored


def files(site: Site) -> tuple[SQLite, SQLite]:
    assert isinstance(site.documents, SQLite)
    assert isinstance(site.engine, SQLite)
    return site.documents, site.engine


def site_db_first(site: Site, safe: bool) -> bool:
    """A job is enqueued in between: it is restored without the document of its transaction."""
    spec = site.spec()

    def enqueue() -> None:
        site.publish(site.connect(), spec)
        assert site.store.settle()

    restored = Copies(site).take(enqueue, first=None if safe else SITE)
    return restored.store.job(spec.key) is not None and restored.effects() == []


def jobs_db_first_and_a_job_is_carried_over(site: Site, safe: bool) -> bool:
    """A job leaves the outbox in between: its document is restored without it."""
    spec = site.spec()
    site.publish(site.connect(), spec)

    def carry_over() -> None:
        assert site.store.settle()
        assert site.store.sweep()

    restored = Copies(site).take(carry_over, first=None if safe else JOBS)
    return restored.store.job(spec.key) is None and restored.effects() == ["effect"]


def jobs_db_first_and_the_ledger_is_pruned(site: Site, safe: bool) -> bool:
    """A job ends in between, and the ledger forgets it: it is restored as one that runs, and runs again."""
    claim = site.start()

    def end() -> None:
        site.commit_last(site.connect(), claim)
        assert site.record(claim, Ending.COMMITTED).state is JobState.FINISHED
        assert site.store.sweep()
        assert site.store.prune_ledger()

    restored = Copies(site).take(end, first=None if safe else JOBS)
    run_again(restored, claim)
    return restored.effects(claim.key) == ["effect", "effect"]


def run_again(site: Site, claim: Claim) -> None:
    """The dispatcher of before is gone: whoever comes takes its job."""
    (lost,) = site.expire(run_at=0)
    if lost.state is JobState.QUEUED:
        (again,) = site.claim(token=site.dispatcher())
        assert again.key == claim.key
        assert again.number > claim.number
        site.commit_last(site.connect(), again)


@with_and_without(
    sqlite=[site_db_first, jobs_db_first_and_a_job_is_carried_over, jobs_db_first_and_the_ledger_is_pruned]
)
def test_the_harm_comes_exactly_without_the_safeguard(site: Site, scenario: Scenario, safe: bool) -> None:
    assert scenario(site, safe) is not safe
