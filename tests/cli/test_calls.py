"""execute commits and prints JSON; trigger-scheduler-event leaves a log; a burst worker empties the queues."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rota.sites.bench import Bench, read_json, write_json
from tests.cli.conftest import PASSWORD, Rota, run_process, write_app
from tests.support.waiting import wait_until

TASKS = """
import frappe

def add(a, b=1):
    return {"sum": a + b}

def write(color):
    frappe.get_doc({"doctype": "ToDo", "description": color}).insert()

def write_and_fail():
    frappe.get_doc({"doctype": "ToDo", "description": "lost"}).insert()
    raise ValueError("no stock")

def count():
    return frappe.db.count("ToDo")

def enqueue(n):
    for number in range(n):
        frappe.enqueue("call_app.tasks.write", color=f"job {number}")

def unencodable():
    frappe.enqueue("call_app.tasks.write", color=open("/dev/null"))
"""
HOOKS = """
scheduler_events = {
    "daily": ["call_app.tasks.count", "call_app.tasks.write_and_fail"],
}
"""


@pytest.fixture
def app(bench: Bench, site: str) -> str:
    write_app(bench, "call_app", hooks=HOOKS, tasks=TASKS)
    done = run_process(bench, "install-app", "call_app")
    assert (done.returncode, done.stderr) == (0, "")
    return "call_app"


def test_execute_prints_the_result_as_json(bench: Bench, app: str) -> None:
    by_name = run_process(bench, "execute", f"{app}.tasks.add", "--kwargs", '{"a": 2, "b": 3}')
    by_place = run_process(bench, "execute", f"{app}.tasks.add", "--args", "[2]")
    assert json.loads(by_name.stdout) == {"sum": 5}
    assert json.loads(by_place.stdout) == {"sum": 3}


def test_execute_commits(bench: Bench, app: str) -> None:
    assert run_process(bench, "execute", f"{app}.tasks.write", "--args", '["red"]').returncode == 0
    assert run_process(bench, "execute", f"{app}.tasks.count").stdout == "1\n"


def test_an_error_in_execute_is_one_line_and_takes_everything_back(bench: Bench, app: str) -> None:
    answer = run_process(bench, "execute", f"{app}.tasks.write_and_fail")
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert "ValueError: no stock" in line
    assert "tasks.py, line " in line
    assert run_process(bench, "execute", f"{app}.tasks.count").stdout == "0\n"


def test_a_value_that_no_job_can_carry_is_named_with_its_path(bench: Bench, app: str) -> None:
    answer = run_process(bench, "execute", f"{app}.tasks.unencodable")
    assert answer.returncode == 2
    (line,) = answer.stderr.splitlines()
    assert "kwargs.color can't be stored with the job" in line
    assert json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["queued"] == 0


def test_a_burst_worker_runs_what_waits_and_ends(bench: Bench, app: str) -> None:
    run_process(bench, "execute", f"{app}.tasks.enqueue", "--args", "[3]", check=True)
    worker = run_process(bench, "worker", "--burst", "--processes", "2")
    assert worker.returncode == 0
    assert "quitting" in worker.stderr
    assert json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["finished"] == 3
    assert run_process(bench, "execute", f"{app}.tasks.count").stdout == "3\n"


def test_maintenance_mode_written_by_hand_stops_claims_and_ticks_until_it_is_taken_out(bench: Bench, app: str) -> None:
    file = bench.site_config_path(bench.sites()[0])
    settings = read_json(file)
    write_json(file, {**settings, "maintenance_mode": 1})
    run_process(bench, "execute", f"{app}.tasks.enqueue", "--args", "[3]", check=True)
    assert run_process(bench, "worker", "--burst", "--processes", "2").returncode == 0
    assert json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["queued"] == 3
    schedules = json.loads(run_process(bench, "scheduler", "status", "--json").stdout)
    assert "maintenance mode is on" in json.dumps(schedules)

    def finished() -> bool:
        return bool(json.loads(run_process(bench, "jobs", "stats", "--json").stdout)["finished"] == 3)

    with (bench.path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", "rota.cli.main", "worker", "--processes", "2"],
            cwd=bench.path,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(
            lambda: json.loads(run_process(bench, "scheduler", "status", "--json").stdout)["dispatchers"], timeout=60
        )
        write_json(file, settings)
        wait_until(finished, timeout=60, every=0.5)
    finally:
        worker.terminate()
        worker.wait(60)


def test_trigger_runs_a_schedule_and_leaves_its_log(bench: Bench, app: str) -> None:
    answer = run_process(bench, "trigger-scheduler-event", f"{app}.tasks.count")
    assert (answer.returncode, answer.stdout) == (0, f"{app}.tasks.count|Daily: finished\n")
    assert json.loads(run_process(bench, "scheduler", "status", "--json").stdout)["dispatchers"] == []
    logs = run_process(
        bench, "execute", "frappe.get_all", "--args", '["Scheduled Job Log"]',
        "--kwargs", '{"fields": ["status", "scheduled_job_type"]}',
    )  # fmt: skip
    assert json.loads(logs.stdout) == [{"status": "Complete", "scheduled_job_type": "tasks.count"}]


def test_a_triggered_schedule_that_fails_says_why(bench: Bench, app: str) -> None:
    answer = run_process(bench, "trigger-scheduler-event", "tasks.write_and_fail")
    assert answer.returncode == 1
    assert answer.stdout == f"{app}.tasks.write_and_fail|Daily: failed: ValueError: no stock\n"


def test_an_event_that_does_not_exist_is_told_in_frappes_words(rota: Rota, site: str) -> None:
    answer = rota("trigger-scheduler-event", "nope.tasks.f")
    assert (answer.code, answer.err) == (1, "Event nope.tasks.f does not exist!\n")


def test_console_has_frappe_and_the_site(bench: Bench, app: str) -> None:
    answer = run_process(bench, "console", input="print(frappe.local.site, site.name)\n")
    assert "one.local one.local" in answer.stdout


def test_users_are_added_with_roles_and_password(bench: Bench, app: str) -> None:
    words = [
        "add-user",
        "Ada@Example.com",
        "--first-name",
        "Ada",
        "--password",
        PASSWORD,
        "--add-role",
        "System Manager",
    ]
    assert run_process(bench, *words).stdout == "User ada@example.com is ready\n"
    roles = run_process(bench, "execute", "frappe.get_roles", "--args", '["ada@example.com"]')
    assert "System Manager" in json.loads(roles.stdout)
    again = run_process(bench, *words)
    assert again.returncode == 1
    assert "ada@example.com" in again.stderr
