"""A real HTTP server that stands for somebody else's system: it answers what the test wants, keeps what it is sent, or
hangs."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.postgres import free_port

HANG = 0  #: no answer at all


@dataclass
class Peer:
    """What the server got, and what it says: `answer` gives a status for what was sent, or `HANG`."""

    answer: Callable[[Any], int] = lambda sent: 200
    sent: list[Any] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def http_peer() -> Iterator[Peer]:
    """A server on a port of its own."""
    peer = Peer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            peer.sent.append(body)
            status = peer.answer(body)
            if status == HANG:
                peer.over.wait(60)
                return
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    with serving(Handler) as peer.url:
        try:
            yield peer
        finally:
            peer.over.set()


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server with that handler; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refusing_url() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"
