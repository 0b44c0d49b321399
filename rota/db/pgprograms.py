"""PostgreSQL's own programs for backups: `pg_dump` and `pg_restore`. A password goes to them in the environment."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from rota.db.postgresql import PostgreSQL
from rota.errors import ProgramMissing, StoreError

PACKAGE = "postgresql-client"
# An owner or a comment can't be given back by a role that is no superuser, and is nothing that Rota relies on.
_PLAIN = ("--no-owner", "--no-privileges", "--no-comments")


def dump(database: PostgreSQL, path: Path, *, snapshot: str) -> None:
    """Write a database to `path` as an exported snapshot sees it.

    Raises:
        ProgramMissing: pg_dump is not installed.
        StoreError: it failed; the message is its own.
    """
    # The archive is compressed as a whole.
    words = ["--format=custom", "--compress=0", f"--snapshot={snapshot}", "--lock-wait-timeout=30000", *_PLAIN]
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    _run("pg_dump", [*words, f"--file={path}"], database)


def load(database: PostgreSQL, path: Path) -> None:
    """Fill an empty database from a file that `dump` wrote, in one transaction: all of it, or nothing.

    Raises:
        ProgramMissing: pg_restore is not installed.
        StoreError: it failed; the message is its own.
    """
    _run("pg_restore", ["--single-transaction", "--exit-on-error", *_PLAIN, str(path)], database)


def _run(program: str, words: Sequence[str], database: PostgreSQL) -> None:
    where = {name: str(value) for name, value in conninfo_to_dict(database.dsn).items() if value is not None}
    environ = {**os.environ, "LC_MESSAGES": "C"}
    if "password" in where:
        environ["PGPASSWORD"] = where.pop("password")
    command = [program, "--no-password", f"--dbname={make_conninfo(**where)}", *words]
    try:
        done = subprocess.run(  # noqa: S603 - a program of the system, and no shell
            command, env=environ, capture_output=True, text=True, errors="replace", check=False
        )
    except FileNotFoundError as error:
        raise ProgramMissing(program, PACKAGE) from error
    if done.returncode:
        said = " ".join(done.stderr.split())[:500] or f"exit code {done.returncode}"
        raise StoreError(f"{database.describe()}: {said}")
