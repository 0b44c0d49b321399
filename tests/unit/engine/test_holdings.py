"""What a dispatcher holds of one site: claims of which nobody was told are given back, and a site at rest rests."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.engine.holdings import Holdings
from rota.engine.identity import Identity
from rota.engine.lease import BEAT_SECONDS, UNSENT_SECONDS
from rota.engine.settings import DispatcherSettings
from rota.engine.wake import Waker
from rota.errors import CommitUnknown
from rota.jobs import JobSpec, new_key
from rota.store import ClaimCursor, ClaimRef, Store, Turn, Want, boot_id

WANTS = [Want("short", 1)]


@pytest.fixture
def holdings(store: Store, tmp_path: Path) -> Iterator[Holdings]:
    one = Holdings(
        "one",
        lambda: store,
        identity=Identity(),
        settings=DispatcherSettings(queues={"short": 300}, workers=1),
        waker=Waker(tmp_path),
        rows=lambda _: [],
    )
    yield one
    one.leave()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many claims were given back at each look for those that nobody was told of."""
    found: list[int] = []
    look = Turn.unsent

    def counted(turn: Turn, token: str, held: Collection[ClaimRef]) -> int:
        found.append(look(turn, token, held))
        return found[-1]

    monkeypatch.setattr(Turn, "unsent", counted)
    return found


def enqueue(store: Store) -> str:
    key, now = new_key(), store.now()
    store.insert([JobSpec(key=key, id=key, method="app.tasks.one", queue="short", user="", timeout=9, created_at=now)])
    return key


def claimed(holdings: Holdings, now: float) -> list[str]:
    assert holdings.is_up(now)
    return [held.claim.key for held in holdings.turn(now, WANTS, 1).claimed]


def test_a_claim_whose_commit_did_not_answer_is_given_back_at_the_next_beat(
    store: Store, holdings: Holdings, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claimed(holdings, 1000.0) == []
    key, commit = enqueue(store), store._commit

    def unanswered(*words: Any) -> None:
        commit(*words)
        raise CommitUnknown("the server did not answer")

    with monkeypatch.context() as lost:
        lost.setattr(store, "_commit", unanswered)
        assert claimed(holdings, 1001.0) == []
    again = holdings.next_at(1001.0)
    assert again < 1001.0 + BEAT_SECONDS
    assert claimed(holdings, again) == [key]
    assert looks == [1]


def test_claims_of_which_nobody_was_told_are_looked_for_each_minute_and_at_each_beat_after_a_failure(
    store: Store, holdings: Holdings, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claimed(holdings, 1000.0) == []
    enqueue(store)
    assert len(claimed(holdings, 1001.0)) == 1  # what is held is renewed often

    def beat_for_a_minute(begin: float) -> int:
        looks.clear()
        for number in range(int(UNSENT_SECONDS / BEAT_SECONDS)):
            holdings.turn(begin + number * BEAT_SECONDS, WANTS, 0)
        return len(looks)

    assert beat_for_a_minute(1010.0) == 1
    assert beat_for_a_minute(1070.0) == 1
    with monkeypatch.context() as broken:
        broken.setattr(store, "_commit", lambda *_: 1 / 0)
        holdings.turn(1130.0, WANTS, 0)
    assert beat_for_a_minute(1132.0) == int(UNSENT_SECONDS / BEAT_SECONDS) - 1
    assert beat_for_a_minute(1192.0) <= 1


def looked_at(holdings: Holdings, now: float) -> bool:
    """As a roster does it: whether a look was made."""
    if holdings.is_at_rest(now):
        return False
    holdings.look(now)
    holdings.maintain(now)
    return True


def test_a_site_at_rest_is_not_looked_at_and_a_silent_commit_there_is_seen(store: Store, holdings: Holdings) -> None:
    assert claimed(holdings, 1000.0) == []
    looks = [looked_at(holdings, 1000.0 + 10 * number) for number in range(60)]
    assert all(looks[:7])
    assert 8 <= sum(looks[12:]) <= 12, "one a minute"
    holdings.turn(1600.0, [], 0)
    assert not looked_at(holdings, 1601.0), "its own beat is no news"
    other = Store(engine=store._engine, documents=store._documents, clock=store.clock)
    key = enqueue(other)
    other.close()
    assert looked_at(holdings, 1610.0)
    assert holdings.hungry
    assert claimed(holdings, 1610.0) == [key]


def test_a_site_that_has_something_claimable_is_no_site_at_rest(store: Store, holdings: Holdings) -> None:
    assert claimed(holdings, 1000.0) == []
    enqueue(store)
    for number in range(30):
        now = 1010.0 + 10 * number
        assert looked_at(holdings, now)
        holdings.hungry = False  # as while the site is closed, until somebody writes a file


def test_a_site_with_claims_of_a_lost_dispatcher_is_no_site_at_rest(
    store: Store, holdings: Holdings, clock: FixedClock
) -> None:
    with store.turn() as turn:
        turn.register("other", host="elsewhere", pid=1, boot_id=boot_id(), queues=["short"], lease=1)
    enqueue(store)
    with store.turn() as turn:
        assert turn.claim("other", WANTS, 1, ClaimCursor())
    writer = store._documents.connect()
    with closing(writer), writer.transaction():
        for number in range(30):
            clock.advance(seconds=10)
            assert looked_at(holdings, 1000.0 + 10 * number), "its fence could not be raised: somebody writes"
