"""A standby of a PostgreSQL server: a second private server that follows the first one commit by commit."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.support.benches import family, kill_all
from tests.support.postgres import GUARD, SUPERUSER, PostgresServer, _run, _server_user, free_port
from tests.support.waiting import wait_until

STANDBY = "rota_standby"


def start_standby(primary: PostgresServer, *, run: int) -> PostgresServer:
    """A synchronous standby: no commit on `primary` returns before it is on the standby's disk, too.

    It ends with the process `run`, if nobody stops it before.
    """
    folder = Path(tempfile.mkdtemp(prefix="rota-pg-", dir="/tmp"))
    if owner := _server_user():
        shutil.chown(folder, owner.pw_uid, owner.pw_gid)
    port = free_port()
    source = f"host={primary.folder} port={primary.port} user={SUPERUSER} application_name={STANDBY}"
    command = [f"{primary.programs}/pg_basebackup", "--pgdata", f"{folder}/data", "--dbname", source]
    command += ["--write-recovery-conf", "--checkpoint", "fast", "--wal-method", "stream"]
    _run(command, stdout=subprocess.DEVNULL)
    with (folder / "data" / "postgresql.conf").open("a") as file:
        file.write(f"port = '{port}'\nunix_socket_directories = '{folder}'\n")
    standby = PostgresServer(programs=primary.programs, folder=str(folder), port=port, password=primary.password)
    standby.start()
    subprocess.run(["sh", "-c", GUARD, str(run), str(folder)], check=True, start_new_session=True)
    with psycopg.connect(primary.dsn(), autocommit=True) as admin:
        admin.execute(f"alter system set synchronous_standby_names = '{STANDBY}'")
        admin.execute("select pg_reload_conf()")
        wait_until(
            lambda: admin.execute("select 1 from pg_stat_replication where sync_state = 'sync'").fetchone(),
            message="the standby follows",
        )
    return standby


def both(primary: PostgresServer, standby: PostgresServer, database: str) -> str:
    """The URL of a database on whichever of the two takes writes."""
    hosts = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
    return f"postgresql://{SUPERUSER}:{primary.password}@{hosts}/{database}?target_session_attrs=read-write"


def kill_server(server: PostgresServer) -> None:
    """kill -9 of a server's main process and all below it, as at a machine's death."""
    pid = int(Path(server.folder, "data", "postmaster.pid").read_text().split()[0])
    kill_all(family(pid))
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or _is_zombie(pid))
    Path(server.folder, "data", "postmaster.pid").unlink()


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
