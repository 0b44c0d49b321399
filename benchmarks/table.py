"""What was aimed at beside what was found: `python benchmarks/table.py [--write]`.

Reads build/rows*.json (of rows.py, which may have measured some rows at another time) and build/peers.json (of
peers.py); what is in none of them is told as not measured.
`--write` puts the table between the markers of docs/performance.md.
"""

from __future__ import annotations

import argparse
import json
import operator
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rota.benchmark.report import shown

REPO = Path(__file__).resolve().parent.parent
PAGE = REPO / "docs/performance.md"
MARKED = re.compile(r"(<!-- rows -->\n).*?(<!-- end of rows -->)", re.DOTALL)
SQLITE, POSTGRESQL = "sqlite", "postgresql"
NAMES = {SQLITE: "SQLite", POSTGRESQL: "PostgreSQL"}
# Row "peers": a ratio of peers.json; else a row of rows.json.
PEERS = "peers"
AT_LEAST, AT_MOST = "at least", "at most"


@dataclass(frozen=True)
class Aim:
    """What one figure of one row should be on each database; None: nothing is aimed at there."""

    row: str
    what: str
    figure: str | tuple[str, str]  #: one name, or that on SQLite and that on PostgreSQL
    bound: str
    sqlite: float | None
    postgresql: float | None
    unit: str = ""


AIMS = (
    Aim(PEERS, "a: drain beside the fastest peer, on PostgreSQL the fastest there",
        ("SQLite: drain of the fastest peer's", "PostgreSQL: drain of the fastest peer's on it"),
        AT_LEAST, 2, 1.1, "x"),
    Aim(PEERS, "a: drain beside RQ with a fork for each job", "SQLite: drain of rq-fork's", AT_LEAST, 200, None, "x"),
    Aim("b", "b: jobs that insert, beside raw commits by two processes", "of raw", AT_LEAST, 0.5, 0.5, "x"),
    Aim("c", "c: single enqueues beside raw commits", "of raw", AT_LEAST, 0.6, 0.7, "x"),
    Aim(PEERS, "c: single enqueues beside PgQueuer's", "PostgreSQL: enqueues of pgqueuer's", AT_LEAST, None, 1, "x"),
    Aim("d", "d: `enqueue_many` beside raw rows in bulk", "of raw", AT_LEAST, 0.3, 0.7, "x"),
    Aim("e", "e: commit to first line, idle, p50", "p50 ms after commit", AT_MOST, 2, 4, "ms"),
    Aim("e", "e: the same, p99", "p99 ms after commit", AT_MOST, 8, 15, "ms"),
    Aim(PEERS, "e: enqueue to first line, p50 beside huey on Redis; on PostgreSQL beside the quickest peer there",
        ("SQLite: p50 of huey-redis's", "PostgreSQL: p50 of the quickest peer's on it"), AT_MOST, 2, 1, "x"),
    Aim("f", "f: the same at half the rate of a, p50", "p50 ms after commit", AT_MOST, 5, 8, "ms"),
    Aim("f", "f: the same, p99", "p99 ms after commit", AT_MOST, 25, 30, "ms"),
    Aim("g", "g: kill -9 of a worker until its job runs again", "worker s", AT_MOST, 1, 1, "s"),
    Aim("g", "g: of the dispatcher", "dispatcher s", AT_MOST, 1, 1, "s"),
    Aim("g", "g: of all, from the start command on", "all s", AT_MOST, 2, 2, "s"),
    Aim("h", "h: a chain over 100,000 invoices", "seconds", AT_MOST, 60, 90, "s"),
    Aim("i", "i: 10,000 schedules due in one minute", "seconds", AT_MOST, 5, 5, "s"),
    Aim("j", "j: idle bench, memory", "PSS MiB", AT_MOST, 120, 120, "MiB"),
    Aim("j", "j: idle bench, processor", "CPU %", AT_MOST, 0.5, 0.5, "%"),
    Aim("k", "k: drain on a grown store, of an empty one's", "grown of empty: a jobs/s", AT_LEAST, 0.9, 0.9, "x"),
    Aim("k", "k: enqueues, the same", "grown of empty: c enqueues/s", AT_LEAST, 0.9, 0.9, "x"),
    Aim("k", "k: latency p50, the same", "grown of empty: e p50 ms", AT_MOST, 1.1, 1.1, "x"),
    Aim("k", "k: drain under a transaction held open", "held of empty: a jobs/s", AT_LEAST, 0.9, 0.9, "x"),
    Aim("k", "k: enqueues, the same", "held of empty: c enqueues/s", AT_LEAST, 0.9, 0.9, "x"),
    Aim("k", "k: latency p50, the same", "held of empty: e p50 ms", AT_MOST, 1.1, 1.1, "x"),
    Aim("l", "l: workers' time in jobs of 10 to 100 ms", "share %", AT_LEAST, 98, 98, "%"),
    Aim("s", "`rota --help`", "help ms", AT_MOST, 150, None, "ms"),
    Aim("s", "`rota start` until a job that waited runs", "first job ms", AT_MOST, 2000, 2000, "ms"),
    Aim("s", "a worker in a dead one's place", "worker replaced ms", AT_MOST, 100, 100, "ms"),
)  # fmt: skip


