"""Jobs to measure. Each that is timed appends a record to a file, in one atomic write."""

import os
import struct
import time

import frappe

RECORD = struct.Struct("qdd")  # job number, begin and end on CLOCK_MONOTONIC


def noop(i=0):
    """Nothing."""


def stamp(i, seconds=0.0):
    """Tell when the first line ran, and after `seconds` when the last did."""
    begin = time.monotonic()
    if seconds:
        time.sleep(seconds)
    file = os.open(os.path.join(frappe.get_site_path(), "stamps"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, RECORD.pack(i, begin, time.monotonic()))
    os.close(file)


def insert(i):
    """One document, committed with the job's outcome."""
    frappe.get_doc({"doctype": "Benchmark Row", "number": i}).insert(ignore_permissions=True)


def process_rows(batch=500):
    """A chain that gets, changes and saves documents, and commits once a batch."""
    names = frappe.get_all("Benchmark Row", filters={"done": 0}, pluck="name", limit=batch)
    for name in names:
        doc = frappe.get_doc("Benchmark Row", name)
        doc.done = 1
        doc.save(ignore_permissions=True)
    frappe.db.commit()
    if frappe.db.count("Benchmark Row", {"done": 0}):
        frappe.enqueue("load.tasks.process_rows", job_id="process_rows", batch=batch)
