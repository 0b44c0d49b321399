"""`rota jobs pause`, `resume` and `pauses`: keep jobs from being claimed for a while, and see who did."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rota.cli.state import State, json_option, pass_state, show_json, show_table, site_option, who

if TYPE_CHECKING:
    from rota.sites.control import Target

F = TypeVar("F", bound=Callable[..., Any])


def _target(command: F) -> F:
    """The options that name what is meant."""
    for option in (
        click.option("--all", "everything", is_flag=True, help="All jobs of the site."),
        click.option("--method", metavar="PATH", help="The jobs of this function."),
        click.option("--queue", help="The jobs in this queue."),
    ):
        command = option(command)
    return command


@click.command()
@_target
@click.option("--why", default="", help="Shown to whoever wonders why nothing runs.")
@click.option("--until", metavar='"2h" or TIME', help="When it ends by itself; by default it does not.")
@site_option
@pass_state
def pause(state: State, /, why: str, until: str | None, **wanted: Any) -> None:
    """Keep jobs from being started: of a queue, of a function, or all. What runs goes on."""
    from rota.cli.shown import moment
    from rota.engine.options import end_of
    from rota.sites import control

    target = _chosen(**wanted)
    for name in state.sites():
        with state.open(name) as site:
            end = None if until is None else end_of("--until", until, now=site.store.now(), zone=site.zone)
            control.pause(site, target, by=who(), why=why, until=end)
            click.echo(f"{name}: {target} is paused" + (f" until {moment(end, site.zone)}" if end else ""))


@click.command()
@_target
@site_option
@pass_state
@click.pass_context
def resume(ctx: click.Context, state: State, /, **wanted: Any) -> None:
    """End a pause. Exit code 1 when there was none."""
    from rota.sites import control

    target, missing = _chosen(**wanted), False
    for name in state.sites():
        with state.open(name) as site:
            resumed = control.resume(site, target)
        missing = missing or not resumed
        click.echo(f"{name}: {target} {'goes on' if resumed else 'was not paused'}")
    ctx.exit(1 if missing else 0)


@click.command()
@site_option
@json_option
@pass_state
def pauses(state: State, as_json: bool) -> None:
    """List what is paused, by whom, why and until when."""
    from rota.cli.shown import moment, pause_value

    with state.open() as site:
        found, zone = site.store.pauses(), site.zone
    if as_json:
        show_json([pause_value(one) for one in found])
        return
    rows = [(one.scope, one.name, one.by, moment(one.at, zone), moment(one.until, zone), one.why) for one in found]
    show_table(["what", "name", "by", "since", "until", "why"], rows, empty="nothing is paused")


def _chosen(*, queue: str | None, method: str | None, everything: bool) -> Target:
    from rota.sites.control import Target

    if sum((queue is not None, method is not None, everything)) != 1:
        raise click.UsageError("say what is meant: --queue, --method or --all")
    return Target.of(queue=queue, method=method)
