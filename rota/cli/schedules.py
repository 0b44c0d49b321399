"""`rota scheduler`: switch a site's schedules on and off, and see what they do. The sentences are Frappe's."""

from __future__ import annotations

import click

from rota.cli.state import State, json_option, pass_state, show_json, show_table, site_option


@click.group(invoke_without_command=True)
@site_option
@click.pass_context
def scheduler(ctx: click.Context) -> None:
    """Enable, disable, pause or resume the schedules of a site; see their status."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def _switch(state: State, *, on: bool) -> list[str]:
    from rota.engine.wake import SCHEDULES
    from rota.sites.switches import set_enabled

    names = state.sites()
    for name in names:
        with state.open(name) as site:
            set_enabled(site, on)
            site.waker.wake(name, SCHEDULES)
    return names


def _pause(state: State, *, on: bool) -> list[str]:
    from rota.engine.wake import SCHEDULES
    from rota.sites.switches import set_paused

    names = state.sites()
    for name in names:
        with state.open(name) as site:
            set_paused(site, on)
            site.waker.wake(name, SCHEDULES)
    return names


@scheduler.command()
@site_option
@pass_state
def enable(state: State) -> None:
    """Let the schedules fire."""
    for name in _switch(state, on=True):
        click.echo(f"Scheduler is enabled for site {name}")


@scheduler.command()
@site_option
@pass_state
def disable(state: State) -> None:
    """Keep the schedules from firing."""
    for name in _switch(state, on=False):
        click.echo(f"Scheduler is disabled for site {name}")


@scheduler.command()
@site_option
@pass_state
def pause(state: State) -> None:
    """Keep the schedules from firing until `resume`, by the site's configuration."""
    for name in _pause(state, on=True):
        click.echo(f"Scheduler is paused for site {name}")


@scheduler.command()
@site_option
@pass_state
def resume(state: State) -> None:
    """Take a pause back."""
    for name in _pause(state, on=False):
        click.echo(f"Scheduler is resumed for site {name}")


@scheduler.command()
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("-v", "--verbose", is_flag=True, help="List every schedule.")
@site_option
@json_option
@pass_state
def status(state: State, form: str, verbose: bool, as_json: bool) -> None:
    """Say whether the schedules fire or why not, who runs them, what comes next, and what is late."""
    from rota.cli.shown import status_text, status_value
    from rota.sites.health import look

    found = []
    for name in state.sites():
        with state.open(name) as site:
            found.append((look(site), site.zone))
    if as_json or form == "json":
        values = [status_value(health) for health, _ in found]
        show_json(values[0] if len(values) == 1 else values)
        return
    for health, zone in found:
        click.echo(status_text(health, zone))
        if verbose:
            rows = [(one.id, "yes" if one.enabled else "no", one.error) for one in health.schedules]
            show_table(["schedule", "enabled", "problem"], rows, empty="no schedules")


@click.command("enable-scheduler")
@site_option
@pass_state
def enable_scheduler(state: State) -> None:
    """Let the schedules fire, as `scheduler enable`."""
    for name in _switch(state, on=True):
        click.echo(f"Enabled for {name}")


@click.command("disable-scheduler")
@site_option
@pass_state
def disable_scheduler(state: State) -> None:
    """Keep the schedules from firing, as `scheduler disable`."""
    for name in _switch(state, on=False):
        click.echo(f"Disabled for {name}")


@click.command("trigger-scheduler-event")
@click.argument("event")
@site_option
@pass_state
@click.pass_context
def trigger_scheduler_event(ctx: click.Context, state: State, event: str) -> None:
    """Run what EVENT names now, in this process: a method, a schedule, or a frequency as `daily`."""
    from rota import install_as_frappe
    from rota.sites.trigger import find_schedules, trigger

    bad = False
    for name in state.sites():
        with state.open(name) as site:
            schedules = find_schedules(site, event)
            if not schedules:
                click.echo(f"Event {event} does not exist!", err=True)
                bad = True
            for schedule in schedules:
                view = trigger(site, schedule, install_as_frappe)
                bad = bad or view.state.value != "finished"
                error = (view.error or view.reason or "").strip().splitlines()
                click.echo(f"{schedule.id}: {view.state.value}{f': {error[-1]}' if error else ''}")
    ctx.exit(1 if bad else 0)
