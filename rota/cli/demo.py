"""`rota demo`: everything at once, in a bench of its own, with a live view in this terminal."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from pathlib import Path

import click


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), default=Path("rota-demo"))
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 for any free one.")
@click.option(
    "--workers", type=click.IntRange(1, 1000), default=3, show_default=True, help="How many jobs run at once."
)
@click.option("--seconds", type=click.FloatRange(1), help="Stop by itself after so long.")
@click.pass_context
def demo(ctx: click.Context, folder: Path, port: int, workers: int, seconds: float | None) -> None:
    """Make a bench with a small shop, start everything, and show its jobs. Ctrl-C stops it."""
    from rota import install_as_frappe
    from rota.cli.starting import run_bench
    from rota.config import load
    from rota.demo.prepare import SITE, enqueue_first_jobs, prepare
    from rota.engine.supervisor import Child

    install_as_frappe()
    click.echo(f"The demo's bench is in {folder}.")
    bench, password = prepare(folder)
    enqueue_first_jobs(bench)
    warehouse_port = _free_port()
    os.environ["SHOP_WAREHOUSE"] = f"http://127.0.0.1:{warehouse_port}"
    click.echo(f"The site {SITE}: user Administrator, password {password}")
    terminal = _keep_terminal(bench.logs_path / "demo.log")
    supervisor = os.getpid()
    further = [
        Child(name="warehouse", run=lambda: _warehouse(bench.apps_path, warehouse_port)),
        Child(name="view", run=lambda: _view(bench.path, terminal, supervisor, seconds), reloads=False),
    ]
    settings = load(bench.path)
    ctx.exit(
        run_bench(bench, settings, host=settings.http_host, port=port, workers=workers, dev=False, further=further)
    )


def _keep_terminal(log: Path) -> int | None:
    """Let the processes write to a file, if there is a terminal for the view; its descriptor."""
    if not sys.stdout.isatty():
        return None
    click.echo(f"What the processes say is in {log}.")
    sys.stdout.flush()
    terminal = os.dup(1)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)
    return terminal


def _view(path: Path, terminal: int | None, supervisor: int, seconds: float | None) -> int:
    from setproctitle import setproctitle

    from rota.demo.live import watch
    from rota.demo.prepare import SITE
    from rota.sites.bench import Bench
    from rota.sites.site import Site

    setproctitle("rota: live view")
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopping.append(number))
    end = None if seconds is None else time.monotonic() + seconds
    with Site.load(Bench(path), SITE) as site:
        watch(site.store, terminal, goes_on=lambda: not stopping and (end is None or time.monotonic() < end))
    if not stopping:
        os.kill(supervisor, signal.SIGTERM)
        signal.pause()
    return 0


def _warehouse(apps: Path, port: int) -> int:
    from setproctitle import setproctitle

    setproctitle("rota: the demo's warehouse")
    sys.path.append(str(apps))
    # The demo's own app, copied into its bench.
    import importlib

    importlib.import_module("shop.warehouse").serve(port)
    return 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
