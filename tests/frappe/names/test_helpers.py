"""Caches, logs, messages, mails and the small modules that applications take from Frappe."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

import pytest

from rota.clock import FixedClock
from rota.sites.methods import whitelisted
from rota.sites.site import Site
from tests.support.peer import serving


@pytest.fixture
def request_of(frappe: Any) -> Any:
    """Let this be a request from an address."""

    def begin(address: str) -> None:
        values = {"method": "POST", "remote_addr": address, "headers": {}}
        frappe.local.request = type("Request", (), values)()

    return begin


# --- the cache ---


def test_the_cache_holds_what_was_set_until_it_is_deleted(frappe: Any) -> None:
    assert frappe.cache.get_value("color") is None
    frappe.cache.set_value("color", {"red": 1})
    assert frappe.cache().get_value("color") == frappe.cache.get_value("color") == {"red": 1}
    frappe.cache.delete_value("color")
    assert frappe.cache.get_value("color", generator=lambda: "made") == "made"
    assert frappe.cache.get_value("color") == "made"
    frappe.cache.set_value("mine", 1, user="Guest")
    assert frappe.cache.get_value("mine") is None
    assert frappe.cache.get_value("mine", user="Guest") == 1
    frappe.cache.delete_value(["color", "mine"])
    assert frappe.cache.get_value("color") is None


def test_the_cache_forgets_what_has_expired(frappe: Any, site: Site) -> None:
    assert isinstance(site.clock, FixedClock)
    frappe.cache.set_value("short", "x", expires_in_sec=60)
    assert frappe.cache.get_value("short", expires=True) == "x"
    frappe.cache.setnx("counter", 5)
    assert frappe.cache.expire("counter", 60)
    assert frappe.cache.get("counter") == b"5"
    site.clock.advance(timedelta(seconds=61))
    frappe.local.cache.clear()

    assert frappe.cache.get_value("short", expires=True) is None
    assert frappe.cache.get("counter") is None
    assert not frappe.cache.expire("counter", 60)


def test_the_cache_deletes_by_prefix_and_from_hashes(frappe: Any) -> None:
    for key in ("team:a", "team:b", "other"):
        frappe.cache.set_value(key, 1)
    frappe.cache.delete_keys("team:")
    assert [frappe.cache.get_value(key) for key in ("team:a", "team:b", "other")] == [None, None, 1]
    frappe.cache.hset("shelf", "a", 1)
    frappe.cache.hset("shelf", "b", 2)
    frappe.cache.hdel("shelf", "a")
    assert (frappe.cache.hget("shelf", "a"), frappe.cache.hget("shelf", "b")) == (None, 2)
    frappe.cache.set_value("gone", 1)
    frappe.cache.delete_key("gone")
    assert frappe.cache.get_value("gone") is None
    assert frappe.cache.setnx("once", "x")
    assert not frappe.cache.setnx("once", "y")
    assert frappe.cache.get("once") == b"x"
    assert frappe.cache.delete("once") == 1
    assert frappe.cache.get("once") is None
    assert frappe.cache.delete("once") == 0


def test_what_a_function_gave_is_kept_as_its_decorator_says(frappe: Any, site: Site) -> None:
    from frappe.utils.caching import redis_cache, request_cache, site_cache

    assert isinstance(site.clock, FixedClock)
    calls: list[str] = []

    @redis_cache(ttl=60)
    def shared(number: int) -> int:
        calls.append("shared")
        return number * 2

    @redis_cache
    def plain(number: int) -> int:
        calls.append("plain")
        return number

    @site_cache(ttl=60)
    def here(number: int) -> int:
        calls.append("here")
        return number * 3

    @request_cache
    def now(number: int) -> int:
        calls.append("now")
        return number * 4

    for _ in range(3):
        assert [shared(1), plain(1), here(1), now(1)] == [2, 1, 3, 4]
    assert sorted(calls) == ["here", "now", "plain", "shared"]
    shared.clear_cache()  # type: ignore[attr-defined]
    here.clear_cache()  # type: ignore[attr-defined]
    assert [shared(1), here(1)] == [2, 3]
    assert sorted(calls) == ["here", "here", "now", "plain", "shared", "shared"]


# --- calls from outside ---


def test_a_whitelisted_function_may_be_called_and_is_still_itself(frappe: Any) -> None:
    @frappe.whitelist(allow_guest=True, methods=["POST"])
    def open_to_all(number: int = 1) -> int:
        return number + 1

    @frappe.whitelist()
    def for_users() -> str:
        return "yes"

    def hidden() -> None:
        """Not for calls."""

    assert (open_to_all(2), for_users()) == (3, "yes")
    assert whitelisted(open_to_all) is not None
    frappe.is_whitelisted(for_users)
    with pytest.raises(frappe.PermissionError):
        frappe.is_whitelisted(hidden)
    frappe.set_user("Guest")
    frappe.is_whitelisted(open_to_all)
    with pytest.raises(frappe.PermissionError):
        frappe.is_whitelisted(for_users)


def test_a_limited_function_counts_the_calls_of_each_address(frappe: Any, request_of: Any) -> None:
    from frappe.rate_limiter import rate_limit

    @rate_limit(limit=2, seconds=60)
    def limited() -> str:
        return "yes"

    request_of("10.1.1.1")
    assert [limited(), limited()] == ["yes", "yes"]
    with pytest.raises(frappe.RateLimitExceededError):
        limited()
    request_of("10.1.1.2")
    assert limited() == "yes"


def test_a_limit_may_be_by_a_value_of_the_request_instead(frappe: Any, request_of: Any) -> None:
    from frappe.rate_limiter import rate_limit

    @rate_limit(key="usr", limit=lambda: 1, seconds=60, ip_based=False)
    def signs_in() -> str:
        return "in"

    request_of("10.1.1.3")
    frappe.form_dict.usr = "a"
    assert signs_in() == "in"
    with pytest.raises(frappe.RateLimitExceededError):
        signs_in()
    frappe.form_dict.usr = "b"
    assert signs_in() == "in"


def test_a_query_of_a_link_field_gets_checked_arguments(frappe: Any) -> None:
    @frappe.validate_and_sanitize_search_inputs
    def query(doctype: str, txt: str, searchfield: str, start: int, page_len: int, filters: Any) -> Any:
        return [txt, searchfield, start, page_len]

    assert query("Book", "n", "title", "5", "10", None) == ["n", "title", 5, 10]
    assert query("Book", "n", "title", "x", None, None) == ["n", "title", 0, 0]
    assert query("Nothing", "n", "title", 0, 10, None) == []
    with pytest.raises(frappe.DataError, match="Invalid Search Field"):
        query("Book", "n", "name or sleep(1)", 0, 10, None)
    with pytest.raises(frappe.DataError, match="Invalid Search Field"):
        frappe.desk.search.search_widget("Book", "n", searchfield="name;--")


def test_a_function_that_only_reads_is_called_as_it_is(frappe: Any) -> None:
    @frappe.read_only()
    def count(doctype: str) -> int:
        return int(frappe.db.count(doctype))

    assert count("User") == 2
    assert count.__name__ == "count"


# --- logs and messages ---


def test_a_logger_writes_into_a_file_of_its_own(frappe: Any, site: Site) -> None:
    assert frappe.logger("imports").level == logging.INFO
    frappe.logger("imports").warning("row %s is torn", 5)

    last = json.loads((site.path / "logs" / "imports.log").read_text().splitlines()[-1])
    assert (last["level"], last["text"]) == ("WARNING", "row 5 is torn")
    assert isinstance(frappe.logger(), logging.Logger)


def test_lines_for_the_developer_are_kept(frappe: Any, capsys: pytest.CaptureFixture[str]) -> None:
    step = frappe.generate_hash()
    frappe.log(step)
    assert step in list(frappe.debug_log)
    frappe.errprint({"torn": 1})
    assert capsys.readouterr().err == '{"torn": 1}\n'
    frappe.errprint("plain")
    assert capsys.readouterr().err == "plain\n"


def test_an_export_is_noted_in_the_log_of_accesses(frappe: Any, site: Site) -> None:
    from frappe.core.doctype.access_log.access_log import make_access_log

    make_access_log(doctype="Book", document="B-1", method="export", file_type="CSV")

    log = site.path / "logs" / "access.log"
    assert log.exists()
    assert "Administrator: export Book B-1 CSV" in log.read_text()


def test_messages_are_taken_back_one_by_one_or_all(frappe: Any) -> None:
    for text in ("one", "two", "three"):
        frappe.msgprint(text)
    frappe.clear_last_message()
    assert [one["message"] for one in frappe.message_log] == ["one", "two"]
    assert frappe.message_log.pop()["message"] == "two"
    assert len(frappe.local.message_log) == 1
    frappe.clear_messages()
    assert frappe.local.message_log == []


# --- mails and notifications ---


def test_a_mail_about_a_document_is_kept_with_it_and_sent(frappe: Any, book: Any) -> None:
    from frappe.core.doctype.communication.email import make

    made = make("Book", book.name, "Read it", "A book", recipients="a@example.com, b@example.com", send_email=True)

    kept = frappe.get_doc("Communication", made["name"])
    assert (kept.reference_name, kept.subject, kept.sent_or_received) == (book.name, "A book", "Sent")
    (queued,) = frappe.get_all("Email Queue", filters={"reference_name": book.name}, pluck="name")
    sent_to = frappe.get_all("Email Queue Recipient", filters={"parent": queued}, pluck="recipient")
    assert sorted(sent_to) == ["a@example.com", "b@example.com"]
    make("Book", book.name, "Quiet", "Kept only")
    assert frappe.db.count("Email Queue") == 1
    frappe.set_user("Guest")
    with pytest.raises(frappe.PermissionError):
        make("Book", book.name, "x", "y")


def test_users_find_notifications_at_their_bell(frappe: Any, site: Site, book: Any) -> None:
    from frappe.desk.doctype.notification_log.notification_log import make_notification_logs

    values = {"subject": "Late", "document_type": "Book", "document_name": book.name, "type": "Alert"}
    make_notification_logs(values, ["Administrator", "nobody@example.com", "Administrator"])

    assert frappe.get_all("Notification Log", fields=["for_user", "from_user", "subject", "document_name"]) == [
        {"for_user": "Administrator", "from_user": "Administrator", "subject": "Late", "document_name": book.name}
    ]


def test_a_template_of_a_mail_is_filled_in_with_a_document(frappe: Any, book: Any) -> None:
    from frappe.email.doctype.email_template.email_template import get_email_template

    template = {"doctype": "Email Template", "name": "Late", "subject": "{{ title }}", "response": "<p>{{ pages }}</p>"}
    frappe.get_doc(template).insert()

    assert get_email_template("Late", book.as_dict()) == {"subject": "Notes", "message": "<p>30</p>"}
    assert get_email_template("Late", '{"title": "T", "pages": 1}')["subject"] == "T"


def test_realtime_messages_reach_a_room_at_once_or_whom_they_are_for(frappe: Any, site: Site) -> None:
    from frappe.realtime import emit_via_redis, publish_realtime

    before = site.store.last_event()
    emit_via_redis("pinged", {"a": 1}, "user:Guest")
    publish_realtime("moved", {"b": 2}, user="Administrator")

    assert [(one.name, one.room) for one in site.store.events(before)] == [
        ("pinged", "user:Guest"),
        ("moved", "user:Administrator"),
    ]


# --- small modules ---


def test_lists_are_searched_by_a_condition(frappe: Any) -> None:
    from frappe.core.utils import find, find_all

    rows = [frappe._dict(n=1), frappe._dict(n=2), frappe._dict(n=3)]

    assert find(rows, lambda row: row.n > 1) is rows[1]
    assert find(rows, lambda row: row.n > 5) is None
    assert find_all(rows, lambda row: row.n > 1) == rows[1:]
    assert find_all(rows, lambda row: row.n > 5) == []


def test_a_list_is_cut_into_batches(frappe: Any) -> None:
    assert [list(batch) for batch in frappe.utils.create_batch([1, 2, 3, 4, 5], 2)] == [[1, 2], [3, 4], [5]]
    assert list(frappe.utils.create_batch([], 2)) == []


def test_folders_and_files_are_made_found_and_permitted(frappe: Any, book: Any) -> None:
    from frappe.core.api.file import create_new_folder
    from frappe.core.doctype.file.file import File, has_permission
    from frappe.desk.form.load import get_attachments
    from frappe.utils.file_manager import get_file_path, save_file

    folder = create_new_folder("Letters", "Home")
    assert (folder.is_folder, folder.folder, folder.file_name) == (1, "Home", "Letters")
    saved = save_file("a.txt", b"text", "Book", book.name, folder=folder.name, is_private=1)
    assert isinstance(saved, File)
    assert saved.get_content() == "text"
    assert [one.file_name for one in get_attachments("Book", book.name)] == ["a.txt"]
    assert Path(get_file_path(saved.name)).read_text() == "text"
    assert has_permission(saved, "read")
    assert not has_permission(saved, "read", "Guest")


def test_a_document_prepares_what_goes_to_the_browser(frappe: Any, book: Any) -> None:
    from frappe.desk.form.load import get_docinfo, run_onload
    from frappe.model.document import Document

    class Own(Document):
        def onload(self) -> None:
            self.set_onload("late", 3)

    own = Own(book.as_dict())
    run_onload(own)
    assert own.get_onload("late") == 3
    book.add_comment("Comment", "Nice")
    assert [one.content for one in get_docinfo(book).comments] == ["Nice"]


def test_an_address_is_shown_line_by_line_and_the_primary_one_is_found(frappe: Any, book: Any) -> None:
    from frappe.contacts.doctype.address.address import get_address_display, get_default_address

    assert get_default_address("Author", "Ada") is None
    if not frappe.db.exists("Country", "Norway"):
        frappe.get_doc({"doctype": "Country", "country_name": "Norway"}).insert()
    for line, primary in (("1 Side St", 0), ("2 Main St", 1)):
        links = [{"link_doctype": "Author", "link_name": "Ada"}]
        values = {"address_title": line[:1], "address_line1": line, "city": "Town", "is_primary_address": primary}
        values["country"] = "Norway"
        made = frappe.get_doc({"doctype": "Address", "address_type": "Billing", "links": links, **values}).insert()

    assert get_default_address("Author", "Ada") == made.name
    assert get_address_display(made.as_dict()) == "2 Main St<br>Town<br>Norway"
    assert get_address_display({"address_line1": "<b>3"}) == "&lt;b&gt;3"
    assert get_address_display(made.name) == get_address_display(made.as_dict())


def test_titles_become_routes(frappe: Any) -> None:
    from frappe.desk.utils import slug
    from frappe.website.utils import cleanup_page_name

    assert cleanup_page_name("Hello, World! (2nd)") == "hello-world-2nd"
    assert slug("Sales Invoice") == "sales-invoice"


def test_a_page_of_a_document_has_a_route_once_it_is_published(frappe: Any, book: Any) -> None:
    from frappe.website.website_generator import WebsiteGenerator

    def route(published: int) -> Any:
        class Own(WebsiteGenerator):
            website = frappe._dict(condition_field="published", page_title_field="title")

        own = Own({"doctype": "Book", "title": "My Notes", "published": published, "route": None})
        own.set_route()
        return own.route

    assert route(published=0) is None
    assert route(published=1) == "my-notes"


def test_a_tree_is_kept_by_its_controller(frappe: Any) -> None:
    from frappe.utils.nestedset import NestedSet

    assert issubclass(frappe.model.base_document.get_controller("Genre"), NestedSet)
    for name, parent in (("All", None), ("Prose", "All"), ("Verse", "All")):
        made = frappe.get_doc({"doctype": "Genre", "genre_name": name, "parent_genre": parent, "is_group": 1}).insert()

    assert isinstance(made, NestedSet)
    assert frappe.db.get_descendants("Genre", "All") == ["Verse", "Prose"]
    assert [made.get_parent().name, made.get_ancestors()] == ["All", ["All"]]


def test_templates_are_filled_in_or_refused(frappe: Any) -> None:
    from frappe.utils.jinja import render_template, validate_template

    assert render_template("{{ a }} {{ frappe.utils.cint('5') }}", {"a": "x"}) == "x 5"
    validate_template("{{ a }}")
    with pytest.raises(frappe.ValidationError):
        validate_template("{% if %}")


def test_expressions_may_use_what_only_reads(frappe: Any, book: Any) -> None:
    from frappe.utils.safe_exec import get_safe_globals

    names = get_safe_globals()

    assert names.frappe.db.get_value("Book", book.name, "title") == "Notes"
    assert names.frappe.utils.cint("5") == 5
    assert "delete_doc" not in names.frappe


def test_commands_of_apps_can_be_declared(frappe: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from frappe.commands import get_site, pass_context
    from frappe.utils.commands import add_line_after

    @pass_context
    @add_line_after
    def command(context: Any) -> str:
        print("done")
        return str(get_site(context))

    assert command(None) == frappe.local.site
    assert capsys.readouterr().out == "done\n\n"
    assert int(frappe.__version__.split(".")[0]) >= 15
    assert frappe.push_notification.PushNotification("raven").is_enabled() is False


def test_programs_are_run_by_the_name_that_the_installer_has_imported(frappe: Any) -> None:
    from frappe.installer import subprocess

    assert frappe.installer.subprocess.CalledProcessError(1, "x").returncode == 1
    assert subprocess.check_output(["sh", "-c", "echo out >&2"], stderr=subprocess.STDOUT) == b"out\n"
    with pytest.raises(frappe.installer.subprocess.CalledProcessError):
        subprocess.check_output(["false"])


def test_the_words_of_templates_for_imports(frappe: Any) -> None:
    from frappe.core.doctype.data_import.importer import get_data_keys

    assert get_data_keys().doctype == "DocType:"
    assert get_data_keys().columns == "Column Name:"


# --- another site ---


class _Site(BaseHTTPRequestHandler):
    """Answers as a site's API does, and remembers what it was asked."""

    asked: ClassVar[list[tuple[str, str, str]]] = []

    def _answer(self, values: Any, status: int = 200) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.asked.append((self.command, self.path, self.rfile.read(length).decode()))
        body = json.dumps(values).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if "missing" in self.path:
            self._answer({"exc": "DoesNotExistError"}, 404)
        else:
            self._answer({"data": {"name": "N"}} if "Note" in self.path else {"message": self.headers["Authorization"]})

    def do_POST(self) -> None:
        self._answer({"message": "Logged In"} if self.path == "/" else {"data": {"name": "new"}})

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def other_site() -> Iterator[str]:
    """The address of another site."""
    _Site.asked.clear()
    with serving(_Site) as address:
        yield address


