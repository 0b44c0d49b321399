"""Addresses of the site's pages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rota import frappe
from rota.documents.dictionary import AttrDict
from rota.errors import UsageError
from rota.frappe import utils
from rota.frappe.utils import verified_command

from .conftest import FakeSite

HOST = "https://site.test"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (utils.get_url, HOST),
        (lambda: utils.get_url("/files/a.png"), f"{HOST}/files/a.png"),
        (lambda: utils.get_url("login"), f"{HOST}/login"),
        (lambda: utils.get_url("http://else.where/x"), "http://else.where/x"),
        (lambda: utils.get_request_site_address(full_address=True), HOST),
        (utils.get_host_name, "site.test"),
        (lambda: utils.get_absolute_url("Sales Invoice", "INV 1"), "/app/sales-invoice/INV%201"),
        (lambda: utils.get_url_to_form("Sales Invoice", "INV 1"), f"{HOST}/app/sales-invoice/INV%201"),
        (lambda: utils.get_url_to_form("Item", 5), f"{HOST}/app/item/5"),
        (lambda: utils.get_url_to_form("System Settings"), f"{HOST}/app/system-settings"),
        (lambda: utils.get_url_to_list("Sales Invoice"), f"{HOST}/app/sales-invoice"),
        (lambda: utils.get_url_to_report("Sales Register"), f"{HOST}/app/query-report/Sales%20Register"),
        (lambda: utils.get_url_to_report("R", "Report Builder", "Item"), f"{HOST}/app/item/view/report/R"),
        (lambda: utils.get_link_to_form("Item", "A"), f'<a href="{HOST}/app/item/A">A</a>'),
        (lambda: utils.get_link_to_form("Item", "A", "<b>x</b>"), f'<a href="{HOST}/app/item/A"><b>x</b></a>'),
        (lambda: utils.get_link_to_form("Item"), f'<a href="{HOST}/app/item">Item</a>'),
        (lambda: utils.get_link_to_form("Item", '"<x>'), f'<a href="{HOST}/app/item/%22%3Cx%3E">&quot;&lt;x&gt;</a>'),
        (lambda: utils.get_link_to_report("R", "x"), f"<a href='{HOST}/app/query-report/R'>x</a>"),
        (
            lambda: utils.get_link_to_report("R", filters={"a": "b c", "d": [(">", "5")]}),
            f"<a href='{HOST}/app/query-report/R?a=b%20c&d=%5B%22%3E%22%2C%225%22%5D'>R</a>",
        ),
        (
            lambda: utils.get_link_to_report("O'R", report_type="Report Builder", doctype="Item", filters={"a": "'"}),
            f"<a href='{HOST}/app/item/view/report?a=%27'>O&apos;R</a>",
        ),
        (lambda: utils.quoted("a b/ä?c='d'"), "a%20b/%C3%A4?c='d'"),
    ],
)
def test_pages_have_addresses(site: FakeSite, call: Any, expected: str) -> None:
    assert call() == expected


def test_without_a_site_the_address_is_the_machines() -> None:
    assert utils.get_url("/x") == "http://localhost/x"


@pytest.mark.parametrize(("url", "has_port"), [("http://localhost:8000", True), ("http://localhost", False)])
def test_a_port_is_seen(url: str, has_port: bool) -> None:
    assert utils.url_contains_port(url) is has_port


@pytest.mark.parametrize(
    ("link", "is_ours"),
    [("/x", True), (f"{HOST}/x", True), ("//evil.test/x", False), ("https://evil.test", False), ("", False)],
)
def test_links_to_the_site_are_told_from_others(site: FakeSite, link: str, is_ours: bool) -> None:
    assert utils.is_site_link(link) is is_ours


def test_trackers_are_put_into_an_address_and_found_there() -> None:
    url = utils.add_trackers_to_url("https://a.b/c?d=1", "mail", medium="web")

    assert url == "https://a.b/c?d=1&utm_source=mail&utm_medium=web"
    assert utils.parse_and_map_trackers_from_url(url) == {"utm_source": "mail", "utm_medium": "web"}
    assert utils.map_trackers({"campaign": "x"}) == {"utm_campaign": "x"}
    assert utils.add_trackers_to_url("mailto:a@b.c", "mail") == "mailto:a@b.c"


def _request(monkeypatch: pytest.MonkeyPatch, query: str, method: str = "GET") -> list[str]:
    pages: list[str] = []
    request = SimpleNamespace(query_string=query.encode(), method=method)
    monkeypatch.setattr(frappe, "request", request, raising=False)
    monkeypatch.setattr(frappe, "local", SimpleNamespace(flags=AttrDict()), raising=False)
    monkeypatch.setattr(frappe, "respond_as_web_page", lambda title, html: pages.append(title), raising=False)
    return pages


def test_a_signed_address_is_known_again(site: FakeSite, monkeypatch: pytest.MonkeyPatch) -> None:
    url = verified_command.get_url("app.unsubscribe", {"email": "a@b.c", "name": "X"})
    pages = _request(monkeypatch, url.partition("?")[2])

    assert url.startswith(f"{HOST}/api/method/app.unsubscribe?email=a%40b.c&name=X&_signature=")
    assert verified_command.verify_request()
    assert pages == []


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("change", ["&admin=1", "0"])
def test_a_changed_address_is_refused_with_a_page(
    site: FakeSite, monkeypatch: pytest.MonkeyPatch, change: str, method: str
) -> None:
    pages = _request(monkeypatch, verified_command.get_signed_params("email=a") + change, method)

    assert not verified_command.verify_request()
    assert pages == ["Invalid Link"]


@pytest.mark.parametrize("query", ["", "email=a", "&_signature=", "&_signature=ä"])
def test_an_address_without_a_signature_is_refused(site: FakeSite, query: str) -> None:
    assert not verified_command.is_signed(query)


def test_signatures_differ_by_site(site: FakeSite) -> None:
    ours = verified_command.get_signed_params("email=a")
    site.secret = "another"

    assert not verified_command.is_signed(ours)


def test_nothing_is_signed_without_a_site() -> None:
    with pytest.raises(UsageError, match="needs an open site"):
        verified_command.get_signed_params("email=a")
