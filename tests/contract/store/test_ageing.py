"""Priority inside a queue, and its bound: what has waited for long gets a share, however much comes before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.clock import FixedClock
from rota.db import Database
from rota.store import StoreSettings
from rota.store.ageing import SHARE
from tests.contract.store.site import SECOND, Site

AGEING = 300.0


def flood(site: Site, claims: int) -> Iterator[str]:
    """The keys that are claimed, one at a time, while two new urgent jobs come for each."""
    for _ in range(claims):
        site.enqueue_many(2, priority=-5)
        yield site.claim_one().key


def test_lower_numbers_run_first_and_each_lane_in_its_order(site: Site) -> None:
    keys = [site.enqueue(priority=priority).key for priority in (5, 0, -5, 0, 5)]
    claimed = [claim.key for claim in site.claim(9)]
    assert claimed == [keys[2], keys[1], keys[3], keys[0], keys[4]]


def test_a_young_job_waits_for_all_urgent_ones(site: Site) -> None:
    low = site.enqueue(priority=5).key
    site.clock.advance(seconds=AGEING - 1)
    assert low not in list(flood(site, 5 * SHARE))


def test_an_aged_job_is_claimed_soon_while_urgent_ones_keep_coming(site: Site) -> None:
    low = site.enqueue(priority=5).key
    site.clock.advance(seconds=AGEING)
    assert low in list(flood(site, SHARE))


def test_aged_jobs_get_a_share_and_no_more(site: Site) -> None:
    low = [one.key for one in site.enqueue_many(10, priority=5)]
    site.clock.advance(seconds=AGEING)
    claimed = list(flood(site, 5 * SHARE))
    assert [key for key in claimed if key in low] == low[:5]


def test_the_lane_that_has_waited_longest_comes_first(site: Site) -> None:
    oldest = site.enqueue(priority=9).key
    site.clock.advance(seconds=1)
    old = site.enqueue(priority=5).key
    site.clock.advance(seconds=AGEING)
    claimed = list(flood(site, 2 * SHARE))
    assert [key for key in claimed if key in (oldest, old)] == [oldest, old]


def test_jobs_enqueued_at_the_front_do_not_starve_the_rest(site: Site) -> None:
    plain = site.enqueue().key
    site.clock.advance(seconds=AGEING)
    claimed = []
    for _ in range(SHARE):
        site.enqueue_many(2, at_front=True)
        claimed.append(site.claim_one().key)
    assert plain in claimed


def test_a_job_for_later_ages_from_its_time_on(site: Site) -> None:
    low = site.enqueue(priority=5, run_at=site.store.now() + int(AGEING * SECOND)).key
    site.clock.advance(seconds=AGEING)
    with site.store.turn() as turn:
        turn.promote_due()
    assert low not in list(flood(site, 2 * SHARE))


def test_queues_keep_their_order_whatever_ages(site: Site) -> None:
    site.enqueue(queue="default", priority=5)
    site.enqueue(queue="default")
    site.clock.advance(seconds=AGEING)
    for _ in range(SHARE):
        short = site.enqueue(queue="short").key
        assert site.claim_one().key == short


@pytest.fixture
def strict(databases: tuple[Database, Database], clock: FixedClock) -> Iterator[Site]:
    """A site that never lets age count."""
    site = Site(databases, clock, settings=StoreSettings(busy_timeout=60, priority_ageing=0))
    yield site
    site.close()


def test_ageing_can_be_switched_off(strict: Site) -> None:
    low = strict.enqueue(priority=5).key
    strict.clock.advance(seconds=100 * AGEING)
    assert low not in list(flood(strict, 3 * SHARE))
