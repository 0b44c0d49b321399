"""Moving a site between databases: everything is there afterwards, value by value, and the queue goes on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rota.db.postgresql import PostgreSQLConnection
from rota.errors import CopyMismatch
from rota.sites.bench import read_json
from rota.sites.copying import copy_site
from rota.sites.site import Site
from rota.store import JobFilter
from tests.support.benches import TestBench

NEW, BACK = "new.localhost", "back.localhost"
AWKWARD = ["Ünïcödé ✓ 漢字", 'it\'s "quoted"', "line\nbreak\tand tab", "", "a" * 5000, "%s %(x)s :name {}"]
FIELDS = [
    {"fieldname": "title", "fieldtype": "Data"},
    {"fieldname": "long", "fieldtype": "Long Text"},
    {"fieldname": "count", "fieldtype": "Int"},
    {"fieldname": "on", "fieldtype": "Check"},
    {"fieldname": "amount", "fieldtype": "Currency"},
    {"fieldname": "day", "fieldtype": "Date"},
    {"fieldname": "moment", "fieldtype": "Datetime"},
    {"fieldname": "clock", "fieldtype": "Time"},
]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[TestBench]:
    bench = TestBench(tmp_path / "bench", apps=["ledger", "faults"])
    yield bench
    bench.close()


@pytest.fixture
def full(bench: TestBench) -> TestBench:
    """A site with all kinds of values, jobs in all states, files and settings of its own."""
    with bench.open() as context:
        documents = context.documents
        documents.get_doc({"doctype": "DocType", "name": "Kinds", "module": "Core", "custom": 1, "fields": FIELDS,
                           "permissions": [{"role": "System Manager", "read": 1}]}).insert()  # fmt: skip
        for number, text in enumerate(AWKWARD):
            documents.get_doc({"doctype": "Kinds", "name": f"K{number}", "title": text[:100], "long": text,
                               "count": 2**53 + number, "on": number % 2, "amount": 1234.56789 * (number - 2),
                               "day": date(2024, 2, 29), "moment": datetime(2024, 10, 27, 2, 30, 1, 123456),
                               "clock": timedelta(hours=23, minutes=59, seconds=59)}).insert()  # fmt: skip
        documents.get_doc({"doctype": "Kinds", "name": "nothing"}).insert()
        documents.get_doc({"doctype": "File", "file_name": "letter.txt", "content": "hello", "is_private": 1}).insert()
        documents.session.write("create table app_own (id integer primary key autoincrement, what text, raw blob)")
        documents.session.write("insert into app_own (what, raw) values ('kept', :raw)", {"raw": b"\x00\xff"})
    with bench.jobs() as jobs:
        jobs.queue.enqueue_many("ledger.tasks.record", [{"number": n} for n in range(20)])
    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0
    with bench.jobs() as jobs:
        for number in range(100, 130):
            jobs.enqueue("ledger.tasks.record", {"number": number}, job_id=f"id-{number}")
        jobs.enqueue("ledger.tasks.record", {"number": 200}, delay=3600)
    assert bench.run("set-config", "own_setting", "7").returncode == 0
    return bench


def test_a_site_moves_to_postgresql_and_back_and_nothing_is_lost(full: TestBench, postgres_dsn: str) -> None:
    before = picture(full, full.name)

    there = full.run("copy-site", full.name, NEW, "--db", postgres_dsn, "--json")
    assert there.returncode == 0, there.stderr
    answer = json.loads(there.stdout)
    assert all(table["same"] for table in answer["tables"])
    assert {"tabKinds", "tabEffect", "job", "live", "done", "schedule", "app_own"} <= {
        table["table"] for table in answer["tables"]
    }
    assert picture(full, NEW) == before
    back = full.run("copy-site", NEW, BACK)
    assert back.returncode == 0, back.stderr
    assert "claim numbers go on above" in back.stdout
    assert picture(full, BACK) == before
    assert picture(full, full.name) == before


@pytest.mark.parametrize("hops", [1, 2])
def test_the_queue_of_a_copy_goes_on_with_new_claim_numbers(full: TestBench, postgres_dsn: str, hops: int) -> None:
    copy_site(full.bench, full.name, NEW, database=postgres_dsn)
    name = NEW
    if hops == 2:
        copy_site(full.bench, NEW, BACK)
        name = BACK
    highest = last_claim(full, full.name)
    assert full.run("--site", name, "worker", "--burst", "--processes", "1").returncode == 0
    assert len(effects(full, name)) == 20, "no job runs before the copy is let loose"

    assert full.run("--site", name, "set-maintenance-mode", "off").returncode == 0
    assert full.run("--site", name, "worker", "--burst", "--processes", "1").returncode == 0

    assert effects(full, name) == [*range(20), *range(100, 130)]
    with Site.load(full.bench, name) as site:
        assert site.store.stats()["scheduled"] == 1
    assert first_new_claim(full, name) > highest
    with Site.load(full.bench, name) as site, site.open() as context:
        context.documents.get_doc({"doctype": "Kinds", "name": "after", "title": "a row of its own"}).insert()
        context.documents.session.write("insert into app_own (what) values ('later')")
    assert full.run("--site", name, "migrate").returncode == 0


def test_a_site_in_use_is_not_copied_unless_told(full: TestBench, postgres_dsn: str) -> None:
    with full.site() as site, site.store.turn() as turn:
        turn.register("t", host="elsewhere", pid=1, boot_id="b", queues=["default"], lease=1e6)

    refused = full.run("copy-site", full.name, NEW, "--db", postgres_dsn)

    assert refused.returncode == 1
    assert "is in use by the dispatcher elsewhere (process 1)" in refused.stderr
    assert NEW not in full.bench.sites()
    assert full.run("copy-site", full.name, NEW, "--db", postgres_dsn, "--while-in-use").returncode == 0


def test_a_value_that_can_not_be_carried_over_leaves_no_site_and_the_source_as_it_was(
    full: TestBench, postgres_dsn: str
) -> None:
    with full.open() as context:
        changed = context.documents.session.write(
            'update "tabKinds" set "count" = :odd where "count" = :count', {"odd": "12 apples", "count": 2**53}
        )
        assert changed == 1
    before = picture(full, full.name)

    failed = full.run("copy-site", full.name, NEW, "--db", postgres_dsn)

    assert failed.returncode == 1
    assert "tabKinds.count: '12 apples' is no whole number" in failed.stderr
    assert NEW not in full.bench.sites()
    assert (full.bench.sites_path / NEW / "copy-unfinished.json").exists()
    assert picture(full, full.name) == before
    again = full.run("copy-site", full.name, NEW, "--db", postgres_dsn)
    assert again.returncode == 2
    assert "is not empty" in again.stderr


def test_rows_that_differ_are_found(full: TestBench, postgres_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def lose_one(self: Any, sql: str, rows: list[dict[str, Any]]) -> None:
        original(self, sql, [{**rows[0], "v0": f"{rows[0]['v0']} "}, *rows[1:]] if '"tabEffect"' in sql else rows)

    original = PostgreSQLConnection.run_many
    monkeypatch.setattr(PostgreSQLConnection, "run_many", lose_one)

    with pytest.raises(CopyMismatch, match="table tabEffect: 20 rows, and their values differ"):
        copy_site(full.bench, full.name, NEW, database=postgres_dsn)
    assert NEW not in full.bench.sites()


def picture(bench: TestBench, name: str) -> dict[str, Any]:
    """What people see of a site."""
    with Site.load(bench.bench, name) as site:
        views = site.store.listing(JobFilter(), limit=1000)
        with site.open() as context:
            documents = context.documents
            kinds = documents.get_all("Kinds", fields=["*"], order_by="name asc")
            return {
                "kinds": [dict(one) for one in kinds],
                "effects": sorted(documents.get_all("Effect", pluck="number")),
                "users": sorted(documents.get_all("User", pluck="name")),
                "doctypes": sorted(documents.get_all("DocType", pluck="name")),
                "own": context.documents.session.query("select id, what from app_own"),
                "jobs": views,
                "schedules": site.store.schedules(),
                "apps": site.installed_apps(),
                "file": (site.path / "private" / "files" / "letter.txt").read_text(),
                "own_setting": read_json(bench.bench.site_config_path(name))["own_setting"],
                "key": site.config.encryption_key,
            }


def effects(bench: TestBench, name: str) -> list[int]:
    with Site.load(bench.bench, name) as site, site.open() as context:
        return sorted(context.documents.get_all("Effect", pluck="number"))


def last_claim(bench: TestBench, name: str) -> int:
    with Site.load(bench.bench, name) as site:
        connection = site.engine_database.connect()
        try:
            return int(connection.value("select claim from counter"))
        finally:
            connection.close()


def first_new_claim(bench: TestBench, name: str) -> int:
    with Site.load(bench.bench, name) as site:
        (job,) = site.store.listing(JobFilter(id="id-100"), limit=1)
        connection = site.engine_database.connect()
        table = "done" if site.store.dialect == "sqlite" else "rota.done"
        try:
            return int(connection.value(f"select claim from {table} where key = :key", {"key": job.key}))
        finally:
            connection.close()
