"""Workflows 1, 2, 5 and 8: what the schedule runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from email.header import decode_header, make_header
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import requests

from rota.clock import FixedClock
from rota.engine.scheduler import Ticker
from rota.jobs import JobState, new_key
from rota.schedule import Schedule
from rota.sites.jobs import jobs_of
from rota.sites.serving import ScheduledSite
from rota.sites.site import Site
from rota.store.views import ScheduleRow, WorkerRow
from tests.support.benches import TestBench
from tests.support.peer import HANG, Peer, refusing_url
from tests.support.seed import add_user, claim_and_leave, errors, insert, run_here, site_at, trigger
from tests.support.smtp import Mailbox
from tests.support.waiting import wait_until

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SUMMARY = "myapp.tasks.weekday_summary_email"
SYNC = "myapp.tasks.sync_to_external_system"
CHECK = "myapp.tasks.scheduler_health_check"


# --- workflow 1 ---


def test_workflow_1_deletes_last_weeks_private_files_that_are_attached_to_nothing(bench: TestBench) -> None:
    with bench.open() as context:
        documents, now = context.documents, context.site.now()
        for name, days in {"old": 8, "older": 30, "young": 6}.items():
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


# --- workflow 2 ---


def test_workflow_2_mails_yesterdays_numbers_to_system_users_at_nine_on_weekdays(
    bench: TestBench, mailbox: Mailbox
) -> None:
    thursday = next_thursday()
    clock = FixedClock(moment(thursday, 12))
    with site_at(bench, clock) as site:
        keep_schedules(site, SUMMARY)
        Ticker(ScheduledSite(site), clock).run_once()  # what came due since the site was made
        run_here(site)
        mailbox.received.clear()
        make_a_day_of_business(site, thursday)
        ticker = Ticker(ScheduledSite(site), clock)
        friday = thursday + timedelta(days=1)

        assert mails_by(site, ticker, moment(friday, 8, 59), mailbox) == 0, [
            (m.recipients, str(m.mail["Subject"]), m.part("text/plain")) for m in mailbox.received
        ]
        assert mails_by(site, ticker, moment(friday, 9), mailbox) == 3
        sent = {mail.recipients[0]: mail for mail in mailbox.received}
        assert mails_by(site, ticker, moment(friday, 10), mailbox) == 3
        assert mails_by(site, ticker, moment(friday + timedelta(days=2), 23), mailbox) == 3
        assert mails_by(site, ticker, moment(friday + timedelta(days=3), 9), mailbox) == 6

    assert set(sent) == {"admin@example.com", "ada@example.com", "grace@example.com"}
    mail = sent["ada@example.com"]
    assert mail.mail["Subject"] == f"Daily Summary - {thursday}"
    text = mail.part("text/plain")
    assert "New orders: 2" in text
    assert "New invoices: 3" in text
    assert "Revenue: 150.5" in text
    assert not errors(bench)


def mails_by(site: Site, ticker: Ticker, at: datetime, mailbox: Mailbox) -> int:
    """Let it be that time, run what is due, and count the mails so far."""
    clock = site.clock
    assert isinstance(clock, FixedClock)
    clock.advance(at - clock.now())
    ticker.run_once()
    run_here(site)
    return len(mailbox.received)


def keep_schedules(site: Site, *methods: str) -> None:
    """Drop all schedules but those of these methods."""
    with site.store.turn() as turn:
        known = [Schedule.from_json(one.definition) for one in site.store.schedules()]
        turn.drop_schedules([one.id for one in known if one.method not in methods])


def make_a_day_of_business(site: Site, day: date) -> None:
    with site.open() as context:
        add_user(context, "ada@example.com", "System Manager")
        add_user(context, "grace@example.com", "Sales User")
        add_user(context, "gone@example.com", "System Manager", enabled=0)
        add_user(context, "customer@example.com", user_type="Website User")
        for submitted in (True, True, False):
            order = insert(context, "Sales Order", grand_total=10)
            order.submit() if submitted else None
        for posting_date, amount in ((day, 100), (day, 50.5), (day - timedelta(days=1), 1000)):
            insert(context, "Sales Invoice", posting_date=posting_date, grand_total=amount).submit()
        insert(context, "Sales Invoice", posting_date=day, grand_total=7)


def next_thursday() -> date:
    today = datetime.now(AMSTERDAM).date()
    return today + timedelta(days=(3 - today.weekday()) % 7 or 7)


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=AMSTERDAM)


# --- workflow 5 ---


def test_workflow_5_tells_what_became_of_each_order(bench: TestBench, peer: Peer) -> None:
    peer.answer = lambda order: int(order["grand_total"])
    names = {status: submitted_order(bench, grand_total=status) for status in (200, 404, 503)}

    trigger(bench, SYNC)

    assert {order["name"] for order in peer.sent} == set(names.values())
    assert state_of(bench, names[200]) == ("Synced", 1, None)
    assert state_of(bench, names[404])[:2] == ("Error", 0)
    assert "404" in state_of(bench, names[404])[2]
    assert state_of(bench, names[503])[:2] == ("Retry Pending", 1)
    assert "503" in state_of(bench, names[503])[2]
    with bench.open() as context:
        assert context.documents.get_value("Sales Order", names[200], "custom_sync_date") is not None
    assert not errors(bench)


def test_workflow_5_counts_an_attempt_where_nobody_listens(bench: TestBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MYAPP_EXTERNAL", refusing_url())
    order = submitted_order(bench)

    trigger(bench, SYNC)

    assert state_of(bench, order)[:2] == ("Retry Pending", 1)
    assert "refused" in state_of(bench, order)[2]


@pytest.mark.usefixtures("impatience")
def test_workflow_5_counts_an_attempt_where_nobody_answers(peer: Peer, bench: TestBench) -> None:
    peer.answer = lambda order: HANG
    order = submitted_order(bench)
    with bench.jobs() as queue:
        queue.enqueue(SYNC)

    with bench.site() as site:
        run_here(site)

    assert [one["name"] for one in peer.sent] == [order]
    assert state_of(bench, order) == ("Retry Pending", 1, "Timeout")


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait half a second for an answer, not the document's thirty. The app's redirect ends with the test, too."""
    send = requests.adapters.HTTPAdapter.send

    def at_once(self: Any, request: Any, **options: Any) -> Any:
        return send(self, request, **{**options, "timeout": 0.5})

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", at_once)
    monkeypatch.setattr(requests.Session, "request", requests.Session.request)