def found(aim: Aim, database: str, rows: Mapping[str, Any], peers: Mapping[str, Any]) -> tuple[float, int] | None:
    """The median and how many rounds it is of; None when it was not measured."""
    figure = aim.figure if isinstance(aim.figure, str) else aim.figure[database == POSTGRESQL]
    if aim.row == PEERS:
        ratio = peers.get("ratios", {}).get(figure)
        rounds = min((len(entry["runs"]) for entry in peers.get("rounds", {}).values()), default=0)
        return None if ratio is None else (ratio, rounds)
    entry = rows.get("rows", {}).get(aim.row, {}).get(database)
    if entry is None:
        return None
    return entry["medians"][figure], len(entry["rounds"])


def is_reached(aim: Aim, wanted: float, value: float) -> bool:
    return bool((operator.ge if aim.bound == AT_LEAST else operator.le)(value, wanted))


def table(rows: Mapping[str, Any], peers: Mapping[str, Any]) -> str:
    """A line for each aim on each database."""
    lines = ["| what | database | aim | found | rounds | reached |", "| --- | --- | --: | --: | --: | --- |"]
    for aim in AIMS:
        for database, wanted in ((SQLITE, aim.sqlite), (POSTGRESQL, aim.postgresql)):
            if wanted is None:
                continue
            told = f"| {aim.what} | {NAMES[database]} | {aim.bound} {wanted:,g} {aim.unit} | "
            got = found(aim, database, rows, peers)
            if got is None:
                lines.append(told + "not measured | | |")
            else:
                answer = "yes" if is_reached(aim, wanted, got[0]) else "no"
                lines.append(told + f"{shown(got[0])} {aim.unit} | {got[1]} | {answer} |")
    for name, facts in (("Rows", rows.get("conditions")), ("Peers", peers.get("machine"))):
        if facts:
            lines += ["", f"{name}: " + ", ".join(f"{key} {value}" for key, value in facts.items()) + "."]
    return "\n".join(lines) + "\n"


def read(file: Path) -> dict[str, Any]:
    """A report, or an empty one."""
    told: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return told


def read_rows(folder: Path) -> dict[str, Any]:
    """The reports of rows.py as one: of a row that is in several, the one whose file's name comes last."""
    told: dict[str, Any] = {}
    for report in map(read, sorted(folder.glob("rows*.json"))):
        rows = told.get("rows", {})
        for row, databases in report["rows"].items():
            rows[row] = {**rows.get(row, {}), **databases}
        told = {**report, "rows": rows}
    return told


def put_into(page: Path, marked: re.Pattern[str], text: str) -> None:
    """Write the text between a page's marks.

    Raises:
        SystemExit: the page has not just one such place.
    """
    written, count = marked.subn(lambda marks: f"{marks[1]}\n{text}\n{marks[2]}", page.read_text())
    if count != 1:
        sys.exit(f"{page} has no place marked for the table")
    page.write_text(written)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO / "build")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(REPO)}")
    args = parser.parse_args()
    text = table(read_rows(args.folder), read(args.folder / "peers.json"))
    if args.write:
        put_into(PAGE, MARKED, text)
    print(text, end="")


if __name__ == "__main__":
    main()
