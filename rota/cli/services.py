"""The processes of a bench: web, scheduler and workers, each alone or all together."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rota.cli.state import State, pass_state, site_option

if TYPE_CHECKING:
    from rota.config import Config

F = TypeVar("F", bound=Callable[..., Any])


def _port_options(command: F) -> F:
    port = click.option(
        "--port", type=click.IntRange(0, 65535), help="By default the setting http_port; 0 for any free one."
    )
    host = click.option("--host", help="The address to listen at; by default the setting http_host.")
    return port(host(command))


@click.command()
@_port_options
@click.option("--workers", type=click.IntRange(1, 1000), help="How many jobs run at once; by default as set up.")
@click.option("--dev", is_flag=True, help="Start anew when a file of an app changes.")
@pass_state
@click.pass_context
def start(ctx: click.Context, state: State, /, port: int | None, host: str | None, **more: Any) -> None:
    """Run everything: web, scheduler and workers. Ctrl-C or SIGTERM stops it gracefully."""
    from rota.cli.starting import run_bench

    settings = _settings(state)
    ctx.exit(
        run_bench(
            state.bench,
            settings,
            host=host or settings.http_host,
            port=settings.http_port if port is None else port,
            **more,
        )
    )


@click.command()
@pass_state
def reload(state: State) -> None:
    """Make `rota start` take up changed apps and settings: new web server and workers, and no job is interrupted.

    Jobs that run go on in their old workers to the end; those that can be resumed go on in new ones.
    """
    process = state.bench.runner()
    os.kill(process, signal.SIGHUP)
    click.echo(f"Process {process} starts its web server and its workers anew; running jobs are not interrupted")


@click.command()
@_port_options
@pass_state
@click.pass_context
def serve(ctx: click.Context, state: State, port: int | None, host: str | None) -> None:
    """Serve the web."""
    from rota.web.server import listen
    from rota.web.server import serve as run

    settings = _settings(state)
    sock = listen(host or settings.http_host, settings.http_port if port is None else port)
    ctx.exit(run(state.bench, sock))


@click.command()
@site_option
@pass_state
@click.pass_context
def schedule(ctx: click.Context, state: State) -> None:
    """Fire the schedules when they are due."""
    from rota.sites.serving import run_scheduler

    _settings(state)
    _check(state)
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
    """Run jobs. SIGTERM stops it; at SIGUSR1 it takes no more, and ends when those that run have ended."""
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
    from rota import install_as_frappe
    from rota.sites.serving import run_dispatcher

    _settings(state)
    _check(state)
    names = [name.strip() for name in (queues or "").split(",") if name.strip()]
    return run_dispatcher(state.bench, install_as_frappe, _only(state), queues=names, workers=processes, burst=burst)


def _settings(state: State) -> Config:
    """The bench's settings; from now on, what this process logs goes where they say."""
    from rota.config import load
    from rota.sites.logs import log_to_terminal

    settings = load(state.bench.path)
    log_to_terminal(settings.log_level, as_json=settings.log_format == "json")
    return settings


def _check(state: State) -> None:
    from rota.sites.fit import check_sites

    check_sites(state.bench, _only(state) or state.bench.sites())


def _only(state: State) -> list[str] | None:
    """The sites that were named; None for all of the bench, those of tomorrow too."""
    return state.sites() if state.site and state.site != "all" else None