def test_workflow_5_gives_up_after_the_last_attempt_and_logs_it(bench: TestBench, peer: Peer) -> None:
    peer.answer = lambda order: 500
    order = submitted_order(bench, custom_sync_attempts=2)

    trigger(bench, SYNC)
    assert state_of(bench, order)[:2] == ("Retry Pending", 3)
    assert not errors(bench)
    with bench.open() as context:  # somebody wants it tried once more
        context.documents.database.set_value("Sales Order", order, "custom_sync_status", "Pending")
    trigger(bench, SYNC)

    assert state_of(bench, order)[:2] == ("Failed", 4)
    assert state_of(bench, order)[2].startswith("Max attempts reached: Server Error: 500")
    (error,) = errors(bench)
    assert error.method == "External Sync Failed"
    assert error.error.startswith(f"Sync failed permanently for {order} after 3 attempts: Server Error: 500")


def submitted_order(bench: TestBench, **values: Any) -> str:
    with bench.open() as context:
        order = insert(context, "Sales Order", **{"grand_total": 200, **values})
        order.submit()
        return str(order.name)


def state_of(bench: TestBench, order: str) -> tuple[Any, ...]:
    fields = ["custom_sync_status", "custom_sync_attempts", "custom_sync_error"]
    with bench.open() as context:
        return tuple(context.documents.get_value("Sales Order", order, fields))


# --- workflow 8 ---


def test_workflow_8_is_quiet_on_a_healthy_site_with_one_worker(bench: TestBench, mailbox: Mailbox) -> None:
    with bench.jobs() as queue:
        queue.enqueue(CHECK)

    worker = bench.run("worker", "--burst", "--processes", "1")

    assert worker.returncode == 0, worker.stderr
    assert bench.stats()["finished"] == 1
    assert not mailbox.received
    assert not errors(bench)


@pytest.mark.parametrize(("failures", "alarms"), [(5, 0), (6, 1)])
def test_workflow_8_alarms_when_more_than_five_runs_failed(
    bench: TestBench, mailbox: Mailbox, failures: int, alarms: int
) -> None:
    with checked_here(bench) as site:
        failing_runs(site, failures)
        check(site)

    assert len(mailbox.received) == alarms
    assert all("6 scheduler jobs failed in last hour" in one.part("text/plain") for one in mailbox.received)


