"""`rota start`: all processes of a bench under one supervisor."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

import click
from setproctitle import setproctitle

from rota import install_as_frappe
from rota.config import Config
from rota.engine.dispatcher import RETIRE_SIGNAL
from rota.engine.supervisor import Child, Supervisor
from rota.sites.bench import Bench
from rota.sites.fit import check_sites
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
    further: Sequence[Child] = (),
) -> int:
    """Run web, scheduler and workers until told to stop, with `further` processes beside them; the exit code.

    Raises:
        BenchRunning: the bench runs already.
        PairMismatch, RestoreUnfinished: no site can be used as it is.
        PortTaken: another process listens there.
    """
    check_sites(bench, bench.sites())
    with bench.running(), listen(host, port) as sock:
        children = [
            Child(name="web", run=lambda: _serve(bench, sock)),
            Child(name="scheduler", run=lambda: run_scheduler(bench), reloads=False),
            Child(
                name="dispatcher",
                run=lambda: run_dispatcher(bench, install_as_frappe, workers=workers),
                hands_over=RETIRE_SIGNAL,
            ),
            *further,
        ]
        click.echo(_hello(bench, sock))
        setproctitle("rota: supervisor")
        supervisor = Supervisor(
            children,
            grace=settings.grace + MARGIN_SECONDS,
            colours=sys.stdout.isatty(),
            watch=[bench.apps_path] if dev else [],
        )
        return supervisor.run()


def _hello(bench: Bench, sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    sites = ", ".join(bench.sites()) or "no site yet (rota new-site NAME)"
    return f"Rota runs at http://{host}:{port} for {sites}. Ctrl-C stops it."


def _serve(bench: Bench, sock: socket.socket) -> int:
    setproctitle("rota: web")
    return serve(bench, sock)
