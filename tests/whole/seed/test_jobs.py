"""Workflows 3, 4, 6 and 7: what people start, and what runs on in the background."""

from __future__ import annotations

import csv
import random
import signal
import time
from contextlib import suppress

import psutil
import pytest

from rota.errors import ValidationError
from rota.jobs import JobState
from tests.support.benches import TestBench, kill_tree, tree
from tests.support.scale import at_scale
from tests.support.seed import add_user, call, claim_and_leave, errors, events, insert, jobs, make_invoices, work
from tests.support.smtp import Mailbox
from tests.support.waiting import wait_until

ADA = "ada@example.com"
EXPORT = "myapp.tasks.export_customers"
BATCH = "myapp.tasks.process_invoices_batch"
REPORT = "myapp.tasks.generate_report_with_progress"
IMPORT, ON_SUCCESS, ON_FAILURE = (
    f"myapp.tasks.{name}" for name in ("run_import", "on_import_success", "on_import_failure")
)


def make_customers(bench: TestBench, *names: str) -> None:
    with bench.open() as context:
        add_user(context, ADA, "Sales User")
        add_user(context, "eve@example.com", "Sales User")
        for name in names:
            insert(context, "Customer", customer_name=name, customer_group="Retail", territory="Utrecht")


# --- workflow 3 ---


def test_workflow_3_exports_once_for_two_clicks_and_only_the_owner_may_download(bench: TestBench) -> None:
    make_customers(bench, "Anna, and sons", "Bert")
    with bench.open() as context:
        insert(context, "Customer", customer_name="Carla", customer_group="Wholesale")
    with bench.open(ADA) as context:
        answer = call(context, "myapp.api.start_customer_export", filters='{"customer_group": "Retail"}')
        assert answer == {"message": "Export started. You'll be notified when complete."}
    with bench.open(ADA) as context, pytest.raises(ValidationError, match="already in progress"):
        call(context, "myapp.api.start_customer_export")

    work(bench)

    (job,) = jobs(bench, EXPORT)
    assert (job.state, job.queue, job.timeout, job.user) == (JobState.FINISHED, "long", 1800, ADA)
    with bench.open(ADA) as context:
        (name,) = context.documents.get_all("File", filters={"owner": ADA}, pluck="name")
        file = context.documents.get_doc("File", name)
        rows = list(csv.DictReader(file.get_content().splitlines()))
        assert {row["customer_name"] for row in rows} == {"Anna, and sons", "Bert"}
        assert file.is_private
        assert file.is_downloadable()
        url = file.file_url
    with bench.open("eve@example.com") as context:
        assert not context.documents.get_doc("File", name).is_downloadable()
    (message,) = events(bench, "msgprint", f"user:{ADA}")
    assert message["indicator"] == "green"
    assert f"href='{url}'" in message["message"]
    assert "(2 records)" in message["message"]


def test_workflow_3_makes_one_job_of_two_clicks_at_the_same_moment(bench: TestBench) -> None:
    make_customers(bench, "Anna")
    with bench.open(ADA) as slow:
        call(slow, "myapp.api.start_customer_export")  # nothing runs yet, and nothing is committed
        with bench.open(ADA) as quick:
            call(quick, "myapp.api.start_customer_export")
        with bench.site() as site:
            token = claim_and_leave(site, "long")

    assert [job.state for job in jobs(bench, EXPORT) if not job.winner] == [JobState.STARTED]
    with bench.site() as site, site.store.turn() as turn:
        turn.end_lease(token)
    bench.start("worker", "--processes", "2")
    bench.wait_for({"queued": 0, "started": 0, "scheduled": 0})
    with bench.open(ADA) as context:
        assert context.documents.count("File", {"owner": ADA}) == 1


def test_workflow_3_says_so_when_there_is_nothing_to_export(bench: TestBench) -> None:
    make_customers(bench)
    with bench.open(ADA) as context:
        call(context, "myapp.api.start_customer_export")

    work(bench)

    assert [one["indicator"] for one in events(bench, "msgprint", f"user:{ADA}")] == ["orange"]


# --- workflow 4 ---


