"""Safeguards of PostgreSQL, where a transaction outlives its client and a COMMIT's answer may get lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from rota.db import Connection, Database, open_database
from rota.errors import CommitUnknown
from rota.jobs import Claim, Ending, JobState
from rota.store import ClaimCursor
from tests.contract.store.harm import Scenario, with_and_without
from tests.contract.store.site import Site, outcome, ref
from tests.contract.store.test_safeguards import attempt
from tests.support.postgres import PostgresServer
from tests.support.proxy import Proxy
from tests.support.waiting import wait_until

PATIENCE = 120.0  # seconds
WAITING = (
    "select count(*) from pg_stat_activity "
    "where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0"
)


class Lossy:
    """A way to a site's database on which answers get lost."""

    def __init__(self, site: Site, server: PostgresServer) -> None:
        self.proxy = Proxy(server.port)
        name = site.connect().value("select current_database()")
        self.database: Database = open_database(
            f"postgresql://postgres:{server.password}@127.0.0.1:{self.proxy.port}/{name}"
        )
        self.site = site

    def commit(self, work: Callable[[Connection], None]) -> None:
        """Work in a transaction whose COMMIT gets no answer, though it happens."""
        connection = self.database.connect()
        try:
            connection.begin()
            work(connection)
            self.proxy.commits_to_cut = 1
            with pytest.raises(CommitUnknown):
                connection.commit()
        finally:
            connection.close()
        assert self.proxy.cut_commits == 1


@pytest.fixture
def lossy(site: Site, postgres_server: PostgresServer) -> Iterator[Lossy]:
    made = Lossy(site, postgres_server)
    yield made
    made.proxy.close()


Lost = Callable[[Site, Lossy, bool], bool]


def an_unknown_outcome_waits_for_the_commit(site: Site, lossy: Lossy, safe: bool) -> bool:
    """The worker's last commit got no answer, so its end is recorded as a loss."""
    claim = site.start()

    def write_and_finish(worker: Connection) -> None:
        worker.run("insert into effect (key, what) values (:key, 'effect')", {"key": claim.key})
        site.store.handoff.finish(worker, ref(claim))

    lossy.commit(write_and_finish)
    if safe:
        site.record(claim, Ending.LOST)
    else:
        fail_unconditionally(site, claim)
    return bool(site.effects(claim.key)) and site.state(claim.key) is JobState.FAILED


def a_worker_with_an_unknown_outcome_ends(site: Site, lossy: Lossy, safe: bool) -> bool:
    """A midway commit got no answer. A worker that goes on does its batch once more; the next one reads on."""
    claim = site.start()
    lossy.commit(lambda worker: write_batch(site, worker, claim))
    if not safe:
        worker = site.connect()
        worker.begin()
        write_batch(site, worker, claim)
        worker.commit()
    else:
        site.record(claim, Ending.LOST, run_at=0)
        again = site.claim_one()
        if site.store.handoff.read_cursor(site.connect(), again.key) is None:
            worker = site.connect()
            worker.begin()
            write_batch(site, worker, again)
            worker.commit()
    return site.effects(claim.key) == ["batch", "batch"]


def write_batch(site: Site, worker: Connection, claim: Claim) -> None:
    worker.run("insert into effect (key, what) values (:key, 'batch')", {"key": claim.key})
    site.store.handoff.write_cursor(worker, ref(claim), "1")
    site.store.handoff.fence(worker, ref(claim))


def a_claim_without_an_answer_is_given_back(site: Site, lossy: Lossy, safe: bool) -> bool:
    """The dispatcher remembers nothing of it, and renews its lease for ever."""
    key = site.enqueue().key
    dispatcher = Site((lossy.database, lossy.database), site.clock, settings=site.settings)
    try:
        lossy.proxy.commits_to_cut = 1
        with pytest.raises(CommitUnknown):
            dispatcher.claim()
        assert site.state(key) is JobState.STARTED
        for _ in range(20):
            site.clock.advance(seconds=5)
            with dispatcher.store.turn() as turn:
                assert turn.beat(dispatcher.token, 20).alive
                if safe:
                    turn.unsent(dispatcher.token, [])
    finally:
        dispatcher.close()
    return [claim.key for claim in site.claim()] != [key]


