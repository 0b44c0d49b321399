"""Whole tasks such as applications have, run as jobs: `library.nightly`, against a catalogue over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from email import message_from_string
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

import pytest

from rota.sites.site import Site
from tests.support.peer import serving
from tests.support.working import run_jobs

PAGES = {
    "1": {
        "authors": [
            {"name": "Ada", "fee": "10.505", "born": "1815-12-10"},
            {"name": "Bad", "fee": -1, "born": "1900-01-01"},
            {"name": "Cy", "fee": 3, "born": "1990-02-03"},
        ],
        "next": 2,
    },
    "2": {"authors": [{"name": "Di", "fee": 4, "born": "torn"}, {"name": "Ed", "fee": 5, "born": None}], "next": None},
}


class Catalogue(BaseHTTPRequestHandler):
    """Gives tokens, and authors to who has one."""

    tokens: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.tokens.append("t")
        self._answer({"token": "t"})

    def do_GET(self) -> None:
        allowed = self.headers["Authorization"] == "Bearer t"
        self._answer(PAGES[self.path.rpartition("=")[2]] if allowed else {}, 200 if allowed else 401)

    def _answer(self, values: Any, status: int = 200) -> None:
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def catalogue() -> Iterator[str]:
    """Its address."""
    Catalogue.tokens.clear()
    with serving(Catalogue) as address:
        yield address


@pytest.fixture
def books(frappe: Any) -> None:
    """Four books: two new ones, an old draft with a comment, and a very old one that is out."""
    for name in ("Ada", "Bo"):
        frappe.get_doc({"doctype": "Author", "full_name": name, "fee": 10}).insert()
    rows = [
        ("New", "Ada", "Draft", "2026-01-04 09:00:00", 10),
        ("Newer <1>", "Bo", "Out", "2026-01-05 09:00:00", 40),
        ("Old", "Ada", "Draft", "2025-01-05 09:00:00", 20),
        ("Older", None, "Out", "2024-01-05 09:00:00", 30),
    ]
    for title, author, status, published_on, pages in rows:
        values = {"title": title, "author": author, "status": status, "published_on": published_on}
        frappe.get_doc({"doctype": "Book", "chapters": [{"title": "1", "pages": pages}], **values}).insert()
    frappe.db.commit()


def test_a_sync_takes_over_what_it_can_and_logs_the_rest(frappe: Any, site: Site, catalogue: str) -> None:
    job = frappe.enqueue("library.nightly.sync_authors", queue="long", url=catalogue, job_id="sync::authors")
    frappe.db.commit()

    assert run_jobs(site) == ["sync_authors: returned"]

    assert job.result == 3
    authors = frappe.get_all("Author", fields=["name", "fee", "born"], order_by="name")
    assert [(one.name, one.fee, str(one.born)) for one in authors] == [
        ("Ada", 10.51, "1815-12-10"),
        ("Cy", 3.0, "1990-02-03"),
        ("Ed", 5.0, "2026-01-05"),
    ]
    assert frappe.db.get_single_value("Library Settings", "days") == 3
    logged = {one.method: one.error for one in frappe.get_all("Error Log", fields=["method", "error"])}
    assert set(logged) == {"Author Bad", "Author Di"}
    assert "Bad can't owe us" in logged["Author Bad"]
    assert Catalogue.tokens == ["t"]
    assert "progress" in {one.name for one in site.store.events(0)}


def test_a_digest_goes_to_whom_it_concerns_once(frappe: Any, site: Site, books: None) -> None:
    frappe.enqueue("library.nightly.send_digest")
    frappe.db.commit()

    assert run_jobs(site)[0] == "send_digest: committed"

    (mail,) = frappe.get_all("Email Queue", fields=["name", "message", "reference_doctype"])
    parts = message_from_string(mail.message)
    text = b"".join(part.get_payload(decode=True) or b"" for part in parts.walk()).decode()
    assert "2 new books" in str(parts["Subject"])
    assert "<li>New (Ada)</li><li>Newer &lt;1&gt; (Bo)</li>" in text
    assert mail.reference_doctype == "Book"
    assert frappe.get_all("Email Queue Recipient", pluck="recipient") == ["admin@example.com"]


def test_a_report_is_kept_as_a_file_of_its_document(frappe: Any, site: Site, books: None) -> None:
    job = frappe.enqueue("library.nightly.report_month", day="2026-01-20")
    frappe.db.commit()

    assert run_jobs(site) == ["report_month: committed"]

    file = frappe.get_doc("File", job.result)
    assert file.get_content() == '"Writer","Books","Pages"\r\n"Bo",1,40\r\n"Ada",1,10\r\n'
    assert (file.file_name, file.is_private, file.attached_to_doctype) == ("books-2026-01.csv", 1, "Library Settings")


def test_old_documents_are_cleaned_away_with_what_belongs_to_them(frappe: Any, site: Site, books: None) -> None:
    old = frappe.get_doc("Book", {"title": "Old"})
    old.add_comment("Comment", "dusty")
    frappe.log_error("Long ago")
    frappe.db.commit()
    frappe.db.sql("update `tabError Log` set creation = '2025-01-01 00:00:00'")
    frappe.db.commit()
    job = frappe.enqueue("library.nightly.clean_up", queue="long")
    frappe.db.commit()

    assert run_jobs(site) == ["clean_up: committed"]

    assert job.result == 1
    assert sorted(frappe.get_all("Book", pluck="title")) == ["New", "Newer <1>", "Older"]
    assert frappe.db.count("Comment", {"reference_name": old.name, "comment_type": "Comment"}) == 0
    assert frappe.db.count("Error Log") == 0
    assert frappe.db.count("Chapter") == 3


def test_each_document_is_checked_in_a_job_of_its_own(frappe: Any, site: Site, books: None) -> None:
    frappe.enqueue("library.nightly.check_all")
    frappe.db.commit()

    endings = run_jobs(site)

    assert sorted(endings) == ["check_all: returned", *["execute_action: committed"] * 2]
    assert sorted(frappe.get_all("Book", filters={"status": "Out"}, pluck="title")) == [
        "Newer <1>, checked",
        "Older, checked",
    ]
    assert not any(frappe.get_doc("Book", name).is_locked for name in frappe.get_all("Book", pluck="name"))


def test_rows_that_are_refused_are_tried_again_by_a_job_that_follows(frappe: Any, site: Site) -> None:
    rows = [{"title": "One"}, {"title": "Lost", "status": "Lost"}, {"title": "Two"}, {"author": "Nobody"}]
    frappe.enqueue("library.nightly.import_rows", rows=rows)
    frappe.db.commit()

    assert run_jobs(site) == ["import_rows: returned", "import_rows: committed"]

    assert sorted(frappe.get_all("Book", pluck="title")) == ["One", "Two"]
    (log,) = frappe.get_all("Error Log", fields=["method", "error"])
    assert log.method == "Import gave up"
    assert [row.get("title") for row in json.loads(log.error)] == ["Lost", None]
    assert frappe.utils.background_jobs.get_job_status("import::2") == "finished"


def test_a_task_tells_its_user_when_all_is_done(frappe: Any, site: Site, books: None) -> None:
    before = site.store.last_event()
    frappe.enqueue("library.nightly.settle", author="Ada", at_front=True)
    frappe.enqueue("library.nightly.settle", author="Nobody")
    frappe.db.commit()

    done, failed = run_jobs(site)

    assert done == "settle: committed"
    assert "Nobody" in failed
    assert frappe.db.get_value("Author", "Ada", "fee") == pytest.approx(11)
    assert frappe.get_all("Comment", {"reference_name": "Ada"}, pluck="content") == ["Fee is 11"]
    told = [(one.name, one.room) for one in site.store.events(before)]
    assert told.count(("fee_settled", "user:Administrator")) == 1
    assert frappe.cache.hget("settled", "Ada") == 1
    assert frappe.get_all("Error Log", pluck="method") == ["library.nightly.settle"]
