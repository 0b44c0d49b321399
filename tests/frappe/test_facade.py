"""The names of `frappe` itself: what follows the context, what is said to users and logs, what apps may call."""

from __future__ import annotations

import json
import logging
from email import message_from_string
from typing import Any

import pytest

from rota import errors
from rota.errors import NotInRota, UsageError, ValidationError
from rota.sites.context import Context
from rota.sites.methods import whitelisted
from rota.sites.site import Site


def test_proxies_follow_the_open_site_and_refuse_without_one(site: Site) -> None:
    import frappe
    from frappe import conf, db, flags, local, session

    with pytest.raises(UsageError, match="no site is open"):
        db.commit()
    assert flags.in_test is None
    assert conf.get("developer_mode") is None
    assert frappe._("Hello") == "Hello"
    assert getattr(local, "job", None) is None
    with site.open(commit=False):
        assert session.user == frappe.local.session.user == "Administrator"
        assert local.site == frappe.local.site == site.name
        assert conf.claim_timeout == 20.0
        assert db.count("User") == 2
    with pytest.raises(UsageError):
        frappe.get_all("User")


def test_what_an_app_hangs_on_local_and_flags_stays_until_the_end(frappe: Any, context: Context) -> None:
    assert not hasattr(frappe.local, "team")
    frappe.local.team = "red"
    frappe.flags.via_shop = True
    frappe.form_dict.update({"cmd": "x"})

    frappe.flags.in_import = True
    assert context.documents.flags.in_import

    assert (frappe.local.team, frappe.flags.via_shop, frappe.form_dict.cmd) == ("red", True, "x")
    assert frappe.local.response.docs == []
    del frappe.local.team
    assert getattr(frappe.local, "team", None) is None


def test_set_user_switches_who_acts(frappe: Any, context: Context) -> None:
    frappe.set_user("Guest")
    assert (frappe.session.user, context.user, frappe.get_roles()) == ("Guest", "Guest", ["Guest"])
    frappe.session.user = "Administrator"
    assert context.user == "Administrator"


def test_only_for_refuses_who_has_not_the_role(frappe: Any) -> None:
    frappe.only_for("System Manager")
    frappe.set_user("Guest")
    with pytest.raises(errors.PermissionError):
        frappe.only_for("System Manager")
    with pytest.raises(errors.PermissionError, match="only allowed for System Manager"):
        frappe.only_for(["System Manager"], message=True)


def test_whitelist_records_how_a_function_may_be_called(frappe: Any, library: Any) -> None:
    new = whitelisted(library.api.new)
    assert new is not None
    assert (new.allow_guest, new.xss_safe, new.methods) == (True, False, frozenset({"POST"}))
    assert whitelisted(library.api.hidden) is None
    frappe.is_whitelisted(library.api.old)
    with pytest.raises(errors.PermissionError, match="not whitelisted"):
        frappe.is_whitelisted(library.api.hidden)
    frappe.set_user("Guest")
    frappe.is_whitelisted(library.api.new)
    with pytest.raises(errors.PermissionError):
        frappe.is_whitelisted(library.api.old)
    assert frappe.override_whitelisted_method("library.api.old") == "library.api.new"


def test_arguments_of_a_request_are_read_as_annotated(frappe: Any, library: Any) -> None:
    assert library.api.new(number="7") == "7"
    frappe.flags.in_test = True
    assert library.api.new(number="7") == 7
    with pytest.raises(errors.FrappeTypeError):
        library.api.new(number="seven")


def test_a_whitelisted_method_of_a_document_is_called_by_name(frappe: Any, book: Any) -> None:
    from rota.frappe.handler import run_doc_method

    frappe.local.request = object()
    assert run_doc_method("lend", dt="Book", dn=book.name, args='{"days": "3"}') == {"book": book.name, "days": 3}
    with pytest.raises(errors.PermissionError):
        run_doc_method("recount", dt="Book", dn=book.name)


