"""Write docs/commands.md from the command line's own help, so that the page can't fall behind the code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from rota.cli.main import SECTIONS, main

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

INTRODUCTION = """# Commands

`rota` works in the bench at or above the working directory. `--bench DIR`, or the variable `ROTA_BENCH`, names another.
Commands for a site take `--site NAME`, before the command or after it; with a single site in the bench it may be left
out.

Exit codes: 0 done, 1 failed, 2 wrong usage. An error is one line on stderr. `rota COMMAND --help` says what this page
says.
"""

HEAD = "| command | what it does |\n| --- | --- |"


def page(group: click.Group = main) -> str:
    """The whole page: a table for each section of the command line."""
    context = click.Context(group, info_name="rota")
    parts = [INTRODUCTION]
    for heading, names in SECTIONS.items():
        rows = [row(one) for name in names for one in commands(group.get_command(context, name), context, name)]
        parts.append(f"## {heading}\n\n" + "\n".join([HEAD, *rows]) + "\n")
    return "\n".join(parts)


def commands(command: click.Command | None, parent: click.Context, name: str) -> Iterator[click.Context]:
    """The context of `command`, or of all below it when it is a group."""
    if command is None or command.hidden:
        return
    context = click.Context(command, info_name=name, parent=parent)
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            yield from commands(command.get_command(context, child), context, child)
    else:
        yield context


def row(context: click.Context) -> str:
    """One line of the table: how the command is written, its help, and each option with its own."""
    arguments = [one.make_metavar(context) for one in context.command.params if isinstance(one, click.Argument)]
    options = [one for one in context.command.params if isinstance(one, click.Option) and one.name != "site"]
    records = [record for record in (one.get_help_record(context) for one in options) if record]
    lines = [" ".join((context.command.help or "").split()), *(f"`{name}` {text}" for name, text in records)]
    words = " ".join([context.command_path, *arguments])
    # A bar would end the cell.
    return f"| `{words.replace('|', ',')}` | {'<br>'.join(lines).replace('|', ',')} |"


if __name__ == "__main__":
    PAGE.write_text(page())
