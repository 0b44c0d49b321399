"""HTML and Markdown: told apart, turned into each other, stripped and escaped."""

from __future__ import annotations

import re
from mimetypes import guess_type
from typing import TYPE_CHECKING, Any

from rota.errors import NotInRota
from rota.frappe.utils import _settings
from rota.frappe.utils.html_utils import sanitize_html

if TYPE_CHECKING:
    from markdown_it.token import Token

HTML_TAG_PATTERN = re.compile(r"<[^>]+>")
COMMENT_OR_TAG_PATTERN = re.compile(r"<!--.*?-->|<[^>]*>")
BLOCK_PATTERN = re.compile(r"<(?:p|br)\s*>")
# href and src, and url(...) in styles, each with what comes before the address and after it.
RELATIVE_LINK = re.compile(r"""((?:href|src)\s*=\s*['"]?)(?!https?:)([^'" >]+)(['"]?)""")
RELATIVE_STYLE_URL = re.compile(r"""(:\s?url\(['"]?)(?!https?:)([^'" >)]+)(['"]?\))""")
ABSOLUTE_LINK = re.compile(r"""((?:href|src)\s*=\s*['"]?)(https?:[^'">]+)(['"]?)""")
NOT_ON_THE_SITE = ("mailto:", "data:", "tel:", "cid:", "#")
ENTITIES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&apos;", ">": "&gt;", "<": "&lt;"})


class UnicodeWithAttrs(str):
    """HTML made of Markdown, with its table of contents (`toc_html`, None without headings) beside it."""

    __slots__ = ("metadata", "toc_html")

    toc_html: str | None
    metadata: dict[str, Any]

    def __new__(cls, html: str, toc_html: str | None = None) -> UnicodeWithAttrs:
        text = super().__new__(cls, html)
        text.toc_html, text.metadata = toc_html, {}
        return text


def is_html(text: Any) -> bool:
    """Whether there is any tag in it."""
    return isinstance(text, str) and bool(HTML_TAG_PATTERN.search(text))


def is_markdown(text: str) -> bool:
    """Whether the text is Markdown: what it says of itself in a comment, else whether it has no <p> and no <br>."""
    if "<!-- markdown -->" in text:
        return True
    return "<!-- html -->" not in text and not BLOCK_PATTERN.search(text)


def is_image(filepath: str | None) -> bool:
    """Whether the name of this file, or of this URL without its query, is an image's."""
    return (guess_type((filepath or "").partition("?")[0])[0] or "").startswith("image/")


def strip_html(text: str) -> str:
    """The text without tags and comments. What they are not removed for is safety: see `sanitize_html`."""
    return COMMENT_OR_TAG_PATTERN.sub("", text)


def strip_html_tags(text: str) -> str:
    """The text without tags. What they are not removed for is safety: see `sanitize_html`."""
    return re.sub(r"<[^>]*>", "", text)


def escape_html(text: Any) -> Any:
    """The text with the five special characters of HTML escaped; anything else as it is."""
    return text.translate(ENTITIES) if isinstance(text, str) else text


def _slug(text: str) -> str:
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", text).strip().lower())


def _walk(tokens: list[Token]) -> list[tuple[int, str, str]]:
    """Give headings an id, and tables and images their classes; the headings, as (level, id, text)."""
    headings: list[tuple[int, str, str]] = []
    for token, following in zip(tokens, [*tokens[1:], None], strict=False):
        if token.type == "heading_open" and following:
            base = _slug(following.content)
            taken = sum(1 for _level, name, _text in headings if re.fullmatch(rf"{re.escape(base)}(-\d+)?", name))
            name = f"{base}-{taken + 1}" if taken else base
            token.attrSet("id", name)
            headings.append((int(token.tag[1]), name, following.content))
        elif token.type == "table_open":
            token.attrSet("class", "table table-bordered")
        for child in token.children or ():
            if child.type == "image":
                child.attrSet("class", "screenshot")
    return headings


def _contents(headings: list[tuple[int, str, str]]) -> str | None:
    if not headings:
        return None
    html = ""
    open_levels: list[int] = []
    for level, name, text in headings:
        while open_levels and open_levels[-1] > level:
            html += "</li></ul>"
            open_levels.pop()
        if open_levels and open_levels[-1] == level:
            html += "</li>"
        else:
            html += "<ul>"
            open_levels.append(level)
        html += f'<li><a href="#{name}">{escape_html(text)}</a>'
    return html + "</li></ul>" * len(open_levels)


def md_to_html(markdown_text: str | None) -> UnicodeWithAttrs:
    """The HTML of a Markdown text (CommonMark with tables and strikethrough; HTML in it stays).

    Headings have ids, tables and images Frappe's classes. It is not safe yet: see `sanitize_html`.
    """
    from markdown_it import MarkdownIt  # takes long to load, and few jobs write Markdown

    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    tokens = reader.parse(markdown_text or "")
    headings = _walk(tokens)
    html = reader.renderer.render(tokens, reader.options, {})
    return UnicodeWithAttrs(str(html), _contents(headings))


def markdown(text: str, sanitize: bool = True, linkify: bool = True) -> str:
    """The HTML of a text that is HTML or Markdown; made safe, and with addresses as links, unless told otherwise."""
    html = text if is_html(text) else md_to_html(text)
    return sanitize_html(html.replace("<!-- markdown -->", ""), linkify=linkify) if sanitize else html


def to_markdown(html: str | None) -> str:
    """The Markdown of HTML.

    Raises:
        NotInRota: the package markdownify is not installed.
    """
    try:
        from markdownify import markdownify  # wanted by few, so it comes with an extra
    except ImportError:
        raise NotInRota("frappe.utils.to_markdown", "it needs `pip install rota[frappe]`") from None
    return str(markdownify(html or "", heading_style="ATX")).strip()


def _at_the_site(address: str) -> str:
    if address.startswith(NOT_ON_THE_SITE):
        return address
    return f"{_settings.host_url()}/{address.removeprefix('/')}"


def expand_relative_urls(html: str) -> str:
    """The HTML with the site's address before links, images and backgrounds that have none."""
    html = RELATIVE_LINK.sub(lambda link: link[1] + _at_the_site(link[2]) + link[3], html)
    # Printers drop backgrounds that are not important.
    return RELATIVE_STYLE_URL.sub(lambda url: f"{url[1]}{_at_the_site(url[2])}{url[3]} !important", html)


def scrub_urls(html: str) -> str:
    """The HTML with the site's address before links, images and backgrounds that have none."""
    return expand_relative_urls(html)


def quote_urls(html: str) -> str:
    """The HTML with the characters of its links and images quoted that URLs can't have."""
    from rota.frappe.utils._urls import quoted  # _urls escapes with this module

    return ABSOLUTE_LINK.sub(lambda link: link[1] + quoted(link[2]) + link[3], html)
