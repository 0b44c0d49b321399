"""What apps enqueue: methods of documents as they are, rows, functions and classes; queues of their own."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from rota.errors import UnknownQueue
from rota.frappe.utils import background_jobs
from rota.sites.bench import read_json, write_json
from rota.sites.site import Site

from .test_jobs import run_jobs


def test_enqueue_doc_takes_its_arguments_by_position(frappe: Any, site: Site, book: Any) -> None:
    job = frappe.enqueue_doc("Book", book.name, "recount", "long", 700, by=4)
    frappe.db.commit()
    assert (job.origin, job.timeout) == ("long", 700)
    assert run_jobs(site) == ["call_document: committed"]
    assert frappe.db.get_value("Book", book.name, "pages") == 34


def test_a_method_of_a_document_that_was_never_stored_has_its_fields_and_rows(frappe: Any, site: Site) -> None:
    new = frappe.new_doc("Book", title="Drafts", chapters=[{"title": "One"}, {"title": "Two"}])
    job = frappe.enqueue(new.describe)
    frappe.db.commit()
    run_jobs(site)
    assert job.result == {"title": "Drafts", "new": True, "chapters": ["One", "Two"]}
    assert not frappe.db.exists("Book", {"title": "Drafts"})


def test_a_document_arrives_as_it_was_when_it_was_enqueued(frappe: Any, site: Site, book: Any) -> None:
    book.title = "Not saved"
    book.append("chapters", {"title": "Three"})
    job = frappe.enqueue(book.describe)
    book.title = "Changed since"
    frappe.db.commit()
    run_jobs(site)
    assert job.result == {"title": "Not saved", "new": False, "chapters": ["One", "Two", "Three"]}


def test_rows_functions_and_classes_are_arguments(frappe: Any, site: Site, library: Any, book: Any) -> None:
    kind = importlib.import_module("library.stock.doctype.book.book").Book
    job = frappe.enqueue("library.tasks.use", row=book.chapters[1], function=library.tasks.add, kind=kind)
    frappe.db.commit()
    run_jobs(site)
    assert job.result == {"row": "Two", "of": book.name, "sum": 22, "kind": "Book"}


def test_what_a_job_asked_for_at_its_end_is_done_though_it_failed(
    frappe: Any, site: Site, library: Any, book: Any
) -> None:
    frappe.enqueue("library.tasks.leave_a_word", book=book.name)
    frappe.db.commit()
    library.events.SEEN.clear()
    (ending,) = run_jobs(site)
    assert "torn page" in ending
    assert [name for name, _ in library.events.SEEN] == ["before_job", "after_job", "asked for"]
    assert frappe.db.get_value("Book", book.name, "title") == "Notes"


@pytest.fixture
def own_queue(site: Site) -> Site:
    """The site with the queue `myq`, which the bench's settings add."""
    path = site.bench.common_config_path
    write_json(path, {**read_json(path), "workers": {"myq": {"timeout": 5000}, "short": {"timeout": 9}}})
    return Site.load(site.bench, site.name, clock=site.clock)


def test_a_bench_has_queues_of_its_own(own_queue: Site) -> None:
    with own_queue, own_queue.open():
        frappe = importlib.import_module("frappe")
        jobs = [frappe.enqueue("library.tasks.add", one=1, queue=name) for name in ("myq", "short")]
        assert [(job.origin, job.timeout) for job in jobs] == [("myq", 5000), ("short", 9)]
        assert background_jobs.get_queue("myq").name == "myq"
        with pytest.raises(UnknownQueue, match="myq"):
            frappe.enqueue("library.tasks.add", one=1, queue="other")
