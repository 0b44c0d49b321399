"""`rota backup` and `rota restore`: a site as it was at one moment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rota.cli.state import State, json_option, pass_state, show_json, site_option

if TYPE_CHECKING:
    from rota.sites.backups import Backup


@click.command()
@click.argument("target", metavar="[DEST]", required=False, type=click.Path(path_type=Path))
@click.option("--db", "database", metavar="URL", help="The server itself, for a site behind a transaction pooler.")
@json_option
@site_option
@pass_state
def backup(state: State, target: Path | None, database: str | None, as_json: bool) -> None:
    """Back the site up while it runs: databases, files and settings of one moment, in one archive.

    DEST is a new file or a folder; by default the site's private/backups. The archive holds the site's passwords, and
    only its owner can read it.
    """
    from rota.sites.backups import back_up

    sites = state.sites()
    if len(sites) > 1 and target is not None and not target.is_dir():
        raise click.UsageError("DEST must be a folder for the backups of several sites")
    made = [back_up(state.bench, name, target, database=database) for name in sites]
    if as_json:
        show_json([_value(one) for one in made])
        return
    for one in made:
        click.echo(f"{one.site}: {one.path}, {one.size} bytes with {one.rows} rows and {one.files} files")
        for name in one.left_out:
            click.echo(f"{one.site}: left out, as it is no plain file: {name}", err=True)


def _value(made: Backup) -> dict[str, object]:
    return {
        "site": made.site,
        "path": str(made.path),
        "bytes": made.size,
        "rows": made.counts,
        "files": made.files,
        "left_out": made.left_out,
    }


@click.command()
@click.argument("archive", metavar="[ARCHIVE]", required=False, type=click.Path(path_type=Path))
@click.option("--as-is", is_flag=True, help="Take the databases that were copied there by hand, as they are.")
@click.option("--db", "database", metavar="URL", help="An empty database, for a site on PostgreSQL.")
@site_option
@pass_state
def restore(state: State, archive: Path | None, as_is: bool, database: str | None) -> None:
    """Make a site what it was when ARCHIVE was made. Stop everything that uses it first.

    The site is the one of which the archive was made; --site names another, also a new one. What is there now is kept
    in its private/backups. Jobs go on where they were.
    """
    if as_is == (archive is not None):
        raise click.UsageError("name an ARCHIVE of `rota backup`, or --as-is")
    if archive is None:
        _take_as_it_is(state)
        return
    from rota.sites.backups import restore as bring_back

    name = state.site
    if name is not None and (name == "all" or "," in name):
        raise click.UsageError("an archive is of one site: name one with --site")
    restored = bring_back(state.bench, archive, name, database=database)
    live = ", ".join(f"{count} {state}" for state, count in restored.jobs.items() if count) or "no jobs"
    click.echo(f"{restored.site} is what it was at {restored.made_at}: {live}")
    if restored.kept is not None:
        click.echo(f"What was there is in {restored.kept}")


def _take_as_it_is(state: State) -> None:
    from rota.sites.backups import take_as_it_is
    from rota.store import Older

    name = state.one_site()
    found = take_as_it_is(state.bench, name)
    if found is Older.NEITHER:
        click.echo(f"{name}: the databases fit")
    elif found is Older.JOBS:
        click.echo(f"{name}: jobs.db was older than site.db. Nothing that is done runs again; jobs that came after it "
                   "are gone")  # fmt: skip
    else:
        click.echo(f"{name}: site.db was older than jobs.db, so its jobs are held: look at them, then "
                   f"rota --site {name} jobs resume --all")  # fmt: skip
