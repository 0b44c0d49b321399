"""A mail's body: HTML from what apps give, and plain text from HTML."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_TAG = re.compile(r"<[a-zA-Z!/][^>]*>")
_BLOCKS = frozenset({
    "address", "article", "blockquote", "div", "dl", "dt", "dd", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_APART = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul"})
_UNSEEN = frozenset({"head", "script", "style", "title"})
_PAGE = """<!DOCTYPE html>
<html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"></head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:15px;\
line-height:1.5;color:#1f272e">
<div style="max-width:640px;margin:0 auto">{header}{body}{footer}</div>
</body></html>
"""
_COLORS = {"blue": "#2490ef", "green": "#28a745", "orange": "#e8833a", "red": "#e03131", "yellow": "#b8860b"}


def has_tags(text: str) -> bool:
    """Whether a text is HTML."""
    return _TAG.search(text) is not None


def as_html(message: str, *, markdown: bool = False) -> str:
    """A message as HTML: as it is when it has tags, else with its lines kept."""
    if markdown:
        from markdown_it import MarkdownIt  # takes time to import, and few mails are written so

        return str(MarkdownIt("commonmark", {"html": True}).enable("table").render(message))
    return message if has_tags(message) else message.replace("\n", "<br>\n")


def as_page(body: str, *, header: object = None, footer: str = "") -> str:
    """A whole HTML page around a body; one that is a page already stays as it is.

    `header`: a title, or `[title, colour]` as Frappe's templates have it.
    """
    if "<html" in body[:2000].lower():
        return body
    return _PAGE.format(header=_heading(header), body=body, footer=footer)


def _heading(header: object) -> str:
    if not header:
        return ""
    title, color = (*header, "")[:2] if isinstance(header, (list, tuple)) else (header, "")
    line = f"border-left:4px solid {_COLORS[str(color)]};padding-left:10px;" if str(color) in _COLORS else ""
    return f'<h2 style="{line}font-size:18px;margin:0 0 16px">{html.escape(str(title))}</h2>\n'


def as_text(page: str) -> str:
    """The plain text of an HTML page: lines as they are seen, list items with a dash, links with their addresses."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0
        self._pre = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self._unseen += tag in _UNSEEN
        self._pre += tag == "pre"
        if tag == "br":
            self.parts.append("\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag == "img" and values.get("alt"):
            self.parts.append(f"[{values['alt']}]")
        elif tag == "a":
            self._links.append((values.get("href") or "", len(self.parts)))
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag in _APART else "\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self._pre -= tag == "pre" and self._pre > 0
        if tag == "a" and self._links:
            address, start = self._links.pop()
            shown = "".join(self.parts[start:]).strip()
            if address.startswith(("http://", "https://", "/")) and address != shown:
                self.parts.append(f" ({address})")
        elif tag in _BLOCKS:
            self.parts.append("\n\n" if tag in _APART else "\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data if self._pre else re.sub(r"\s+", " ", data))
