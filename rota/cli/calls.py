"""Run code with a site open."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import click

from rota.cli.state import State, pass_state, show_json, site_option


@click.command()
@click.argument("method", metavar="DOTTED.PATH")
@click.option("--args", "arguments", metavar="JSON", help="A JSON list of arguments by position.")
@click.option("--kwargs", "named", metavar="JSON", help="A JSON object of arguments by name.")
@site_option
@pass_state
def execute(state: State, method: str, arguments: str | None, named: str | None) -> None:
    """Call a function with the site open, commit, and print its result as JSON."""
    args = _parsed("--args", arguments, list)
    kwargs = _parsed("--kwargs", named, dict)
    state.load_facade()
    for name in state.sites():
        with state.open(name) as site:
            function = site.resolver.resolve(method)
            with site.open():
                result = function(*args, **kwargs)
        if result is not None:
            show_json(result)


def _parsed(option: str, text: str | None, kind: type[Any]) -> Any:
    if text is None:
        return kind()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"{option}: this is not JSON ({error})") from error
    if not isinstance(value, kind):
        raise click.UsageError(f"{option} must be a JSON {'list' if kind is list else 'object'}, not {text[:40]}")
    return value


@click.command()
@site_option
@pass_state
def console(state: State) -> None:
    """Python with the site open; what you changed is kept only by `frappe.db.commit()`."""
    import code

    state.load_facade()
    with state.open() as site, site.open() as context:
        frappe = import_module("frappe")

        banner = f"Site {site.name}. Ready: frappe, site. Commit with frappe.db.commit(); leave with Ctrl-D."
        code.interact(banner=banner, local={"frappe": frappe, "site": site, "__name__": "__console__"}, exitmsg="")
        context.documents.session.rollback()
