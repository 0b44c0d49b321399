"""The command that copies a site to other databases."""

from __future__ import annotations

import click

from rota.cli.state import State, json_option, pass_state, show_json, show_table


@click.command("copy-site")
@click.argument("source")
@click.argument("target")
@click.option("--db", "database", default="sqlite", show_default=True, help="sqlite, or a postgresql:// URL.")
@click.option("--while-in-use", is_flag=True, help="Copy though processes use SOURCE; they wait meanwhile.")
@json_option
@pass_state
def copy_site(state: State, *, source: str, target: str, database: str, while_in_use: bool, as_json: bool) -> None:
    """Copy the site SOURCE to a new site TARGET on other databases, and prove that nothing is lost.

    TARGET comes up in maintenance mode, so that no job runs on both.
    """
    from rota.sites.copying import copy_site as copy
    from rota.sites.copying.copy import as_json as value

    copied = copy(state.bench, source, target, database=database, while_in_use=while_in_use)
    if as_json:
        show_json(value(copied))
        return
    rows = [(proof.table, proof.rows, proof.checksum, "same") for proof in copied.tables if proof.rows]
    show_table(["table", "rows", "checksum", "copy"], rows, empty="the site has no rows")
    empty = sum(not proof.rows for proof in copied.tables)
    click.echo(f"{copied.rows} rows in {len(copied.tables)} tables ({empty} of them empty), {copied.files} files with "
               f"{copied.size} bytes; claim numbers go on above {copied.claim_number}")  # fmt: skip
    click.echo(f"{target} is in maintenance mode. Next: rota --site {source} set-maintenance-mode on, then "
               f"rota --site {target} set-maintenance-mode off")  # fmt: skip
