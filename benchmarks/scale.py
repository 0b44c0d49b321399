"""What a job costs, from what was measured: `python benchmarks/scale.py [--write]`.

Reads build/rows*.json (of rows.py) and build/sweeps.json (of sweeps.py); what is in neither is told as not measured.
`--write` puts the table between the markers of docs/scale.md.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from table import NAMES, POSTGRESQL, REPO, SQLITE, put_into, read, read_rows

from rota.benchmark.report import shown

PAGE = REPO / "docs/scale.md"
MARKED = re.compile(r"(<!-- costs -->\n).*?(<!-- end of costs -->)", re.DOTALL)
DAY = 86_400


def figure(rows: Mapping[str, Any], letter: str, key: str, database: str) -> float | None:
    """A median of rows.json, if it was measured."""
    entry = rows.get("rows", {}).get(letter, {}).get(database)
    return None if entry is None else float(entry["medians"][key])


def costs(rows: Mapping[str, Any], sweeps: Mapping[str, Any], database: str) -> dict[str, float | None]:
    """Unit costs on a database, by what they are of."""
    drain = figure(rows, "a", "jobs/s", database)
    processor = figure(rows, "a", "CPU us/job", database)
    size = figure(rows, "a", "database MiB", database)
    return {
        "no-op jobs a second, one dispatcher with two workers": drain,
        "the same, million a day": None if drain is None else drain * DAY / 1e6,
        "processor seconds of a million no-op jobs, a server apart": processor,
        "GiB of a million finished jobs": None if size is None else size / 1024 / rows["sizes"]["backlog"] * 1e6,
        "enqueues a second by one process, each committed": figure(rows, "c", "enqueues/s", database),
        "jobs a second by `enqueue_many`": figure(rows, "d", "jobs/s", database),
        "documents a second, got, saved and committed by 500": figure(rows, "h", "documents/s", database),
        "MiB of an idle host, a server apart": figure(rows, "j", "PSS MiB", database),
        "processor of an idle host, %": figure(rows, "j", "CPU %", database),
        "processor of 100 further idle sites, %": slope(sweeps, "sites", database, 100),
    }


def slope(sweeps: Mapping[str, Any], curve: str, database: str, per: float) -> float | None:
    """How much a curve rises over so many x, from its first point to its last."""
    points = sweeps.get("curves", {}).get(curve, {}).get("points", {}).get(database, [])
    if len(points) < 2:
        return None
    (x0, y0), (x1, y1) = points[0], points[-1]
    return float((y1 - y0) / (x1 - x0) * per)


def table(rows: Mapping[str, Any], sweeps: Mapping[str, Any]) -> str:
    """A line for each cost, a column for each database."""
    lines = [f"| what | {NAMES[SQLITE]} | {NAMES[POSTGRESQL]} |", "| --- | --: | --: |"]
    sqlite, postgresql = (costs(rows, sweeps, name) for name in (SQLITE, POSTGRESQL))
    for what, value in sqlite.items():
        cells = ["not measured" if one is None else shown(one) for one in (value, postgresql[what])]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    if facts := rows.get("conditions"):
        lines += ["", "Measured on: " + ", ".join(f"{key} {value}" for key, value in facts.items()) + "."]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO / "build")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(REPO)}")
    args = parser.parse_args()
    text = table(read_rows(args.folder), read(args.folder / "sweeps.json"))
    if args.write:
        put_into(PAGE, MARKED, text)
    print(text, end="")


if __name__ == "__main__":
    main()
