"""Schedules as documents, with what people do to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


@frappe.whitelist()
def execute_event(doc: Any) -> Any:
    """Run a schedule's method in the background now; its job.

    Raises:
        PermissionError: no System Manager asks.
    """
    frappe.only_for("System Manager")
    values = frappe._dict(frappe.parse_json(doc))
    schedule = frappe.get_doc("Scheduled Job Type", values.name)
    return frappe.enqueue(schedule.method, job_name=schedule.method)


def run_scheduled_job(job_type: str | None = None, **_: Any) -> Any:
    """Call the method of a schedule here."""
    return frappe.call(str(job_type))


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
