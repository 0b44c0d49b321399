"""Mail: queued with its transaction, sent once, never lost, and nothing gets into its headers."""

from __future__ import annotations

import dataclasses
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.header import decode_header, make_header
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.documents.documents import Documents
from rota.errors import TemplateNotFoundError, ValidationError
from rota.sites.attachments import save_file
from rota.sites.context import Context
from rota.sites.mail import FLUSH_ID, flush, flush_site, sendmail
from rota.sites.mail import smtp as smtp_module
from rota.sites.mail.outbox import status_of
from rota.sites.mail.text import as_html, as_text
from rota.sites.site import Site
from rota.sites.templates import Templates
from tests.support.postgres import free_port
from tests.support.smtp import Mailbox, certificate, mail_server, only, raw_server

Send = Callable[..., Any]


@pytest.fixture
def documents(context: Context) -> Documents:
    return context.documents


@pytest.fixture
def send(context: Context) -> Send:
    templates = Templates(context.site.apps)

    def send_mail(recipients: Any = "you@example.com", **given: Any) -> Any:
        return sendmail(context, templates, **{"recipients": recipients, "message": "Hello", **given})

    return send_mail


@pytest.fixture
def box(live: Site) -> Iterator[Mailbox]:
    """A server, and a site that sends by it."""
    with mail_server() as mailbox:
        configure(live, mailbox.port)
        yield mailbox


def configure(site: Site, port: int, **settings: Any) -> None:
    given = {"mail_server": "127.0.0.1", "mail_port": port, "auto_email_id": "site@example.com", **settings}
    site.config = dataclasses.replace(site.config, **given)


def queue(documents: Documents) -> list[Any]:
    fields = ["name", "status", "error"]
    rows: list[Any] = documents.get_all("Email Queue", fields=fields, order_by="creation")
    return rows


def recipients(documents: Documents) -> dict[str, str]:
    rows = documents.get_all("Email Queue Recipient", fields=["recipient", "status"])
    return {row.recipient: row.status for row in rows}


def subject_of(mail: Any) -> str:
    return str(make_header(decode_header(mail["Subject"])))


# --- queued ---


def test_a_mail_is_queued_with_its_transaction(
    context: Context, documents: Documents, send: Send, box: Mailbox, live: Site
) -> None:
    send()
    documents.session.rollback()
    assert queue(documents) == []
    flush_site(live)
    assert box.received == []
    send()
    documents.session.commit()
    assert flush_site(live).sent == 1
    assert box.recipients == ["you@example.com"]
    assert [row.status for row in queue(documents)] == ["Sent"]


def test_queueing_needs_no_mail_account(documents: Documents, send: Send, live: Site) -> None:
    send()
    documents.session.commit()
    assert "no outgoing mail account" in flush_site(live).problems[0]
    (row,) = queue(documents)
    assert row.status == "Not Sent"
    assert "set mail_server" in row.error


def test_users_stand_for_their_addresses_blanks_and_doubles_are_dropped(documents: Documents, send: Send) -> None:
    send(
        [
            "Administrator",
            None,
            "",
            "a@example.com",
            "A@example.com",
            "Anna <a@example.com>",
            "b@example.com,c@example.com",
        ]
    )
    assert sorted(recipients(documents)) == ["a@example.com", "admin@example.com", "b@example.com", "c@example.com"]


@pytest.mark.parametrize("nobody", [None, "", [], [None], ["", " "], ","], ids=repr)
def test_a_mail_to_nobody_is_none(documents: Documents, send: Send, nobody: Any) -> None:
    assert send(nobody) is None
    assert queue(documents) == []


def test_who_can_not_be_written_to_is_seen_and_keeps_nobody_else_from_the_mail(
    documents: Documents, send: Send, box: Mailbox, live: Site
) -> None:
    send(["nobody", "a@b@c", "good@example.com"])
    documents.session.commit()
    flush_site(live)
    assert recipients(documents) == {"nobody": "Error", "a@b@c": "Error", "good@example.com": "Sent"}
    assert queue(documents)[0].status == "Partially Sent"


