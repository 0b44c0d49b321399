"""Rounds of rows on each database in turn; what was found, as JSON and as a Markdown table."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rota import __version__
from rota.benchmark.arena import Arena, ProcessesEnded, processors
from rota.benchmark.rates import Figures
from rota.benchmark.rows import Row
from rota.benchmark.scratch import SQLITE
from rota.benchmark.sizes import Sizes
from rota.benchmark.stage import Stage
from rota.db import open_database

Report = dict[str, Any]


def measure(
    databases: Sequence[str],
    rows: Sequence[Row],
    sizes: Sizes,
    *,
    rounds: int = 1,
    found: Callable[[str, int, Row, Figures], None],
    save: Callable[[Report], None],
) -> Report:
    """Measure `rows` in so many rounds, in which the databases take turns within each row.

    What takes long to prepare comes last: it is prepared on all databases at once, and measured in the rounds then.

    `found` is told of each result; `save` gets the whole report after each, so that a run that is cut off keeps what
    it has. A row whose jobs did not end in time is told in `failed`, and the others go on.
    """
    report: Report = {"conditions": conditions(databases), "sizes": _as_dict(sizes), "rows": {}, "failed": []}
    run = _Run(report, found, save)
    for number in range(1, rounds + 1):
        for row in rows:
            if row.measure is not None:
                for database in databases:
                    with run.guarded(row, database, number), Arena(database) as arena:
                        run.tell(row, database, number, row.measure(arena, sizes))
    for row in rows:
        if row.prepare is not None:
            with ExitStack() as stack:
                stages = {database: stack.enter_context(row.prepare(database, sizes)) for database in databases}
                ready = run.prepared(row, stages)
                for number in range(1, rounds + 1):
                    for database in ready:
                        with run.guarded(row, database, number):
                            run.tell(row, database, number, stages[database].measure())
    return report


@dataclass(frozen=True, slots=True)
class _Run:
    """What keeps what is found."""

    report: Report
    found: Callable[[str, int, Row, Figures], None]
    save: Callable[[Report], None]

    @contextmanager
    def guarded(self, row: Row, database: str, number: int) -> Iterator[None]:
        """What fails within is told, and the run goes on. `number`: of the round; 0 is the preparation."""
        try:
            yield
        except (TimeoutError, ProcessesEnded) as error:
            when = f"round {number}" if number else "preparation"
            self.report["failed"].append(f"{row.letter}, {kind(database)}, {when}: {error}")
            self.save(self.report)

    def tell(self, row: Row, database: str, number: int, figures: Figures) -> None:
        entry = self.report["rows"].setdefault(row.letter, {"title": row.title})
        entry.setdefault(kind(database), {"rounds": []})["rounds"].append(figures)
        _sum_up(entry[kind(database)])
        self.report["conditions"]["load after"] = load()
        self.found(kind(database), number, row, figures)
        self.save(self.report)

    def prepared(self, row: Row, stages: Mapping[str, Stage]) -> list[str]:
        """Prepare all at once; the databases that are ready."""
        ready = []
        with ThreadPoolExecutor(max_workers=sum(len(stage.preparations) for stage in stages.values())) as pool:
            begun = {name: [pool.submit(work) for work in stage.preparations] for name, stage in stages.items()}
            for database, works in begun.items():
                with self.guarded(row, database, 0):
                    for work in works:
                        work.result()
                    ready.append(database)
        return ready


def _sum_up(entry: dict[str, Any]) -> None:
    rounds = entry["rounds"]
    keys = [key for key in rounds[0] if all(key in one for one in rounds)]
    entry["medians"] = {key: statistics.median(one[key] for one in rounds) for key in keys}


def kind(database: str) -> str:
    """How a report calls a database."""
    return SQLITE if database == SQLITE else "postgresql"


def conditions(databases: Sequence[str]) -> dict[str, Any]:
    """What the figures were measured on, and how busy it was."""
    facts: dict[str, Any] = {
        "rota": __version__,
        "processor": _processor(),
        "processors": processors(),
        "memory GiB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": f"{sqlite3.sqlite_version}, WAL, synchronous=FULL",
        "workers": 2,
        "load before": load(),
    }
    for database in databases:
        if database != SQLITE:
            facts["postgresql"] = _server(database)
    return facts


def load() -> float:
    """The machine's load average of the last minute."""
    return round(os.getloadavg()[0], 1)


def _processor() -> str:
    file = Path("/proc/cpuinfo")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _server(database: str) -> str:
    connection = open_database(database).connect()
    try:
        told = {name: connection.value(f"show {name}") for name in ("server_version", "fsync", "synchronous_commit")}
    finally:
        connection.close()
    here = (urlsplit(database).hostname or "localhost") in ("localhost", "127.0.0.1", "::1")
    where = "on this machine" if here else "over the network"
    return f"{told['server_version']}, {where}, fsync {told['fsync']}, synchronous_commit {told['synchronous_commit']}"


def _as_dict(sizes: Sizes) -> dict[str, float]:
    return {name: getattr(sizes, name) for name in sizes.__dataclass_fields__}


def as_json(report: Report) -> str:
    """For programs."""
    return json.dumps(report, indent=1) + "\n"


def as_markdown(report: Report) -> str:
    """For people: a line for each figure, its median with the least and the most."""
    facts = ", ".join(f"{key} {value}" for key, value in report["conditions"].items())
    lines = ["# Rota's speed", "", facts, "", "| row | database | figure | median | least | most | rounds |"]
    lines.append("| --- | --- | --- | --: | --: | --: | --: |")
    for letter, entry in sorted(report["rows"].items()):
        for name in (SQLITE, "postgresql"):
            lines += [
                f"| {letter}: {entry['title']} | {name} | {key} | " + " | ".join(map(shown, values)) + f" | {count} |"
                for key, values, count in _figures(entry.get(name))
            ]
    lines += [f"\nFailed: {words}" for words in report["failed"]]
    return "\n".join(lines) + "\n"


def _figures(entry: dict[str, Any] | None) -> list[tuple[str, tuple[float, float, float], int]]:
    if entry is None:
        return []
    rounds = entry["rounds"]
    told = []
    for key, median in entry["medians"].items():
        values = [one[key] for one in rounds]
        told.append((key, (median, min(values), max(values)), len(rounds)))
    return told


def shown(value: float) -> str:
    """A figure with about three digits that count."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
