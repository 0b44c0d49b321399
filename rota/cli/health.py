"""Commands that look at a bench without changing it."""

from __future__ import annotations

import platform
from collections import Counter
from typing import TYPE_CHECKING

import click

from rota.cli.state import State, json_option, pass_state, show_json, site_option

if TYPE_CHECKING:
    from rota.sites.health import Health
    from rota.sites.site import Site

# How many waiting jobs `doctor` counts by method.
MOST_COUNTED = 10_000


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the versions of Rota, Python and SQLite."""
    import sqlite3

    from rota import __version__

    found = {"rota": __version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}
    if as_json:
        show_json(found)
        return
    click.echo("\n".join(f"{name} {number}" for name, number in found.items()))


@click.command()
@site_option
@json_option
@pass_state
@click.pass_context
def doctor(ctx: click.Context, state: State, as_json: bool) -> None:
    """Say what keeps the sites from working; exit code 1 when something does."""
    from rota.cli.shown import pause_text, status_value
    from rota.sites.health import look

    names = state.sites() if state.site else state.bench.sites()
    found: list[tuple[Health, dict[str, Counter[str]]]] = []
    pauses: dict[str, list[str]] = {}
    for name in names:
        with state.open(name) as site:
            health = look(site)
            found.append((health, _waiting(site)))
            pauses[name] = [pause_text(one, site.zone) for one in health.pauses]
    if as_json:
        show_json([{**status_value(health), "waiting": waiting} for health, waiting in found])
    else:
        _print(found, pauses)
    ctx.exit(1 if any(health.problems or health.broken for health, _ in found) else 0)


def _waiting(site: Site) -> dict[str, Counter[str]]:
    """How many jobs of each method wait in each queue."""
    from rota.jobs import JobState
    from rota.store.views import JobFilter

    found: dict[str, Counter[str]] = {}
    wanted = JobFilter(states=frozenset({JobState.QUEUED}))
    for view in site.store.listing(wanted, limit=MOST_COUNTED):
        found.setdefault(view.queue, Counter())[view.method] += 1
    return found


def _print(found: list[tuple[Health, dict[str, Counter[str]]]], pauses: dict[str, list[str]]) -> None:
    click.echo("-----Checking scheduler status-----")
    for health, _ in found:
        if health.inactive:
            click.echo(f"Scheduler inactive for {health.site}: {health.inactive}")
    click.echo(f"Workers online: {sum(len(health.workers) for health, _ in found)}")
    for health, waiting in found:
        click.echo(f"-----{health.site} Jobs-----")
        for queue, methods in waiting.items():
            click.echo(f"Queue: {queue}\nNumber of Jobs:  {methods.total()}\nMethods:")
            for method, count in methods.most_common():
                click.echo(f"{method} : {count}")
            click.echo("------------")
        for problem in [*health.problems, *(f"{id_}: {error}" for id_, error in health.broken.items())]:
            click.echo(f"Problem: {problem}")
        for pause in pauses[health.site]:
            click.echo(f"Paused: {pause}")
        for note in health.notes:
            click.echo(f"Note: {note}")
