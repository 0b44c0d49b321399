"""Batches that begin and are closed with their jobs, in the transactions of whoever enqueues them."""

from __future__ import annotations

import pytest

from rota.jobs import Claim, Ending, JobSpec, new_key
from rota.store import BatchView, batch_text
from rota.store.settle import LARGE_OUTBOX
from tests.contract.store.site import Site, outcome


def finish(site: Site, *claims: Claim, ending: Ending = Ending.RETURNED) -> None:
    with site.store.turn() as turn:
        turn.record([outcome(claim, ending) for claim in claims])


def batch(site: Site, key: str | None) -> BatchView:
    view = site.store.batch(key or "")
    assert view is not None
    return view


def members(
    site: Site, count: int, *, parent: str | None = None, outer: tuple[str, str] | None = None
) -> list[JobSpec]:
    """Specs of a new batch's jobs, as their caller's commit carries them. `outer`: key and text of one around it."""
    key = new_key()
    callbacks = {name: site.spec(f"{name} {key}") for name in ("on_success", "on_failure", "on_complete")}
    begins = (*((outer[1],) if outer else ()), batch_text(key, "import", parent=parent, **callbacks))
    specs = [site.spec(batch=key) for _ in range(count)]
    specs[0] = specs[0]._replace(begins=begins)
    specs[-1] = specs[-1]._replace(ends=(*((outer[0],) if outer else ()), key))
    return specs


def callback(site: Site, kind: str, specs: list[JobSpec]) -> bool:
    return site.store.job(f"{kind} {specs[0].batch}") is not None


def test_a_batch_begins_and_is_closed_by_its_callers_commit(site: Site) -> None:
    specs = members(site, 3)
    site.publish(site.connect(), *specs)
    assert site.store.settle()
    view = batch(site, specs[0].batch)
    assert (view.total, view.closed, view.ended_at) == (3, True, None)
    finish(site, *site.claim(3))
    assert callback(site, "on_success", specs)
    assert callback(site, "on_complete", specs)
    assert not callback(site, "on_failure", specs)


def test_a_rollback_leaves_no_batch(site: Site) -> None:
    caller, specs = site.connect(), members(site, 2)
    caller.begin()
    caller.run("insert into effect (key, what) values ('', 'document')")
    site.store.handoff.publish(caller, specs)
    caller.rollback()
    assert site.store.settle()
    assert site.store.batches() == []


def test_a_large_batch_does_not_end_before_all_of_it_is_settled(site: Site) -> None:
    specs = members(site, 2 * LARGE_OUTBOX + 1)
    site.publish(site.connect(), *specs)
    seen = []
    while claims := site.claim(500):
        finish(site, *claims)
        seen.append(callback(site, "on_complete", specs))
        if seen[-1]:
            break
    assert seen == [False] * (len(seen) - 1) + [True]
    assert batch(site, specs[0].batch).finished == len(specs)


def test_a_job_of_a_batch_may_add_to_it_until_it_ends(site: Site) -> None:
    specs = members(site, 1)
    site.publish(site.connect(), *specs)
    claim = site.claim_one()
    site.commit_last(site.connect(), claim, site.spec(batch=specs[0].batch))
    site.record(claim, Ending.COMMITTED)
    assert not callback(site, "on_complete", specs)
    finish(site, site.claim_one())
    assert callback(site, "on_complete", specs)
    assert batch(site, specs[0].batch).total == 2


@pytest.mark.parametrize("ending", [Ending.RETURNED, Ending.FAILED])
def test_a_batch_inside_another_counts_there_as_one_job(site: Site, ending: Ending) -> None:
    outer = new_key()
    text = batch_text(outer, "outer", on_success=site.spec("outer success"), on_failure=site.spec("outer failure"))
    inner = members(site, 2, parent=outer, outer=(outer, text))
    site.publish(site.connect(), *inner)
    first, second = site.claim(2)
    finish(site, first)
    assert (batch(site, outer).total, batch(site, outer).pending) == (1, 1)
    finish(site, second, ending=ending)
    assert batch(site, outer).pending == 0
    assert (site.store.job("outer success") is not None) == (ending is Ending.RETURNED)
    assert (site.store.job("outer failure") is not None) == (ending is Ending.FAILED)
    assert batch(site, inner[0].batch).parent == outer


def test_a_batch_that_goes_on_after_its_end_counts_once_in_the_one_around_it(site: Site) -> None:
    outer = new_key()
    inner = members(site, 1, parent=outer, outer=(outer, batch_text(outer, "outer")))
    site.publish(site.connect(), *inner)
    finish(site, site.claim_one())
    site.enqueue("late", batch=inner[0].batch)
    late = next(claim for claim in site.claim(5) if claim.id == "late")
    finish(site, late)
    assert (batch(site, outer).total, batch(site, outer).finished) == (1, 1)
