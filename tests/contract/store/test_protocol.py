"""The eight invariants of the protocol, asserted after every step of random histories with kills and freezes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rota.clock import FixedClock
from rota.db import Database
from rota.jobs import Ending
from rota.store import StoreSettings
from tests.contract.store.site import Site
from tests.contract.store.test_safeguards import change, without
from tests.contract.store.world import World

STEPS = 150


@pytest.fixture
def site(databases: tuple[Database, Database], clock: FixedClock) -> Iterator[Site]:
    """History is kept for minutes only, so that pruning takes part."""
    settings = StoreSettings(busy_timeout=60, keep_finished=120, keep_failed=120, keep_canceled=120)
    site = Site(databases, clock, settings=settings)
    yield site
    site.close()


def play(world: World, steps: int) -> None:
    taken: list[str] = []
    for _ in range(steps):
        taken.append(world.step())
        try:
            world.check()
        except AssertionError as broken:
            raise AssertionError(f"{broken}\nafter: {' '.join(taken)}") from broken


@pytest.mark.parametrize("seed", range(8))
def test_the_invariants_hold_after_every_step(site: Site, seed: int) -> None:
    world = World(site, seed)
    play(world, STEPS)
    world.come_to_rest()


def test_the_check_notices_a_fence_that_is_missing(site: Site) -> None:
    if site.sqlite:
        change(site, finish=without("fence <= excluded.fence and"), fence="update rota_ledger_floor set claim = claim")
    else:
        change(site, hold=without("and claim = :claim"), holds_claim="select 1")

    def play_many() -> None:
        for seed in range(30):
            play(World(site, seed), 100)

    with pytest.raises(AssertionError, match=r"may commit|a stale commit passed|effects"):
        play_many()


def test_a_chain_is_visible_at_every_instant(site: Site) -> None:
    """8: whoever asks, between any two steps of any link, sees the root's id active."""
    documents, store = site.connect(), site.store
    claim = site.start("root")
    for number in range(6):
        child = site.spec(f"link-{number}" if number % 2 else "root", root="root")
        if number % 3:
            site.commit_last(documents, claim, child)
            assert store.is_active("root")
            site.record(claim, Ending.COMMITTED)
        else:
            site.record(claim, Ending.RETURNED, children=(child,))
        assert store.is_active("root")
        assert store.sweep()
        assert store.is_active("root")
        claim = site.claim_one()
        assert claim.key == child.key
    site.record(claim, Ending.RETURNED)
    assert not store.is_active("root")