def test_msgprint_and_throw_keep_messages_for_the_answer(frappe: Any) -> None:
    frappe.msgprint("Saved", indicator="green", alert=True)
    with pytest.raises(ValidationError, match="No"):
        frappe.throw("No", title="Sorry")
    with pytest.raises(errors.DuplicateEntryError):
        frappe.throw("Twice", errors.DuplicateEntryError("old"))

    assert [message["message"] for message in frappe.message_log] == ["Saved", "No", "Twice"]
    frappe.clear_last_message()
    assert len(frappe.get_message_log()) == 2
    frappe.clear_messages()
    assert list(frappe.local.message_log) == []


@pytest.mark.parametrize(
    ("arguments", "method", "error"),
    [
        (("Title", "line one\nline two"), "Title", "line one\nline two"),
        (("line one\nline two", "Title"), "Title", "line one\nline two"),
        (("Sync failed permanently for X after 3 attempts: no", "Sync Failed"), "Sync Failed", None),
        (("Only a title",), "Only a title", ""),
        ((), "Error", ""),
    ],
    ids=["title first", "body first", "sentence first", "title", "nothing"],
)
def test_log_error_tells_title_from_body(
    frappe: Any, arguments: tuple[str, ...], method: str, error: str | None
) -> None:
    row = frappe.log_error(*arguments)

    assert (row.method, row.error) == (method, arguments[0] if error is None else error)


def test_log_error_never_raises_on_length_and_survives_a_rollback(frappe: Any) -> None:
    frappe.log_error(title="x" * 300, message="body", reference_doctype="User", reference_name="Guest")
    frappe.db.rollback()

    (row,) = frappe.get_all("Error Log", fields=["method", "error", "reference_name"])

    assert len(row.method) == 140
    assert row.error.startswith("x" * 300)
    assert row.reference_name == "Guest"


def test_get_traceback_is_empty_outside_an_except_block(frappe: Any) -> None:
    assert frappe.get_traceback() == ""
    try:
        int("torn")
    except ValueError:
        assert "ValueError: invalid literal" in frappe.get_traceback()


def test_loggers_write_from_info_on_into_the_sites_log(frappe: Any, site: Site) -> None:
    logger = frappe.logger("sync")
    logger.info("read %s", "it")

    assert logger.level == logging.INFO
    line = json.loads((site.path / "logs" / "sync.log").read_text())
    assert (line["level"], line["text"]) == ("INFO", "read it")


def test_templates_of_apps_and_texts_are_filled_in(frappe: Any) -> None:
    filled = frappe.render_template("library/templates/emails/reminder.html", {"title": "Notes"})
    assert filled.strip() == "<p>Bring back Notes, NOTES! NOW!</p>"
    assert frappe.render_template("{{ frappe.session.user }} {{ _('x') }} {{ a }}", {"a": 1}) == "Administrator x 1"
    assert frappe.get_template("templates/emails/reminder.html").render(title="T").startswith("<p>Bring back T")
    assert frappe.get_email_from_template("reminder", {"title": "T"})[1] is None
    with pytest.raises(errors.TemplateNotFoundError):
        frappe.render_template("templates/emails/none.html")
    with pytest.raises(errors.PermissionError):
        frappe.render_template("{{ frappe.db.sql('delete from tabUser') }}")


def test_texts_are_translated_into_the_users_language(frappe: Any) -> None:
    from rota.frappe.translate import get_all_translations, print_language

    assert frappe._("Hello") == "Hello"
    frappe.local.lang = "de"
    assert (frappe._("Hello"), frappe._("Open", context="status"), frappe._("Bye")) == ("Hallo", "Offen", "Bye")
    assert frappe._("Hello", "en") == "Hello"
    assert get_all_translations("de")["Hello"] == "Hallo"
    with print_language("en"):
        assert frappe._("Hello") == "Hello"


