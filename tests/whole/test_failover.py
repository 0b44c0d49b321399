"""A cluster with a standby: the primary dies under load, the standby is promoted, and everything goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.benches import TestBench
from tests.support.cluster import both, kill_server, start_standby
from tests.support.postgres import DURABLE, NoPostgres, PostgresServer, start_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
JOBS, MORE = 4000, 100
SOON = 40.0  # seconds; ten on a machine that does nothing else


@dataclass
class Cluster:
    primary: PostgresServer
    standby: PostgresServer
    dsn: str


@pytest.fixture
def cluster(worker_run: int) -> Iterator[Cluster]:
    try:
        primary = start_server(DURABLE, run=worker_run)
    except NoPostgres as missing:
        pytest.skip(str(missing))
    standby = None
    try:
        with psycopg.connect(primary.dsn(), autocommit=True) as admin:
            admin.execute("create database rota_cluster template template0")
        standby = start_standby(primary, run=worker_run)
        yield Cluster(primary, standby, both(primary, standby, "rota_cluster"))
    finally:
        primary.stop()
        if standby is not None:
            standby.stop()


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Iterator[TestBench]:
    bench = TestBench(tmp_path / "bench", database=cluster.dsn, apps=["ledger", "faults"])
    yield bench
    bench.close()


def test_nothing_committed_is_lost_when_the_primary_dies_and_all_is_back_soon(
    bench: TestBench, cluster: Cluster, tmp_path: Path
) -> None:
    bench.start("schedule")
    bench.start("worker", "--processes", "3")
    with bench.jobs() as jobs:
        jobs.queue.enqueue_many("ledger.tasks.record", [{"number": n, "seconds": 0.002} for n in range(JOBS)])
    wait_until(lambda: bench.stats()["finished"] > JOBS // 10)

    kill_server(cluster.primary)
    with psycopg.connect(cluster.standby.dsn("rota_cluster"), autocommit=True) as standby:
        standby.execute("select 1")
    cluster.standby.promote()
    promoted = time.monotonic()
    with psycopg.connect(cluster.standby.dsn(), autocommit=True) as admin:
        admin.execute("alter system set synchronous_standby_names = ''")
        admin.execute("select pg_reload_conf()")
        finished = bench.stats()["finished"]
        with bench.jobs() as jobs:  # all may have ended before the primary died
            jobs.queue.enqueue_many("ledger.tasks.record", [{"number": JOBS + n} for n in range(MORE)])
        wait_until(lambda: bench.stats()["finished"] > finished, message=bench.output()[-3000:])
        assert time.monotonic() - promoted < SOON
        wait_until(lambda: _listeners(admin) == 1)
        assert time.monotonic() - promoted < SOON

    bench.wait_for({"finished": JOBS + MORE, "queued": 0, "started": 0, "failed": 0}, timeout=120)
    with bench.open() as context:
        assert sorted(context.documents.get_all("Effect", pluck="number")) == list(range(JOBS + MORE))


def _listeners(admin: psycopg.Connection[tuple[int]]) -> int:
    sql = "select count(*) from pg_stat_activity where query ilike 'listen %' and state = 'idle'"
    row = admin.execute(sql).fetchone()
    assert row is not None
    return row[0]
