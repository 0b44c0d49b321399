"""Commands that change the configuration files."""

from __future__ import annotations

import click

from rota.cli.state import State, pass_state, site_option


@click.command("set-config")
@click.argument("key")
@click.argument("value")
@click.option("-g", "--global", "for_all", is_flag=True, help="For all sites of the bench.")
@click.option("-p", "--parse", is_flag=True, help="Frappe's flag; values are always parsed.", hidden=True)
@site_option
@pass_state
def set_config(state: State, key: str, value: str, for_all: bool, parse: bool) -> None:
    """Set KEY to VALUE, as JSON or plain text, in the site's configuration or, with -g, in that of all sites."""
    from rota.config import parse as parse_setting
    from rota.sites.bench import read_json, write_json

    bench = state.bench
    parsed = parse_setting(key, value)
    files = [bench.common_config_path] if for_all else [bench.site_config_path(site) for site in state.sites()]
    for file in files:
        write_json(file, {**read_json(file), key: parsed})


@click.command("set-maintenance-mode")
@click.argument("mode", type=click.Choice(["on", "off"]))
@site_option
@pass_state
def set_maintenance_mode(state: State, mode: str) -> None:
    """Refuse (on) or take (off) requests and jobs."""
    from rota.sites.switches import set_maintenance

    for name in state.sites():
        with state.open(name) as site:
            set_maintenance(site, mode == "on")
        click.echo(f"Maintenance mode is {mode} for site {name}")
