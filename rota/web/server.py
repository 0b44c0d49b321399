"""The process that serves the web: uvicorn, which ends on SIGTERM once open requests are answered."""

from __future__ import annotations

import socket

import uvicorn

from rota.errors import PortTaken
from rota.sites.bench import Bench
from rota.web.app import create_app

#: Seconds that open requests may take when the server stops.
GRACE = 10
BACKLOG = 1024


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; made before the server, so that a restart of the server loses no connection.

    Raises:
        PortTaken: it can't be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(host, port, error.strerror or str(error)) from error


def serve(bench: Bench, sock: socket.socket) -> int:
    """Serve the bench on a socket that listens, until SIGTERM or SIGINT; the process's exit code."""
    config = uvicorn.Config(
        create_app(bench),
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[sock])
    return 0 if server.started else 1
