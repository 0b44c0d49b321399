"""`rota start`: all processes of a bench under one supervisor."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

import click
from setproctitle import setproctitle

from rota import install_as_frappe
from rota.config import Config
from rota.engine.supervisor import RELOAD_SIGNAL, Part, Supervisor
from rota.sites.bench import Bench
from rota.sites.serving import run_dispatcher, run_scheduler
from rota.web.server import listen, serve

# What the processes need to end beyond the time that jobs may take.
MARGIN_SECONDS = 10.0


def run_bench(
    bench: Bench,
    settings: Config,
    *,
    host: str,
    port: int,
    workers: int | None,
    dev: bool,
    further: Sequence[Part] = (),
) -> int:
    """Run web, scheduler and workers until told to stop, with `further` processes beside them; the exit code.

    Raises:
        BenchRunning: the bench runs already.
        PortTaken: another process listens there.
    """
    with bench.running(), listen(host, port) as sock:
        parts = [
            Part("web", lambda: _serve(bench, sock)),
            Part("scheduler", lambda: run_scheduler(bench), reloads=False),
            Part("dispatcher", lambda: run_dispatcher(bench, install_as_frappe, workers=workers)),
        ]
        parts += further
        if dev:
            supervisor = os.getpid()
            parts.append(Part("watcher", lambda: _watch(bench, supervisor), reloads=False))
        click.echo(_hello(bench, sock))
        setproctitle("rota: supervisor")
        return Supervisor(parts, grace=settings.grace + MARGIN_SECONDS).run()


def _hello(bench: Bench, sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    sites = ", ".join(bench.sites()) or "no site yet (rota new-site NAME)"
    return f"Rota runs at http://{host}:{port} for {sites}. Ctrl-C stops it."


def _serve(bench: Bench, sock: socket.socket) -> int:
    setproctitle("rota: web")
    return serve(bench, sock)


def _watch(bench: Bench, supervisor: int) -> int:
    """Tell the supervisor whenever a file of an app has changed."""
    # It starts threads, which only this process should have.
    from watchfiles import PythonFilter, watch

    setproctitle("rota: watcher")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for changes in watch(bench.apps_path, watch_filter=PythonFilter(extra_extensions=(".json", ".html"))):
        click.echo(f"{Path(next(iter(changes))[1]).name} has changed: starting anew")
        os.kill(supervisor, RELOAD_SIGNAL)
    return 0
