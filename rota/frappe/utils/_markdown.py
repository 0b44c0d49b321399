"""Markdown, told from HTML and turned into it and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rota.errors import NotInRota
from rota.frappe.utils._html import escape_html, is_html
from rota.frappe.utils.html_utils import sanitize_html

if TYPE_CHECKING:
    from markdown_it.token import Token

BLOCK_PATTERN = re.compile(r"<(?:p|br)\s*>")


class UnicodeWithAttrs(str):
    """HTML made of Markdown, with its table of contents (`toc_html`, None without headings) beside it."""

    __slots__ = ("metadata", "toc_html")

    toc_html: str | None
    metadata: dict[str, Any]

    def __new__(cls, html: str, toc_html: str | None = None) -> UnicodeWithAttrs:
        text = super().__new__(cls, html)
        text.toc_html, text.metadata = toc_html, {}
        return text


def is_markdown(text: str) -> bool:
    """Whether the text is Markdown: what it says of itself in a comment, else whether it has no <p> and no <br>."""
    if "<!-- markdown -->" in text:
        return True
    return "<!-- html -->" not in text and not BLOCK_PATTERN.search(text)


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
