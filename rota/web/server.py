"""The process that serves the web: uvicorn, which ends on SIGTERM once open requests are answered."""

from __future__ import annotations

import uvicorn

from rota.sites.bench import Bench
from rota.web.app import create_app

#: Seconds that open requests may take when the server stops.
GRACE = 10


def serve(bench: Bench, *, host: str, port: int) -> None:
    """Serve the bench until SIGTERM or SIGINT.

    Raises:
        SystemExit: the port is taken.
    """
    uvicorn.run(
        create_app(bench),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
