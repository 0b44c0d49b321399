"""Two hosts at one PostgreSQL server: what becomes of jobs when one is cut off, comes back, or loses its dispatcher."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rota.sites.bench import read_json, write_json
from tests.support.benches import TestBench, kill_tree
from tests.support.hosts import Host, NoHosts
from tests.support.postgres import DURABLE, NoPostgres, PostgresServer, start_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial
JOBS = 300
BUSY_LEASE = 20.0  # seconds, as it is unless set


@dataclass
class Fleet:
    """A site that two hosts serve, and a bench of this machine to look at it."""

    bench: TestBench
    hosts: list[Host]
    benches: list[Path]

    def start(self, number: int, *words: str) -> None:
        self.hosts[number].start(self.benches[number], *words)

    def enqueue(self, method: str, **kwargs: object) -> str:
        with self.bench.jobs() as jobs:
            return str(jobs.enqueue(f"faults.tasks.{method}", kwargs).key)

    def host_of(self, key: str) -> str:
        """The host that runs a job, "" for none."""
        with self.bench.site() as site:
            view = site.store.job(key)
            return (view.host or "") if view and view.state.value == "started" else ""

    def effects(self) -> list[int]:
        with self.bench.open() as context:
            return sorted(context.documents.get_all("Effect", pluck="number"))

    def said(self) -> str:
        return "\n".join(file.read_text() for one in self.benches for file in sorted((one / "logs").glob("*.txt")))


@pytest.fixture
def server(worker_run: int) -> Iterator[PostgresServer]:
    """A server that listens for other hosts."""
    try:
        server = start_server({**DURABLE, "listen_addresses": "*"}, run=worker_run)
    except NoPostgres as missing:
        pytest.skip(str(missing))
    yield server
    server.stop()


@pytest.fixture
def fleet(tmp_path: Path, server: PostgresServer) -> Iterator[Fleet]:
    hosts: list[Host] = []
    try:
        for number in range(2):
            hosts.append(Host(number))
    except NoHosts as missing:
        for host in hosts:
            host.close()
        pytest.skip(str(missing))
    with server.database() as dsn:
        bench = TestBench(tmp_path / "here", database=dsn, apps=["ledger", "faults"])
        fleet = Fleet(bench, hosts, [_bench_for(bench, host, server, tmp_path) for host in hosts])
        yield fleet
        for host in hosts:
            host.close()
        bench.close()


def _bench_for(bench: TestBench, host: Host, server: PostgresServer, folder: Path) -> Path:
    """A copy of the bench that knows the server by the address that the host sees."""
    server.let_in(f"{host.outside}/24")
    made = folder / host.name
    shutil.copytree(bench.bench.path, made)
    config = made / "sites" / bench.name / "site_config.json"
    settings = read_json(config)
    database = str(settings["db_url"]).rpartition("/")[2].partition("?")[0]
    url = server.dsn(database, tcp=True).replace("127.0.0.1", host.outside)
    write_json(config, {**settings, "db_url": url})
    return made


def test_a_host_that_is_cut_off_loses_its_jobs_to_the_other_and_commits_nothing_late(
    fleet: Fleet, tmp_path: Path
) -> None:
    for number in range(2):
        fleet.start(number, "worker", "--processes", "2")
        fleet.start(number, "schedule")
    keys = [fleet.enqueue("hold", number=number, folder=str(tmp_path)) for number in range(4)]
    wait_until(lambda: all(fleet.host_of(key) for key in keys), message="all four run")
    cut = fleet.hosts[1].name
    there = [key for key in keys if fleet.host_of(key) == cut]
    assert len(there) == 2
    with fleet.bench.jobs() as jobs:
        jobs.queue.enqueue_many("ledger.tasks.record", [{"number": 100 + n} for n in range(JOBS)])

    fleet.hosts[1].cut_off()
    wait_until(lambda: not any(fleet.host_of(key) == cut for key in there), timeout=120, message=fleet.said())
    (tmp_path / "go").touch()  # the partitioned workers go on as well, and can't commit
    fleet.bench.wait_for({"finished": len(keys) + JOBS, "queued": 0, "started": 0}, timeout=60)
    fleet.hosts[1].reconnect()
    wait_until(lambda: fleet.said().count("the lease was over") == 1, message=fleet.said()[-3000:])

    # Both serve again.
    (tmp_path / "go").unlink()
    keys = [fleet.enqueue("hold", number=number, folder=str(tmp_path)) for number in range(4, 8)]
    wait_until(lambda: {fleet.host_of(key) for key in keys} == {h.name for h in fleet.hosts})
    (tmp_path / "go").touch()
    fleet.bench.wait_for({"finished": 8 + JOBS, "queued": 0, "started": 0})
    assert fleet.effects() == [*range(8), *range(100, 100 + JOBS)]


def test_what_died_on_one_host_waits_for_no_lease_if_another_dispatcher_is_there(fleet: Fleet, tmp_path: Path) -> None:
    fleet.start(0, "worker", "--processes", "1")
    key = fleet.enqueue("hold", number=1, folder=str(tmp_path))
    wait_until((tmp_path / "begun-1").exists)
    fleet.start(0, "worker", "--processes", "1")
    wait_until(lambda: len(_alive(fleet)) == 2)

    kill_tree(fleet.hosts[0].processes[0])
    died_at = time.monotonic()
    wait_until(lambda: len((tmp_path / "begun-1").read_text().split()) == 2)

    assert time.monotonic() - died_at < BUSY_LEASE - 5
    (tmp_path / "go").touch()
    fleet.bench.wait_for({"finished": 1})
    assert fleet.effects() == [1]
    assert key


def test_a_host_does_not_judge_by_its_own_processes_whether_another_hosts_dispatcher_lives(
    fleet: Fleet, tmp_path: Path
) -> None:
    """The other's process id means nothing here, be it free or somebody's."""
    fleet.start(1, "worker", "--processes", "1")
    fleet.enqueue("hold", number=1, folder=str(tmp_path))
    wait_until((tmp_path / "begun-1").exists)
    # It dies with its host: here too there is no such process any more, but only its lease may say so.
    fleet.start(0, "worker", "--processes", "1")
    wait_until(lambda: len(_alive(fleet)) == 2)
    kill_tree(fleet.hosts[1].processes[0])

    def begins_again() -> bool:
        begins = len((tmp_path / "begun-1").read_text().split())
        # Asked afterwards: one that was over now may have been over then, too.
        alive = len(_alive(fleet))
        assert begins == 1 or alive == 1, "its lease was not over yet"
        return begins == 2

    wait_until(begins_again, timeout=120)
    (tmp_path / "go").touch()
    fleet.bench.wait_for({"finished": 1})


def _alive(fleet: Fleet) -> list[str]:
    with fleet.bench.site() as site:
        return [one.host for one in site.store.dispatchers() if one.alive]
