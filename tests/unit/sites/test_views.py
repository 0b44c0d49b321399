"""The engine's tables as Frappe's DocTypes, the same on both databases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock, to_micros
from rota.db import Connection
from rota.jobs import Ending, JobSpec, Outcome, new_key
from rota.schedule import Schedule
from rota.sites.apps import builtin_app
from rota.sites.bench import Bench, write_json
from rota.sites.site import Site
from rota.sites.views import VIEWS, create_views
from rota.store import ClaimCursor, ScheduleRow, Want, WorkerRow

SCHEDULE = Schedule.make("shop.tasks.nightly", "daily", tz="UTC")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Site]:
    """A site with the engine's tables and nothing else."""
    bench = Bench.init(tmp_path / "bench")
    settings = {"time_zone": "Asia/Kolkata"}
    if request.param == "postgresql":
        settings |= {"db_type": "postgresql", "db_url": request.getfixturevalue("postgres_dsn")}
    write_json(bench.make_site_folders("one.local") / "site_config.json", settings)
    with Site.load(bench, "one.local", clock=clock) as site:
        site.store.migrate()
        if request.param == "postgresql":
            connection = site.database.connect()
            create_views(connection.script, site.time_zone)
            connection.close()
        yield site


@pytest.fixture
def reader(site: Site) -> Iterator[Connection]:
    connection = site.reader()
    yield connection
    connection.close()


def rows(reader: Connection, view: str) -> list[dict[str, Any]]:
    names, found = reader.table(f'select * from "{view}" order by creation, name')
    return [dict(zip(names, row, strict=True)) for row in found]


def spec(site: Site, method: str = "shop.tasks.nightly", **more: Any) -> JobSpec:
    key = new_key()
    values = {"id": key, "method": method, "queue": "default", "user": "ada@example.com", "timeout": 300.0}
    return JobSpec(key=key, **{**values, **more}, created_at=site.store.now())


def define(site: Site, *schedules: Schedule) -> None:
    rows = [ScheduleRow(id=one.id, definition=one.to_json()) for one in schedules]
    with site.store.turn() as turn:
        turn.put_schedules(rows, since=turn.now - 1_000_000)


def tick(site: Site, *, due: int, skipped: str | None = None) -> str:
    job = None if skipped else spec(site)
    with site.store.turn() as turn:
        assert turn.tick(SCHEDULE.id, due, job, skipped=skipped) is not None
    return job.key if job else ""


def claim_all(site: Site) -> list[Any]:
    with site.store.turn() as turn:
        turn.register("t1", host="host1", pid=10, boot_id="b", queues=["default"], lease=20)
        return turn.claim("t1", [Want("default", 10)], 10, ClaimCursor())


def end(site: Site, claims: list[Any], ending: Ending, error: str | None = None) -> None:
    with site.store.turn() as turn:
        turn.record([Outcome(key=one.key, claim=one.number, ending=ending, error=error) for one in claims])


@pytest.mark.parametrize("doctype", ["Scheduled Job Type", "Scheduled Job Log", "RQ Job", "RQ Worker"])
def test_a_view_has_every_column_of_its_doctype(reader: Connection, doctype: str) -> None:
    columns, _ = reader.table(f'select * from "tab{doctype}" where 1 = 0')
    (source,) = [one for one in builtin_app().doctypes() if json.loads(one.path.read_text())["name"] == doctype]
    fields = json.loads(source.path.read_text())["fields"]
    wanted = {one["fieldname"] for one in fields if not one["fieldtype"].endswith("Break")}
    assert wanted <= set(columns)
    assert {"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"} <= set(columns)


def test_all_views_are_there(reader: Connection) -> None:
    assert [reader.value(f'select count(*) from "{view}"') for view in VIEWS] == [0, 0, 0, 0]


def test_a_schedule_is_called_by_the_last_two_parts_of_its_method(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE)
    (row,) = rows(reader, "tabScheduled Job Type")
    assert (row["name"], row["method"], row["frequency"], row["stopped"], row["cron_format"]) == (
        "tasks.nightly",
        "shop.tasks.nightly",
        "Daily",
        0,
        None,
    )


def test_schedules_of_one_short_name_are_called_by_their_ids(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE, Schedule.make("other.tasks.nightly", "cron", "0 1 * * *"))
    found = {row["name"] for row in rows(reader, "tabScheduled Job Type")}
    assert found == {"shop.tasks.nightly|Daily", "other.tasks.nightly|Cron|0 1 * * *"}


def test_a_run_goes_from_scheduled_over_running_to_complete(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE)
    tick(site, due=site.store.now())
    states = [rows(reader, "tabScheduled Job Log")[0]["status"]]
    claims = claim_all(site)
    states.append(rows(reader, "tabScheduled Job Log")[0]["status"])
    end(site, claims, Ending.RETURNED)
    (row,) = rows(reader, "tabScheduled Job Log")
    assert [*states, row["status"]] == ["Scheduled", "Running", "Complete"]
    assert row["scheduled_job_type"] == "tasks.nightly"


def test_a_failed_run_says_why(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE)
    tick(site, due=site.store.now())
    end(site, claim_all(site), Ending.FAILED, "ValueError: no stock")
    (row,) = rows(reader, "tabScheduled Job Log")
    assert (row["status"], row["details"]) == ("Failed", "ValueError: no stock")


def test_a_skipped_tick_says_why(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE)
    tick(site, due=site.store.now(), skipped="the last run has not ended")
    (row,) = rows(reader, "tabScheduled Job Log")
    assert (row["status"], row["reason"], row["job_id"]) == ("Skipped", "the last run has not ended", None)


def test_a_run_that_was_canceled_before_it_began_was_skipped(site: Site, reader: Connection) -> None:
    define(site, SCHEDULE)
    key = tick(site, due=site.store.now())
    with site.store.turn() as turn:
        turn.cancel(key, "not today", "Administrator")
    (row,) = rows(reader, "tabScheduled Job Log")
    assert (row["status"], row["reason"]) == ("Skipped", "canceled by Administrator: not today")


def test_moments_are_on_the_sites_wall_clock(site: Site, reader: Connection, clock: FixedClock) -> None:
    define(site, SCHEDULE)
    tick(site, due=to_micros(clock.now()))
    (row,) = rows(reader, "tabScheduled Job Log")
    # Noon in UTC is half past five in India.
    assert str(row["due"])[:19] == "2026-01-05 17:30:00"


def test_jobs_are_shown_with_state_and_queue_but_without_arguments(site: Site, reader: Connection) -> None:
    with site.store.turn() as turn:
        turn.insert([spec(site, kwargs='{"password":"x"}', id="import 7", options={"job_name": "Import"})])
    (row,) = rows(reader, "tabRQ Job")
    assert (row["job_id"], row["status"], row["queue"], row["job_name"], row["owner"], row["arguments"]) == (
        "import 7",
        "queued",
        "default",
        "Import",
        "ada@example.com",
        None,
    )
    assert len(row["name"]) == 32


def test_workers_are_shown_with_what_they_did(site: Site, reader: Connection, clock: FixedClock) -> None:
    claim_all(site)
    born = site.store.now()
    clock.advance(seconds=100)
    with site.store.turn() as turn:
        turn.workers("t1", [WorkerRow(pid=11, state="idle", born_at=born, finished=3, failed=1, busy=25.0)])
    (row,) = rows(reader, "tabRQ Worker")
    assert (row["name"], row["status"], row["successful_job_count"], row["failed_job_count"]) == (
        "host1.11",
        "idle",
        3,
        1,
    )
    assert float(row["utilization_percent"]) == pytest.approx(25.0)
