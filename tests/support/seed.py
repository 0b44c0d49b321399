"""What the tests of the eight workflows do again and again."""

from __future__ import annotations

import json
from typing import Any

from rota.clock import Clock
from rota.jobs import new_key
from rota.sites.context import Context
from rota.sites.site import Site
from rota.store import ClaimCursor, JobFilter, JobView, Want
from rota.testing.drain import Drain
from tests.support.benches import TestBench


def call(context: Context, path: str, **kwargs: Any) -> Any:
    """Call a function of the app, as a request would."""
    return context.site.resolver.resolve(path)(**kwargs)


def insert(context: Context, doctype: str, **values: Any) -> Any:
    """A new document."""
    return context.documents.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True)


def add_user(context: Context, email: str, *roles: str, **values: Any) -> Any:
    """A user; one with a role that may enter the desk is a System User."""
    given = [{"role": role} for role in roles]
    return insert(context, "User", email=email, first_name=email.partition("@")[0], roles=given, **values)


def make_invoices(bench: TestBench, count: int, **values: Any) -> None:
    """Draft invoices, written past all checks."""
    prefix = values.pop("prefix", "SINV")
    with bench.open() as context:
        documents, now = context.documents, context.site.now()
        who = {"owner": "Administrator", "modified_by": "Administrator", "creation": now, "modified": now}
        row = {"status": "Draft", "custom_processed": 0, **who, **values}
        documents.database.bulk_insert(
            "Sales Invoice", ["name", *row], [(f"{prefix}-{n:05}", *row.values()) for n in range(count)]
        )


def work(bench: TestBench, *words: str) -> None:
    """Run what waits, with real workers, to the end."""
    worker = bench.run("worker", "--burst", "--processes", "2", *words, timeout=900)
    assert worker.returncode == 0, worker.stderr


def trigger(bench: TestBench, method: str) -> None:
    """Run a schedule's method now, then the jobs that it left, such as mails."""
    ran = bench.run("trigger-scheduler-event", method)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    work(bench)


def run_here(site: Site) -> list[JobView]:
    """Run what waits in this process, by the site's own clock."""
    return Drain(site).run(max_jobs=100, wait=False)


def claim_and_leave(site: Site, queue: str) -> str:
    """Take the next job as a dispatcher does whose worker then does nothing for hours; the dispatcher's token."""
    token = new_key()
    with site.store.turn() as turn:
        turn.register(token, host="elsewhere", pid=1, boot_id="", queues=[queue], lease=86400)
        assert turn.claim(token, [Want(queue, 1)], 1, ClaimCursor())
    return token


def site_at(bench: TestBench, clock: Clock) -> Site:
    """The site, with a clock that the test moves."""
    return Site.load(bench.bench, bench.name, clock=clock)


def jobs(bench: TestBench, method: str) -> list[JobView]:
    """All jobs of a method, the newest first."""
    with bench.site() as site:
        return site.store.listing(JobFilter(method=method), limit=1000)


def events(bench: TestBench, name: str, room: str) -> list[Any]:
    """The messages that browsers in a room got, oldest first."""
    with bench.site() as site:
        return [json.loads(row.payload) for row in site.store.events(0) if (row.name, row.room) == (name, room)]


def errors(bench: TestBench) -> list[Any]:
    """The Error Log: rows of `method` (the title) and `error`."""
    with bench.open() as context:
        return list(context.documents.get_all("Error Log", fields=["method", "error"], order_by="creation asc"))
