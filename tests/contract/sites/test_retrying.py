"""Jobs that people run again: with edited arguments, or many at a pace, each once. On each database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import rota
from rota.engine.job import Job
from rota.errors import NoSuchJobError, UnknownQueue, UsageError
from rota.jobs import JobState
from rota.sites import retrying
from rota.sites.batches import Batch
from rota.sites.jobs import jobs_of
from rota.sites.retrying import Matching, retry_matching, retry_one, who_retried
from rota.sites.site import Site
from rota.store import JobView
from rota.testing.drain import Drain
from rota.testing.testclock import TestClock
from tests.support.benches import TestBench
from tests.support.postgres import PostgresServer

TASKS = """
import frappe, os

def divide(number, by, *, unit="m"):
    return f"{number / by:g} {unit}"

def fail_until_repaired(number):
    if not os.path.exists(frappe.get_site_path("repaired")):
        raise ValueError(f"{number} fails")

def fail(number):
    raise ValueError(f"{number} fails")

def tell(what):
    with open(frappe.get_site_path("told"), "a") as file:
        file.write(what + "\\n")
"""


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestBench]:
    app = tmp_path_factory.mktemp("apps") / "again"
    app.mkdir()
    for name, text in (("__init__.py", ""), ("hooks.py", ""), ("modules.txt", "Again\n"), ("tasks.py", TASKS)):
        (app / name).write_text(text)
    folder = tmp_path_factory.mktemp("again") / "bench"
    if request.param == "sqlite":
        yield TestBench(folder, apps=[app])
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as dsn:
        yield TestBench(folder, apps=[app], database=dsn)


@pytest.fixture
def site(bench: TestBench) -> Iterator[Site]:
    """A site without jobs."""
    with Site.load(bench.bench, bench.name, clock=TestClock()) as site:
        with site.open() as context:
            jobs_of(context).queue.purge()
        with site.store.turn() as turn:
            turn.remove_many(list(JobState))
        for name in ("repaired", "told"):
            (site.path / name).unlink(missing_ok=True)
        yield site


def drain(site: Site, *, most: int = 200) -> list[JobView]:
    return Drain(site).run(max_jobs=most, wait=True)


def failed(site: Site, method: str = "fail_until_repaired", count: int = 1, **options: Any) -> list[Job]:
    """Jobs that have failed."""
    with site.open() as context:
        jobs = jobs_of(context).enqueue_many(f"again.tasks.{method}", [{"number": n} for n in range(count)], **options)
    drain(site)
    assert [job.status for job in jobs] == ["failed"] * count
    return jobs


def view_of(site: Site, key: str) -> JobView:
    found = site.store.job(key)
    assert found is not None
    return found


def retry_all(site: Site, rate: float = 1000.0, **wanted: Any) -> Job:
    with site.open() as context:
        return retry_matching(context, Matching(**wanted), by="ada", rate=rate)


def again(site: Site, job: Job) -> list[str | None]:
    """The jobs that a bulk retry has run again, newest first."""
    return [one.retry_of for one in sorted(site.store.jobs(site.store.children(job.key)), key=lambda one: one.key)]


# --- one ---


def test_edited_arguments_replace_the_old_ones_and_the_new_job_remembers_them(site: Site) -> None:
    with site.open() as context:
        old = jobs_of(context).enqueue("again.tasks.divide", {"number": 6, "by": 0, "unit": "kg"})
    drain(site)
    with site.open() as context:
        fresh = retry_one(context, old.key, by="ada", edit={"by": 3})
    drain(site)
    assert (old.status, fresh.status, fresh.result) == ("failed", "finished", "2 kg")
    view = view_of(site, fresh.key)
    assert view.retry_of == old.key
    assert who_retried(view) == {"of": old.key, "by": "ada", "kwargs": '{"number":6,"by":0,"unit":"kg"}'}
    assert old.kwargs["by"] == 0


@pytest.mark.parametrize("edit", [{"bye": 3}, {"by": 3, "password": "x"}])
def test_arguments_that_the_function_does_not_take_are_refused(site: Site, edit: dict[str, Any]) -> None:
    with site.open() as context:
        old = jobs_of(context).enqueue("again.tasks.divide", {"number": 6, "by": 0})
    drain(site)
    with site.open() as context, pytest.raises(UsageError, match=r"again.tasks.divide\(number, by, \*, unit='m'\)"):
        retry_one(context, old.key, by="ada", edit=edit)
    assert site.store.stats()["queued"] == 0


def test_a_missing_argument_is_named(site: Site) -> None:
    with site.open() as context:
        old = jobs_of(context).enqueue("again.tasks.divide", {"number": 6})
    drain(site)
    with site.open() as context, pytest.raises(UsageError, match="missing a required argument: 'by'"):
        retry_one(context, old.key, by="ada", edit={"number": 7})


def test_a_retry_as_it_was_knows_who_and_nothing_old(site: Site) -> None:
    (old,) = failed(site)
    with site.open() as context:
        fresh = retry_one(context, old.key, by="ada")
    assert who_retried(view_of(site, fresh.key)) == {"of": old.key, "by": "ada", "kwargs": None}


def test_a_retry_by_other_means_does_not_pass_for_the_one_before(site: Site) -> None:
    (old,) = failed(site, "fail")
    with site.open() as context:
        fresh = retry_one(context, old.key, by="ada")
    drain(site)
    assert who_retried(view_of(site, fresh.requeue().key)) is None


def test_a_job_that_has_not_ended_or_is_not_there_is_refused(site: Site) -> None:
    with site.open() as context:
        waiting = jobs_of(context).enqueue("again.tasks.fail", {"number": 1}, enqueue_after_commit=False)
        with pytest.raises(UsageError, match="only a job that has ended"):
            retry_one(context, waiting.key, by="ada", edit={"number": 2})
        with pytest.raises(NoSuchJobError):
            retry_one(context, "nobody", by="ada", edit={"number": 2})


# --- many ---


def test_all_that_match_are_run_again_by_a_job_with_progress(site: Site) -> None:
    jobs, other = failed(site, count=30), failed(site, "fail", count=2)
    (site.path / "repaired").touch()
    bulk = retry_all(site, method="again.tasks.fail_until_repaired")
    drain(site)
    assert bulk.result == {"retried": 30, "refused": 0}
    assert sorted(key or "" for key in again(site, bulk)) == sorted(job.key for job in jobs)
    assert site.store.stats()["finished"] == 31
    assert [view_of(site, one.key).state for one in other] == ["failed"] * 2
    progress = site.store.progress(bulk.key)
    assert progress is not None
    assert (progress.done, progress.total) == (30, 30)


def test_what_fails_again_is_not_run_a_third_time(site: Site) -> None:
    failed(site, "fail", count=5)
    bulk = retry_all(site)
    drain(site)
    assert len(again(site, bulk)) == 5
    assert site.store.stats()["failed"] == 10


def matching(site: Site, **wanted: Any) -> set[str]:
    return {one.key for one in Matching(**wanted).of(site.store)}


def test_what_somebody_has_run_again_is_left_out_while_that_stands_for_it(site: Site) -> None:
    first, second, third = (job.key for job in failed(site, count=3))
    with site.open() as context:
        repeated = retry_one(context, first, by="ada").key
    assert matching(site) == {second, third}
    drain(site)
    assert matching(site) == {repeated, second, third}
    with site.open() as context:
        retry_one(context, second, by="ada").cancel()
    assert matching(site) == {repeated, second, third}
    (site.path / "repaired").touch()
    with site.open() as context:
        retry_one(context, repeated, by="ada")
        retry_one(context, third, by="ada")
    drain(site)
    assert matching(site) == {second}
    bulk = retry_all(site)
    drain(site)
    assert again(site, bulk) == [second]
    assert matching(site) == set()


def test_what_is_run_again_while_a_bulk_retry_goes_on_is_left_out(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    oldest = failed(site, count=12)[0].key
    waited = []

    def wait_and_retry(*_: object) -> None:
        waited.append(1)
        if len(waited) == 1:
            with site.open() as context:
                retry_one(context, oldest, by="ada")

    monkeypatch.setattr(retrying, "_wait", wait_and_retry)
    bulk = retry_all(site, rate=10)
    drain(site)
    assert bulk.result == {"retried": 11, "refused": 1}
    assert oldest not in again(site, bulk)


# --- batches ---


def told(site: Site) -> list[str]:
    file = site.path / "told"
    return sorted(file.read_text().split()) if file.exists() else []


def callbacks(of: str = "") -> dict[str, Any]:
    return {name: ("again.tasks.tell", {"what": of + name}) for name in ("on_done", "on_success", "on_failure")}


def counts(site: Site, batch: Batch) -> tuple[int, int, int, bool]:
    with site.open():
        view = batch.view()
    return view.total, view.finished, view.failed, view.ended_at is not None


def test_a_batch_ends_well_once_its_failed_jobs_were_run_again(site: Site) -> None:
    with site.open(), rota.batch("import", **callbacks()) as batch:
        rota.enqueue("again.tasks.divide", kwargs={"number": 6, "by": 3})
        old = [rota.enqueue("again.tasks.fail_until_repaired", kwargs={"number": number}) for number in range(3)]
    drain(site)
    assert counts(site, batch) == (4, 1, 3, True)
    assert told(site) == ["on_done", "on_failure"]
    with site.open() as context:
        retry_one(context, old[0].key, by="ada")
    assert counts(site, batch) == (4, 1, 2, False)
    drain(site)
    assert counts(site, batch) == (4, 1, 3, True)
    (site.path / "repaired").touch()
    retry_all(site)
    drain(site)
    assert counts(site, batch) == (4, 4, 0, True)
    assert told(site) == ["on_done", "on_failure", "on_success"]


def test_two_repetitions_of_one_job_count_once_in_its_batch(site: Site) -> None:
    with site.open(), rota.batch("import", **callbacks()) as batch:
        old = rota.enqueue("again.tasks.fail_until_repaired", kwargs={"number": 1})
    drain(site)
    (site.path / "repaired").touch()
    with site.open() as context:
        fresh = [retry_one(context, old.key, by="ada") for _ in range(2)]
    drain(site)
    assert [job.status for job in fresh] == ["finished"] * 2
    assert counts(site, batch) == (1, 1, 0, True)
    assert told(site) == ["on_done", "on_failure", "on_success"]


def test_the_batch_around_one_whose_failed_job_was_run_again_ends_well_too(site: Site) -> None:
    with site.open(), rota.batch("all", **callbacks("all_")) as outer:
        rota.enqueue("again.tasks.divide", kwargs={"number": 6, "by": 3})
        with rota.batch("some", **callbacks("some_")) as inner:
            old = rota.enqueue("again.tasks.fail_until_repaired", kwargs={"number": 1})
    drain(site)
    assert counts(site, outer) == (2, 1, 1, True)
    (site.path / "repaired").touch()
    with site.open() as context:
        retry_one(context, old.key, by="ada")
    assert counts(site, outer) == (2, 1, 0, False)
    drain(site)
    assert (counts(site, inner), counts(site, outer)) == ((1, 1, 0, True), (2, 2, 0, True))
    each = ["on_done", "on_failure", "on_success"]
    assert told(site) == [f"all_{name}" for name in each] + [f"some_{name}" for name in each]


def test_a_job_that_finished_is_run_again_outside_its_batch(site: Site) -> None:
    with site.open(), rota.batch("import", **callbacks()) as batch:
        old = rota.enqueue("again.tasks.divide", kwargs={"number": 6, "by": 3})
    drain(site)
    with site.open() as context:
        retry_one(context, old.key, by="ada")
    drain(site)
    assert counts(site, batch) == (1, 1, 0, True)
    assert told(site) == ["on_done", "on_success"]


def test_only_what_ended_since_then_matches(site: Site) -> None:
    failed(site, count=3)
    clock = site.clock
    assert isinstance(clock, TestClock)
    clock.sleep(3600)
    since = site.store.now()
    late = failed(site, count=2)
    assert {one.key for one in Matching(since=since).of(site.store)} == {one.key for one in late}


def test_it_keeps_its_pace(site: Site) -> None:
    failed(site, count=20)
    bulk = retry_all(site, rate=2)
    drain(site)
    moments = sorted(one.created_at for one in site.store.jobs(site.store.children(bulk.key)))
    assert len(moments) == 20
    assert (moments[-1] - moments[0]) / 1e6 == pytest.approx(19 / 2, abs=0.5)


def test_one_that_broke_off_goes_on_where_it_was(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = failed(site, count=20)
    waited = 0

    def wait_and_break(*_: object) -> None:
        nonlocal waited
        waited += 1
        if waited == 4:
            raise OSError("the machine is gone")

    monkeypatch.setattr(retrying, "_wait", wait_and_break)
    bulk = retry_all(site, rate=6)
    drain(site)
    view = view_of(site, bulk.key)
    assert (view.state, view.attempt, bulk.result) == ("finished", 2, {"retried": 20, "refused": 0})
    assert sorted(key or "" for key in again(site, bulk)) == sorted(job.key for job in jobs)


@pytest.mark.parametrize(
    ("wanted", "rate", "error"),
    [
        ({"state": JobState.FINISHED}, 5, UsageError),
        ({}, 0, UsageError),
        ({}, float("nan"), UsageError),
        ({"queue": "nope"}, 5, UnknownQueue),
    ],
)
def test_what_makes_no_sense_is_refused(site: Site, wanted: dict[str, Any], rate: float, error: type) -> None:
    with pytest.raises(error):
        retry_all(site, rate=rate, **wanted)
    assert site.store.stats()["queued"] == 0
