"""The processes of a bench: web, scheduler and workers, each alone or all together."""

from __future__ import annotations

import click

from rota.cli.state import State, pass_state, site_option


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="By default the setting http_port.")
@click.option("--host", help="By default the setting http_host.")
@pass_state
def serve(state: State, port: int | None, host: str | None) -> None:
    """Serve the web."""
    from rota.config import load
    from rota.web.server import serve as run

    settings = load(state.bench.path)
    run(state.bench, host=host or settings.http_host, port=port or settings.http_port)


@click.command()
@site_option
@pass_state
@click.pass_context
def schedule(ctx: click.Context, state: State) -> None:
    """Fire the schedules when they are due."""
    from rota.sites.serving import run_scheduler

    ctx.exit(run_scheduler(state.bench, _only(state)))


@click.command()
@click.option("--queue", "queues", metavar="A,B", help="Only these queues, in this order; by default all.")
@click.option("--processes", type=click.IntRange(1, 1000), help="How many jobs run at once; by default as set up.")
@click.option("--burst", is_flag=True, help="End when nothing is left to do.")
@click.option(
    "--quiet", is_flag=True, expose_value=False, help="Frappe's flag; a worker says little anyway.", hidden=True
)
@site_option
@pass_state
@click.pass_context
def worker(ctx: click.Context, state: State, queues: str | None, processes: int | None, burst: bool) -> None:
    """Run jobs."""
    ctx.exit(_work(state, queues, processes, burst=burst))


@click.command("worker-pool")
@click.option("--queue", "queues", metavar="A,B", help="Only these queues, in this order; by default all.")
@click.option("--num-workers", type=click.IntRange(1, 1000), default=2, show_default=True, help="Jobs at once.")
@click.option("--burst", is_flag=True, help="End when nothing is left to do.")
@site_option
@pass_state
@click.pass_context
def worker_pool(ctx: click.Context, state: State, queues: str | None, num_workers: int, burst: bool) -> None:
    """Run jobs, as Frappe's command does."""
    ctx.exit(_work(state, queues, num_workers, burst=burst))


def _work(state: State, queues: str | None, processes: int | None, *, burst: bool) -> int:
    from rota.frappe._alias import install_as_frappe
    from rota.sites.serving import run_dispatcher

    names = [name.strip() for name in (queues or "").split(",") if name.strip()]
    return run_dispatcher(state.bench, install_as_frappe, _only(state), queues=names, workers=processes, burst=burst)


def _only(state: State) -> list[str] | None:
    """The sites that were named; None for all of the bench, those of tomorrow too."""
    return state.sites() if state.site and state.site != "all" else None
