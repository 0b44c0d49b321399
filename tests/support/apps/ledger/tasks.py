"""Jobs that leave a document behind, in every way that a job may end."""

import os
import time

import frappe


def record(number, seconds=0.0):
    """One effect, committed by Rota with the job's outcome."""
    insert(number)
    time.sleep(seconds)


def record_midway(number, seconds=0.0):
    """One effect, committed by the job itself."""
    insert(number)
    frappe.db.commit()
    time.sleep(seconds)


def record_with_child(number, seconds=0.0):
    """An effect, and a job that leaves another."""
    insert(number)
    frappe.enqueue("ledger.tasks.record", number=number + 1_000_000, seconds=seconds)


def fork_only(number, seconds=0.0):
    """No effect of its own, but a job that leaves one."""
    time.sleep(seconds)
    frappe.enqueue("ledger.tasks.record", number=number)


def fail_first(number, seconds=0.0):
    """Fails once after its effect, which must not stay; then leaves it."""
    insert(number)
    marker = os.path.join(frappe.get_site_path(), f"failed-{number}")
    if not os.path.exists(marker):
        with open(marker, "w", encoding="ascii"):
            raise ValueError("the first try fails")


def note_success(job, connection, result, number, **kwargs):
    """The callback's own effect."""
    insert(number + 2_000_000)


def insert(number):
    """The effect."""
    frappe.get_doc({"doctype": "Effect", "number": number}).insert(ignore_permissions=True)