def test_one_job_sends_all_mails_of_a_transaction(
    context: Context, documents: Documents, send: Send, live: Site
) -> None:
    send()
    send("other@example.com")
    assert live.store.live(FLUSH_ID) is None
    documents.session.commit()
    job = live.store.live(FLUSH_ID)
    assert job is not None
    assert (job.method, job.queue, live.store.stats()["queued"]) == ("rota.sites.mail.flush", "short", 1)
    live.check_method(job.method)


def test_muted_mails_are_queued_and_never_sent(documents: Documents, send: Send, box: Mailbox, live: Site) -> None:
    live.config = dataclasses.replace(live.config, mute_emails=True)
    send()
    documents.session.commit()
    assert flush_site(live).sent == 0
    assert (box.received, live.store.live(FLUSH_ID)) == ([], None)
    assert queue(documents)[0].status == "Not Sent"


def test_tests_of_apps_send_nothing(context: Context, documents: Documents, send: Send, box: Mailbox) -> None:
    context.flags.in_test = True
    send()
    documents.session.commit()
    assert flush()["sent"] == 1
    assert box.received == []
    assert b"you@example.com" in context.flags.sent_mail


def test_now_sends_right_after_the_commit(documents: Documents, send: Send, box: Mailbox) -> None:
    send(now=True)
    assert box.received == []
    documents.session.commit()
    assert len(box.received) == 1


def test_now_and_rolled_back_sends_nothing(documents: Documents, send: Send, box: Mailbox) -> None:
    send(now=True)
    documents.session.rollback()
    documents.session.commit()
    assert box.received == []


def test_each_recipient_may_get_a_mail_of_their_own(documents: Documents, send: Send) -> None:
    made = send(["a@example.com", "b@example.com"], queue_separately=True)
    assert len(made) == len(queue(documents)) == 2


def test_a_mail_waits_for_its_time(
    documents: Documents, send: Send, box: Mailbox, live: Site, clock: FixedClock
) -> None:
    send(send_after=live.now() + timedelta(hours=1))
    documents.session.commit()
    assert flush_site(live).sent == 0
    clock.advance(seconds=3601)
    assert flush_site(live).sent == 1


def test_urgent_mails_go_first(documents: Documents, send: Send, box: Mailbox, live: Site, clock: FixedClock) -> None:
    for name, priority in (("low", 0), ("usual", 1), ("high", 2)):
        send(f"{name}@example.com", send_priority=priority)
        clock.advance(seconds=1)
    documents.session.commit()
    flush_site(live)
    assert box.recipients == ["high@example.com", "usual@example.com", "low@example.com"]


# --- what is in it ---


@pytest.fixture
def receive(documents: Documents, send: Send, box: Mailbox, live: Site) -> Callable[..., Any]:
    """Send a mail; what the server got."""

    def receive_mail(*args: Any, **given: Any) -> Any:
        send(*args, **given)
        documents.session.commit()
        flush_site(live)
        return box.received[-1]

    return receive_mail


def test_a_mail_is_html_and_text(receive: Callable[..., Any], clock: FixedClock) -> None:
    got = receive(
        subject="⚠️ Grüße", message="<h3>Issues</h3><ul><li>One</li></ul><p>See <a href='https://x.y/'>it</a></p>"
    )
    mail = got.mail
    assert subject_of(mail) == "⚠️ Grüße"
    assert (mail["From"], mail["To"], mail["Date"]) == (
        "site@example.com",
        "you@example.com",
        "Mon, 05 Jan 2026 12:00:00 +0000",
    )
    assert mail["Message-ID"].startswith("<")
    assert mail.get_content_type() == "multipart/alternative"
    assert "<h3>Issues</h3>" in got.part("text/html")
    assert got.part("text/plain") == "Issues\n\n- One\n\nSee it (https://x.y/)\n"


def test_plain_messages_keep_their_lines(receive: Callable[..., Any]) -> None:
    got = receive(message="One\nTwo & three")
    assert "One<br>\nTwo & three" in got.part("text/html")
    assert got.part("text/plain") == "One\nTwo & three\n"


def test_markdown_is_rendered(receive: Callable[..., Any]) -> None:
    assert "<strong>bold</strong>" in receive(message="**bold**", as_markdown=True).part("text/html")


