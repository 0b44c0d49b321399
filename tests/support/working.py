"""Running the jobs that wait on a site, as a worker does."""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import uuid4

from rota.engine.outcome import decide
from rota.frappe import install_as_frappe
from rota.sites.local import LocalWorker
from rota.sites.site import Site
from rota.store import ClaimCursor, Want


def run_jobs(site: Site) -> list[str]:
    """Run all that waits, and what that enqueues; how each ended."""
    endings = []
    with LocalWorker(site, install_as_frappe, lambda _: None) as worker:
        while claims := claim_all(site):
            for claim in claims:
                report = worker.run(claim)
                endings.append(f"{claim.method.rpartition('.')[2]}: {report.ending.value} {report.error or ''}".strip())
                _record(site, claim, report)
    return endings


def claim_all(site: Site) -> list[Any]:
    """Claim what waits."""
    wants = [Want(queue=name, limit=10) for name in site.config.queues()]
    token = uuid4().hex
    with site.store.turn() as turn:
        turn.register(token, host="h", pid=1, boot_id="b", queues=tuple(site.config.queues()), lease=60)
        return turn.claim(token, wants, 10, ClaimCursor())


def _record(site: Site, claim: Any, report: Any) -> None:
    outcome = decide(claim, report, now=site.store.now(), random=Random(1))
    with site.store.turn() as turn:
        turn.record([outcome])
