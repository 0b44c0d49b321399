"""Background tasks."""

import frappe

import rota
from rota.sites.background import get_current_task


def export(rows, fail=False, hold=False):
    """A task with all that a task may do."""
    task = get_current_task()
    task.publish_progress(50, "half")
    task.update_stage("writing")
    task.attach_file("rows.csv", "\n".join(str(row) for row in rows))
    if fail:
        raise ValueError("can't export")
    task.store_result({"rows": len(rows)})
    return "ignored, as there is a result"


def flaky(rows):
    """Fails the first time."""
    if rota.current_job().attempt == 1:
        raise ValueError("once")
    return rows


def note_success(job, connection, result, rows, **kwargs):
    """The caller's own callback."""
    frappe.get_doc({"doctype": "Effect", "number": 1000 + len(rows)}).insert(ignore_permissions=True)


def note_failure(job, connection, kind, value, trace, rows):
    """The caller's own callback."""
    frappe.get_doc({"doctype": "Effect", "number": 2000 + len(rows)}).insert(ignore_permissions=True)