def test_a_template_makes_the_body(receive: Callable[..., Any], send: Send, live: Site, tmp_path: Path) -> None:
    app = live.apps._apps[0]
    folder = tmp_path / "app" / "templates" / "emails"
    folder.mkdir(parents=True)
    (folder / "hello.html").write_text("<p>Dear {{ name }}</p>")
    (folder / "hello.txt").write_text("Dear {{ name }}, in text")
    live.apps._apps = (dataclasses.replace(app, path=tmp_path / "app"),)
    got = receive(template="hello", args={"name": "Ann"}, header=["Welcome <you>", "green"])
    assert "<p>Dear Ann</p>" in got.part("text/html")
    assert "Welcome &lt;you&gt;</h2>" in got.part("text/html")
    assert got.part("text/plain") == "Dear Ann, in text"
    with pytest.raises(TemplateNotFoundError, match=r"templates/emails/gone\.html"):
        send(template="gone")


def test_contents_and_files_are_attached(receive: Callable[..., Any], documents: Documents) -> None:
    file = save_file(documents, "report.csv", "a,b", is_private=1)
    got = receive(attachments=[{"fname": "Übersicht.txt", "fcontent": "text"}, {"fid": file.name}])
    parts = {part.get_filename(): part.get_payload(decode=True) for part in got.mail.walk() if part.get_filename()}
    assert parts == {"Übersicht.txt": b"text", "report.csv": b"a,b"}
    assert got.mail.get_content_type() == "multipart/mixed"


def test_a_file_alone_is_attached(receive: Callable[..., Any], documents: Documents) -> None:
    file = save_file(documents, "report.csv", "a,b", is_private=1)
    got = receive(attachments=[{"fid": file.name}], subject="With a file")
    assert got.mail["Subject"] == "With a file"
    assert [part.get_filename() for part in got.mail.walk() if part.get_filename()] == ["report.csv"]
    assert "Hello" in got.part("text/plain")


def test_a_file_that_is_gone_is_an_error_of_its_mail(
    documents: Documents, send: Send, box: Mailbox, live: Site
) -> None:
    file = save_file(documents, "report.csv", "a,b")
    send(attachments=[{"fid": file.name}])
    documents.delete_doc("File", file.name)
    documents.session.commit()
    flush_site(live)
    (row,) = queue(documents)
    assert (row.status, row.error) == ("Error", f"the attached file {file.name} is gone")