def test_hooks_are_merged_lists(frappe: Any) -> None:
    assert frappe.get_hooks("before_job") == ["library.events.before_job"]
    assert frappe.get_hooks("scheduler_events")["daily"] == ["library.tasks.count_books"]
    assert frappe.get_hooks("nothing") == []
    assert frappe.get_hooks("nothing", {}) == {}
    frappe.get_hooks("before_job").append("changed")
    assert len(frappe.get_hooks("before_job")) == 1
    assert frappe.get_installed_apps() == ["frappe", "library"]


def test_functions_are_called_by_path_with_what_they_take(frappe: Any) -> None:
    assert frappe.call("library.tasks.add", one=1, two=2, three=3) == 3
    assert frappe.get_attr("library.tasks.add")(1) == 3
    assert frappe.get_attr("frappe.utils.cint")("5") == 5
    with pytest.raises(errors.AppNotInstalledError):
        frappe.get_attr("os.system")


def test_paths_lead_into_apps_and_the_site(frappe: Any, site: Site) -> None:
    assert frappe.get_app_path("library", "hooks.py").endswith("library/hooks.py")
    assert frappe.get_site_path("private", "files") == str(site.path / "private" / "files")
    assert frappe.get_module_path("Stock", "doctype").endswith("library/stock/doctype")
    assert frappe.scrub("Sales Order-Item") == "sales_order_item"
    assert frappe.unscrub("sales_order") == "Sales Order"
    assert frappe.get_file_items(frappe.get_app_path("library", "modules.txt")) == ["Stock"]
    assert frappe.read_file("/nothing/here") is None


def test_safe_eval_evaluates_expressions_and_reaches_nothing_else(frappe: Any) -> None:
    doc = frappe._dict(total=5, rows=[1, 2])
    assert frappe.safe_eval("doc.total > 3 and sum(r * 2 for r in doc.rows) == 6", None, {"doc": doc}) is True
    assert frappe.safe_eval("{'a': x[1:]} if x else 0", {"x": "abc"}) == {"a": "bc"}
    assert frappe.safe_eval("f'{x}!'", {"x": 1}) == "1!"


@pytest.mark.parametrize(
    "code",
    [
        "().__class__",
        "'{0.__class__}'.format(1)",
        "__import__('os')",
        "open('/etc/passwd')",
        "lambda: 1",
        "(x for x in [1]).gi_frame",
        "9 ** 9 ** 9",
        "'a' * 10 ** 9",
        "x := 1",
        "import os",
        "[i for i in [1] * 400 for j in [1] * 400]",
        "'%s' % 1",
    ],
)
def test_safe_eval_refuses_what_an_expression_may_not(frappe: Any, code: str) -> None:
    with pytest.raises(ValidationError):
        frappe.safe_eval(code)


def test_the_cache_keeps_values_for_all_processes(frappe: Any, library: Any) -> None:
    frappe.cache().set_value("answer", {"a": 1}, expires_in_sec=60)
    frappe.cache.hset("names", "one", 1)
    assert frappe.cache.get_value("answer") == {"a": 1}
    assert frappe.cache.hget("names", "one") == 1

    calls: list[int] = []
    doubled = frappe.utils.caching.redis_cache(ttl=60)(lambda number: calls.append(number) or number * 2)
    assert [doubled(2), doubled(2), doubled(3)] == [4, 4, 6]
    assert calls == [2, 3]
    doubled.clear_cache()
    doubled(2)
    assert calls == [2, 3, 2]
    tripled = frappe.utils.caching.site_cache(lambda number: calls.append(number) or number * 3)
    assert [tripled(9), tripled(9)] == [27, 27]
    assert calls.count(9) == 1
    once = frappe.utils.caching.request_cache(lambda number: calls.append(number) or number)
    assert [once(8), once(8)] == [8, 8]
    assert calls.count(8) == 1


