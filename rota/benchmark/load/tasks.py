"""Jobs to measure. Each that is timed appends records to a file, each in one atomic write."""

import os
import struct
import time

import frappe

RECORD = struct.Struct("qdd")  # job number, begin, end on CLOCK_MONOTONIC; no end: it has only begun


def noop(i=0, filler=""):
    """Nothing."""


def stamp(i, seconds=0.0):
    """Tell when the first line ran, and after `seconds` when the last did."""
    begin = time.monotonic()
    if seconds:
        time.sleep(seconds)
    _tell(i, begin, time.monotonic())


def hold(i, seconds):
    """Tell at once that the first line ran, and stay for a while."""
    _tell(i, time.monotonic(), 0.0)
    time.sleep(seconds)


def insert(i):
    """One document, committed with the job's outcome."""
    frappe.get_doc({"doctype": "Benchmark Row", "number": i}).insert(ignore_permissions=True)


def process_invoices(batch=500):
    """Process the next drafts and commit; the chain's next job does the rest."""
    drafts = {"status": "Draft", "processed": 0}
    for invoice in frappe.get_all("Benchmark Invoice", filters=drafts, fields=["name"], limit_page_length=batch):
        doc = frappe.get_doc("Benchmark Invoice", invoice.name)
        doc.processed = 1
        doc.save(ignore_permissions=True)
    frappe.db.commit()
    if frappe.db.count("Benchmark Invoice", drafts) > 0:
        frappe.enqueue("load.tasks.process_invoices", queue="long", job_id="process_invoices", batch=batch)


def _tell(i, begin, end):
    file = os.open(os.path.join(frappe.get_site_path(), "stamps"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, RECORD.pack(i, begin, end))
    os.close(file)