def test_workflow_8_forgets_what_failed_an_hour_ago(bench: TestBench, mailbox: Mailbox) -> None:
    with checked_here(bench) as site:
        failing_runs(site, 6)
        site.clock.advance(seconds=61 * 60)  # type: ignore[attr-defined]
        check(site)

    assert not mailbox.received


def test_workflow_8_alarms_about_a_run_that_is_stuck(bench: TestBench, mailbox: Mailbox) -> None:
    with checked_here(bench) as site:
        tick(site)
        claim_and_leave(site, "default")
        site.clock.advance(seconds=29 * 60)  # type: ignore[attr-defined]
        check(site)
        assert not mailbox.received
        site.clock.advance(seconds=2 * 60)  # type: ignore[attr-defined]
        check(site)

    (mail,) = mailbox.received
    assert mail.recipients == ["admin@example.com"]
    assert str(make_header(decode_header(mail.mail["Subject"]))) == "⚠️ Scheduler Health Alert"
    assert "1 jobs appear stuck" in mail.part("text/plain")
    (error,) = errors(bench)
    assert (error.method, error.error) == ("Scheduler Health Issues", "1 jobs appear stuck")


@pytest.mark.parametrize("others", [[], ["idle"], ["busy", "idle"]])
def test_workflow_8_is_quiet_while_its_own_job_or_an_idle_worker_is_all_there_is(
    bench: TestBench, mailbox: Mailbox, others: list[str]
) -> None:
    with checked_here(bench) as site:
        with site.open() as context:
            own = jobs_of(context).enqueue(CHECK)
        tell_of_workers(site, [("busy", own.key), *((state, None) for state in others)])
        (ran,) = run_here(site)

    assert ran.state is JobState.FINISHED
    assert not mailbox.received


def test_workflow_8_alarms_as_a_job_when_all_other_workers_are_busy(bench: TestBench, mailbox: Mailbox) -> None:
    with checked_here(bench) as site:
        with site.open() as context:
            own = jobs_of(context).enqueue(CHECK)
        tell_of_workers(site, [("busy", own.key), ("busy", None)])
        ran, *_mails = run_here(site)

    assert ran.state is JobState.FINISHED
    (mail,) = mailbox.received
    assert "All workers are busy - possible backlog" in mail.part("text/plain")


def tell_of_workers(site: Site, workers: list[tuple[str, str | None]]) -> None:
    now, token = site.store.now(), new_key()
    rows = [WorkerRow(pid=number, state=state, born_at=now, key=key) for number, (state, key) in enumerate(workers, 2)]
    with site.store.turn() as turn:
        turn.register(token, host="elsewhere", pid=1, boot_id="", queues=["default"], lease=86400)
        turn.workers(token, rows)


def test_workflow_8_alarms_when_all_workers_are_busy(bench: TestBench, mailbox: Mailbox) -> None:
    bench.start("worker", "--processes", "1")
    with bench.jobs() as queue:
        queue.enqueue("frappe.utils.background_jobs.test_job", {"s": 900})
    with bench.site() as site:
        wait_until(lambda: [one.state for one in site.store.workers()] == ["busy"])

    trigger(bench, CHECK)

    (mail,) = mailbox.received
    assert "All workers are busy - possible backlog" in mail.part("text/plain")


@contextmanager
def checked_here(bench: TestBench) -> Iterator[Site]:
    """The site with a clock that the test moves, and no schedule but one that always fails, every minute."""
    clock = FixedClock(datetime.now(UTC))
    with site_at(bench, clock) as site:
        failing = Schedule.make("myapp.tasks.run_import", cron="* * * * *")
        keep_schedules(site)
        with site.store.turn() as turn:
            turn.put_schedules([ScheduleRow(id=failing.id, definition=failing.to_json())])
        yield site


def tick(site: Site) -> None:
    site.clock.advance(seconds=60)  # type: ignore[attr-defined]
    Ticker(ScheduledSite(site), site.clock).run_once()


def failing_runs(site: Site, count: int) -> None:
    for _ in range(count):
        tick(site)
        (ran,) = run_here(site)
        assert ran.state is JobState.FAILED


def check(site: Site) -> None:
    with site.open() as context:
        jobs_of(context).enqueue(CHECK)
    ran = run_here(site)
    assert {one.state for one in ran} == {JobState.FINISHED}