@pytest.mark.parametrize(
    ("attachment", "why"),
    [
        ({"print_format_attachment": 1, "doctype": "X"}, "prints no documents"),
        ({"x": 1}, "needs fname"),
        (5, "is a dict"),
    ],
)
def test_what_can_not_be_attached_is_refused(send: Send, attachment: Any, why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        send(attachments=[attachment])


def test_images_are_shown_within_the_mail(receive: Callable[..., Any]) -> None:
    got = receive(
        message='<img embed="logo.png"><img embed="gone.png">',
        inline_images=[{"filename": "logo.png", "filecontent": b"PNG"}],
    )
    (image,) = [part for part in got.mail.walk() if part.get_content_maintype() == "image"]
    assert image.get_payload(decode=True) == b"PNG"
    assert f'src="cid:{image["Content-ID"].strip("<>")}"' in got.part("text/html")
    assert "gone.png" not in got.part("text/html")


@pytest.mark.parametrize(
    ("expose", "to", "cc"), [(None, "b@example.com", None), ("header", "a@example.com", "b@example.com")]
)
def test_recipients_are_exposed_only_when_asked(
    receive: Callable[..., Any], box: Mailbox, expose: str | None, to: str, cc: str | None
) -> None:
    receive("a@example.com", cc=["b@example.com"], bcc="c@example.com", expose_recipients=expose)
    assert box.recipients == ["a@example.com", "b@example.com", "c@example.com"]
    second = box.received[1].mail
    assert (second["To"], second["Cc"], second["Bcc"]) == (to, cc, None)
    assert b"c@example.com" not in b"".join(one.data for one in box.received[:2])
    assert len({one.mail["Message-ID"] for one in box.received}) == 1


def test_replies_and_other_headers(receive: Callable[..., Any]) -> None:
    mail = receive(
        sender="Ann Example <ann@example.com>", reply_to="r@example.com", in_reply_to="abc@example.com",
        message_id="<mine@example.com>", x_priority=1, email_headers={"X-Own": "ü"}, is_notification=True,
        read_receipt=1,
    ).mail  # fmt: skip
    assert mail["From"] == '"Ann Example" <ann@example.com>'
    assert (mail["Reply-To"], mail["In-Reply-To"], mail["Message-ID"]) == (
        "r@example.com", "<abc@example.com>", "<mine@example.com>",
    )  # fmt: skip
    assert (mail["X-Priority"], mail["Auto-Submitted"]) == ("1", "auto-generated")
    assert str(make_header(decode_header(mail["X-Own"]))) == "ü"


def test_an_account_may_keep_its_own_address(receive: Callable[..., Any], live: Site) -> None:
    live.config = dataclasses.replace(live.config, always_use_account_email_id_as_sender=True)
    got = receive(sender="Ann <ann@example.com>")
    assert (got.sender, got.mail["From"]) == ("site@example.com", '"Ann" <site@example.com>')


def test_who_leaves_a_list_has_a_link_of_their_own(receive: Callable[..., Any], live: Site) -> None:
    live.config = dataclasses.replace(live.config, host_name="https://site.example.com")
    got = receive(unsubscribe_method="/api.leave", unsubscribe_params={"list": "news"}, unsubscribe_message="Leave")
    link = got.mail["List-Unsubscribe"].strip("<>\r\n ")
    assert link.startswith(
        "https://site.example.com/api/method/api.leave?email=you%40example.com&list=news&_signature="
    )
    assert f'href="{link}"' in got.part("text/html")


# --- nothing gets into the headers ---

BREAKS = ["\r\n", "\n", "\r", "\0", "\x0b", "\x85", "\u2028"]


@pytest.mark.parametrize("line_end", BREAKS, ids=ascii)
@pytest.mark.parametrize(
    "given",
    [
        {"recipients": "a@x.com{}BCC: evil@x.com"},
        {"recipients": ["Name{}BCC: evil@x.com <a@x.com>"]},
        {"cc": "a@x.com{}BCC: evil@x.com"},
        {"sender": "a@x.com{}BCC: evil@x.com"},
        {"reply_to": "a@x.com{}BCC: evil@x.com"},
        {"subject": "Hi{}BCC: evil@x.com"},
        {"message_id": "a@x{}BCC: evil@x.com"},
        {"in_reply_to": "a@x{}BCC: evil@x.com"},
        {"email_headers": {"X-Own": "a{}BCC: evil@x.com"}},
        {"email_headers": {"X-Own{}BCC": "evil@x.com"}},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_line_end_in_a_header_is_refused(documents: Documents, send: Send, given: Any, line_end: str) -> None:
    text = json.dumps(given).replace("{}", json.dumps(line_end)[1:-1])
    with pytest.raises(ValidationError):
        send(**json.loads(text))
    assert queue(documents) == []


@pytest.mark.parametrize(
    "given",
    [
        {"subject": "=?utf-8?q?=0ABcc:evil@x.com?="},
        {"subject": "=?utf-8?b?DQpCY2M6ZXZpbEB4LmNvbQ==?="},
        {"recipients": '"=?utf-8?q?=0ABcc:evil@x.com?=" <you@example.com>'},
        {"sender": "=?utf-8?q?=0D=0ABcc:evil@x.com,?= <ann@example.com>"},
        {"sender": '"a" <evil@x.com>, <ann@example.com>', "subject": "x" * 2000},
        {"email_headers": {"X-Own": "=?utf-8?q?=0ABcc:evil@x.com?="}},
        {"attachments": [{"fname": "a\r\nBcc: evil@x.com", "fcontent": "x", "content_type": "a/b\r\nBcc: evil@x.com"}]},
        {"header": "</h2>\r\nBcc: evil@x.com"},
        {"message": "\r\n.\r\nMAIL FROM:<evil@x.com>\r\nRCPT TO:<evil@x.com>\r\nDATA\r\n"},
        {"message": "<p>x</p>\n.\nRCPT TO:<evil@x.com>"},
    ],
    ids=lambda given: next(iter(given)),
)
def test_a_raw_sink_hears_of_one_recipient(documents: Documents, send: Send, live: Site, given: Any) -> None:
    heard: list[bytes] = []
    with raw_server(lambda connection: sink(connection, heard)) as port:
        configure(live, port)
        send(**given)
        documents.session.commit()
        assert flush_site(live).sent == 1
    lines = b"".join(heard).split(b"\r\n")
    commands = [line for line in lines if line.upper().startswith((b"RCPT", b"MAIL"))]
    assert len(commands) == 2
    assert commands[1] == b"rcpt TO:<you@example.com>"
    head = b"\n".join(lines).partition(b"\n\n")[0].lower()
    assert not any(line.startswith(b"bcc") for line in head.split(b"\n"))


def sink(connection: socket.socket, heard: list[bytes]) -> None:
    """Take everything, and write down each byte."""
    connection.sendall(b"220 sink\r\n")
    data = b""
    in_data = False
    while True:
        got = connection.recv(65536)
        if not got:
            return
        heard.append(got)
        data += got
        while True:
            end = b"\r\n.\r\n" if in_data else b"\r\n"
            line, found, rest = data.partition(end)
            if not found:
                break
            data = rest
            word = line[:4].upper()
            if in_data:
                in_data = False
                connection.sendall(b"250 OK\r\n")
            elif word == b"DATA":
                in_data = True
                connection.sendall(b"354 go\r\n")
            else:
                connection.sendall(b"221 bye\r\n" if word == b"QUIT" else b"250 OK\r\n")


# --- sent ---


def test_one_connection_serves_a_round(documents: Documents, send: Send, box: Mailbox, live: Site) -> None:
    send([f"{number}@example.com" for number in range(5)])
    documents.session.commit()
    flush_site(live)
    assert (len(box.received), box.connections) == (5, 1)


def test_a_final_refusal_is_the_recipients_own(documents: Documents, send: Send, box: Mailbox, live: Site) -> None:
    box.refuse["gone@example.com"] = "550 no such user"
    send(["gone@example.com", "here@example.com"])
    documents.session.commit()
    did = flush_site(live)
    assert (did.sent, did.refused) == (1, 1)
    assert recipients(documents) == {"gone@example.com": "Error", "here@example.com": "Sent"}
    (row,) = queue(documents)
    assert (row.status, row.error) == ("Partially Sent", "550 no such user")
    assert flush_site(live).sent == 0


def test_a_passing_refusal_is_tried_again_with_growing_pauses(
    documents: Documents, send: Send, box: Mailbox, live: Site, clock: FixedClock
) -> None:
    box.refuse["you@example.com"] = "451 try later"
    send()
    documents.session.commit()
    tries = []
    for _ in range(6):
        tries.append(flush_site(live).later)
        clock.advance(seconds=60)
    assert tries == [1, 1, 0, 1, 0, 0]
    assert queue(documents)[0].error == "451 try later"
    box.refuse.clear()
    clock.advance(seconds=3600)
    assert flush_site(live).sent == 1
    assert [row.error for row in queue(documents)] == [None]


def test_a_refusal_after_the_data_counts_as_well(documents: Documents, send: Send, box: Mailbox, live: Site) -> None:
    box.refuse_data = {"spam@example.com": "554 spam", "busy@example.com": "452 full"}
    send(["spam@example.com", "busy@example.com", "you@example.com"])
    documents.session.commit()
    did = flush_site(live)
    assert (did.sent, did.refused, did.later) == (1, 1, 1)
    assert queue(documents)[0].status == "Partially Sent"


def test_a_server_that_is_down_costs_one_attempt_and_loses_nothing(
    documents: Documents, send: Send, live: Site, clock: FixedClock
) -> None:
    port = free_port()
    configure(live, port)
    send([f"{number}@example.com" for number in range(200)])
    documents.session.commit()
    did = flush_site(live)
    assert did.later == 1
    assert f"the mail server 127.0.0.1:{port}" in did.problems[0]
    assert (queue(documents)[0].status, set(recipients(documents).values())) == ("Not Sent", {"Not Sent"})
    with mail_server() as box:
        configure(live, box.port)
        clock.advance(seconds=61)
        assert flush_site(live).sent == 200
        assert len(set(box.recipients)) == 200


@pytest.mark.parametrize("moment", ["greeting", "answers", "drip"])
def test_a_server_that_hangs_holds_nobody_for_longer_than_the_limit(
    documents: Documents, send: Send, live: Site, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    for name in ("CONNECT_SECONDS", "COMMAND_SECONDS", "MAIL_SECONDS"):
        monkeypatch.setattr(smtp_module, name, 0.4)
    over = threading.Event()

    def talk(connection: socket.socket) -> None:
        if moment == "answers":
            connection.sendall(b"220 hi\r\n")
        while moment == "drip" and not over.wait(0.05):
            connection.sendall(b"2")
        over.wait(600)

    with raw_server(talk) as port:
        configure(live, port)
        send(["a@example.com", "b@example.com"])
        documents.session.commit()
        started = time.monotonic()
        did = flush_site(live)
        took = time.monotonic() - started
        over.set()
    assert took < 60
    assert (did.sent, did.later, len(did.problems)) == (0, 1, 1)
    assert queue(documents)[0].status == "Not Sent"


def test_a_server_that_leaves_in_the_middle_gets_the_mail_again_under_the_same_id(
    documents: Documents, send: Send, live: Site, clock: FixedClock
) -> None:
    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 hi\r\n")
        while b"DATA" not in connection.recv(1000).upper():
            connection.sendall(b"250 OK\r\n")
        connection.close()

    with raw_server(talk) as port:
        configure(live, port)
        doc = send()
        documents.session.commit()
        assert flush_site(live).later == 1
    with mail_server() as box:
        configure(live, box.port)
        clock.advance(seconds=61)
        assert flush_site(live).sent == 1
        assert box.received[0].mail["Message-ID"] == f"<{doc.message_id}>"


def test_a_closing_server_is_not_used_for_the_next_mail(
    documents: Documents, send: Send, box: Mailbox, live: Site
) -> None:
    box.refuse["a@example.com"] = "421 closing"
    send(["a@example.com", "b@example.com"])
    documents.session.commit()
    did = flush_site(live)
    assert (did.sent, did.later, box.connections) == (1, 1, 2)


def test_two_senders_never_send_the_same_mail(documents: Documents, send: Send, box: Mailbox, live: Site) -> None:
    send([f"{number}@example.com" for number in range(40)])
    documents.session.commit()
    threads = [threading.Thread(target=flush_site, args=(live,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(box.recipients) == len(set(box.recipients)) == 40
    assert queue(documents)[0].status == "Sent"


def test_what_a_dead_sender_had_claimed_goes_once_its_claim_is_over(
    documents: Documents, send: Send, box: Mailbox, live: Site, clock: FixedClock
) -> None:
    send()
    documents.session.commit()

    class Died(BaseException):
        pass

    def die(*_: Any) -> Any:
        raise Died

    with pytest.raises(Died):
        flush_site(live, connect=die)
    assert recipients(documents) == {"you@example.com": "Sending"}
    assert flush_site(live).sent == 0
    clock.advance(seconds=301)
    assert flush_site(live).sent == 1
    assert queue(documents)[0].status == "Sent"


def test_a_round_ends_at_its_time_or_when_it_is_told(
    documents: Documents, send: Send, box: Mailbox, live: Site
) -> None:
    send(["a@example.com", "b@example.com"])
    documents.session.commit()
    assert flush_site(live, seconds=0).sent == 0
    assert flush_site(live, is_over=lambda: len(box.received) == 1).sent == 1


def test_a_mail_nobody_took_for_a_week_is_expired(
    documents: Documents, send: Send, live: Site, clock: FixedClock
) -> None:
    send()
    documents.session.commit()
    flush_site(live)
    clock.advance(timedelta(days=8))
    assert flush_site(live).expired == 1
    assert queue(documents)[0].status == "Expired"


def test_a_mail_that_was_not_ended_by_its_last_sender_is_ended_by_the_next(
    documents: Documents, send: Send, live: Site
) -> None:
    send()
    documents.database.set_value("Email Queue Recipient", {"recipient": "you@example.com"}, "status", "Sent")
    documents.session.commit()
    flush_site(live)
    assert queue(documents)[0].status == "Sent"


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        ({"Not Sent": 2}, "Not Sent"),
        ({"Not Sent": 1, "Sending": 1, "Sent": 1}, "Sending"),
        ({"Not Sent": 1, "Sent": 1}, "Partially Sent"),
        ({"Sent": 2}, "Sent"),
        ({"Sent": 1, "Error": 1}, "Partially Sent"),
        ({"Error": 1, "Expired": 1}, "Error"),
        ({"Expired": 1}, "Expired"),
    ],
)
def test_a_mails_status_follows_its_recipients(counts: dict[str, int], status: str) -> None:
    assert status_of(counts) == status


# --- accounts, encryption, login ---


def test_starttls_and_login(
    documents: Documents, send: Send, live: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, tls = certificate(tmp_path)
    options = {
        "tls_context": tls,
        "require_starttls": True,
        "authenticator": only("me", "secret"),
        "auth_required": True,
    }
    with mail_server(**options) as box:
        configure(live, box.port, use_tls=True, mail_login="me", mail_password="secret")
        send()
        documents.session.commit()
        assert "CERTIFICATE_VERIFY_FAILED" in flush_site(live).problems[0]
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        send("b@example.com")
        documents.session.commit()
        assert flush_site(live).sent == 1
        live.config = dataclasses.replace(live.config, mail_password="wrong")
        send("c@example.com")
        documents.session.commit()
        problem = flush_site(live).problems[0]
        assert "535" in problem
        assert "wrong" not in problem


def test_a_server_without_starttls_gets_no_password(documents: Documents, send: Send, live: Site) -> None:
    with mail_server() as box:
        configure(live, box.port, use_tls=True, mail_login="me", mail_password="secret")
        send()
        documents.session.commit()
        assert "STARTTLS" in flush_site(live).problems[0]


def test_an_email_account_is_used_with_its_encrypted_password(
    documents: Documents, send: Send, live: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, tls = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    options = {"tls_context": tls, "authenticator": only("desk@example.com", "p4ssword"), "auth_required": True}
    with mail_server(**options) as box:
        from rota.sites.secrets import FernetSecrets

        documents.context.secrets = FernetSecrets(live.config.encryption_key)
        values = {"email_account_name": "Desk", "email_id": "desk@example.com", "password": "p4ssword", "use_tls": 1,
                  "enable_outgoing": 1, "default_outgoing": 1, "smtp_server": "127.0.0.1",
                  "smtp_port": box.port}  # fmt: skip
        documents.get_doc({"doctype": "Email Account", **values}).insert()
        send()
        documents.session.commit()
        did = flush_site(live)
        assert (did.sent, did.problems) == (1, [])
        assert box.received[0].mail["From"] == "desk@example.com"


# --- text ---


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("<style>x</style><script>y</script>z", "z\n"),
        ("<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", "1 2\n\n3\n"),
        ("&lt;b&gt; &amp; &uuml;", "<b> & ü\n"),
        ("<a href='https://x.y'>https://x.y</a> <a href='javascript:x'>js</a>", "https://x.y js\n"),
        ("<pre>a\n  b</pre>", "a\nb\n"),
        ("<img alt='logo' src=x>", "[logo]\n"),
    ],
)
def test_html_as_text(page: str, text: str) -> None:
    assert as_text(page) == text


def test_text_as_html_keeps_what_is_html_already() -> None:
    assert as_html("<p>a\nb</p>") == "<p>a\nb</p>"
    assert as_html("1 < 2\nb") == "1 < 2<br>\nb"


def test_dates_are_read_as_documents_have_them(documents: Documents, send: Send) -> None:
    doc = send(send_after="2026-01-06 09:00:00")
    assert doc.send_after == datetime(2026, 1, 6, 9)
