"""A TCP proxy before a PostgreSQL server, which loses connections when a test says so."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

CHUNK = 65536


class Proxy:
    """Forwards every connection to its server. `port` is where it listens on 127.0.0.1."""

    def __init__(self, port: int) -> None:
        """`port`: the server's."""
        self._target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self._lines: set[_Line] = set()
        self._lock = threading.Lock()
        self.commits_to_cut = 0  #: so many replies to a COMMIT of `marked` connections still get lost
        self.marked = b""  #: which connections are meant: those that ever sent this
        self.cut_commits = 0  #: how many replies got lost
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> int:
        """Cut all connections at once; how many there were. New ones are taken."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.cut()
        return len(lines)

    def wants_cut(self, sent: bytes) -> bool:
        """Whether the reply to this line's COMMIT is to be lost."""
        with self._lock:
            if self.commits_to_cut <= 0 or self.marked not in sent:
                return False
            self.commits_to_cut -= 1
            self.cut_commits += 1
            return True

    def close(self) -> None:
        """Stop listening, and cut what is open."""
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target))
                except OSError:
                    client.close()
                    continue
                line = _Line(self, client, server)
                with self._lock:
                    self._lines.add(line)
                line.start()

    def forget(self, line: _Line) -> None:
        """A line has ended."""
        with self._lock:
            self._lines.discard(line)


class _Line:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._sent = b""
        self._loses_reply = False

    def start(self) -> None:
        for pump in (self._to_server, self._to_client):
            threading.Thread(target=pump, daemon=True).start()

    def cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _to_server(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(CHUNK):
                if self._proxy.marked and self._proxy.marked in data:
                    self._sent = self._proxy.marked
                if b"commit\0" in data and self._proxy.wants_cut(self._sent):
                    self._loses_reply = True
                self._server.sendall(data)
        self._end()

    def _to_client(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(CHUNK):
                if self._loses_reply and b"COMMIT\0" in data:
                    break  # the server has committed, and says so; nobody hears it
                self._client.sendall(data)
        self._end()

    def _end(self) -> None:
        self.cut()
        self._proxy.forget(self)
        for end in (self._client, self._server):
            end.close()
