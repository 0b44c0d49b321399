"""The sites of a dispatcher: what is done for each at the start."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.clock import FixedClock
from rota.db import open_database
from rota.engine.frozen import FrozenWriters
from rota.engine.holdings import Holdings
from rota.engine.identity import Identity
from rota.engine.roster import LOOK_SECONDS, SITES_SECONDS, Roster
from rota.engine.settings import DispatcherSettings
from rota.engine.wake import Waker
from rota.jobs import JobState
from rota.store import ClaimCursor, Want
from tests.contract.store.site import Site
from tests.support.waiting import wait_until


@pytest.fixture
def site(postgres_dsn: str, clock: FixedClock) -> Iterator[Site]:
    database = open_database(postgres_dsn)
    site = Site((database, database), clock)
    yield site
    site.close()


@pytest.fixture
def roster(site: Site, tmp_path: Path) -> Iterator[Roster]:
    def make(name: str, opener: object) -> Holdings:
        return Holdings(
            name,
            opener,  # type: ignore[arg-type]
            identity=Identity(),
            settings=DispatcherSettings(queues={"short": 300}, workers=1),
            waker=Waker(tmp_path),
            rows=lambda _: [],
        )

    with selectors.DefaultSelector() as selector:
        roster = Roster(lambda: {"one": site.another_store}, make, selector, frozen=FrozenWriters(patience=60))
        yield roster
        roster.leave()


def test_what_a_dead_dispatcher_of_this_machine_held_is_back_as_soon_as_the_server_answers(
    site: Site, roster: Roster
) -> None:
    me = Identity()
    birth = me.birth.rpartition(" ")[0] + " 1"
    key = site.enqueue().key
    with site.store.turn() as turn:
        # The process that had our number before us.
        turn.register("dead", host=me.host, pid=os.getpid(), boot_id=birth, queues=["short"], lease=600)
    with site.store.turn() as turn:
        assert turn.claim("dead", [Want("short", 1)], 1, ClaimCursor())
    start = time.monotonic()
    roster.tick(start)
    soon = start + LOOK_SECONDS / 2
    [one] = roster
    wait_until(lambda: one._probe is not None and one._probe.is_done, timeout=60, message="the server answers")
    roster.tick(soon)
    roster.look(soon)
    view = site.store.job(key)
    assert view is not None
    assert view.state is not JobState.STARTED


def test_a_bench_without_sites_is_looked_at_now_and_then() -> None:
    with selectors.DefaultSelector() as selector:
        roster = Roster(dict, lambda *_: pytest.fail("there is no site"), selector, frozen=FrozenWriters(patience=60))
        roster.tick(100.0)
    assert roster.wants_round_at() == 100.0 + SITES_SECONDS
