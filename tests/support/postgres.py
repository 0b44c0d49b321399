"""A private PostgreSQL server from the system's packages, for as long as the tests run.

It listens on a Unix socket in a directory that others can't enter, and on a loopback port with a password. Nothing
of the machine's own PostgreSQL clusters is touched.
"""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

# A test's database lives for seconds: nobody needs it after a power cut.
FAST: Mapping[str, str] = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
DURABLE: Mapping[str, str] = {}

SUPERUSER = "postgres"

# A killed test run can't stop its server: this outlives it by a second. $0: the run's process, $1: the server's folder.
GUARD = """
(while kill -0 "$0" && [ -d "$1" ]; do sleep 1; done
if [ -d "$1" ]; then kill -QUIT "$(head -n 1 "$1/data/postmaster.pid")"; rm -rf "$1"; fi) </dev/null >/dev/null 2>&1 &
"""


class NoPostgres(Exception):
    """PostgreSQL's server programs are not on this machine."""


def server_programs() -> Path:
    """The directory of `initdb`, `pg_ctl` and `postgres`; the newest version when there are several."""
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    if pg_config := shutil.which("pg_config"):
        answer = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True, check=True)
        folders.append(Path(answer.stdout.strip()))
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise NoPostgres("PostgreSQL's server programs are missing: `scripts/setup servers` installs them")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresServer:
    """A running server. `programs` and `folder` are directories; `folder` holds the socket, the data and the log."""

    programs: str
    folder: str
    port: int
    password: str

    def dsn(self, database: str = "postgres", *, tcp: bool = False) -> str:
        """A URL of `database` for the superuser: over the Unix socket, or over loopback TCP with the password."""
        if tcp:
            return f"postgresql://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(self.folder, safe='')}&port={self.port}"

    @contextmanager
    def database(self, prefix: str = "rota_test", *, template: str = "template0") -> Iterator[str]:
        """The URL of a new UTF-8 database, empty or a copy of `template`, to which nobody may be connected.

        It is dropped at the end, whoever is still connected.
        """
        name = f"{prefix}_{secrets.token_hex(6)}"
        with psycopg.connect(self.dsn(), autocommit=True) as admin:
            admin.execute(f'create database "{name}" template "{template}"')
        try:
            yield self.dsn(name)
        finally:
            with psycopg.connect(self.dsn(), autocommit=True) as admin:
                admin.execute(f'drop database "{name}" with (force)')

    def restart(self, *, mode: str = "immediate") -> None:
        """Stop the server as `pg_ctl stop --mode` does (`immediate` is a crash) and start it again."""
        self._pg_ctl("restart", "--mode", mode)

    def halt(self, *, mode: str = "immediate") -> None:
        """Stop the server as `pg_ctl stop --mode` does, and keep all it has."""
        self._pg_ctl("stop", "--mode", mode)

    def start(self) -> None:
        """Start it again."""
        self._pg_ctl("start")

    def promote(self) -> None:
        """Make a standby the primary; back when it takes writes."""
        self._pg_ctl("promote")

    def let_in(self, network: str, *, database: str = "all") -> None:
        """Let clients of a network (`10.1.2.0/24`) in, with the password."""
        with Path(self.folder, "data", "pg_hba.conf").open("a") as file:
            file.write(f"host {database} all {network} scram-sha-256\n")
        self._pg_ctl("reload")

    def stop(self) -> None:
        """Stop the server at once and delete all it had."""
        if Path(self.folder, "data", "postmaster.pid").exists():
            self.halt()
        shutil.rmtree(self.folder)

    def _pg_ctl(self, *words: str) -> None:
        # pg_ctl hands its output to the server it starts: a pipe would stay open for as long as the server lives.
        with Path(self.folder, "pg_ctl.log").open("ab") as log:
            command = [f"{self.programs}/pg_ctl", "--pgdata", f"{self.folder}/data", "--wait", "--silent"]
            command += ["--log", f"{self.folder}/server.log", *words]
            _run(command, stdout=log, stderr=log)


def start_server(settings: Mapping[str, str], *, run: int) -> PostgresServer:
    """Make a new cluster in a temporary directory and start its server with `settings`.

    It ends with the process `run`, if nobody stops it before.
    """
    programs = server_programs()
    folder = Path(tempfile.mkdtemp(prefix="rota-pg-", dir="/tmp"))  # a socket's path has 107 bytes at most
    password = secrets.token_hex(12)
    (folder / "password").write_text(password)
    if owner := _server_user():
        for path in (folder, folder / "password"):
            shutil.chown(path, owner.pw_uid, owner.pw_gid)
    port = free_port()
    initdb = [f"{programs}/initdb", "--pgdata", f"{folder}/data", "--username", SUPERUSER, "--encoding", "UTF8"]
    initdb += ["--locale", "C.UTF-8", "--auth-local", "trust", "--auth-host", "scram-sha-256"]
    initdb += ["--pwfile", f"{folder}/password", "--no-sync"]
    _run(initdb, stdout=subprocess.DEVNULL)
    wanted = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(folder),
        "max_connections": "500",
        "timezone": "UTC",
        **settings,
    }
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.writelines(f"{name} = '{value}'\n" for name, value in wanted.items())
    server = PostgresServer(programs=str(programs), folder=str(folder), port=port, password=password)
    server._pg_ctl("start")
    subprocess.run(["sh", "-c", GUARD, str(run), str(folder)], check=True, start_new_session=True)
    return server


class SharedServer:
    """One server for all processes of a test run: the first that asks starts it, the run's parent process ends it.

    `folder` is a directory that all of them know, `run` the parent's process id.
    """

    def __init__(self, folder: Path, *, run: int) -> None:
        self._run = run
        self._state = folder / "postgres.json"
        self._lock = folder / "postgres.lock"

    def get(self) -> PostgresServer:
        """The server, started now unless another process did.

        Raises:
            NoPostgres: its programs are not installed.
        """
        with self._lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self._state.exists():
                return PostgresServer(**json.loads(self._state.read_text()))
            server = start_server(FAST, run=self._run)
            self._state.write_text(json.dumps(asdict(server)))
            return server

    def stop(self) -> None:
        """Stop the server if it was ever started."""
        if self._state.exists():
            PostgresServer(**json.loads(self._state.read_text())).stop()
            self._state.unlink()


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses to run as root. None means as ourselves."""
    if os.geteuid() != 0:
        return None
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


def _run(command: list[str], **options: object) -> None:
    owner = _server_user()
    subprocess.run(  # type: ignore[call-overload]
        command,
        check=True,
        stdin=subprocess.DEVNULL,
        cwd="/",
        user=owner.pw_uid if owner else None,
        group=owner.pw_gid if owner else None,
        extra_groups=[] if owner else None,
        **options,
    )


def free_port() -> int:
    """A port that nobody has, for a server that starts later, and may stop and start again.

    It is none of those that the kernel gives to outgoing connections: one of these might have it by then.
    """
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    lasting = [*range(10_000, lowest), *range(highest + 1, 65_536)] or [0]
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", secrets.choice(lasting)))
            return int(probe.getsockname()[1])
