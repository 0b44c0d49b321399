"""What of the texts of documents is stored when they carry what a browser would run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rota.documents.documents import Documents
from rota.documents.html import sanitize_html

from .conftest import Site, field

ATTACK = '<p>seen</p><script>alert(1)</script><img src="x" onerror="alert(1)">'
SAFE = '<p>seen</p><img src="x">'


@pytest.fixture
def kept(documents: Documents, doctype: Callable[..., str]) -> Callable[..., Any]:
    """What is stored of a value given for a field of some type."""

    def insert(kind: str, value: Any, **more: Any) -> Any:
        doctype("Post", field("value", kind, **more))
        doc = documents.get_doc({"doctype": "Post", "value": value}).insert()
        return documents.get_doc("Post", doc.name).value

    return insert


@pytest.mark.parametrize(
    "kind", ["Data", "Small Text", "Text", "Long Text", "Text Editor", "HTML Editor", "Markdown Editor", "Read Only"]
)
def test_what_would_run_is_taken_out(kept: Callable[..., Any], kind: str) -> None:
    assert kept(kind, ATTACK) == SAFE


@pytest.mark.parametrize("kind", ["Code", "Attach", "Attach Image", "Barcode"])
def test_code_and_addresses_of_files_are_left_alone(kept: Callable[..., Any], kind: str) -> None:
    assert kept(kind, ATTACK) == ATTACK


def test_a_field_may_ignore_the_filter(kept: Callable[..., Any]) -> None:
    assert kept("Text Editor", ATTACK, ignore_xss_filter=1) == ATTACK


def test_a_password_is_kept_as_it_is(documents: Documents, doctype: Callable[..., str]) -> None:
    doctype("Login", field("secret", "Password"))
    doc = documents.get_doc({"doctype": "Login", "secret": "a<b>c"}).insert()
    assert doc.get_password("secret") == "a<b>c"


@pytest.mark.parametrize(
    "text",
    [
        "1 < 2 > 0 & more",
        "a <- b",
        "Ann <ann@example.com>, <bob@example.com>",
        "<1b2c.3d@mail.example.com>",
        '{"html": "<b onclick=x>bold</b>"}',
        '["<script>"]',
        "<!-- markdown --># Title",
    ],
)
def test_text_that_is_no_html_stays(kept: Callable[..., Any], text: str) -> None:
    assert kept("Small Text", text) == text


@pytest.mark.parametrize(
    "text", ['["<img src=x onerror=alert(1)>"]', '"<script>alert(1)</script>"', '{"a": "<script>alert(1)</script>"}']
)
def test_an_editors_field_holds_no_json(kept: Callable[..., Any], text: str) -> None:
    stored = kept("Text Editor", text)
    assert "onerror" not in stored
    assert "<script" not in stored


@pytest.mark.parametrize("text", ["<img/src/onerror=alert(1)//@x>", "<svg/onload=alert(1)@x.y>", "<a@b><script>"])
def test_what_only_looks_like_an_address_is_cleaned(kept: Callable[..., Any], text: str) -> None:
    stored = kept("Data", text)
    assert "onerror" not in stored
    assert "onload" not in stored
    assert "<script" not in stored


def test_an_editors_text_has_its_addresses_as_links(kept: Callable[..., Any]) -> None:
    assert '<a href="https://example.com/x"' in kept("Text Editor", "<p>see https://example.com/x</p>")


def test_rows_are_cleaned_too(documents: Documents, doctype: Callable[..., str]) -> None:
    doctype("Line", field("text", "Text"), istable=1)
    doctype("Sheet", field("lines", "Table", options="Line"))
    doc = documents.get_doc({"doctype": "Sheet", "lines": [{"text": ATTACK}]}).insert()
    assert documents.get_doc("Sheet", doc.name).lines[0].text == SAFE


def test_what_a_hook_put_in_is_cleaned_and_a_text_that_was_nothing_else_is_missing(
    site: Site, documents: Documents, doctype: Callable[..., str]
) -> None:
    from rota.errors import MandatoryError

    doctype("Post", field("value", "Text", reqd=1))
    site.hooks["Post", "validate"] = lambda doc, _: doc.set("value", "<script>alert(1)</script>")
    with pytest.raises(MandatoryError, match="value"):
        documents.get_doc({"doctype": "Post", "value": "x"}).insert()


def test_a_submitted_text_that_can_not_change_stays_as_it_was_submitted(
    documents: Documents, doctype: Callable[..., str]
) -> None:
    doctype("Order", field("terms", "Text"), field("note", "Text", allow_on_submit=1), is_submittable=1)
    doc = documents.get_doc({"doctype": "Order", "terms": "x", "note": "x"}).insert()
    doc.submit()
    documents.database.set_value("Order", doc.name, "terms", ATTACK)
    doc.reload()
    doc.note = ATTACK
    doc.save()
    stored = documents.get_doc("Order", doc.name)
    assert (stored.terms, stored.note) == (ATTACK, SAFE)


def test_an_installation_stores_what_its_app_brings(documents: Documents, kept: Callable[..., Any]) -> None:
    documents.flags.in_install = True
    assert kept("Text Editor", ATTACK) == ATTACK


@example("<p>see https://example.com/x</p>")
@given(st.text(alphabet="<>/a b\"'=&;:hrefimgsrctp.x", max_size=60))
def test_what_is_clean_stays_as_it_is(text: str) -> None:
    once = sanitize_html(text, linkify=True, always_sanitize=True)
    assert sanitize_html(once, linkify=True, always_sanitize=True) == once
