"""What people and the floors above see, and what is forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.clock import FixedClock
from rota.db import Database
from rota.jobs import Ending, JobSpec, JobState
from rota.store import ClaimCursor, EventRow, JobFilter, LogLine, Progress, StoreSettings, WorkerRow
from tests.contract.store.site import SECOND, Site, ref


def fill(site: Site) -> dict[str, str]:
    """A job in each state: state -> key."""
    finished, failed = site.start(method="app.a", user="ann"), site.start(method="app.a")
    site.record(finished, Ending.RETURNED)
    site.record(failed, Ending.FAILED, error="boom")
    canceled = site.enqueue(queue="long").key
    with site.store.turn() as turn:
        turn.cancel(canceled, "", "ann")
    started = site.start(queue="long").key
    queued = site.enqueue(method="app.b", user="ann").key
    scheduled = site.enqueue(run_at=site.store.now() + SECOND, root="r").key
    keys = [finished.key, failed.key, canceled, started, queued, scheduled]
    return dict(zip(["finished", "failed", "canceled", "started", "queued", "scheduled"], keys, strict=True))


def test_stats_count_every_state(site: Site) -> None:
    fill(site)
    assert site.store.stats() == {state.value: 1 for state in JobState}
    assert site.store.queue_stats() == {
        "short": {"scheduled": 1, "queued": 1, "started": 0},
        "long": {"scheduled": 0, "queued": 0, "started": 1},
    }


def test_a_listing_shows_the_newest_first_page_by_page(site: Site) -> None:
    keys = [answer.key for answer in site.enqueue_many(5)]
    first = site.store.listing(limit=3)
    assert [job.key for job in first] == keys[:1:-1]
    assert [job.key for job in site.store.listing(limit=3, before=first[-1].key)] == keys[1::-1]


@pytest.mark.parametrize("state", JobState)
def test_a_listing_by_state_shows_those(site: Site, state: JobState) -> None:
    keys = fill(site)
    (job,) = site.store.listing(JobFilter(states=frozenset({state})))
    assert (job.key, job.state) == (keys[state.value], state)


@pytest.mark.parametrize(
    ("wanted", "states"),
    [
        (JobFilter(method="app.a"), ["failed", "finished"]),
        (JobFilter(method="app.a", states=frozenset({JobState.FAILED})), ["failed"]),
        (JobFilter(user="ann"), ["queued", "finished"]),
        (JobFilter(queue="long"), ["started", "canceled"]),
        (JobFilter(queue="long", states=frozenset({JobState.STARTED, JobState.FAILED})), ["started"]),
        (JobFilter(root="r"), ["scheduled"]),
        (JobFilter(states=frozenset({JobState.FAILED, JobState.QUEUED})), ["queued", "failed"]),
        (JobFilter(batch="0" * 32), []),
    ],
)
def test_a_listing_is_narrowed_by_every_field(site: Site, wanted: JobFilter, states: list[str]) -> None:
    fill(site)
    assert [job.state.value for job in site.store.listing(wanted)] == states


def test_the_newest_job_of_an_id_is_the_one_that_is_shown(site: Site) -> None:
    site.record(site.start("x"), Ending.RETURNED)
    second = site.enqueue("x")
    assert site.job("x").key == second.key
    assert [job.key for job in site.store.listing(JobFilter(id="x"), limit=1)] == [second.key]
    assert site.store.job("unknown") is None
    assert site.store.live("unknown") is None
    assert {job.key for job in site.store.jobs([second.key, "0" * 32])} == {second.key}


def test_a_jobs_children_are_known(site: Site) -> None:
    parent = site.enqueue().key
    child = site.enqueue(parent=parent, made_by=1).key
    assert site.store.children(parent) == [child]
    assert site.store.body(child) == site.job(child).body


def test_what_waits_is_known_to_who_would_claim_it(site: Site) -> None:
    assert not site.store.backlog()
    site.enqueue(queue="long")
    assert site.store.backlog()
    assert site.store.backlog(["long"])
    assert not site.store.backlog(["short"])
    if not site.sqlite:
        nothing_left = ClaimCursor(floors={("long", lane): 1000 for lane in range(10)})
        assert not site.store.backlog(["long"], nothing_left), "what a claim has gone past is not looked through again"
    created_at = site.store.now()
    site.clock.advance(seconds=9)
    site.enqueue(queue="long")
    assert site.store.oldest_queued() == {"long": created_at}


def test_workers_are_shown_with_what_they_do(site: Site) -> None:
    claim = site.start("x")
    rows = [
        WorkerRow(pid=11, state="busy", born_at=5, key=claim.key, finished=3, failed=1, busy=2.5),
        WorkerRow(pid=12, state="idle", born_at=6),
    ]
    for _ in range(2):
        with site.store.turn() as turn:
            turn.workers(site.token, rows)
    busy, idle = site.store.workers()
    assert (busy.name, busy.job_id, busy.key, busy.finished, busy.busy) == ("here.11", "x", claim.key, 3, 2.5)
    assert (idle.state, idle.key, idle.job_id, idle.queues) == ("idle", None, None, ("short", "default", "long"))
    assert site.job("x").pid == 11


def test_dispatchers_are_shown_alive_until_their_lease_is_over(site: Site) -> None:
    (one,) = site.store.dispatchers()
    assert (one.token, one.host, one.alive, one.queues) == (site.token, "here", True, ("short", "default", "long"))
    site.clock.advance(seconds=21)
    assert not site.store.dispatchers()[0].alive


def test_the_version_tells_what_others_commit_where_a_file_does(site: Site) -> None:
    before = site.store.version()
    assert (before is None) == (not site.sqlite)
    site.store.insert([site.spec()])
    assert site.store.version() == before
    if before is not None:
        site.another_store().insert([site.spec()])
        later = site.store.version()
        assert later != before
        site.connect().run("insert into effect (key) values ('one')")
        assert site.store.version() not in (before, later)


def test_the_documents_database_is_read_beside_the_engines(site: Site) -> None:
    site.connect().run("insert into effect (key) values ('one')")
    for _ in range(2):
        with site.store.documents() as connection:
            assert connection.value("select key from effect") == "one"


def test_lines_and_progress_of_a_job_are_kept(site: Site) -> None:
    key = site.enqueue().key
    lines = [
        LogLine(key=key, attempt=1, at=1, level="INFO", text="a"),
        LogLine(key=key, attempt=2, at=2, level="OUTPUT", text="b\0"),
    ]
    with site.store.turn() as turn:
        turn.log(lines)
        turn.progress([Progress(key=key, at=1, done=1, total=4)])
        turn.progress([Progress(key=key, at=2, done=2.5, total=4, message="half\0")])
    assert [line.text for line in site.store.lines(key)] == ["a", "b\ufffd"]
    assert [line.text for line in site.store.lines(key, 1)] == ["a"]
    assert site.store.progress(key) == Progress(key=key, at=2, done=2.5, total=4, message="half\ufffd")
    assert site.store.progress("0" * 32) is None


def test_events_are_read_from_a_number_on(site: Site) -> None:
    assert site.store.last_event() == 0
    with site.store.turn() as turn:
        turn.events([EventRow(room="user:ann", name="msgprint", payload="{}", at=turn.now + n) for n in range(3)])
    events = site.store.events(0)
    assert [event.at - site.store.now() for event in events] == [0, 1, 2]
    assert site.store.events(events[1].number) == events[2:]
    assert site.store.last_event() == events[2].number


# --- history ---


@pytest.fixture
def forgetful(databases: tuple[Database, Database], clock: FixedClock) -> Iterator[Site]:
    settings = StoreSettings(
        keep_finished=100, keep_failed=1000, keep_canceled=100, keep_finished_count=3, result_ttl=50, busy_timeout=60
    )
    site = Site(databases, clock, settings=settings)
    yield site
    site.close()


def prune(site: Site) -> int:
    with site.store.turn() as turn:
        return turn.prune()


def test_final_jobs_are_deleted_by_age_each_state_by_its_own(forgetful: Site) -> None:
    keys = fill(forgetful)
    assert prune(forgetful) == 0
    forgetful.clock.advance(seconds=101)
    assert prune(forgetful) == 2
    left = {job.key for job in forgetful.store.listing()}
    assert left == {keys["failed"], keys["started"], keys["queued"], keys["scheduled"]}
    forgetful.clock.advance(seconds=1000)
    assert prune(forgetful) == 1


def test_final_jobs_are_deleted_by_count(forgetful: Site) -> None:
    for _ in range(6):
        forgetful.clock.advance(seconds=1)
        forgetful.record(forgetful.start(), Ending.RETURNED)
    assert prune(forgetful) == 3
    assert prune(forgetful) == 0
    assert forgetful.store.stats()["finished"] == 3


def test_a_result_goes_before_its_job(forgetful: Site) -> None:
    short, long = forgetful.start(), forgetful.start(options={"result_ttl": 80})
    for claim in (short, long):
        forgetful.record(claim, Ending.RETURNED, result="1")
    forgetful.clock.advance(seconds=51)
    prune(forgetful)
    assert (forgetful.job(short.key).result, forgetful.job(long.key).result) == (None, "1")
    forgetful.clock.advance(seconds=30)
    prune(forgetful)
    assert forgetful.job(long.key).result is None


def test_all_that_is_kept_of_a_job_goes_with_it(forgetful: Site) -> None:
    claim = forgetful.start()
    forgetful.record(claim, Ending.RELEASED)
    claim = forgetful.claim_one()
    worker = forgetful.connect()
    with forgetful.writing(worker):
        forgetful.store.handoff.write_cursor(worker, ref(claim), "9")
    with forgetful.store.turn() as turn:
        turn.log([LogLine(key=claim.key, attempt=1, at=1, level="INFO", text="a")])
        turn.progress([Progress(key=claim.key, at=1)])
    forgetful.record(claim, Ending.RETURNED)
    forgetful.clock.advance(seconds=101)
    assert prune(forgetful) == 1
    assert forgetful.store.prune_ledger()
    store = forgetful.store
    assert (store.attempts(claim.key), store.lines(claim.key), store.progress(claim.key)) == ([], [], None)
    assert store.cursor(claim.key) is None


def test_only_final_jobs_can_be_removed(site: Site) -> None:
    keys = fill(site)
    with site.store.turn() as turn:
        assert turn.remove(keys["failed"])
        assert not turn.remove(keys["failed"])
        assert not turn.remove(keys["queued"])
        assert not turn.remove(keys["started"])
    assert site.store.job(keys["failed"]) is None


def test_final_jobs_are_removed_by_what_they_were(site: Site) -> None:
    keys = fill(site)
    with site.store.turn() as turn:
        assert turn.remove_many([JobState.FAILED, JobState.QUEUED], queue="long") == 0
        assert turn.remove_many([JobState.FAILED, JobState.QUEUED], method="app.a") == 1
        assert turn.remove_many(list(JobState)) == 2
    assert {job.key for job in site.store.listing()} == {keys["started"], keys["queued"], keys["scheduled"]}


def test_a_job_is_not_removed_while_its_outbox_row_would_bring_it_back(site: Site) -> None:
    spec: JobSpec = site.spec("x")
    site.publish(site.connect(), spec)
    site.record(site.claim_one(), Ending.RETURNED)
    with site.store.turn() as turn:
        assert turn.remove(spec.key) == (not site.sqlite)
    site.store.sweep()
    with site.store.turn() as turn:
        assert turn.remove(spec.key) == site.sqlite
    assert not site.another_store().is_active("x")
