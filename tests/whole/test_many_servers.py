"""Sites on two PostgreSQL servers, one fleet: when a server is down, its sites' jobs wait and the others' go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from rota.sites.install import new_site
from rota.sites.jobs import jobs_of
from rota.sites.site import Site
from tests.support.benches import TestBench, family
from tests.support.postgres import DURABLE, NoPostgres, PostgresServer, start_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
JOBS = 100


@pytest.fixture
def servers(worker_run: int) -> Iterator[list[PostgresServer]]:
    made: list[PostgresServer] = []
    try:
        for _ in range(2):
            made.append(start_server(DURABLE, run=worker_run))
        yield made
    except NoPostgres as missing:
        pytest.skip(str(missing))
    finally:
        for server in made:
            server.stop()


@pytest.fixture
def bench(tmp_path: Path, servers: list[PostgresServer]) -> Iterator[TestBench]:
    """A site of its own and another on the first server, two on the second."""
    with ExitStack() as stack:
        urls = [stack.enter_context(server.database()) for server in [servers[0], *servers, servers[1]]]
        bench = TestBench(tmp_path / "bench", database=urls[0], apps=["ledger"])
        for number, url in enumerate(urls[1:]):
            name = f"{'two' if number else 'one'}{number}.localhost"
            new_site(bench.bench, name, database=url, admin_password="secret", apps=["ledger"])
        yield bench
        bench.close()
        for server in servers:
            if not Path(server.folder, "data", "postmaster.pid").exists():
                server.start()


def test_a_server_that_is_down_holds_up_only_its_own_sites(bench: TestBench, servers: list[PostgresServer]) -> None:
    sites = bench.bench.sites()
    here = [name for name in sites if not name.startswith("two")]
    there = [name for name in sites if name.startswith("two")]
    assert len(there) == 2
    bench.start("schedule")
    bench.start("worker", "--processes", "2")
    for name in sites:
        enqueue(bench, name, 0)
    for name in sites:
        wait_for_effects(bench, name, JOBS)

    for name in there:
        enqueue(bench, name, JOBS, seconds=0.005)
    servers[1].halt()
    for name in here:
        enqueue(bench, name, JOBS)
    for name in here:
        wait_for_effects(bench, name, 2 * JOBS)
    servers[1].start()

    for name in sites:
        wait_for_effects(bench, name, 2 * JOBS)
        assert effects(bench, name) == list(range(2 * JOBS))
        with Site.load(bench.bench, name) as site:
            assert site.store.stats()["failed"] == 0
    assert "lease was over" not in bench.output()


def enqueue(bench: TestBench, name: str, first: int, seconds: float = 0.0) -> None:
    with Site.load(bench.bench, name) as site, site.open() as context:
        kwargs = [{"number": number, "seconds": seconds} for number in range(first, first + JOBS)]
        jobs_of(context).queue.enqueue_many("ledger.tasks.record", kwargs)


def effects(bench: TestBench, name: str) -> list[int]:
    with Site.load(bench.bench, name) as site, site.open() as context:
        return sorted(context.documents.get_all("Effect", pluck="number"))


def wait_for_effects(bench: TestBench, name: str, count: int) -> None:
    wait_until(lambda: len(effects(bench, name)) >= count, timeout=180, message=f"{name}: {bench.output()[-2000:]}")


def test_a_server_that_does_not_answer_costs_the_others_no_lease(
    bench: TestBench, servers: list[PostgresServer]
) -> None:
    here, there = bench.bench.sites()[0], [name for name in bench.bench.sites() if name.startswith("two")]
    bench.start("worker", "--processes", "2")
    for name in (here, *there):
        enqueue(bench, name, 0)
        wait_for_effects(bench, name, JOBS)
    with Site.load(bench.bench, here) as site, site.open() as context:
        long = jobs_of(context).enqueue("ledger.tasks.record", {"number": -1, "seconds": 30})
    pid = int(Path(servers[1].folder, "data", "postmaster.pid").read_text().split()[0])
    stopped = family(pid)
    for process in stopped:
        process.suspend()
    try:
        enqueue(bench, here, JOBS)
        wait_for_effects(bench, here, 2 * JOBS)
        with Site.load(bench.bench, here) as site:
            wait_until(lambda: site.store.job(long.key).state.value == "finished", timeout=180)  # type: ignore[union-attr]
    finally:
        for process in stopped:
            process.resume()

    for name in there:
        enqueue(bench, name, JOBS)
        wait_for_effects(bench, name, 2 * JOBS)
    assert "the server did not answer" in bench.output()
    assert "lease was over" not in bench.output()
    with Site.load(bench.bench, here) as site:
        view = site.store.job(long.key)
        assert view is not None
        assert (view.attempt, view.crashes) == (1, 0)
