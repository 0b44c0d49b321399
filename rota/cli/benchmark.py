"""`rota benchmark`: measure on this machine, and print a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rota.benchmark.rates import Figures
    from rota.benchmark.rows import Row


@click.command()
@click.option(
    "--database", "databases", multiple=True, metavar="WHICH", default=["sqlite"], show_default=True,
    help="sqlite, or the postgresql:// URL of a server where databases can be made; give both to compare them.",
)  # fmt: skip
@click.option("--rows", "words", metavar="A,B", help="Only these rows, by letter or name; by default all but k.")
@click.option("--rounds", type=click.IntRange(1, 20), default=1, show_default=True, help="Rounds; medians are shown.")
@click.option("--quick", is_flag=True, help="Smaller sizes, for a first look.")
@click.option("--size", "changes", multiple=True, metavar="NAME=NUMBER", help="Change a size, as in backlog=20000.")
@click.option("--json", "wants_json", is_flag=True, help="Print JSON, for programs.")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the JSON to a file, too, and the table beside it (.md); after each row, so that nothing gets lost.",
)  # fmt: skip
@click.pass_context
def benchmark(
    ctx: click.Context, /, *, databases: tuple[str, ...], words: str | None, rounds: int, quick: bool,
    changes: tuple[str, ...], wants_json: bool, output: Path | None,
) -> None:  # fmt: skip
    """Measure how fast Rota is here: rates, waits, recovery, memory, idle cost, beside what the database allows."""
    from rota.benchmark.report import as_json, as_markdown, measure
    from rota.benchmark.rows import chosen
    from rota.benchmark.sizes import Sizes

    rows = chosen(None if words is None else [word.strip() for word in words.split(",")])
    sizes = (Sizes.quick() if quick else Sizes()).with_changes(changes)

    def save(report: dict[str, Any]) -> None:
        if output is not None:
            output.write_text(as_json(report), encoding="utf-8")
            output.with_suffix(".md").write_text(as_markdown(report), encoding="utf-8")

    report = measure(databases, rows, sizes, rounds=rounds, found=_teller(silent=wants_json), save=save)
    click.echo(as_json(report) if wants_json else as_markdown(report), nl=False)
    ctx.exit(1 if report["failed"] else 0)


def _teller(*, silent: bool) -> Callable[[str, int, Row, Figures], None]:
    from rota.benchmark.report import shown

    def found(database: str, number: int, row: Row, figures: Figures) -> None:
        if not silent:
            told = ", ".join(f"{key} {shown(value)}" for key, value in figures.items())
            click.echo(f"{row.letter} {row.name}, {database}, round {number}: {told}", err=True)

    return found