LOST: list[Lost] = [
    an_unknown_outcome_waits_for_the_commit,
    a_worker_with_an_unknown_outcome_ends,
    a_claim_without_an_answer_is_given_back,
]


@pytest.mark.parametrize("safe", [True, False], ids=["with", "without"])
@pytest.mark.parametrize("scenario", LOST, ids=lambda one: one.__name__)
@pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
def test_the_harm_of_a_lost_answer_comes_exactly_without_the_safeguard(
    site: Site, lossy: Lossy, scenario: Lost, safe: bool
) -> None:
    assert scenario(site, lossy, safe) is not safe


# --- commits that are under way ---


def fail_unconditionally(site: Site, claim: Claim) -> None:
    """What an outcome would be that does not ask for the claim."""
    connection = site.documents.connect(busy_timeout=PATIENCE)
    with closing(connection), connection.transaction():
        connection.run("delete from rota.live where key = :key", {"key": claim.key})
        connection.run("delete from rota.done where key = :key", {"key": claim.key})
        connection.run(
            "insert into rota.done (key, state, attempt, crashes, failures, claim, ended_at) "
            "values (:key, 5, 1, 1, 0, :claim, 0)",
            {"key": claim.key, "claim": claim.number},
        )


def record_patiently(site: Site, claim: Claim) -> None:
    store = site.another_store(busy_timeout=PATIENCE, statement_timeout=PATIENCE)
    with store.turn() as turn:
        turn.record([outcome(claim, Ending.LOST)])


def an_outcome_waits_for_a_commit_under_way(site: Site, safe: bool) -> bool:
    """The worker's connection is cut while the server commits: what it decides counts."""
    claim, worker = site.start(), site.connect()
    worker.begin()
    worker.run("insert into effect (key, what) values (:key, 'effect')", {"key": claim.key})
    site.store.handoff.finish(worker, ref(claim))
    if safe:
        recording = threading.Thread(target=record_patiently, args=(site, claim))
    else:
        recording = threading.Thread(target=fail_unconditionally, args=(site, claim))
    recording.start()
    watching = site.connect()
    wait_until(lambda: watching.value(WAITING), timeout=60, message="the outcome waits for the row")
    worker.commit()
    recording.join()
    return bool(site.effects(claim.key)) and site.state(claim.key) is JobState.FAILED


def a_claim_is_one_statement(site: Site, safe: bool) -> bool:
    """Two dispatchers see the same job. The one that is late takes it from the worker of the other."""
    late, key = site.dispatcher(), site.enqueue().key
    seen = site.connect().query("select key from rota.live where state = 1 and waits = 0")
    assert seen == [(key,)]
    claim, worker = site.claim_one(), site.connect()
    if safe:
        assert site.claim(token=late, cursor=ClaimCursor()) == []
    else:
        site.connect().run(
            "update rota.live set state = 2, attempt = attempt + 1, token = :token, "
            "claim = nextval('rota.claim_number') where key = :key",
            {"token": late, "key": key},
        )
    return not attempt(site.commit_last, worker, claim)


def whether_an_id_is_active_is_one_statement(site: Site, safe: bool) -> bool:
    """The last commit of a link, with its successor, comes between two looks."""
    link, worker = site.start("root"), site.connect()
    asking = site.connect()
    look = "select count(*) from rota.live where (id = 'root' or root = 'root') and state = :state"
    queued = asking.value(look, {"state": 1})
    site.commit_last(worker, link, site.spec("next", root="root"))
    if safe:
        return not site.store.is_active("root")
    return not (queued or asking.value(look, {"state": 2}))


@with_and_without(
    postgresql=[
        an_outcome_waits_for_a_commit_under_way,
        a_claim_is_one_statement,
        whether_an_id_is_active_is_one_statement,
    ]
)
def test_the_harm_comes_exactly_without_the_safeguard(site: Site, scenario: Scenario, safe: bool) -> None:
    assert scenario(site, safe) is not safe
