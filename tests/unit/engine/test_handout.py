"""Who gets which job: what is claimed for whom, and what long queues leave to others."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rota.engine.crew import Crew, Hand, Held
from rota.engine.handout import AHEAD_SECONDS, HandOut
from rota.engine.holdings import Holdings
from rota.engine.pace import Pace
from rota.engine.settings import DispatcherSettings
from rota.engine.watch import PATIENCE_SECONDS
from rota.jobs import Claim, new_key
from rota.store import ClaimRef, Want

numbers = itertools.count(1)
QUEUES = {"short": 300.0, "default": 300.0, "long": 1500.0}


class PaperCrew:
    """Hands without processes, and what each was given."""

    def __init__(self, count: int) -> None:
        self.hands = [paper_hand(number) for number in range(count)]

    def __iter__(self) -> Any:
        return iter(self.hands)

    def give(self, hand: Hand, held: Held) -> bool:
        hand.held[next(numbers)] = held
        return True


def paper_hand(number: int) -> Hand:
    nothing = cast(Any, None)
    return Hand(
        number=number, jobs=nothing, theirs=nothing, reports=-1, slate=nothing, born_at=0, spawned_at=0, finished=1
    )


def held(method: str = "app.run", *, site: str = "one", queue: str = "default", crashes: int = 0) -> Held:
    claim = Claim(
        key=new_key(), number=next(numbers), attempt=1, crashes=crashes, failures=0, id="x", root="", method=method,
        queue=queue, user="mia", started_at=0, body=json.dumps({"timeout": 60}),
    )  # fmt: skip
    return Held(site=site, claim=claim, ref=ClaimRef(claim.key, claim.number))


def site(name: str = "one", *holds: Held) -> Holdings:
    return cast(
        Holdings,
        SimpleNamespace(
            name=name, held={one.ref: one for one in holds}, ended={}, waiting=[], hungry=True, backlog=False
        ),
    )


@pytest.fixture
def crew() -> PaperCrew:
    return PaperCrew(4)


@pytest.fixture
def pace() -> Pace:
    return Pace()


def hand_out(crew: PaperCrew, pace: Pace, **settings: Any) -> HandOut:
    return HandOut(cast(Crew, crew), pace, DispatcherSettings(**{"queues": QUEUES, "workers": 4, **settings}))


def test_unknown_jobs_are_claimed_for_free_workers_only(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    crew.give(crew.hands[0], held())
    crew.hands[0].load = float("inf")
    assert outs.share(one, outs.room([one], [one]), [one]) == 3


def test_short_jobs_are_claimed_ahead(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    pace.note("one", "app.run", 0.001)
    assert outs.room([one], [one]) == 4 * 20


def test_sites_share_the_room(crew: PaperCrew, pace: Pace) -> None:
    sites, outs = [site("one"), site("two")], hand_out(crew, pace)
    room = outs.room(sites, sites)
    assert [outs.share(one, room, sites) for one in sites] == [2, 2]


def test_a_site_with_nothing_to_claim_has_no_share(crew: PaperCrew, pace: Pace) -> None:
    one, two, outs = site("one"), site("two"), hand_out(crew, pace)
    assert outs.share(two, 4, [one]) == 0


@pytest.mark.parametrize(("running", "long"), [(0, 3), (2, 1), (3, None)])
def test_long_queues_leave_a_worker_to_the_others(crew: PaperCrew, pace: Pace, running: int, long: int | None) -> None:
    one = site("one", *(held(queue="long") for _ in range(running)))
    wants = {want.queue: want.limit for want in hand_out(crew, pace).wants([one], 4)}
    assert wants == {"short": 4, "default": 4} | ({"long": long} if long else {})


def test_several_long_queues_share_what_is_left_in_turn(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace, queues={"default": 300.0, "a": 5000.0, "b": 5000.0})
    seen = [dict(outs.wants([site()], 4)) for _ in range(2)]
    assert sorted(seen, key=str) == [{"default": 4, "a": 1, "b": 2}, {"default": 4, "a": 2, "b": 1}]


def test_a_dispatcher_of_long_queues_alone_gives_them_all_workers(crew: PaperCrew, pace: Pace) -> None:
    assert hand_out(crew, pace, queues={"long": 1500.0}).wants([site()], 9) == [Want("long", 4)]


def test_a_single_worker_takes_long_jobs_too(crew: PaperCrew, pace: Pace) -> None:
    assert Want("long", 1) in hand_out(crew, pace, workers=1).wants([site()], 1)


def test_a_queues_own_limit_counts_what_runs(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace, limits={"short": 2})
    wants = dict(outs.wants([site("one", held(queue="short"))], 4))
    assert wants["short"] == 1


def test_unknown_jobs_are_placed_one_a_worker(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    assert [outs.place(held()) for _ in range(5)] == [True] * 4 + [False]
    assert [len(hand.held) for hand in crew] == [1, 1, 1, 1]


def test_short_jobs_are_placed_where_least_is_to_do(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    pace.note("one", "app.run", 0.001)
    assert all(outs.place(held()) for _ in range(40))
    assert [len(hand.held) for hand in crew] == [10, 10, 10, 10]


def test_a_new_worker_gets_its_first_job_alone(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    pace.note("one", "app.run", 0.001)
    crew.hands[0].finished = 0
    assert outs.room([one], [one]) == 1 + 3 * pace.depth("one", 0.02)
    assert all(outs.place(held()) for _ in range(40))
    assert [len(hand.held) for hand in crew] == [1, 13, 13, 13]


def test_nothing_is_placed_behind_a_slow_or_unknown_job(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    for _ in range(4):
        outs.place(held("app.slow"))
    pace.note("one", "app.run", 0.001)
    assert not outs.place(held("app.run"))


def test_a_job_that_took_a_worker_down_runs_alone(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    pace.note("one", "app.run", 0.001)
    for _ in range(4):
        outs.place(held())
    assert not outs.place(held(crashes=1))


def test_async_jobs_join_those_of_their_kind(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    pace.note_async("one", "app.fetch")
    outs.place(held("app.fetch"))
    crew.hands[0].runs_async = True
    assert all(outs.place(held("app.fetch")) for _ in range(50))
    assert [len(hand.held) for hand in crew] == [51, 0, 0, 0]
    assert outs.place(held("app.fetch", crashes=1))
    assert len(crew.hands[1].held) == 1


def test_a_worker_that_leaves_gets_nothing(crew: PaperCrew, pace: Pace) -> None:
    for hand in crew.hands[1:]:
        hand.retiring = True
    crew.hands[0].doomed = "timeout"
    one, outs = site(), hand_out(crew, pace)
    assert (outs.room([one], [one]), outs.place(held())) == (0, False)


def busy_with(crew: PaperCrew, outs: HandOut, method: str) -> None:
    """Every worker has one job of the method."""
    for _ in crew.hands:
        assert outs.place(held(method))


def test_the_next_job_is_claimed_ahead_of_workers_that_are_through_soon(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    pace.note("one", "app.run", 0.05)
    busy_with(crew, outs, "app.run")
    one.backlog = True

    assert outs.share(one, outs.room([one], [one]), [one]) == 4
    one.waiting.extend(held() for _ in range(3))
    assert outs.share(one, outs.room([one], [one]), [one]) == 1


def test_nothing_is_claimed_ahead_when_others_might_find_no_job(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    pace.note("one", "app.run", 0.05)
    busy_with(crew, outs, "app.run")

    assert outs.share(one, outs.room([one], [one]), [one]) == 0


def test_nothing_is_claimed_ahead_while_another_site_has_jobs(crew: PaperCrew, pace: Pace) -> None:
    one, two, outs = site(), site("two"), hand_out(crew, pace)
    pace.note("one", "app.run", 0.05)
    busy_with(crew, outs, "app.run")
    one.backlog = two.backlog = True

    assert outs.room([one, two], [one, two]) == 0


@pytest.mark.parametrize("seconds", [None, 0.3, 60.0])
def test_nothing_is_claimed_ahead_of_jobs_that_take_long(crew: PaperCrew, pace: Pace, seconds: float | None) -> None:
    one, outs = site(), hand_out(crew, pace)
    if seconds is not None:
        pace.note("one", "app.run", seconds)
    busy_with(crew, outs, "app.run")
    one.backlog = True

    assert outs.share(one, outs.room([one], [one]), [one]) == 0
    assert outs.patience() == PATIENCE_SECONDS


def test_nothing_is_claimed_ahead_of_a_job_that_turns_out_slow(crew: PaperCrew, pace: Pace) -> None:
    one, outs = site(), hand_out(crew, pace)
    pace.note("one", "app.run", 0.05)
    busy_with(crew, outs, "app.run")
    one.backlog = True
    for hand in crew.hands:
        for slow in hand.held.values():
            slow.given_at -= 1

    assert outs.share(one, outs.room([one], [one]), [one]) == 0
    assert outs.patience() == PATIENCE_SECONDS


def test_what_is_claimed_ahead_waits_for_the_worker_that_is_through_soon(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    pace.note("one", "app.run", 0.05)
    busy_with(crew, outs, "app.run")

    assert outs.patience() == AHEAD_SECONDS


def test_short_jobs_wait_for_workers_that_are_through_with_their_own_soon(crew: PaperCrew, pace: Pace) -> None:
    outs = hand_out(crew, pace)
    pace.note("one", "app.run", 0.001)
    busy_with(crew, outs, "app.run")

    assert outs.patience() == AHEAD_SECONDS
