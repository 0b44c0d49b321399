"""The example app, installed and at work: an app of Frappe's shape, of which nothing knows Rota."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.engine.scheduler import Ticker
from rota.errors import ValidationError
from rota.jobs import JobState
from rota.sites.context import Context
from rota.sites.serving import ScheduledSite
from rota.sites.site import Site
from tests.support.benches import TestBench
from tests.support.seed import call, errors, insert, jobs, run_here, site_at, work
from tests.support.smtp import Mailbox, mail_server

LIBRARY = Path(__file__).parents[2] / "examples" / "library"
ADA, GRACE = "ada@example.com", "grace@example.com"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


@pytest.fixture
def bench(make_bench: Callable[..., TestBench], mailbox: Mailbox) -> TestBench:
    return make_bench(
        apps=[LIBRARY], mail_server="127.0.0.1", mail_port=mailbox.port, auto_email_id="library@example.com"
    )


def member(context: Context, email: str = ADA) -> str:
    return str(insert(context, "Member", member_name=email.partition("@")[0].title(), email=email).name)


def book(context: Context, title: str) -> str:
    return str(context.documents.get_value("Book", {"title": title}, "name"))


def lent(context: Context, title: str) -> int:
    return int(context.documents.get_value("Book", {"title": title}, "copies_lent"))


def test_it_is_installed_with_its_first_documents_and_schedules(bench: TestBench) -> None:
    with bench.open() as context:
        documents = context.documents
        assert documents.count("Book") == 3
        assert sorted(documents.get_all("Genre", pluck="name")) == ["Novel", "Reference"]
        schedules = documents.get_all("Scheduled Job Type", fields=["method", "frequency", "cron_format"])
        assert {(one.method, one.frequency) for one in schedules} == {
            ("library.tasks.mark_overdue_loans", "Daily"),
            ("library.tasks.recount_books", "Weekly Long"),
            ("library.tasks.remind_overdue_members", "Cron"),
        }
    again = bench.run("migrate")
    assert again.returncode == 0, again.stderr
    with bench.open() as context:
        assert context.documents.count("Book") == 3


def test_a_loan_takes_copies_and_writes_a_receipt(bench: TestBench, mailbox: Mailbox) -> None:
    with bench.open() as context:
        books = [book(context, "Middlemarch"), book(context, "A Dictionary of Birds")]
        loan = call(context, "library.api.lend", member=member(context), books=books)
        doc = context.documents.get_doc("Loan", loan)
        assert loan == f"LOAN-{context.site.now().year}-00001"
        assert (doc.status, doc.docstatus) == ("On loan", 1)
        assert doc.due_on == doc.lent_on + timedelta(days=3)
        assert lent(context, "Middlemarch") == 1

    work(bench)

    by_subject = {str(one.mail["Subject"]): one for one in mailbox.received}
    assert set(by_subject) == {"Welcome to the library", f"Your loan {loan}"}
    assert "Middlemarch and A Dictionary of Birds" in by_subject[f"Your loan {loan}"].part("text/plain")
    assert "Dear Ada" in by_subject["Welcome to the library"].part("text/plain")
    assert not errors(bench)


def test_a_loan_that_is_refused_leaves_no_copy_taken_and_no_mail(bench: TestBench, mailbox: Mailbox) -> None:
    with bench.open() as context:
        call(context, "library.api.lend", member=member(context), books=[book(context, "Middlemarch")])
    work(bench)
    mailbox.received.clear()

    with pytest.raises(ValidationError, match="All copies of Middlemarch"):
        lend_to_new_member(bench, "A Dictionary of Birds", "Middlemarch")

    work(bench)
    with bench.open() as context:
        assert lent(context, "A Dictionary of Birds") == 0
        assert context.documents.count("Loan") == context.documents.count("Member") == 1
    assert not mailbox.received


def test_a_loan_whose_request_fails_later_writes_no_receipt(bench: TestBench, mailbox: Mailbox) -> None:
    with suppress(ZeroDivisionError), bench.open() as context:
        call(context, "library.api.lend", member=member(context), books=[book(context, "Middlemarch")])
        raise ZeroDivisionError

    work(bench)

    assert not mailbox.received
    assert not any(bench.stats().values())


def lend_to_new_member(bench: TestBench, *titles: str) -> None:
    with bench.open() as context:
        call(context, "library.api.lend", member=member(context, GRACE), books=[book(context, one) for one in titles])


def test_books_come_back_and_a_canceled_loan_gives_them_all_back(bench: TestBench) -> None:
    with bench.open() as context:
        documents, who = context.documents, member(context)
        books = [book(context, "Middlemarch"), book(context, "The Left Hand of Darkness")]
        loan = call(context, "library.api.lend", member=who, books=books)
        with pytest.raises(ValidationError, match="still has the books"):
            documents.delete_doc("Member", who)
        assert call(context, "library.api.bring_back", loan=loan, book=books[0]) == "On loan"
        assert call(context, "library.api.bring_back", loan=loan, book=books[1]) == "Returned"
        assert lent(context, "Middlemarch") == lent(context, "The Left Hand of Darkness") == 0
        second = documents.get_doc("Loan", call(context, "library.api.lend", member=who, books=books))
        second.cancel()
        assert lent(context, "Middlemarch") == lent(context, "The Left Hand of Darkness") == 0
        assert documents.get_value("Loan", second.name, "status") == "Cancelled"


def test_who_is_late_is_fined_each_day_and_reminded_on_weekdays(bench: TestBench, mailbox: Mailbox) -> None:
    clock = FixedClock(datetime.now(UTC))
    with site_at(bench, clock) as site:
        ticker = Ticker(ScheduledSite(site), clock)
        with site.open() as context:
            ada, grace = member(context), member(context, GRACE)
            late = call(context, "library.api.lend", member=ada, books=[book(context, "Middlemarch")])
            call(context, "library.api.lend", member=grace, books=[book(context, "A Dictionary of Birds")])
        pass_days(site, ticker, 2)
        mailbox.received.clear()

        pass_days(site, ticker, 26)

        with site.open() as context:
            doc: Any = context.documents.get_doc("Loan", late)
            assert doc.status == "Overdue"
            assert doc.fine == (context.site.now().date() - doc.due_on).days * 0.25
            assert doc.reminders == len(mails_to(ADA, mailbox)) > 2
            assert len(mails_to(GRACE, mailbox)) > doc.reminders
    assert {at.weekday() for at in sent_at(mails_to(GRACE, mailbox), site)} == {0, 1, 2, 3, 4}
    assert "Middlemarch should be back by now. The fine so far is" in mails_to(ADA, mailbox)[0].part("text/plain")
    assert not errors(bench)


def pass_days(site: Site, ticker: Ticker, days: int) -> None:
    """Let time pass, three hours at a time, with the schedules and jobs of each."""
    clock = site.clock
    assert isinstance(clock, FixedClock)
    for _ in range(days * 8):
        clock.advance(timedelta(hours=3))
        ticker.run_once()
        run_here(site)


def mails_to(address: str, mailbox: Mailbox) -> list[Any]:
    return [one for one in mailbox.received if one.recipients == [address]]


def sent_at(mails: list[Any], site: Site) -> list[datetime]:
    dates = [datetime.strptime(one.mail["Date"], "%a, %d %b %Y %H:%M:%S %z") for one in mails]
    return [date.astimezone(site.zone) for date in dates]


def test_copies_are_counted_anew_by_a_job_for_each_book(bench: TestBench) -> None:
    with bench.open() as context:
        call(context, "library.api.lend", member=member(context), books=[book(context, "Middlemarch")])
        context.documents.database.set_value("Book", {"title": "Middlemarch"}, "copies_lent", 0)
        call(context, "library.tasks.recount_books")
        call(context, "library.tasks.recount_books")

    work(bench)

    counted = [job for job in jobs(bench, "rota.sites.bound.call_document") if job.id.startswith("recount::")]
    assert [job.state for job in counted] == [JobState.FINISHED] * 3
    with bench.open() as context:
        assert lent(context, "Middlemarch") == 1


def test_the_most_popular_books_come_first(bench: TestBench) -> None:
    with bench.open() as context:
        for email in (ADA, GRACE):
            books = [book(context, "The Left Hand of Darkness")]
            call(context, "library.api.lend", member=member(context, email), books=books)
        third = member(context, "third@example.com")
        call(context, "library.api.lend", member=third, books=[book(context, "Middlemarch")])
        rows = call(context, "library.api.popular")
        assert [(row.title, row.times) for row in rows] == [("The Left Hand of Darkness", 2), ("Middlemarch", 1)]
