"""`local`, `flags`, `conf`, `form_dict`, `session`, `response`: what each request and job has of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.errors import Redirect
from rota.sites.site import Site
from tests.frappe.conftest import SITE


def test_any_flag_that_an_app_sets_is_there_until_the_end_and_none_before(frappe: Any, site: Site) -> None:
    names = ("ignore_account_permission", "via_payroll_entry", "is_scheduler_running", "disable_auto_enqueue_next_step",
             "ignore_route_conflict_validation", "current_ibis_query", "force_update_dns", "has_dataurl",
             "ignore_permissions", "in_patch", "in_setup_wizard", "read_only")  # fmt: skip
    assert [getattr(frappe.flags, name) for name in names] == [None] * len(names)
    for name in names:
        setattr(frappe.flags, name, f"set {name}")

    assert [getattr(frappe.flags, name) for name in names] == [f"set {name}" for name in names]
    assert frappe.flags.get("via_payroll_entry") == frappe.local.flags["via_payroll_entry"] == "set via_payroll_entry"
    assert frappe.flags.get("absent", 5) == 5
    with site.open(commit=False):
        assert frappe.flags.via_payroll_entry is None


def test_whatever_an_app_hangs_on_local_stays_until_the_end(frappe: Any, site: Site) -> None:
    names = ("system_user", "team", "team_name", "_current_team", "timers", "dataloaders", "permlevel_fields",
             "press_razorpay_client_object", "press_stripe_object", "uploaded_file", "uploaded_filename",
             "insights_adhoc_filters", "_insights_building_queries", "allow_cors", "login_manager",
             "cookie_manager", "jenv")  # fmt: skip
    assert not any(hasattr(frappe.local, name) for name in names)
    for name in names:
        setattr(frappe.local, name, [name])

    assert [getattr(frappe.local, name) for name in names] == [[name] for name in names]
    with site.open(commit=False):
        assert not any(hasattr(frappe.local, name) for name in names)


def test_local_knows_the_site_and_the_user(frappe: Any, site: Site) -> None:
    assert frappe.local.site == frappe.local.site_name == SITE
    assert frappe.local.site_path == str(site.path)
    assert frappe.local.conf.site_name == SITE
    assert frappe.local.dev_server is False
    assert frappe.local.no_cache is False
    assert frappe.local.lang_full_dict == {}
    assert frappe.local.message_log == []
    assert frappe.local.session.user == "Administrator"
    frappe.local.flags.redirect_location = "/there"
    frappe.local.flags.ignore_update_nsm = True
    assert (frappe.flags.redirect_location, frappe.flags.ignore_update_nsm) == ("/there", True)


def test_a_request_gives_its_address_and_headers(frappe: Any) -> None:
    assert frappe.local.request_ip is None
    assert frappe.get_request_header("X-Team", "none") == "none"
    request = type("Request", (), {"remote_addr": "10.0.0.7", "headers": {"X-Team": "red"}, "for_preview": True})()

    frappe.local.request = request

    assert frappe.local.request_ip == "10.0.0.7"
    assert frappe.get_request_header("X-Team") == "red"
    assert (frappe.request.headers["X-Team"], frappe.local.request.for_preview) == ("red", True)


def test_the_arguments_of_a_request_are_a_dict_with_attributes(frappe: Any) -> None:
    frappe.form_dict.update({"cmd": "ping", "doctype": "Book", "docname": "B-1", "name": "N", "key": "k"})

    assert (frappe.form_dict.cmd, frappe.form_dict.doctype, frappe.form_dict.docname) == ("ping", "Book", "B-1")
    assert (frappe.form_dict.name, frappe.form_dict.key) == ("N", "k")
    assert (frappe.form_dict.get("cmd"), frappe.form_dict.get("absent", 1)) == ("ping", 1)
    frappe.local.form_dict = frappe._dict(cmd="pong")
    assert frappe.local.form_dict == frappe.form_dict == {"cmd": "pong"}


def test_what_a_request_answers_is_written_on_response(frappe: Any) -> None:
    assert frappe.response.docs == []
    frappe.local.response.http_status_code = 404
    frappe.local.response.message = {"gone": True}
    frappe.response.type = "redirect"
    frappe.local.response["location"] = "/login"
    frappe.response.update({"filename": "a.txt", "filecontent": b"x"})

    assert (frappe.response.http_status_code, frappe.response["message"]) == (404, {"gone": True})
    assert (frappe.local.response.type, frappe.response.location) == ("redirect", "/login")
    assert (frappe.local.response.location, frappe.local.response.filecontent) == ("/login", b"x")
    assert frappe.local.response.filename == "a.txt"
    frappe.local.response = frappe._dict({"type": "binary", "filename": "b.bin"})
    assert (frappe.response.type, frappe.response.filename) == ("binary", "b.bin")


def test_a_page_of_one_message_leaves_the_answer_a_dict_with_attributes(frappe: Any) -> None:
    frappe.respond_as_web_page("Gone", "It is gone", http_status_code=410, context={"more": 1})

    assert (frappe.local.response.type, frappe.local.response.http_status_code) == ("page", 410)
    assert (frappe.response.route, frappe.local.message_title, frappe.local.message) == (
        "message",
        "Gone",
        "It is gone",
    )
    assert frappe.response.context["indicator_color"] == "red"
    assert frappe.response.context["more"] == 1
    frappe.respond_as_web_page("Done", "Well", True)
    assert frappe.response.context["indicator_color"] == "green"


def test_a_redirect_is_raised_with_where_to(frappe: Any) -> None:
    with pytest.raises(frappe.Redirect):
        frappe.redirect("/there")

    assert frappe.flags.redirect_location == "/there"
    assert Redirect(302).http_status_code == 302


def test_the_data_of_a_session_is_kept_with_it(frappe: Any) -> None:
    assert frappe.session.data == {}
    frappe.session.data.cart = "C-1"
    assert frappe.local.session.data.cart == "C-1"
    token = frappe.sessions.get_csrf_token()

    assert len(token) == 56
    assert frappe.session.data.csrf_token == frappe.sessions.get_csrf_token() == token
    frappe.set_user("Guest")
    assert frappe.session.data.cart is None


def test_what_the_desk_starts_with_names_the_user(frappe: Any) -> None:
    assert frappe.sessions.get()["user"]["name"] == "Administrator"


def test_now_is_on_the_day_that_the_flag_names(frappe: Any) -> None:
    frappe.flags.current_date = "2020-02-03"

    assert frappe.utils.now().startswith("2020-02-03 ")
    assert frappe.utils.nowdate() == "2026-01-05"
    frappe.flags.current_date = None
    assert frappe.utils.now().startswith("2026-01-05 ")


def test_the_configuration_has_the_settings_of_the_bench_and_the_site(frappe: Any, site: Site) -> None:
    bench = site.bench.path / "sites"
    common, own = bench / "common_site_config.json", site.path / "site_config.json"
    before = common.read_text() if common.exists() else None
    mine = own.read_text()
    try:
        common.write_text(json.dumps({**json.loads(before or "{}"), "developer_mode": 1, "allow_cors": "*"}))
        own.write_text(json.dumps({**json.loads(mine), "ic_api_secret": "s", "preview_generator_url": "u"}))
        with Site.load(site.bench, SITE) as again, again.open(commit=False):
            assert frappe.conf.developer_mode
            assert (frappe.conf.allow_cors, frappe.conf.ic_api_secret) == ("*", "s")
            assert frappe.conf.preview_generator_url == "u"
            assert (frappe.conf.get("ic_api_secret"), frappe.conf.get("nothing", "else")) == ("s", "else")
            assert frappe.get_conf().allow_cors == frappe.get_site_config().allow_cors == "*"
            assert frappe.get_site_config(site_path=str(site.path)).ic_api_secret == "s"
            assert frappe.local.dev_server
    finally:
        own.write_text(mine)
        common.unlink() if before is None else common.write_text(before)
    assert frappe.conf.db_name == site.config.db_name
    assert frappe.conf.replica_host is None
    assert "replica_db_name" not in frappe.conf
    assert frappe.conf.disable_gameplan_search is None