@pytest.mark.serial
def test_workflow_4_processes_each_invoice_once_in_one_chain(bench: TestBench) -> None:
    invoices = at_scale(20_000, 100_000)
    make_invoices(bench, invoices)
    with bench.open() as context:
        call(context, "myapp.api.start_invoice_processing")
        assert call(context, "myapp.api.start_invoice_processing") == {"message": "Processing already in progress"}

    work(bench)

    assert processed(bench) == invoices
    assert not errors(bench)
    assert bench.stats() | {"finished": invoices // 500} == bench.stats()


def test_workflow_4_stops_a_chain_that_makes_no_progress_and_names_it(bench: TestBench) -> None:
    make_invoices(bench, 3, customer="nobody of this name")
    with bench.open() as context:
        call(context, "myapp.api.start_invoice_processing")

    work(bench)

    last, *others = jobs(bench, BATCH)
    assert last.state is JobState.FAILED
    assert "no progress" in str(last.error)
    assert "process_invoices::batch" in str(last.error)
    assert [job.state for job in others] == [JobState.FINISHED] * 2
    assert {f"Invoice Processing Error: SINV-{n:05}" for n in range(3)} <= {error.method for error in errors(bench)}
    assert [error.method for error in errors(bench)].count(BATCH) == 1
    with bench.open() as context:  # and it can be started anew
        assert call(context, "myapp.api.start_invoice_processing") == {"message": "Invoice processing started"}


def test_workflow_4_finishes_the_good_ones_beside_some_that_always_fail(bench: TestBench) -> None:
    make_invoices(bench, 1200)
    make_invoices(bench, 5, prefix="BAD", customer="nobody of this name")
    with bench.open() as context:
        call(context, "myapp.api.start_invoice_processing")

    work(bench)

    assert processed(bench) == 1200
    last, *_ = jobs(bench, BATCH)
    assert "no progress" in str(last.error)


def processed(bench: TestBench) -> int:
    with bench.open() as context:
        return int(context.documents.count("Sales Invoice", {"custom_processed": 1}))


# --- workflow 6 ---


def test_workflow_6_reports_with_progress_a_file_and_a_mail(bench: TestBench, mailbox: Mailbox) -> None:
    make_customers(bench, *(f"Customer {n:02}" for n in range(20)))
    with bench.open(ADA) as context:
        call(context, "myapp.api.generate_report", report_type="Sales")
    with bench.open(ADA) as context, pytest.raises(ValidationError, match="already being generated"):
        call(context, "myapp.api.generate_report", report_type="Sales")

    work(bench)

    (job,) = jobs(bench, REPORT)
    assert (job.state, job.timeout, job.id) == (JobState.FINISHED, 3600, f"report::Sales::{ADA}")
    progress = events(bench, "progress", f"user:{ADA}")
    assert progress[0]["percent"] == 0
    assert {one["job"] for one in progress} == {job.id}
    first, last = events(bench, "msgprint", f"user:{ADA}")
    assert first["indicator"] == "blue"
    assert last["indicator"] == "green"
    with bench.open(ADA) as context:
        (name,) = context.documents.get_all("File", filters={"owner": ADA}, pluck="name")
        file = context.documents.get_doc("File", name)
        assert file.get_content().splitlines()[0] == "Customer 00,Customer 00,Utrecht"
        assert len(file.get_content().splitlines()) == 20
        assert file.file_url in last["message"]
        (mail,) = mailbox.received
        assert mail.recipients == [ADA]
        assert mail.mail["Subject"] == "Your Sales Report is Ready"
        assert file.file_url in mail.part("text/plain")


def test_workflow_6_writes_to_administrators_address(bench: TestBench, mailbox: Mailbox) -> None:
    make_customers(bench, "Anna")
    with bench.open() as context:
        call(context, "myapp.api.generate_report", report_type="Sales")

    work(bench)

    assert mailbox.recipients == ["admin@example.com"]


def test_workflow_6_says_what_failed_and_leaves_nothing_behind(bench: TestBench, mailbox: Mailbox) -> None:
    make_customers(bench, "Anna", "Unreportable")
    with bench.open(ADA) as context:
        call(context, "myapp.api.generate_report", report_type="Sales", params='{"filters": {"territory": "Utrecht"}}')

    work(bench)

    (error,) = errors(bench)
    assert error.method == "Report Generation Failed: Sales"
    assert "ValueError: cannot report on Unreportable" in error.error
    assert events(bench, "msgprint", f"user:{ADA}")[-1]["indicator"] == "red"
    assert not mailbox.received


# --- workflow 7 ---


def test_workflow_7_follows_up_on_imports_that_worked_and_that_failed(bench: TestBench, mailbox: Mailbox) -> None:
    with bench.open() as context:
        add_user(context, ADA, "System Manager")
    good, bad = make_imports(bench, "Customer", "Broken")

    work(bench)

    assert {job.state for job in jobs(bench, ON_SUCCESS) + jobs(bench, ON_FAILURE)} == {JobState.FINISHED}
    assert sorted(job.state for job in jobs(bench, IMPORT)) == [JobState.FAILED, JobState.FINISHED]
    assert imports(bench) == {good: ("Success", None), bad: ("Error", "row 7: customer group missing")}
    (mail,) = mailbox.received
    assert mail.recipients == [ADA]
    assert mail.mail["Subject"] == f"Import {good} Complete"
    (log,) = [error for error in errors(bench) if error.method == "Import Failed"]
    assert log.error.startswith(
        f"Import {bad} failed: row 7: customer group missing\nTraceback (most recent call last)"
    )
    assert "in run_import" in log.error
    shown = events(bench, "eval_js", f"user:{ADA}")
    assert sum(f'"Import {good} completed successfully!"' in one for one in shown) == 1
    assert sum(f'"Import {bad} failed!"' in one for one in shown) == 1


@pytest.mark.serial
def test_workflow_7_follows_up_once_though_workers_are_killed_as_jobs_end(bench: TestBench) -> None:
    with bench.open() as context:
        add_user(context, ADA, "System Manager")
    made = make_imports(bench, *(("Customer", "Broken") * 40))

    kill_now_and_then(bench, seconds=6)
    bench.start("worker", "--processes", "2")
    bench.wait_for({"queued": 0, "started": 0, "scheduled": 0}, timeout=120)

    wanted = [("Success", None), ("Error", "row 7: customer group missing")] * 40
    assert imports(bench) == dict(zip(made, wanted, strict=True))
    assert sorted(job.state for job in jobs(bench, IMPORT)) == [JobState.FAILED] * 40 + [JobState.FINISHED] * 40
    assert {job.state for job in jobs(bench, ON_SUCCESS) + jobs(bench, ON_FAILURE)} == {JobState.FINISHED}
    assert len(jobs(bench, ON_SUCCESS)) == len(jobs(bench, ON_FAILURE)) == 40
    logs = [error.error.split("\n")[0] for error in errors(bench) if error.method == "Import Failed"]
    assert sorted(logs) == sorted(f"Import {name} failed: row 7: customer group missing" for name in made[1::2])
    with bench.open() as context:
        queued = context.documents.get_all("Email Queue", filters={"status": "Sent"}, pluck="name")
        assert len(queued) == context.documents.count("Email Queue") == 40


def make_imports(bench: TestBench, *kinds: str) -> list[str]:
    """Imports, started by Ada; their names."""
    with bench.open(ADA) as context:
        made = [insert(context, "Data Import", reference_doctype=kind).name for kind in kinds]
        for name in made:
            call(context, "myapp.api.start_import", import_id=name)
        return made


def imports(bench: TestBench) -> dict[str, tuple[str, str | None]]:
    with bench.open() as context:
        rows = context.documents.get_all("Data Import", fields=["name", "status", "error_message"])
        return {row.name: (row.status, row.error_message) for row in rows}


def kill_now_and_then(bench: TestBench, *, seconds: float) -> None:
    """Let workers run, and kill one of the processes again and again, as soon as another job has ended."""
    dice, end = random.Random(7), time.monotonic() + seconds
    process = bench.start("worker", "--processes", "2")
    while time.monotonic() < end:
        before = ended(bench)
        with suppress(AssertionError):  # all may have ended
            wait_until(lambda: ended(bench) > before, timeout=2, every=0.001)  # noqa: B023 - asked for at once
        with suppress(psutil.NoSuchProcess, IndexError):
            dice.choice(tree(process)).send_signal(signal.SIGKILL)
        if process.poll() is not None:
            process = bench.start("worker", "--processes", "2")
    kill_tree(process)
    process.wait()


def ended(bench: TestBench) -> int:
    counts = bench.stats()
    return counts["finished"] + counts["failed"]
