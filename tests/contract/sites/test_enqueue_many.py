"""Many jobs enqueued in one call."""

from __future__ import annotations

import gc

from rota.sites.jobs import jobs_of
from rota.sites.retrying import METHOD
from rota.sites.site import Site

MANY = 5_000


def test_python_does_not_look_for_garbage_while_they_are_made(live: Site) -> None:
    def looked() -> int:
        return sum(one["collections"] for one in gc.get_stats())

    with live.open() as context:
        jobs = jobs_of(context)
        jobs.enqueue_many(METHOD, [{"number": 0}])
        rows = [{"number": number} for number in range(MANY)]
        before = looked()
        made = jobs.enqueue_many(METHOD, rows)
        assert looked() - before <= 2  # once for each 700 new objects, otherwise
    assert len(made) == MANY
    assert live.store.stats()["queued"] == MANY + 1


def test_they_may_come_one_by_one(live: Site) -> None:
    with live.open() as context:
        made = jobs_of(context).enqueue_many(METHOD, ({"number": number} for number in range(3)))
    assert [job.kwargs["kwargs"] for job in made] == [{"number": 0}, {"number": 1}, {"number": 2}]
