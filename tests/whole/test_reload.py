"""`rota reload`: changed apps are taken up while jobs run, none of which is interrupted."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.support.benches import TestBench
from tests.support.waiting import wait_until

pytestmark = pytest.mark.serial


def stamp(bench: TestBench, folder: Path, number: int) -> None:
    """Let a short job run."""
    with bench.jobs() as jobs:
        jobs.enqueue("faults.tasks.stamp", {"number": number, "folder": str(folder)}, queue="short")
    wait_until((folder / f"stamp-{number}").exists)


def is_healthy(url: str) -> bool:
    try:
        return requests.get(f"{url}/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_a_reload_interrupts_no_job_and_leaves_no_queue_idle(
    make_bench: Callable[..., TestBench], tmp_path: Path
) -> None:
    bench = make_bench(apps=["ledger", "faults"], grace=0)
    bench.start("start", "--port", "0", "--workers", "2")
    url = wait_until(lambda: re.search(r"http://\S+", bench.output()))
    assert url
    with bench.jobs() as jobs:
        long = jobs.enqueue("faults.tasks.hold", {"number": 1, "folder": str(tmp_path)}, queue="long")
    wait_until((tmp_path / "begun-1").exists)
    with bench.site() as site:
        (before,) = [one.token for one in site.store.dispatchers()]

    answer = bench.run("reload")

    assert (answer.returncode, answer.stderr) == (0, "")
    for number in range(5):
        stamp(bench, tmp_path, number)
    with bench.site() as site:
        wait_until(lambda: len(site.store.dispatchers()) == 2)
        view = site.store.job(long.key)
        assert view is not None
        assert (view.state.value, view.token) == ("started", before)
        wait_until(lambda: is_healthy(url[0]))
        (tmp_path / "go").touch()
        bench.wait_for({"finished": 6, "failed": 0})
        wait_until(lambda: before not in [one.token for one in site.store.dispatchers()])
    assert len((tmp_path / "begun-1").read_text().split()) == 1


def test_a_reload_takes_up_a_changed_app(make_bench: Callable[..., TestBench], tmp_path: Path) -> None:
    bench = make_bench(apps=["ledger", "faults"])
    bench.start("start", "--port", "0", "--workers", "1")
    stamp(bench, tmp_path, 1)
    tasks = bench.bench.apps_path / "faults" / "tasks.py"
    tasks.write_text(tasks.read_text() + '\n\ndef brand_new(folder):\n    Path(folder, "new").touch()\n')
    assert bench.run("reload").returncode == 0
    bench.run(
        "execute", "frappe.enqueue", "--kwargs", f'{{"method": "faults.tasks.brand_new", "folder": "{tmp_path}"}}'
    )
    wait_until((tmp_path / "new").exists)


def test_a_bench_that_does_not_run_says_so(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench()
    answer = bench.run("reload")
    assert answer.returncode == 1
    assert answer.stderr == f"rota: the bench {bench.bench.path} is not running: `rota start` runs it\n"
