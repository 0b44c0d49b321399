"""`rota benchmark`: measure on this machine, and print a table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rota.cli.state import show_json, show_table


@click.command()
@click.option("--db", "database", default="sqlite", metavar="URL", help="sqlite, or the URL of an empty database.")
@click.option("--rounds", type=click.IntRange(1, 20), default=1, show_default=True, help="Rounds; medians are shown.")
@click.option("--only", metavar="A,B", help="Only these measurements.")
@click.option("--quick", is_flag=True, help="Smaller sizes, for a first look.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the JSON to a file, too.")
def benchmark(*, database: str, rounds: int, only: str | None, quick: bool, as_json: bool, output: Path | None) -> None:
    """Measure how fast Rota is here: enqueue, drain, latency, memory, idle cost, and what the database allows."""
    from rota.benchmark.measures import MEASURES, Round, Sizes, conditions

    wanted = None if only is None else {name.strip() for name in only.split(",")}
    unknown = sorted((wanted or set()) - set(MEASURES))
    if unknown:
        raise click.UsageError(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASURES)}")
    sizes = Sizes.quick() if quick else Sizes()
    results = []
    for number in range(rounds):
        results.append(Round(database, sizes).run(_teller(number + 1, silent=as_json), wanted))
    medians = {key: statistics.median(one[key] for one in results) for key in results[0]}
    report: dict[str, Any] = {"conditions": conditions(), "medians": medians, "rounds": results}
    if output is not None:
        output.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if as_json:
        show_json(report)
        return
    spread = {key: (min(one[key] for one in results), max(one[key] for one in results)) for key in medians}
    show_table(
        ["measurement", "median", "least", "most"],
        [(key, f"{medians[key]:,.2f}", f"{spread[key][0]:,.2f}", f"{spread[key][1]:,.2f}") for key in medians],
        empty="nothing was measured",
    )
    click.echo(", ".join(f"{key} {value}" for key, value in report["conditions"].items()))


def _teller(number: int, *, silent: bool) -> Callable[[str], None]:
    def say(line: str) -> None:
        if not silent:
            click.echo(f"round {number}: {line}", err=True)

    return say
