"""Jobs under Frappe's names: enqueue, ask, run; the transaction decides."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from rota.errors import DocumentLockedError, NotInRota, UnknownMethod, UnknownQueue, UsageError, ValidationError
from rota.frappe.utils import background_jobs
from rota.sites.site import Site
from tests.support.working import claim_all, run_jobs


def test_a_job_belongs_to_the_transaction_that_enqueues_it(frappe: Any, site: Site) -> None:
    frappe.enqueue("library.tasks.add", one=1, job_id="sum")
    assert background_jobs.is_job_enqueued("sum")
    assert background_jobs.get_job("sum").kwargs["kwargs"] == {"one": 1}
    frappe.db.rollback()
    assert not background_jobs.is_job_enqueued("sum")
    assert site.store.stats()["queued"] == 0

    frappe.enqueue("library.tasks.add", one=1, job_id="sum")
    frappe.db.commit()

    assert site.store.stats()["queued"] == 1
    assert background_jobs.get_job_status("sum") == "queued"


def test_enqueue_after_commit_false_survives_a_rollback(frappe: Any, site: Site) -> None:
    frappe.enqueue("library.tasks.add", one=1, enqueue_after_commit=False)
    frappe.db.rollback()

    assert site.store.stats()["queued"] == 1


def test_deduplicate_gives_none_for_a_job_that_is_there(frappe: Any) -> None:
    job = frappe.enqueue("library.tasks.add", one=1, job_id="sum", deduplicate=True)
    assert job.id == "sum"
    assert frappe.enqueue("library.tasks.add", one=2, job_id="sum", deduplicate=True) is None
    frappe.db.commit()
    assert frappe.enqueue("library.tasks.add", one=2, job_id="sum", deduplicate=True) is None
    with pytest.raises(ValidationError, match="job_id"):
        frappe.enqueue("library.tasks.add", one=1, deduplicate=True)


def test_what_was_asked_for_and_seen_inactive_is_enqueued_once(frappe: Any, site: Site) -> None:
    for _ in range(2):
        if not background_jobs.is_job_enqueued("export"):
            frappe.enqueue("library.tasks.add", one=1, job_id="export")
    frappe.db.commit()

    assert site.store.stats()["queued"] == 1


def test_now_calls_the_function_here_with_what_it_takes(frappe: Any) -> None:
    assert frappe.enqueue("library.tasks.add", now=True, one=1, two=3, flags={}) == 4
    assert frappe.enqueue(method="library.tasks.add", is_async=False, one=1) == 3


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"method": "library.tasks.add", "queue": "fast"}, UnknownQueue),
        ({"method": "library.tasks.nothing"}, UnknownMethod),
        ({"method": "os.system"}, UnknownMethod),
        ({"method": "library.tasks.add", "job_options": {"colour": "red"}}, UsageError),
    ],
    ids=["queue", "method", "foreign", "option"],
)
def test_an_enqueue_that_can_not_be_is_refused(frappe: Any, wanted: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        frappe.enqueue(**wanted)


def test_jobs_run_as_their_user_with_hooks_around(frappe: Any, site: Site, library: Any) -> None:
    job = frappe.enqueue("library.tasks.job_facts", job_id="facts", queue="short", at_front=True)
    frappe.db.commit()

    assert run_jobs(site) == ["job_facts: returned"]

    assert job.result == {
        "method": "library.tasks.job_facts",
        "user": "Administrator",
        "job_id": "facts",
        "site": site.name,
    }
    assert job.get_status() == "finished"
    assert background_jobs.get_job_status("facts") == "finished"
    assert [name for name, _ in library.events.SEEN] == ["before_job", "after_job"]


def test_a_method_of_a_document_runs_with_what_was_not_saved(frappe: Any, site: Site, book: Any) -> None:
    book.pages = 100
    frappe.enqueue(book.recount, by=5)
    frappe.db.commit()
    assert run_jobs(site) == ["call_bound: committed"]
    assert frappe.db.get_value("Book", book.name, "pages") == 105

    frappe.enqueue_doc("Book", book.name, "recount", by=1)
    frappe.db.commit()
    assert run_jobs(site) == ["call_document: committed"]
    assert frappe.db.get_value("Book", book.name, "pages") == 106
    assert background_jobs.enqueue_doc("Book", book.name, "recount", queue="long").origin == "long"


def test_queue_action_locks_the_document_until_it_is_done(frappe: Any, site: Site, book: Any) -> None:
    frappe.db.commit()
    book.queue_action("recheck")
    with pytest.raises(DocumentLockedError):
        book.save()
    frappe.db.commit()

    assert run_jobs(site) == ["execute_action: committed"]

    assert frappe.db.get_value("Book", book.name, "title") == "Notes, checked"
    assert not frappe.get_doc("Book", book.name).is_locked


def test_a_failed_action_says_so_on_the_document(frappe: Any, site: Site, book: Any) -> None:
    frappe.db.commit()
    book.queue_action("fail")
    frappe.db.commit()

    (ending,) = run_jobs(site)

    assert "torn page" in ending
    comment = frappe.get_all("Comment", filters={"reference_name": book.name}, pluck="content")
    assert comment == ["Action Failed<br><br>torn page"]
    assert not frappe.get_doc("Book", book.name).is_locked


def test_an_action_that_is_rolled_back_locks_nothing(frappe: Any, book: Any) -> None:
    frappe.db.commit()
    book.queue_action("recheck")
    frappe.db.rollback()

    assert not book.is_locked


def test_documents_and_functions_travel_as_arguments(frappe: Any, site: Site, book: Any) -> None:
    job = frappe.enqueue("library.tasks.echo", doc=book, name="x", doctype="y", when=frappe.utils.getdate())
    frappe.db.commit()
    run_jobs(site)

    assert (job.result["doc"].title, job.result["name"], job.result["doctype"]) == ("Notes", "x", "y")


def test_a_task_gets_an_enqueue_of_its_own(frappe: Any, library: Any) -> None:
    library.tasks.echo = frappe.task(queue="long")(library.tasks.echo)

    assert library.tasks.echo.enqueue(a=1).origin == "long"


def test_what_an_app_puts_in_the_place_of_enqueue_is_called(frappe: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    monkeypatch.setattr(frappe, "enqueue", lambda *args, **kwargs: calls.append(kwargs))

    frappe.enqueue_doc("Book", "B", "recount")
    background_jobs.enqueue("library.tasks.add")

    assert len(calls) == 2


def test_queues_jobs_and_workers_are_listed(frappe: Any, site: Site) -> None:
    frappe.enqueue("library.tasks.add", one=1, queue="long")
    frappe.db.commit()

    assert background_jobs.get_jobs() == {site.name: ["library.tasks.add"]}
    assert background_jobs.get_jobs(queue="short") == {}
    assert background_jobs.get_jobs(key="one") == {site.name: [1]}
    assert {queue.name: queue.count for queue in background_jobs.get_queues()} == {"short": 0, "default": 0, "long": 1}
    assert background_jobs.get_queue("long").get_job_ids() == [background_jobs.get_queue("long").jobs[0].id]
    assert background_jobs.get_queue_info("long")[0].queued == 1
    assert background_jobs.get_queues_timeout() == {"short": 300, "default": 300, "long": 1500}
    assert background_jobs.get_queue_list(["long"]) == ["long"]
    assert background_jobs.get_workers() == background_jobs.get_workers_status() == []
    with pytest.raises(UnknownQueue):
        background_jobs.get_queue("fast")


def test_the_worker_whose_job_asks_is_busy_unless_it_is_the_only_one(frappe: Any, site: Site, context: Any) -> None:
    from rota.store import WorkerRow

    frappe.enqueue("library.tasks.add", one=1)
    frappe.enqueue("library.tasks.add", one=2)
    frappe.db.commit()
    one, two = claim_all(site)
    born = site.store.now()
    rows = [WorkerRow(pid=pid, state="busy", born_at=born, key=key) for pid, key in ((1, one.key), (2, two.key))]
    context.running = type("Running", (), {"key": one.key})()

    seen = []
    with site.store.turn() as turn:
        turn.register("t" * 8, host="h", pid=1, boot_id="b", queues=("default",), lease=60)
    for present in (rows, rows[:1], rows[1:]):
        with site.store.turn() as turn:
            turn.workers("t" * 8, present)
        seen.append({row.pid: row.status for row in background_jobs.get_workers_status()})
        assert {worker.state for worker in background_jobs.get_workers()} == {"busy"}
    mine = background_jobs.get_workers()[0].is_mine()
    context.running = None

    assert seen == [{1: "busy", 2: "busy"}, {1: "idle"}, {2: "busy"}]
    assert not mine


def test_execute_job_runs_a_function_as_a_job_would(frappe: Any, site: Site, library: Any, book: Any) -> None:
    frappe.db.commit()

    library.events.SEEN.clear()
    given = background_jobs.execute_job(site.name, "library.tasks.add", kwargs={"one": 2}, user="Guest")
    background_jobs.execute_job(site.name, "library.tasks.touch", kwargs={"book": book.name})

    assert given == 4
    assert frappe.db.get_value("Book", book.name, "title") == "Touched"
    assert library.events.SEEN[:2] == [("before_job", "library.tasks.add"), ("after_job", 4)]


@pytest.mark.parametrize("name", ["get_redis_conn", "start_worker", "start_worker_pool"])
def test_what_looks_into_redis_is_refused(frappe: Any, name: str) -> None:
    with pytest.raises(NotInRota, match="docs/compat"):
        getattr(background_jobs, name)()


def test_is_job_queued_looks_for_names_and_methods(frappe: Any) -> None:
    from rota.frappe.utils.safe_exec import is_job_queued

    assert not is_job_queued("library.tasks.add")
    frappe.enqueue("library.tasks.add", one=1, job_name="sums")
    frappe.db.commit()

    assert is_job_queued("library.tasks.add")
    assert is_job_queued("sums")
    assert not is_job_queued("sums", queue="long")


def test_a_stand_in_for_rq_gives_what_apps_catch() -> None:
    import rq
    from rq.exceptions import NoSuchJobError
    from rq.job import JobStatus, get_current_job

    from rota import errors

    assert rq.timeouts.JobTimeoutException is errors.JobTimeout
    assert NoSuchJobError is errors.NoSuchJobError
    assert JobStatus.QUEUED == "queued"
    assert get_current_job() is None
    assert sys.modules["rq"].__name__ == "rota.frappe._rq"
    with pytest.raises(NotInRota):
        rq.Queue("default")


def test_the_scheduler_says_whether_it_is_active(frappe: Any, site: Site) -> None:
    from rota.frappe.utils import scheduler

    assert scheduler.get_scheduler_status() == {"status": "active"}
    scheduler.disable_scheduler()
    frappe.db.commit()
    assert scheduler.is_scheduler_disabled(verbose=False)
    assert scheduler.is_scheduler_inactive(verbose=False)
    scheduler.activate_scheduler()
    frappe.db.commit()
    assert not scheduler.is_scheduler_inactive(verbose=False)


def test_schedules_are_found_by_the_last_two_parts_of_their_method(frappe: Any) -> None:
    assert frappe.db.exists("Scheduled Job Type", {"method": "library.tasks.count_books"})
    assert frappe.get_all("Scheduled Job Type", filters={"method": "library.tasks.count_books"}, pluck="frequency")


def test_failed_jobs_are_removed_by_a_call(frappe: Any, site: Site) -> None:
    from rota.frappe.core.doctype.rq_job.rq_job import get_all_queued_jobs, remove_failed_jobs

    frappe.enqueue("library.tasks.add")
    frappe.db.commit()
    assert len(get_all_queued_jobs()) == 1
    run_jobs(site)
    assert site.store.stats()["failed"] == 1

    remove_failed_jobs()

    assert site.store.stats()["failed"] == 0
