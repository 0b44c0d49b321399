"""Datagrams with file descriptors beside them, over Unix sockets.

`socket.recv_fds` leaves out its flags and lets the descriptors be inherited by programs that are started later.
"""

from __future__ import annotations

import array
import os
import resource
import socket

MOST = 3
_ITEM = array.array("i").itemsize
_ROOM = socket.CMSG_LEN(MOST * _ITEM)
# A plain number: joining two of the module's flags takes as long as the call itself.
_CLOSE_ON_EXEC = int(socket.MSG_CMSG_CLOEXEC)


def receive(source: socket.socket, size: int, flags: int = 0) -> tuple[bytes, list[int]]:
    """A datagram of at most `size` bytes and its descriptors (at most three, close-on-exec); b"" at the end.

    Raises:
        BlockingIOError: nothing is there, and the socket or the flags say not to wait.
    """
    data, ancillary, _, _ = source.recvmsg(size, _ROOM, flags | _CLOSE_ON_EXEC)
    if not ancillary:
        return data, []
    found = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            found.frombytes(content[: len(content) - len(content) % _ITEM])
    return data, list(found)


def send_file(target: socket.socket, message: bytes, content: bytes) -> None:
    """Send a datagram with `content` in a memory file beside it, for what is too long for a datagram."""
    file = os.memfd_create("rota-job", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(file), "wb") as writer:
            writer.write(content)
        os.lseek(file, 0, os.SEEK_SET)
        socket.send_fds(target, [message], [file])
    finally:
        os.close(file)


def raise_file_limit() -> None:
    """Let this process have as many descriptors as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
