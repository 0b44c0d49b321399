"""A private pgbouncer before a private PostgreSQL server, pooling by transaction."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.postgres import SUPERUSER, PostgresServer, _server_user, free_port
from tests.support.waiting import wait_until

PROGRAM = "pgbouncer"


class NoPooler(Exception):
    """pgbouncer is not on this machine."""


@contextmanager
def pooler(server: PostgresServer, *, size: int = 4) -> Iterator[int]:
    """The port of a pooler that gives at most `size` server connections to all clients of a database.

    Raises:
        NoPooler: it is not installed.
    """
    program = shutil.which(PROGRAM) or shutil.which(PROGRAM, path="/usr/sbin:/sbin")
    if program is None:
        raise NoPooler("pgbouncer is missing: `scripts/setup servers` installs it")
    folder = Path(tempfile.mkdtemp(prefix="rota-pool-", dir="/tmp"))
    port = free_port()
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"""[databases]
* = host={server.folder} port={server.port} user={SUPERUSER}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {size}
max_client_conn = 500
server_reset_query_always = 0
logfile = {folder}/log
pidfile = {folder}/pid
"""
    )
    (folder / "users").write_text(f'"postgres" "{secrets.token_hex(8)}"\n')
    owner = _server_user()
    if owner:
        for path in (folder, config, folder / "users"):
            shutil.chown(path, owner.pw_uid, owner.pw_gid)
    process = subprocess.Popen(
        [program, "--quiet", str(config)],
        stdin=subprocess.DEVNULL,
        cwd="/",
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
    )
    try:
        wait_until(lambda: _listens(port), message=f"pgbouncer listens at {port}")
        yield port
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.wait()
        shutil.rmtree(folder)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
