"""Through a transaction pooler: no transaction finds the session of the one before, and all works the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.benches import TestBench
from tests.support.pooler import NoPooler, pooler
from tests.support.postgres import PostgresServer
from tests.support.waiting import wait_until

JOBS = 300


@pytest.fixture
def bench(tmp_path: Path, postgres_server: PostgresServer, postgres_dsn: str) -> Iterator[TestBench]:
    name = postgres_dsn.rpartition("/")[2].partition("?")[0]
    try:
        with pooler(postgres_server) as port:
            url = f"postgresql://postgres@127.0.0.1:{port}/{name}"
            bench = TestBench(tmp_path / "bench", database=url, apps=["ledger"], db_pooler=True)
            yield bench
            bench.close()
    except NoPooler as missing:
        pytest.skip(str(missing))


def test_jobs_schedules_and_callbacks_work_through_a_transaction_pooler(bench: TestBench, postgres_dsn: str) -> None:
    bench.start("schedule")
    bench.start("worker", "--processes", "3")
    with bench.jobs() as jobs:
        for number in range(JOBS):
            method = "record_with_child" if number % 3 else "fail_first"
            jobs.enqueue(
                f"ledger.tasks.{method}",
                {"number": number},
                retry={"attempts": 3, "base": 0.01},
                on_success="ledger.tasks.note_success",
            )
    with bench.open() as context:
        context.documents.get_doc({"doctype": "ToDo", "description": "written through the pooler"}).insert()
    bench.wait_for({"queued": 0, "started": 0, "scheduled": 0, "failed": 0}, timeout=120)

    with bench.open() as context:
        effects = sorted(context.documents.get_all("Effect", pluck="number"))
    wanted = [*range(JOBS), *(n + 1_000_000 for n in range(JOBS) if n % 3), *(n + 2_000_000 for n in range(JOBS))]
    assert effects == sorted(wanted)
    with psycopg.connect(postgres_dsn) as admin:
        (count,) = admin.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and query like 'listen%'"
        ).fetchone() or (0,)
    assert count == 0, "a pooler would hand the listening session to others"


def test_jobs_are_found_by_looking_and_doctor_says_so(bench: TestBench) -> None:
    bench.start("worker", "--processes", "1")
    with bench.site() as site:
        wait_until(site.store.dispatchers)
    # No wake-up from another host: a bench elsewhere has no socket here.
    elsewhere = bench.bench.path / "run"
    hidden = elsewhere.rename(bench.bench.path / "run-of-another-host")
    try:
        with bench.jobs() as jobs:
            jobs.enqueue("ledger.tasks.record", {"number": 1})
        bench.wait_for({"finished": 1})
    finally:
        hidden.rename(elsewhere)

    answer = bench.run("--site", bench.name, "doctor")

    assert "db_pooler" in answer.stdout
    assert "5 s" in answer.stdout
