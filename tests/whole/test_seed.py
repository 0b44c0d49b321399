"""The eight workflows, whose code runs as the document prints it. Judged by what each evidently means to do."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.benches import TestBench

SEED = Path(__file__).parents[3] / "shared" / "seed"
pytestmark = pytest.mark.skipif(not SEED.is_dir(), reason="the workflows' document is not beside this checkout")


@pytest.fixture(scope="session")
def myapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document's code blocks as an app."""
    spec = importlib.util.spec_from_file_location("build_app", SEED / "build_app.py")
    assert spec is not None
    assert spec.loader is not None
    builder: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    return Path(builder.build(tmp_path_factory.mktemp("seed")))


@pytest.fixture
def bench(make_bench: Callable[..., TestBench], myapp: Path) -> TestBench:
    return make_bench(apps=[myapp])


def test_workflow_1_deletes_last_weeks_private_files_that_are_attached_to_nothing(bench: TestBench) -> None:
    with bench.open() as context:
        documents, now = context.documents, context.site.now()
        ages = {"old": 8, "older": 30, "young": 6}
        for name, days in ages.items():
            insert_file(documents, f"{name}.txt", creation=now - timedelta(days=days))
        insert_file(documents, "public.txt", creation=now - timedelta(days=30), is_private=0)
        attached = {"attached_to_doctype": "User", "attached_to_name": "Administrator"}
        insert_file(documents, "attached.txt", creation=now - timedelta(days=30), **attached)

    ran = bench.run("trigger-scheduler-event", "myapp.tasks.daily_cleanup")

    assert ran.returncode == 0, ran.stderr
    with bench.open() as context:
        kept = set(context.documents.get_all("File", filters={"is_folder": 0}, pluck="file_name"))
        (log,) = context.documents.get_all("Scheduled Job Log", fields=["status", "scheduled_job_type"])
        assert kept == {"young.txt", "public.txt", "attached.txt"}
        assert log.status == "Complete"
        assert not context.documents.count("Error Log")


def insert_file(documents: Any, name: str, *, creation: Any, is_private: int = 1, **values: Any) -> None:
    file = documents.get_doc(
        {"doctype": "File", "file_name": name, "content": name, "is_private": is_private, **values}
    ).insert(ignore_permissions=True)
    documents.database.set_value("File", file.name, "creation", creation, update_modified=False)


@pytest.mark.serial
def test_workflow_4_processes_each_invoice_once_in_one_chain(bench: TestBench) -> None:
    invoices = 20_000
    make_invoices(bench, invoices)
    with bench.open() as context:
        call(context, "myapp.api.start_invoice_processing")
        assert call(context, "myapp.api.start_invoice_processing") == {"message": "Processing already in progress"}

    worker = bench.run("worker", "--burst", "--processes", "2", timeout=240)

    assert worker.returncode == 0, worker.stderr
    with bench.open() as context:
        assert context.documents.count("Sales Invoice", {"custom_processed": 1}) == invoices
        assert not context.documents.count("Error Log")
    assert bench.stats() | {"finished": invoices // 500} == bench.stats()


def make_invoices(bench: TestBench, count: int) -> None:
    with bench.open() as context:
        documents, now = context.documents, context.site.now()
        fields = ["name", "status", "custom_processed", "grand_total", "creation", "modified", "owner", "modified_by"]
        who = "Administrator"
        documents.database.bulk_insert(
            "Sales Invoice",
            fields,
            [(f"SINV-{n:05}", "Draft", 0, n, now, now, who, who) for n in range(count)],
        )


def call(context: Any, path: str, **kwargs: Any) -> Any:
    return context.site.resolver.resolve(path)(**kwargs)
