"""One id, many processes at the same moment: one job."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rota.jobs import JobState
from rota.store import JobFilter
from tests.support.benches import TestBench
from tests.support.rush import ID, WAYS

pytestmark = pytest.mark.serial
PROCESSES = 64


def test_of_64_processes_that_enqueue_one_id_at_once_one_gets_its_job_in_and_all_know_which(
    make_bench: Callable[..., TestBench],
) -> None:
    bench = make_bench(apps=["ledger"])
    words = [str(bench.bench.path), bench.name, str(PROCESSES)]
    rush = subprocess.run(
        [sys.executable, "-m", "tests.support.rush", *words],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert (rush.returncode, rush.stderr) == (0, "")
    answers = [json.loads(line) for line in rush.stdout.splitlines()]
    assert len(answers) == PROCESSES

    with bench.site() as site:
        assert site.store.settle()
        rows = site.store.listing(JobFilter(id=ID), limit=2 * PROCESSES)
        winners = [one for one in rows if not one.state.is_final]
        assert [one.state for one in winners] == [JobState.QUEUED]
        (winner,) = winners
        losers = {one.key: one for one in rows if one.key != winner.key}
    assert {(one.state, one.reason, one.winner) for one in losers.values()} <= {
        (JobState.CANCELED, "deduplicated", winner.key)
    }
    by_way = {way: [one for one in answers if one["way"] == way] for way in WAYS}
    for one in (*by_way["transaction"], *by_way["wrote"]):
        # Who asks when all have committed is told which job it is; before, nobody could know.
        assert one["id"] == ID
        assert one["key"] == winner.key or one["key"] in losers
    assert {(one["id"], one["key"]) for one in by_way["at once"]} == {(ID, winner.key)}
    assert all(one["key"] == winner.key if one["own"] else one["key"] is None for one in by_way["frappe"])
    assert sum(bool(one["own"]) and one["key"] == winner.key for one in answers) == 1
