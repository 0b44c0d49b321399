"""What all commands share: the bench, the sites that are meant, and how a listing is shown."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rota.sites.bench import Bench
    from rota.sites.site import Site

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class State:
    """The words before the command."""

    bench_path: str | None = None
    site: str | None = None

    @cached_property
    def bench(self) -> Bench:
        """The bench.

        Raises:
            BenchNotFound: there is none.
        """
        # Commands that need no bench, and --help, must not pay for it.
        from rota.sites.bench import Bench

        return Bench.find(self.bench_path)

    def sites(self) -> list[str]:
        """The sites that are meant: `--site all`, a list with commas, or the default one.

        Raises:
            UnknownSite: one of them does not exist.
            UsageError: none is named and there is no default.
        """
        if not self.site:
            return [self.bench.default_site()]
        if self.site == "all":
            return self.bench.sites()
        return [self.bench.site_path(name.strip()).name for name in self.site.split(",")]

    def one_site(self) -> str:
        """The one site that is meant; naming several is wrong here."""
        sites = self.sites()
        if len(sites) != 1:
            raise click.UsageError("this command works on one site: name it with --site")
        return sites[0]

    def load_facade(self) -> None:
        """Make `import frappe` give Rota's facade, as code of apps expects. It costs a quarter of a second."""
        from rota import install_as_frappe

        install_as_frappe()

    @contextmanager
    def open(self, name: str | None = None) -> Iterator[Site]:
        """A site with its stores; by default the one that is meant. Code of apps needs `load_facade`, too."""
        from rota.sites.site import Site

        with Site.load(self.bench, name or self.one_site()) as site:
            yield site


pass_state = click.make_pass_decorator(State, ensure=True)


def who() -> str:
    """Who is at the command line, as it is told of what they did: the name of the system's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return f"user {os.getuid()}"


def site_option(command: F) -> F:
    """`--site` after the command, too; the last one wins."""

    def keep(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
        if value:
            ctx.ensure_object(State).site = value

    return click.option("--site", metavar="NAME", expose_value=False, callback=keep, help="The site.")(command)


def json_option(command: F) -> F:
    """`--json`: for programs."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def show_json(value: Any) -> None:
    """Print a value as JSON; moments as ISO 8601."""
    click.echo(json.dumps(value, indent=2, default=str, ensure_ascii=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str) -> None:
    """Print rows for people; `empty` says what it means that there are none."""
    # It costs 50 ms, which only listings for people should pay.
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=box.SIMPLE_HEAD, pad_edge=False)
    shown = 0
    for row in rows:
        table.add_row(*("" if value is None else _escaped(value) for value in row))
        shown += 1
    if not shown:
        click.echo(empty)
        return
    console = Console()
    if not console.is_terminal:
        # In a pipe nothing may be cut off: there is no edge of the screen.
        console = Console(width=1000)
    console.print(table)


def _escaped(value: Any) -> str:
    from rich.markup import escape

    return escape(str(value))