def test_another_site_is_asked_over_http(frappe: Any, other_site: str, request: pytest.FixtureRequest) -> None:
    from frappe.frappeclient import FrappeClient

    client = FrappeClient(other_site, api_key="k", api_secret="s")
    request.addfinalizer(lambda: client.session.close())  # noqa: PLW0108 - only then is it asked for
    assert client.get_doc("Note", "N") == {"name": "N"}
    assert client.get_api("frappe.auth.get_logged_user") == "token k:s"
    assert client.insert({"doctype": "Note", "title": "T"}) == {"name": "new"}
    with pytest.raises(Exception, match="DoesNotExistError"):
        client.get_doc("Note", "missing")
    assert [asked[:2] for asked in _Site.asked[:2]] == [
        ("GET", "/api/resource/Note/N"),
        ("GET", "/api/method/frappe.auth.get_logged_user"),
    ]
    assert "T" in str(_Site.asked[2][2])


def test_signing_in_to_another_site_needs_the_password(frappe: Any, other_site: str) -> None:
    with_password = frappe.frappeclient.FrappeClient(other_site, "a@example.com", "secret")
    with_password.session.close()

    assert _Site.asked == [("POST", "/", "cmd=login&usr=a%40example.com&pwd=secret")]


def test_a_report_of_an_app_is_run_by_its_name(frappe: Any, site: Site) -> None:
    from frappe.desk.query_report import run

    folder = Path(frappe.get_module_path("Stock", "report", "late_books"))
    folder.mkdir(parents=True, exist_ok=True)
    for part in (folder.parent, folder):
        (part / "__init__.py").touch()
    (folder / "late_books.py").write_text(
        "def execute(filters=None):\n    return [{'fieldname': 'n'}], [[filters['days']]]\n"
    )

    assert run("Late Books", {"days": 3})["result"] == [[3]]
    with pytest.raises(frappe.DoesNotExistError):
        run("Nothing")
