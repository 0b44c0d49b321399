"""The eight workflows of the acceptance document, in this process, their code as the document prints it."""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.frappe import install_as_frappe
from rota.sites.bench import Bench
from rota.sites.install import new_site
from rota.sites.site import Site
from rota.testing.drain import Drain
from tests.support.benches import forget_app

SEED = Path(__file__).parents[3] / "shared" / "seed"
pytestmark = pytest.mark.skipif(not SEED.is_dir(), reason="the workflows' document is not beside this checkout")


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Site]:
    spec = importlib.util.spec_from_file_location("build_app", SEED / "build_app.py")
    assert spec is not None
    assert spec.loader is not None
    builder: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    install_as_frappe()
    bench = Bench.init(tmp_path / "bench")
    builder.build(bench.apps_path)
    forget_app("myapp")
    database = "sqlite" if request.param == "sqlite" else str(request.getfixturevalue("postgres_dsn"))
    new_site(bench, "shop.test", database=database, admin_password="secret", apps=["myapp"])
    with Site.load(bench, "shop.test", clock=clock) as loaded:
        yield loaded
    forget_app("myapp")


@pytest.fixture
def frappe(site: Site) -> Iterator[Any]:
    with site.open(commit=False):
        yield sys.modules["frappe"]


@pytest.fixture
def tasks(frappe: Any) -> Any:
    return importlib.import_module("myapp.tasks")


@pytest.fixture
def api(frappe: Any) -> Any:
    return importlib.import_module("myapp.api")


def run_jobs(frappe: Any, site: Site) -> list[str]:
    """Commit, and run all jobs to their end; how each ended."""
    frappe.db.commit()
    return [str(view.state) for view in Drain(site).run(max_jobs=50, wait=False)]


def messages(site: Site) -> list[Any]:
    """What browsers were told."""
    return [(event.room, event.name, json.loads(event.payload)) for event in site.store.events(0)]


def test_workflow_1_deletes_old_private_files_that_are_attached_to_nothing(frappe: Any, tasks: Any, site: Site) -> None:
    for name, days in (("old", 8), ("young", 6)):
        file = frappe.get_doc(
            {"doctype": "File", "file_name": f"{name}.txt", "content": name, "is_private": 1}
        ).insert()
        created = frappe.utils.add_to_date(None, days=-days)
        frappe.db.set_value("File", file.name, "creation", created, update_modified=False)

    tasks.daily_cleanup()

    assert frappe.get_all("File", {"is_folder": 0}, pluck="file_name") == ["young.txt"]
    assert "Daily cleanup: deleted 1 files" in (site.path / "logs" / "scheduler.log").read_text()


def test_workflow_2_mails_a_summary_of_yesterday(frappe: Any, tasks: Any) -> None:
    yesterday = frappe.utils.add_days(frappe.utils.nowdate(), -1)
    for amount in (10.5, 20):
        values = {"doctype": "Sales Invoice", "posting_date": yesterday, "grand_total": amount}
        frappe.get_doc(values).insert().submit()

    tasks.weekday_summary_email()

    assert tasks.get_yesterday_revenue() == 30.5
    assert frappe.get_all("Email Queue Recipient", pluck="recipient") == ["admin@example.com"]


def test_workflow_3_exports_once_and_tells_the_user(frappe: Any, api: Any, site: Site) -> None:
    for name in ("Ann", "Bob"):
        frappe.get_doc({"doctype": "Customer", "customer_name": name, "customer_group": "Retail"}).insert()

    assert "Export started" in api.start_customer_export('{"customer_group": "Retail"}')["message"]
    with pytest.raises(frappe.ValidationError, match="already in progress"):
        api.start_customer_export()

    assert run_jobs(frappe, site) == ["finished"]
    (file,) = frappe.get_all("File", {"is_folder": 0}, ["name", "owner", "is_private"])
    assert frappe.get_doc("File", file.name).get_content().splitlines()[0].startswith("name,customer_name")
    room, name, message = messages(site)[-1]
    assert (room, name) == ("user:Administrator", "msgprint")
    assert "Export complete!" in message["message"]


def test_workflow_4_goes_on_until_nothing_is_left(frappe: Any, api: Any, tasks: Any, site: Site) -> None:
    for _ in range(12):
        frappe.get_doc({"doctype": "Sales Invoice", "grand_total": 1}).insert()
    frappe.db.commit()
    tasks.process_invoices_batch.__defaults__ = (0, 5, None, 0, 0, None)

    assert api.start_invoice_processing() == {"message": "Invoice processing started"}
    assert api.start_invoice_processing() == {"message": "Processing already in progress"}

    assert run_jobs(frappe, site) == ["finished"] * 3
    assert frappe.db.count("Sales Invoice", {"custom_processed": 0}) == 0


def test_workflow_5_counts_attempts_of_a_sync_that_fails(
    frappe: Any, tasks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import requests

    order = frappe.get_doc({"doctype": "Sales Order", "grand_total": 5}).insert().submit()
    frappe.db.commit()
    sent = []

    def refuse(url: str, json: Any, timeout: int) -> None:
        sent.append(importlib.import_module("json").dumps(json))
        raise requests.exceptions.Timeout

    monkeypatch.setattr(requests, "post", refuse)

    tasks.sync_to_external_system()

    assert frappe.db.get_value("Sales Order", order.name, ["custom_sync_status", "custom_sync_attempts"]) == (
        "Retry Pending",
        1,
    )
    assert json.loads(sent[0])["name"] == order.name


def test_workflow_6_shows_progress_and_mails_the_report(frappe: Any, api: Any, site: Site) -> None:
    for number in range(4):
        frappe.get_doc({"doctype": "Customer", "customer_name": f"C{number}"}).insert()

    api.generate_report("customers")

    assert run_jobs(frappe, site)[0] == "finished"
    names = [name for _, name, _ in messages(site)]
    assert {"msgprint", "progress"} <= set(names)
    assert frappe.get_all("Email Queue Recipient", pluck="recipient") == ["admin@example.com"]


@pytest.mark.parametrize(("reference", "status"), [("Fine", "Success"), ("Broken", "Error")])
def test_workflow_7_calls_back_with_the_jobs_arguments(
    frappe: Any, api: Any, site: Site, reference: str, status: str
) -> None:
    doc = frappe.get_doc({"doctype": "Data Import", "reference_doctype": reference}).insert()

    api.start_import(doc.name)
    run_jobs(frappe, site)

    assert frappe.db.get_value("Data Import", doc.name, "status") == status
    room, _, message = next(one for one in messages(site) if one[1] == "eval_js")
    assert room == "user:Administrator"
    assert doc.name in message


def test_workflow_8_finds_a_healthy_scheduler_healthy(frappe: Any, tasks: Any) -> None:
    tasks.scheduler_health_check()

    assert not frappe.db.count("Error Log")
    assert not frappe.db.count("Email Queue")
