"""Jobs as documents, with what people do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota import frappe  # what an app has put there counts
from rota.engine.job import Job
from rota.frappe._missing import missing
from rota.jobs import JobState
from rota.sites.context import current
from rota.sites.jobs import jobs_of
from rota.store import JobFilter


@frappe.whitelist()
def remove_failed_jobs() -> int:
    """Delete the failed jobs of the site; how many.

    Raises:
        PermissionError: no System Manager asks.
    """
    frappe.only_for("System Manager")
    removed = 0
    site = current().site
    while True:
        with site.store.turn() as turn:
            count = turn.remove_many(frozenset({JobState.FAILED}))
        removed += count
        if not count:
            return removed


@frappe.whitelist()
def stop_job(job_id: str) -> None:
    """Stop a job that runs, or cancel one that waits.

    Raises:
        PermissionError: no System Manager asks.
    """
    frappe.only_for("System Manager")
    frappe.get_doc("RQ Job", job_id).stop_job()


def get_all_queued_jobs() -> list[Job]:
    """The jobs that wait."""
    context = current()
    views = context.site.store.listing(JobFilter(states=frozenset({JobState.QUEUED})), limit=1000)
    return [jobs_of(context).queue.of_view(view) for view in views]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
