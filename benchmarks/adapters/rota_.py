"""Rota on SQLite and on PostgreSQL, as one of the peers: `benchmarks/peers.py` copies it beside their adapters."""

import os
import pathlib
import shutil

from adapters.common import PEER, PG_DSN, new_pg_database

from rota.benchmark.arena import COMMAND
from rota.frappe import install_as_frappe
from rota.sites.bench import Bench
from rota.sites.install import new_site
from rota.sites.jobs import jobs_of
from rota.sites.site import Site

_CONFIG = "1 dispatcher, 2 workers, all defaults; "
# One variant a line, each a call of dict: bench.py reads the names without importing this.
VARIANTS = {
    "rota-sqlite": dict(package="rota", drain=60_000, config=_CONFIG + "WAL mode, synchronous=FULL."),  # noqa: C408
    "rota-postgresql": dict(package="rota", drain=60_000, config=_CONFIG + "synchronous_commit on."),  # noqa: C408
}
SITE, APP = "peers.localhost", "peerload"
FOLDER = pathlib.Path(os.environ["PEER_DIR"]) / "bench"
install_as_frappe()
_open = []


def reset():
    """A new bench with one app, whose tasks are the jobs that all peers run."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    bench = Bench.init(FOLDER)
    app = bench.apps_path / APP
    app.mkdir()
    (app / "__init__.py").write_text("")
    (app / "tasks.py").write_text("from jobs import noop, sleepy\n")
    database = "sqlite"
    if PEER == "rota-postgresql":
        new_pg_database()
        database = PG_DSN
    new_site(bench, SITE, database=database, admin_password="peers", apps=[APP])


async def aopen():
    site = Site.load(Bench(FOLDER), SITE)
    opened = site.open()
    _open.append((site, opened, opened.__enter__()))


async def aclose():
    site, opened, _ = _open.pop()
    opened.__exit__(None, None, None)
    site.close()


def enqueue(kind, i):
    context = _open[-1][2]
    jobs_of(context).enqueue(f"{APP}.tasks.{kind}", {"i": i})
    context.documents.session.commit()


def bulk(kind, ids):
    context, ids = _open[-1][2], list(ids)
    for first in range(0, len(ids), 10_000):
        jobs_of(context).enqueue_many(f"{APP}.tasks.{kind}", [{"i": i} for i in ids[first : first + 10_000]])
        context.documents.session.commit()


def pending():
    """Whether a job is not recorded as ended yet: outcomes are committed in batches behind the jobs."""
    database = Site.load(Bench(FOLDER), SITE).engine_database
    connection = database.connect()
    try:
        table = "live" if connection.dialect == "sqlite" else "rota.live"
        return bool(connection.value(f"select exists(select 1 from {table})"))
    finally:
        connection.close()


def workers():
    return [[*COMMAND, "--bench", str(FOLDER), "worker", "--processes", "2"]]