def test_realtime_messages_go_out_at_once_or_with_the_commit(frappe: Any, site: Site) -> None:
    frappe.publish_realtime("msgprint", {"message": "hi"}, user="Administrator")
    frappe.publish_realtime("doc_update", {"a": 1}, doctype="Book", docname="B", after_commit=True)
    frappe.publish_realtime("dropped", after_commit=True)
    before = site.store.last_event()
    frappe.db.commit()
    events = site.store.events(0)

    assert events[0].room == "user:Administrator"
    assert {event.room for event in events[1:]} == {"doc:Book/B", "all"}
    assert before < site.store.last_event()
    frappe.publish_realtime("gone", after_commit=True)
    frappe.db.rollback()
    frappe.publish_progress(10, title="Working")
    assert [event.name for event in site.store.events(site.store.last_event() - 1)] == ["progress"]


def test_sendmail_queues_with_the_transaction_though_no_server_is_set_up(frappe: Any) -> None:
    mail = frappe.sendmail(recipients=["Administrator", "a@example.com", None], subject="Hi", message="<p>x</p>")
    assert mail.doctype == "Email Queue"
    recipients = frappe.get_all("Email Queue Recipient", filters={"parent": mail.name}, pluck="recipient")
    assert sorted(recipients) == ["a@example.com", "admin@example.com"]
    assert frappe.sendmail(recipients=[], subject="Hi") is None
    by_template = frappe.sendmail(recipients=["a@example.com"], template="reminder", args={"title": "Notes"})
    parts = [part.get_payload(decode=True) or b"" for part in message_from_string(by_template.message).walk()]
    assert b"Bring back Notes" in b"".join(parts)
    with pytest.raises(TypeError):
        frappe.sendmail(recipients=["a@example.com"], colour="red")


def test_filelock_lets_one_process_in(frappe: Any) -> None:
    from rota.frappe.utils.synchronization import filelock

    for is_global in (False, True):
        with (
            filelock("one", is_global=is_global),
            pytest.raises(errors.LockTimeoutError),
            filelock("one", timeout=0, is_global=is_global),
        ):
            pass


def test_a_function_may_be_called_so_often_over_http(frappe: Any, library: Any) -> None:
    assert [library.tasks.limited() for _ in range(3)] == ["yes"] * 3
    frappe.local.request = type("Request", (), {"method": "GET", "remote_addr": "127.0.0.1", "headers": {}})()
    library.tasks.limited()
    library.tasks.limited()
    with pytest.raises(errors.RateLimitExceededError):
        library.tasks.limited()


def test_a_name_that_rota_has_not_says_so_and_looks_absent(frappe: Any) -> None:
    with pytest.raises(NotInRota, match=r"frappe\.get_print is not in Rota: .*docs/compat\.md"):
        _ = frappe.get_print
    assert not hasattr(frappe, "nonsense")
    assert getattr(frappe.model.document, "nonsense", None) is None
    with pytest.raises(ImportError):
        from frappe.utils.background_jobs import nonsense  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match=r"frappe\.nonsense is not in Rota; docs/compat\.md"):
        import frappe.nonsense
    with pytest.raises(NotInRota, match="PDF"):
        frappe.utils.pdf.get_pdf("<p>")


def test_submodules_are_there_without_being_imported(frappe: Any) -> None:
    assert frappe.model.naming.make_autoname
    assert frappe.desk.form.assign_to.add
    assert frappe.qb is frappe.query_builder.qb


def test_init_and_connect_open_a_site_for_a_program(site: Site) -> None:
    import frappe

    frappe.init(site.name, sites_path=str(site.bench.sites_path))
    try:
        frappe.connect()
        assert frappe.local.site == site.name
        assert frappe.db.count("User") == 2
    finally:
        frappe.destroy()
    with pytest.raises(UsageError):
        frappe.db.count("User")


def test_connect_opens_the_site_that_it_names(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    import frappe

    monkeypatch.chdir(site.bench.sites_path)
    try:
        frappe.connect(site.name)
        assert (getattr(frappe.local, "site", None), frappe.local.user) == (site.name, "Administrator")
        frappe.destroy()
        frappe.init(site.name)
        assert getattr(frappe.local, "site", None) == site.name
    finally:
        frappe.destroy()


def test_destroy_leaves_a_site_open_that_somebody_else_opened(frappe: Any) -> None:
    frappe.destroy()
    assert frappe.db.count("User") == 2
