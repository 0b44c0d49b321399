"""HTML and Markdown, and what of them is safe to show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.frappe import utils
from rota.frappe.utils import data, html_utils, jinja_globals

from .conftest import FakeSite


@pytest.mark.parametrize(
    ("text", "plain"), [("a <b>c</b>", "a c"), ("a<br/>b", "ab"), ("1 < 2", "1 < 2"), ("a<!-- <b> -->c", "ac")]
)
def test_tags_and_comments_are_stripped(text: str, plain: str) -> None:
    assert utils.strip_html(text) == plain


def test_tags_alone_are_stripped() -> None:
    assert utils.strip_html_tags("<p class='x'>a &amp; b</p>") == "a &amp; b"


@given(st.text())
def test_escaped_text_has_no_tag_and_can_be_read_back(text: str) -> None:
    escaped = utils.escape_html(text)

    assert not set(escaped) & set("<>\"'")
    assert html_utils.unescape_html(utils.escape_html("<a href='x'>&\"</a>")) == "<a href='x'>&\"</a>"


def test_what_is_no_text_is_not_escaped() -> None:
    assert utils.escape_html(5) == 5
    assert utils.sanitize_html(None) is None
    assert html_utils.clean_html(5) == 5


@pytest.mark.parametrize(
    ("text", "is_html", "is_markdown"),
    [
        ("plain", False, True),
        ("<b>x</b>", True, True),
        ("<p>x", True, False),
        ("<br>", True, False),
        ("<!-- markdown --><p>x", True, True),
        ("# x <!-- html -->", True, False),
    ],
)
def test_html_and_markdown_are_told_apart(text: str, is_html: bool, is_markdown: bool) -> None:
    assert bool(utils.is_html(text)) is is_html
    assert utils.is_markdown(text) is is_markdown


@pytest.mark.parametrize(
    ("path", "is_image"),
    [("a.png", True), ("https://x.com/bed.jpg?v=129", True), ("a.pdf", False), ("", False), (None, False)],
)
def test_images_are_known_by_their_name(path: str | None, is_image: bool) -> None:
    assert utils.is_image(path) is is_image


def test_markdown_becomes_html_with_frappes_classes() -> None:
    html = utils.md_to_html("# A b\n\n## A b\n\n|x|\n|-|\n|1|\n\n![i](/i.png) ~~no~~\n\n```python\n1\n```\n")

    assert '<h1 id="a-b">A b</h1>' in html
    assert '<h2 id="a-b-2">A b</h2>' in html
    assert '<table class="table table-bordered">' in html
    assert 'class="screenshot"' in html
    assert "<s>no</s>" in html
    assert '<code class="language-python">' in html
    assert html.toc_html == '<ul><li><a href="#a-b">A b</a><ul><li><a href="#a-b-2">A b</a></li></ul></li></ul>'
    assert html.metadata == {}


def test_no_markdown_is_no_html() -> None:
    assert utils.md_to_html(None) == utils.md_to_html("") == ""
    assert utils.md_to_html("").toc_html is None


def test_markdown_is_made_safe_in_utils_and_left_alone_in_data() -> None:
    text = "see https://example.com.\n\n<img src=x onerror=alert(1)>"

    assert "onerror" in data.markdown(text)
    assert "onerror" not in utils.markdown(text)
    assert "onerror" in utils.markdown(text, sanitize=False)


def test_html_becomes_markdown() -> None:
    assert utils.to_markdown("<h1>A</h1><p>b <strong>c</strong></p>") == "# A\n\nb **c**"
    assert utils.to_markdown(None) == ""


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' java\tscript:alert(1)'>x</a>",
        "<iframe src='https://evil'></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<svg><animate onbegin=alert(1)></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)>",
        "<form action='https://evil'><button formaction='javascript:alert(1)'>x</button></form>",
        "<object data='javascript:alert(1)'></object>",
        "<base href='https://evil/'>",
        "<meta http-equiv='refresh' content='0;url=javascript:alert(1)'>",
        "<p style='position:fixed;background:url(javascript:alert(1))'>x</p>",
        "<img src='data:text/html,<script>alert(1)</script>'>",
    ],
)
@pytest.mark.parametrize("clean", [utils.sanitize_html, html_utils.clean_html, html_utils.clean_email_html])
def test_what_could_run_is_taken_out(clean: Any, attack: str) -> None:
    html = clean(f"<p>before</p>{attack}")

    assert "<p>before</p>" in html
    lowered = html.lower()
    for danger in ("<script", "onerror", "onbegin", "javascript:", "<iframe", "<form", "<object", "<base", "<meta"):
        assert danger not in lowered
    assert "position" not in lowered


def test_what_people_write_stays() -> None:
    html = (
        '<h1 id="a">A</h1><p style="color:red" class="x">b<br><img src="/files/a.png" alt="a"></p>'
        '<ol data-list="ordered"><li>c</li></ol><table><tbody><tr><td colspan="2">d</td></tr></tbody></table>'
    )

    assert utils.sanitize_html(html) == html


def test_a_link_that_opens_a_window_gives_it_no_handle() -> None:
    html = utils.sanitize_html('<a href="https://example.com" target="_blank">x</a>')

    assert 'target="_blank"' in html
    assert "noopener" in html


@pytest.mark.parametrize("text", ["1 < 2 & 3 > 2", '{"html": "<b onclick=x>"}', "plain"])
def test_text_and_json_come_back_as_they_are_unless_asked(text: str) -> None:
    assert utils.sanitize_html(text) == text
    assert "onclick" not in utils.sanitize_html(text, always_sanitize=True)


def test_addresses_in_the_text_become_links() -> None:
    html = utils.sanitize_html('<p>see https://a.com/b?c=1.</p><a href="https://c.com">https://c.com</a>', linkify=True)

    assert (
        '<p>see <a href="https://a.com/b?c=1" rel="noopener noreferrer nofollow">https://a.com/b?c=1</a>.</p>' in html
    )
    assert html.count("<a ") == 2


def test_an_email_may_have_links_and_styles_but_no_script() -> None:
    html = html_utils.clean_email_html(
        '<style>a{}</style><h1>H</h1><a href="http://t.com">t</a><p style="color:red">x</p>'
    )

    assert html == '<h1>H</h1><a href="http://t.com">t</a><p style="color:red">x</p>'


def test_structure_alone_can_be_kept() -> None:
    assert html_utils.clean_html('<h1>H</h1><p class="x">a <b>b</b></p>') == "H<p>a <b>b</b></p>"


@pytest.mark.parametrize(
    "html", ["a<script>x</script>b", "a<STYLE type='x'>x</style >b", "ab<script>x", "a<script\nsrc=x></script>b"]
)
def test_scripts_and_styles_go_with_their_contents(html: str) -> None:
    assert html_utils.clean_script_and_style(html) == "ab"


@pytest.mark.parametrize(
    ("icon", "html"),
    [
        ("fa fa-check", "<i class='fa fa-check'></i>"),
        ("/i.png", '<img src="/i.png">'),
        ("🚀", '<span class="text-muted">🚀</span>'),
        ("x' onclick='y", "<i class='x&#x27; onclick=&#x27;y'></i>"),
        (None, "<i class=''></i>"),
    ],
)
def test_an_icon_is_an_image_an_emoji_or_a_class(icon: str | None, html: str) -> None:
    assert html_utils.get_icon_html(icon) == html


def test_an_icon_can_be_small() -> None:
    assert html_utils.get_icon_html("/i.png", small=True) == '<img style="width: 16px; height: 16px;" src="/i.png">'


@pytest.mark.parametrize(
    ("html", "expanded"),
    [
        ("<a href='/about'>x</a>", "<a href='https://site.test/about'>x</a>"),
        ('<a href="login">x</a>', '<a href="https://site.test/login">x</a>'),
        ("<a href=about>x</a>", "<a href=https://site.test/about>x</a>"),
        ('<img src="/files/a.png">', '<img src="https://site.test/files/a.png">'),
        ('<a href="http://test.com">x</a>', '<a href="http://test.com">x</a>'),
        ('<a href="httpd">x</a>', '<a href="https://site.test/httpd">x</a>'),
        ("<a href='mailto:a@b.c'>x</a>", "<a href='mailto:a@b.c'>x</a>"),
        ("<a href='tel:1'>x</a>", "<a href='tel:1'>x</a>"),
        ("<img src='cid:1'>", "<img src='cid:1'>"),
        ("<img src='//cdn.test/a.png'>", "<img src='//cdn.test/a.png'>"),
        ("<a href='#top'>x</a>", "<a href='#top'>x</a>"),
        (
            "<div style=\"background-image: url('/b.jpg')\">",
            "<div style=\"background-image: url('https://site.test/b.jpg') !important\">",
        ),
    ],
)
def test_relative_addresses_get_the_sites(site: FakeSite, html: str, expanded: str) -> None:
    assert utils.expand_relative_urls(html) == utils.scrub_urls(html) == expanded


def test_addresses_in_html_are_quoted() -> None:
    assert utils.quote_urls('<img src="https://a.b/my file.png">') == '<img src="https://a.b/my%20file.png">'


@pytest.mark.parametrize(
    ("classes", "text"),
    [(None, ""), ("a b", "a b"), (["a", None, ["b"]], "a  b"), ({"a": 1, "b": 0, "c": True}, "a c")],
)
def test_a_class_attribute_is_made_of_conditions(classes: Any, text: str) -> None:
    assert jinja_globals.resolve_class(classes) == text


def test_assets_are_loaded_from_the_sites_root(site: FakeSite) -> None:
    assert jinja_globals.include_script("assets/a.js") == '<script type="text/javascript" src="/assets/a.js"></script>'
    assert jinja_globals.include_style("/a.css") == '<link type="text/css" rel="stylesheet" href="/a.css">'
    assert not jinja_globals.is_rtl()
    site.language = "ar"
    assert jinja_globals.is_rtl()
