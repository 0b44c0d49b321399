"""Mails leave by themselves, once what queued them is committed."""

from __future__ import annotations

from collections.abc import Callable

from rota import frappe
from tests.support.benches import TestBench
from tests.support.smtp import mail_server
from tests.support.waiting import wait_until


def test_a_mail_leaves_while_workers_run_and_one_that_was_rolled_back_never_does(
    make_bench: Callable[..., TestBench],
) -> None:
    with mail_server() as box:
        bench = make_bench(mail_server="127.0.0.1", mail_port=box.port, auto_email_id="site@example.com")
        bench.start("worker", "--processes", "1")
        with bench.open() as context:
            frappe.sendmail(recipients=["never@example.com"], subject="No", message="no")
            context.documents.session.rollback()
            frappe.sendmail(recipients=["ada@example.com"], subject="Yes", message="yes")

        wait_until(lambda: box.received)
        bench.wait_for({"queued": 0, "started": 0})

        assert box.recipients == ["ada@example.com"]


def test_a_mail_without_a_server_waits_says_so_and_is_tried_again(make_bench: Callable[..., TestBench]) -> None:
    bench = make_bench()
    with bench.open():
        frappe.sendmail(recipients=["ada@example.com"], subject="First", message="1")

    assert bench.run("worker", "--burst", "--processes", "1").returncode == 0

    with bench.open() as context:
        (queued,) = context.documents.get_all("Email Queue", fields=["status", "error"])
        assert queued.status == "Not Sent"
        assert "mail_server" in queued.error
    with bench.site() as site:
        (again,) = [job for job in site.store.listing() if not job.state.is_final]
        assert again.method == "rota.sites.mail.flush"
        assert again.run_at is not None
