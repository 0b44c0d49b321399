"""What `rota doctor` says of a site, on each database."""

from __future__ import annotations

import pytest

from rota.clock import FixedClock
from rota.engine.identity import Identity
from rota.engine.maintenance import PRUNE_SECONDS, SPARED_ROUNDS, Pruner
from rota.sites.health import UNPRUNED, look
from rota.sites.jobs import jobs_of
from rota.sites.retrying import METHOD
from rota.sites.site import Site
from rota.store import Turn

DAY = 86400.0


def test_it_notes_history_that_no_scheduler_deletes(live: Site, clock: FixedClock) -> None:
    with live.open() as context:
        job = jobs_of(context).enqueue(METHOD, enqueue_after_commit=False)
        assert job.cancel() == "canceled"
    clock.advance(seconds=live.config.rq_results_ttl + 600)
    assert UNPRUNED not in look(live).notes
    clock.advance(seconds=DAY)
    assert UNPRUNED in look(live).notes
    Pruner(live.store).run_once()
    assert UNPRUNED not in look(live).notes


def test_a_dispatcher_of_this_machine_that_died_is_not_shown_alive(live: Site) -> None:
    me = Identity()
    with live.store.turn() as turn:
        turn.register("ours", host=me.host, pid=me.pid, boot_id=me.birth, queues=["short"], lease=600)
        # The process that had our number before us.
        before = me.birth.rpartition(" ")[0] + " 1"
        turn.register("dead", host=me.host, pid=me.pid, boot_id=before, queues=["short"], lease=600)
        turn.register("far", host="elsewhere", pid=me.pid, boot_id=before, queues=["short"], lease=600)
    assert sorted(one.token for one in look(live).dispatchers) == ["far", "ours"]


def test_a_round_of_pruning_is_spared_where_nobody_has_written(live: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    prune, pruned = Turn.prune, []

    def counted(turn: Turn, limit: int) -> int:
        pruned.append(limit)
        return prune(turn, limit)

    monkeypatch.setattr(Turn, "prune", counted)
    store = live.make_store()
    pruner = Pruner(store)

    def rounds(count: int) -> int:
        pruned.clear()
        for _ in range(count):
            assert pruner.run_once() == PRUNE_SECONDS
        return len(pruned)

    assert rounds(1) == 1
    spared = live.store.dialect == "sqlite"  # a server does not tell who writes
    assert rounds(SPARED_ROUNDS) == (0 if spared else SPARED_ROUNDS)
    assert rounds(1) == 1
    with live.open() as context:
        jobs_of(context).enqueue(METHOD, enqueue_after_commit=False)
    assert rounds(1) == 1
    store.close()
