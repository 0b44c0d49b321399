"""Many processes that enqueue a job of one id at the same moment: `python -m tests.support.rush BENCH SITE COUNT`.

Each prints a JSON line: by which way it did, and the id and key of the job that it got.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import rota
from rota.engine.job import Job
from rota.frappe import install_as_frappe

WAYS = ("transaction", "wrote", "at once", "frappe")
ID = "the one"
METHOD = "ledger.tasks.record"


def enqueue(way: str) -> Job | None:
    """Enqueue the job, to run with a number that tells who won."""
    options: dict[str, Any] = {"job_id": ID, "deduplicate": True}
    if way == "frappe":
        frappe = import_module("frappe")
        job: Job | None = frappe.enqueue(METHOD, number=os.getpid(), enqueue_after_commit=False, **options)
        return job
    if way == "at once":
        options["enqueue_after_commit"] = False
    return rota.enqueue(METHOD, kwargs={"number": os.getpid()}, **options)


def rush(bench: Path, site: str, way: str, ready: int, go: int) -> None:
    """One process: ready, wait for the others, enqueue, say what came of it."""
    with rota.site(site, bench=bench) as context:
        if way == "wrote":
            context.documents.get_all("Effect", limit=1)
        os.write(ready, b".")
        os.read(go, 1)
        if way == "wrote":
            context.documents.get_doc({"doctype": "Effect", "number": -os.getpid()}).insert()
        job = enqueue(way)
    line = {"way": way, "id": job and job.id, "key": job and job.key, "own": job and job.is_own}
    os.write(1, json.dumps(line).encode() + b"\n")


def main(bench: Path, site: str, count: int) -> int:
    """Start them, let them go when all are ready, and wait for them; how many failed."""
    install_as_frappe()
    ready_here, ready = os.pipe()
    go, go_here = os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(go_here)
            code = 1
            try:
                rush(bench, site, WAYS[number % len(WAYS)], ready, go)
                code = 0
            except BaseException as error:  # noqa: BLE001 - the child says what it was, and ends
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(code)
        children.append(child)
    os.close(ready)
    # All are ready, or those that are not have ended.
    seen = b""
    while len(seen) < count and (more := os.read(ready_here, count)):
        seen += more
    os.close(go_here)
    return sum(os.waitpid(child, 0)[1] != 0 for child in children)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
