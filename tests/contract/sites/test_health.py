"""What `rota doctor` says of a site, on each database."""

from __future__ import annotations

from rota.clock import FixedClock
from rota.engine.maintenance import Pruner
from rota.sites.health import UNPRUNED, look
from rota.sites.jobs import jobs_of
from rota.sites.retrying import METHOD
from rota.sites.site import Site

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
