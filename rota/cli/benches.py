"""Commands that make benches, sites and apps, and bring them up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rota.cli.state import State, json_option, pass_state, show_json, show_table, site_option

if TYPE_CHECKING:
    from rota.sites.report import Report


@click.command()
@click.argument("directory", type=click.Path(file_okay=False))
def init(directory: str) -> None:
    """Make a bench in DIRECTORY."""
    from rota.sites.bench import Bench

    bench = Bench.init(directory)
    click.echo(f"Bench {bench.path} is ready. Next: cd {directory} && rota new-site NAME")


@click.command("new-site")
@click.argument("name")
@click.option("--db", "database", default="sqlite", show_default=True, help="sqlite, or a postgresql:// URL.")
@click.option("--admin-password", help="Administrator's password; asked for when absent.")
@click.option(
    "--install-app", "apps", multiple=True, metavar="APP", help="An app to install; may be given several times."
)
@pass_state
def new_site(state: State, name: str, database: str, admin_password: str | None, apps: tuple[str, ...]) -> None:
    """Make the site NAME with its databases."""
    from rota.cli.users import ask_password
    from rota.sites.install import new_site as make

    bench = state.bench
    bench.check_free(name)
    if apps:
        state.load_facade()
    password = admin_password or ask_password("Administrator")
    is_whole = _print(make(bench, name, database=database, admin_password=password, apps=apps))
    click.echo(f"Site {name} is ready. Start it with `rota start`.")
    click.get_current_context().exit(0 if is_whole else 1)


@click.command("new-app")
@click.argument("name")
@pass_state
def new_app(state: State, name: str) -> None:
    """Make the app NAME in apps/."""
    from rota.sites.scaffold import new_app as make

    folder = make(state.bench.apps_path, name)
    click.echo(f"App {name} is in {folder}. Next: rota --site SITE install-app {name}")


@click.command("install-app")
@click.argument("names", nargs=-1, required=True, metavar="APP...")
@site_option
@pass_state
@click.pass_context
def install_app(ctx: click.Context, state: State, names: tuple[str, ...]) -> None:
    """Install apps on the site."""
    from rota.sites.install import install_app as install

    sites = state.sites()
    state.load_facade()
    whole = [_print(install(state.bench, site, name)) for site in sites for name in names]
    ctx.exit(0 if all(whole) else 1)


@click.command("list-apps")
@site_option
@json_option
@pass_state
def list_apps(state: State, as_json: bool) -> None:
    """List the apps of the site."""
    from rota.sites.install import installed

    state.load_facade()
    found = {site: installed(state.bench, site) for site in state.sites()}
    if as_json:
        show_json({site: [app.name for app in apps] for site, apps in found.items()})
        return
    rows = [(site, app.name, app.version, app.path) for site, apps in found.items() for app in apps]
    show_table(["site", "app", "version", "path"], rows, empty="no apps")


@click.command()
@site_option
@pass_state
@click.pass_context
def migrate(ctx: click.Context, state: State) -> None:
    """Bring the site up to what its apps declare: tables, schedules, fixtures."""
    from rota.sites.migrate import migrate as bring_up

    sites = state.sites()
    state.load_facade()
    whole = [_print(bring_up(state.bench, site)) for site in sites]
    ctx.exit(0 if all(whole) else 1)


def _print(report: Report) -> bool:
    """Say what was done and what could not be; whether all could."""
    for line in report.lines():
        click.echo(line)
    for problem in report.problems:
        click.echo(f"{report.site}: {problem}", err=True)
    return not report.problems


@click.command("ready-for-migration")
@site_option
@pass_state
@click.pass_context
def ready_for_migration(ctx: click.Context, state: State) -> None:
    """Say whether no job waits or runs; exit code 1 when one does."""
    from rota.sites.install import pending_jobs

    busy = [site for site in state.sites() if pending_jobs(state.bench, site)]
    for site in busy:
        click.echo(f"NOT READY for migration: site {site} has pending background jobs")
    if not busy:
        click.echo(f"READY for migration: {', '.join(state.sites())}")
    ctx.exit(1 if busy else 0)
