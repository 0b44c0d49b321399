"""A private MariaDB server from the system's packages, on a Unix socket in a directory of its own."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoMariaDB(Exception):
    """MariaDB's server programs are not on this machine."""


def _program(*names: str) -> str:
    for name in names:
        found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/usr/libexec")
        if found:
            return found
    raise NoMariaDB(f"MariaDB's {names[0]} is missing: apt-get install mariadb-server-core")


@contextmanager
def mariadb_server() -> Iterator[str]:
    """A running server's socket; server and data are gone at the end.

    Raises:
        NoMariaDB: its programs are not installed.
    """
    server = _program("mariadbd", "mysqld")
    folder = Path(tempfile.mkdtemp(prefix="rota-mariadb-"))
    try:
        data, socket = folder / "data", folder / "socket"
        data.mkdir()
        # No grant tables: the server needs no set-up at all, and nobody else can enter its folder.
        unguarded = ["--user=root", "--skip-grant-tables", "--skip-networking"]
        options = [f"--datadir={data}", f"--socket={socket}", f"--pid-file={folder / 'pid'}"]
        quick = ["--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M", f"--log-error={folder / 'log'}"]
        process = subprocess.Popen([server, "--no-defaults", *unguarded, *options, *quick])
        try:
            _wait(process, socket, folder / "log")
            yield str(socket)
        finally:
            process.terminate()
            process.wait(timeout=120)
    finally:
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], socket: Path, log: Path) -> None:
    deadline = time.monotonic() + 180
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"MariaDB did not start:\n{log.read_text() if log.exists() else ''}")
        time.sleep(0.02)
