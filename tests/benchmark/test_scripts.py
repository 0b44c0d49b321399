"""The scripts in benchmarks/: curves, the soak, the comparison with others, and the table of what was aimed at."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.postgres import server_programs

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "benchmarks"


def script(name: str) -> ModuleType:
    """A script as a module."""
    return importlib.import_module(f"benchmarks.{name}")


def run(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / name), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, cwd=ROOT)


def found(row: str, database: str, **figures: float) -> dict[str, Any]:
    return {"rows": {row: {"title": row, database: {"rounds": [figures], "medians": figures}}}}


@pytest.mark.usefixtures("postgres_server")
def test_a_curve_is_measured_on_each_database_and_saved(tmp_path: Path) -> None:
    output = tmp_path / "sweeps.json"
    ran = run("sweeps.py", "--quick", "--curves", "payload", "--output", str(output))
    assert ran.returncode == 0, ran.stderr
    curves = json.loads(output.read_text())["curves"]
    assert list(curves) == ["payload"]
    points = curves["payload"]["points"]
    assert {name: [x for x, _ in some] for name, some in points.items()} == {
        "sqlite": [100, 10_000],
        "postgresql": [100, 10_000],
    }
    assert all(y > 0 for some in points.values() for _, y in some)


def test_a_curve_that_is_none_is_refused() -> None:
    ran = run("sweeps.py", "--curves", "weather")
    assert ran.returncode == 2
    assert "there is no curve 'weather'; there are backlog" in ran.stderr


@pytest.mark.usefixtures("postgres_server")
def test_a_soak_samples_several_dispatchers_under_a_held_snapshot(tmp_path: Path) -> None:
    if not list(server_programs().parent.glob("**/pg_stat_statements*")) and not list(
        Path("/usr/share/postgresql").glob("*/extension/pg_stat_statements.control")
    ):
        pytest.skip("this PostgreSQL comes without pg_stat_statements")
    output = tmp_path / "soak.json"
    ran = run(
        "soak.py", "--jobs", "300", "--rate", "300", "--dispatchers", "2", "--every", "0.5", "--output", str(output)
    )
    assert ran.returncode == 0, ran.stderr
    samples = json.loads(output.read_text())["samples"]
    assert samples[-1]["finished"] == 300
    assert sum(one["claims"] for one in samples) > 0
    assert samples[-1]["descriptors"] > 0


def test_ours_are_compared_with_the_best_of_the_others() -> None:
    medians = {
        "huey-redis": {"drain": 4000.0, "p50": 1.0},
        "pgqueuer": {"drain": 10_000.0, "enqueue": 2000.0, "p50": 4.0},
        "procrastinate": {"drain": 800.0, "p50": 5.0},
        "rota-sqlite": {"drain": 20_000.0, "p50": 1.5},
        "rota-postgresql": {"drain": 12_000.0, "enqueue": 1000.0, "p50": 3.0},
    }
    ratios = script("peers").ratios(medians)
    assert ratios == {
        "SQLite: drain of the fastest peer's": 2.0,
        "PostgreSQL: drain of the fastest peer's on it": 1.2,
        "PostgreSQL: enqueues of pgqueuer's": 0.5,
        "SQLite: p50 of huey-redis's": 1.5,
        "PostgreSQL: p50 of the quickest peer's on it": 0.75,
    }


def test_a_backlog_is_given_for_all_and_for_one() -> None:
    backlogs_of = script("peers").backlogs_of
    assert backlogs_of("0") == {"": 0}
    assert backlogs_of("20000,rq-fork=1000") == {"": 20_000, "rq-fork": 1000}


def test_the_table_says_what_was_reached_and_what_was_not_measured() -> None:
    table = script("table").table
    rows = found("c", "sqlite", **{"of raw": 0.65}) | {"conditions": {"processors": 4}}
    rows["rows"] |= found("e", "postgresql", **{"p50 ms after commit": 4.5, "p99 ms after commit": 14.0})["rows"]
    lines = table(rows, {}).splitlines()
    assert "| c: single enqueues beside raw commits | SQLite | at least 0.6 x | 0.65 x | 1 | yes |" in lines
    assert "| e: commit to first line, idle, p50 | PostgreSQL | at most 4 ms | 4.50 ms | 1 | no |" in lines
    assert "| e: the same, p99 | PostgreSQL | at most 15 ms | 14.0 ms | 1 | yes |" in lines
    assert "| d: `enqueue_many` beside raw rows in bulk | SQLite | at least 0.3 x | not measured | | |" in lines
    assert lines[-1] == "Rows: processors 4."


def test_every_aim_is_of_a_row_that_is_measured() -> None:
    rows = importlib.import_module("rota.benchmark.rows").ROWS
    assert {aim.row for aim in script("table").AIMS} - {"peers"} <= set(rows)


def test_the_page_has_a_place_for_the_table() -> None:
    module = script("table")
    assert len(module.MARKED.findall(module.PAGE.read_text())) == 1


def test_unit_costs_are_computed_from_what_was_measured() -> None:
    sys.path.insert(0, str(SCRIPTS))
    try:
        module = importlib.import_module("scale")
    finally:
        sys.path.remove(str(SCRIPTS))
    figures = {"jobs/s": 1000.0, "CPU us/job": 80.0, "database MiB": 102.4}
    rows = found("a", "sqlite", **figures) | {"sizes": {"backlog": 100_000}}
    sweeps = {"curves": {"sites": {"points": {"sqlite": [[1, 0.2], [201, 0.6]]}}}}
    lines = module.table(rows, sweeps).splitlines()
    assert "| the same, million a day | 86.4 | not measured |" in lines
    assert "| GiB of a million finished jobs | 1.00 | not measured |" in lines
    assert "| processor of 100 further idle sites, % | 0.20 | not measured |" in lines
    assert len(module.MARKED.findall(module.PAGE.read_text())) == 1


def test_pictures_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the group `benchmarks` of pyproject.toml is not installed")
    points = {"sqlite": [[1, 2.0], [1000, 3.0]], "postgresql": [[1, 2.5], [1000, 2.4]]}
    sample = dict.fromkeys(("seconds", *script("chart").FLAT), 1.0)
    for name, told in (
        ("peers", {"medians": {"rota-sqlite": {"drain": 5.0, "p50": 1.0}, "huey": {"drain": 2.0}}}),
        ("sweeps", {"curves": {"backlog": {"x": "jobs", "y": "jobs/s", "points": points}}}),
        ("soak", {"samples": [sample, sample | {"seconds": 2.0}]}),
    ):
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    made = script("chart").draw_all(tmp_path, tmp_path)
    assert [file.name for file in made] == ["performance.svg", "sweep-backlog.svg", "soak.svg"]
    assert "SQLite" in made[1].read_text()
    before = made[1].read_bytes()
    script("chart").draw_all(tmp_path, tmp_path)
    assert made[1].read_bytes() == before
