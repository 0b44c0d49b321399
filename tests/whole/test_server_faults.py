"""PostgreSQL that crashes, is restarted, kills backends or loses connections under load: no job lost or done twice."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.benches import TestBench
from tests.support.postgres import PostgresServer
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
JOBS = 2000
MORE = 20
SOON = 40.0  # seconds; five on a machine that does nothing else
BACKENDS = "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
LISTENERS = "select count(*) from pg_stat_activity where query ilike 'listen %' and datname = current_database()"


@dataclass
class Load:
    """A site whose database is behind a proxy, with a dispatcher at work."""

    bench: TestBench
    server: PostgresServer
    proxy: Proxy
    direct: str  #: the database's URL without the proxy
    jobs: int = 0  #: so many were enqueued

    def begin(self, jobs: int = JOBS, seconds: float = 0.002) -> None:
        self.enqueue(jobs, seconds)
        self.bench.start("worker", "--processes", "3")
        wait_until(self.finished, message=self.bench.output()[-3000:])

    def enqueue(self, count: int, seconds: float = 0.0) -> None:
        numbers = range(self.jobs, self.jobs + count)
        with self.bench.jobs() as queue:
            queue.queue.enqueue_many("ledger.tasks.record", [{"number": n, "seconds": seconds} for n in numbers])
        self.jobs = numbers.stop

    def finished(self) -> int:
        return self.bench.stats()["finished"]

    def goes_on(self) -> None:
        """See jobs run again."""
        before = self.finished()
        self.enqueue(MORE)  # the others may all have ended
        wait_until(lambda: self.finished() > before, timeout=SOON, message=self.bench.output()[-3000:])

    def listens(self) -> None:
        with psycopg.connect(self.direct, autocommit=True) as admin:
            wait_until(lambda: (admin.execute(LISTENERS).fetchone() or (0,))[0] == 1, timeout=SOON)

    def ends_well(self) -> None:
        """All jobs have finished, and each effect is there once."""
        ended = {"finished": self.jobs, "queued": 0, "started": 0, "failed": 0, "scheduled": 0}
        self.bench.wait_for(ended, timeout=120)
        with self.bench.open() as context:
            assert sorted(context.documents.get_all("Effect", pluck="number")) == list(range(self.jobs))


@pytest.fixture
def load(tmp_path: Path, durable_postgres_server: PostgresServer, durable_postgres_dsn: str) -> Iterator[Load]:
    proxy = Proxy(durable_postgres_server.port)
    name = durable_postgres_dsn.rpartition("/")[2].partition("?")[0]
    url = durable_postgres_server.dsn(name, tcp=True).replace(f":{durable_postgres_server.port}/", f":{proxy.port}/")
    bench = TestBench(tmp_path / "bench", database=url, apps=["ledger", "faults"], max_crashes=100)
    yield Load(bench, durable_postgres_server, proxy, durable_postgres_dsn)
    bench.close()
    proxy.close()


def test_jobs_run_again_within_seconds_of_a_servers_crash(load: Load) -> None:
    load.begin(seconds=0.03)
    for _ in range(3):
        load.server.restart(mode="immediate")
        load.goes_on()
        load.listens()
    load.ends_well()


def test_jobs_run_again_within_seconds_of_a_long_outage(load: Load) -> None:
    load.begin()
    load.server.halt(mode="fast")
    wait_until(lambda: load.bench.output().count("next try in 2.00 s") > 2)
    load.server.start()
    load.goes_on()
    load.listens()
    load.ends_well()


def test_backends_that_are_terminated_at_random_lose_no_job(load: Load) -> None:
    dice = random.Random(4)
    load.begin()
    with psycopg.connect(load.direct, autocommit=True) as admin:
        for _ in range(25):
            backends = admin.execute(BACKENDS).fetchall()
            if backends:
                admin.execute("select pg_terminate_backend(%s)", dice.choice(backends))
            _let_some_run(load)
    load.listens()
    load.ends_well()


def test_connections_that_are_cut_lose_no_job(load: Load) -> None:
    load.begin(seconds=0.02)
    for _ in range(10):
        assert load.proxy.cut() > 0
        _let_some_run(load)
    load.goes_on()
    load.listens()
    load.ends_well()


def test_a_job_whose_commit_was_not_answered_is_neither_run_again_nor_failed(load: Load) -> None:
    jobs = 200
    load.proxy.marked = b"tabEffect"
    load.proxy.commits_to_cut = 20
    load.begin(jobs, seconds=0.01)
    wait_until(lambda: load.proxy.cut_commits >= 20, message=load.bench.output()[-3000:])
    load.ends_well()
    with load.bench.site() as site:
        views = site.store.listing(limit=jobs + 1)
    assert {(view.state.value, view.attempt, view.crashes) for view in views} == {("finished", 1, 0)}


def _let_some_run(load: Load) -> None:
    enough = min(JOBS, load.finished() + 20)
    wait_until(lambda: load.finished() >= enough, timeout=120, message=load.bench.output()[-3000:])
