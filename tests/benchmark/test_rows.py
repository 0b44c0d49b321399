"""`rota benchmark`: every row gives its figures on both databases, and what was measured is kept."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rota.benchmark import report
from rota.benchmark.rates import Figures
from rota.benchmark.rows import ROWS, USUAL, Row, chosen
from rota.benchmark.sizes import Sizes
from rota.benchmark.stage import Stage
from rota.errors import UsageError
from tests.support.postgres import PostgresServer

COMMAND = (sys.executable, "-c", "from rota.cli.main import main; main()", "benchmark", "--quick")
TINY = (
    "backlog=50", "inserts=20", "singles=20", "many=50", "raw_seconds=0.05", "probes=3", "busy_backlog=50", "rows=600",
    "busy_seconds=0.2", "schedules=5", "idle_seconds=0.2", "mixed=4", "starts=1", "queued=200", "finished=300",
    "hold_minutes=0.01",
)  # fmt: skip


def run(*words: str) -> subprocess.CompletedProcess[str]:
    sizes = [word for size in TINY for word in ("--size", size)]
    return subprocess.run([*COMMAND, *sizes, *words], capture_output=True, text=True, check=False, timeout=600)


def found(output: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(output.read_text())
    return told


def test_rates_are_told_beside_what_the_database_allows(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    ran = run("--rows", "a,b,c,many,h,l", "--output", str(output))
    assert ran.returncode == 0, ran.stderr
    rows = found(output)["rows"]
    assert list(rows) == ["a", "b", "c", "d", "h", "l"]
    assert [len(row["sqlite"]["rounds"]) for row in rows.values()] == [1] * 6
    for letter, ours, theirs in (("b", "jobs/s", "raw commits/s"), ("c", "enqueues/s", "raw commits/s")):
        for figures in rows[letter]["sqlite"]["rounds"]:
            assert figures["of raw"] == pytest.approx(figures[ours] / figures[theirs])
    assert {"jobs/s", "CPU us/job", "PSS MiB", "database MiB"} <= rows["a"]["sqlite"]["medians"].keys()
    assert 0 < rows["l"]["sqlite"]["medians"]["share %"] <= 100
    assert "| c: single enqueues by one process, each committed | sqlite | of raw |" in ran.stdout
    assert ran.stdout == output.with_suffix(".md").read_text()


def test_waits_are_measured_on_a_running_bench(tmp_path: Path) -> None:
    output = tmp_path / "found.json"
    ran = run("--rows", "e,f,g,j,s", "--output", str(output))
    assert ran.returncode == 0, ran.stderr
    figures = {letter: row["sqlite"]["medians"] for letter, row in found(output)["rows"].items()}
    assert 0 < figures["e"]["p50 ms"] <= figures["e"]["p95 ms"] <= figures["e"]["p99 ms"]
    assert figures["e"]["p50 ms after commit"] < figures["e"]["p50 ms"]
    assert figures["f"]["offered jobs/s"] > 0
    assert figures["g"].keys() == {"worker s", "dispatcher s", "all s"}
    assert figures["j"]["PSS MiB"] > 0
    assert all(value > 0 for value in figures["s"].values())


def test_a_grown_and_a_held_store_are_told_beside_an_empty_one(postgres_server: PostgresServer, tmp_path: Path) -> None:
    output, databases = tmp_path / "found.json", ("--database", "sqlite", "--database", postgres_server.dsn())
    ran = run("--rows", "k", *databases, "--rounds", "2", "--output", str(output))
    assert ran.returncode == 0, ran.stderr
    told = [line.split(": ")[0] for line in ran.stderr.splitlines()]
    assert told == [f"k grown, {database}, round {n}" for n in (1, 2) for database in ("sqlite", "postgresql")]
    for database in ("sqlite", "postgresql"):
        for figures in found(output)["rows"]["k"][database]["rounds"]:
            for name in ("grown", "held"):
                for key in ("a jobs/s", "c enqueues/s", "e p50 ms"):
                    share = figures[f"{name}: {key}"] / figures[f"empty: {key}"]
                    assert figures[f"{name} of empty: {key}"] == pytest.approx(share)


def test_databases_take_turns_and_leave_nothing_on_the_server(durable_postgres_server: PostgresServer) -> None:
    # Not the server of all tests: others measure there at the same time.
    server = durable_postgres_server.dsn()
    ran = run("--rows", "c,d", "--rounds", "2", "--database", "sqlite", "--database", server)
    assert ran.returncode == 0, ran.stderr
    told = [line.split(": ")[0] for line in ran.stderr.splitlines()]
    one = ["c singles, sqlite, round 1", "c singles, postgresql, round 1", "d many, sqlite, round 1"]
    assert told[:3] == one
    assert len(told) == 8
    with psycopg.connect(server) as connection:
        left = connection.execute("select datname from pg_database where datname like 'rota_benchmark%'").fetchall()
    assert left == []


@pytest.mark.parametrize("error", [RuntimeError, TimeoutError])
def test_what_was_measured_before_a_failure_is_kept(error: type[Exception]) -> None:
    def broken(_arena: object, _sizes: Sizes) -> Figures:
        raise error("broken")

    kept: list[str] = []
    rows = [Row("x", "good", "good", lambda _arena, _sizes: {"n": 1.0}), Row("y", "bad", "bad", broken)]
    with pytest.raises(RuntimeError) if error is RuntimeError else nullcontext():
        report.measure(
            ["sqlite"], rows, Sizes(), found=lambda *_: None, save=lambda told: kept.append(report.as_json(told))
        )
    assert json.loads(kept[-1])["rows"]["x"]["sqlite"]["medians"] == {"n": 1.0}


@contextmanager
def staged(preparations: list[Callable[[], None]], events: list[str]) -> Iterator[Stage]:
    def measure() -> Figures:
        events.append("measured")
        return {"n": 1.0}

    yield Stage(preparations, measure)
    events.append("left")


def test_all_is_prepared_at_once_before_the_first_round_and_kept_until_the_last(
    postgres_server: PostgresServer,
) -> None:
    events: list[str] = []
    together = threading.Barrier(4)

    def prepare() -> None:
        together.wait(timeout=60)
        events.append("prepared")

    rows = [Row("x", "long", "long", prepare=lambda _database, _sizes: staged([prepare, prepare], events))]
    databases = ["sqlite", postgres_server.dsn()]
    told = report.measure(databases, rows, Sizes(), rounds=2, found=lambda *_: None, save=lambda _: None)
    assert events == ["prepared"] * 4 + ["measured"] * 4 + ["left"] * 2
    assert told["failed"] == []


def test_what_could_not_be_prepared_is_told_and_not_measured() -> None:
    def late() -> None:
        raise TimeoutError("3 of 5 jobs have run")

    events: list[str] = []
    rows = [Row("x", "long", "long", prepare=lambda _database, _sizes: staged([late], events))]
    told = report.measure(["sqlite"], rows, Sizes(), found=lambda *_: None, save=lambda _: None)
    assert events == ["left"]
    assert told["failed"] == ["x, sqlite, preparation: 3 of 5 jobs have run"]


def test_a_row_that_did_not_end_in_time_is_told_and_the_others_go_on() -> None:
    def late(_arena: object, _sizes: Sizes) -> Figures:
        raise TimeoutError("3 of 5 jobs have run")

    rows = [Row("x", "late", "late", late), Row("y", "good", "good", lambda _arena, _sizes: {"n": 1.0})]
    told = report.measure(["sqlite"], rows, Sizes(), found=lambda *_: None, save=lambda _: None)
    assert told["rows"].keys() == {"y"}
    assert told["failed"] == ["x, sqlite, round 1: 3 of 5 jobs have run"]
    assert "Failed: x, sqlite, round 1: 3 of 5 jobs have run" in report.as_markdown(told)


def test_the_median_of_the_rounds_is_what_counts() -> None:
    values = iter([5.0, 1.0, 3.0])
    rows = [Row("x", "one", "one", lambda _arena, _sizes: {"n": next(values)})]
    told = report.measure(["sqlite"], rows, Sizes(), rounds=3, found=lambda *_: None, save=lambda _: None)
    assert told["rows"]["x"]["sqlite"]["medians"] == {"n": 3.0}
    assert "| x: one | sqlite | n | 3.00 | 1.00 | 5.00 | 3 |" in report.as_markdown(told)


def test_a_row_is_chosen_by_letter_or_name_and_the_long_one_only_when_named() -> None:
    assert [row.letter for row in chosen(["drain", "e", "a"])] == ["a", "e"]
    assert [row.letter for row in chosen(None)] == list(USUAL) == [letter for letter in ROWS if letter != "k"]
    with pytest.raises(UsageError, match=r"no row 'z'; there are a \(drain\), b"):
        chosen(["z"])


@pytest.mark.parametrize(
    ("change", "words"),
    [("jobs=5", "no size 'jobs'; there are backlog"), ("backlog=many", "takes a number"), ("backlog=0", "above 0")],
)
def test_a_size_that_is_none_is_refused(change: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Sizes().with_changes([change])


def test_a_size_is_changed_by_name() -> None:
    changed = Sizes().with_changes(["backlog=20_000", "hold_minutes=0.5"])
    assert (changed.backlog, changed.hold_minutes, changed.singles) == (20_000, 0.5, Sizes().singles)
