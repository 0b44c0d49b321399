"""HTML told from other text, stripped and escaped."""

from __future__ import annotations

import re
from mimetypes import guess_type
from typing import Any

HTML_TAG_PATTERN = re.compile(r"<[^>]+>")
COMMENT_OR_TAG_PATTERN = re.compile(r"<!--.*?-->|<[^>]*>")
ENTITIES = str.maketrans({"&": "&amp;", '"': "&quot;", "'": "&apos;", ">": "&gt;", "<": "&lt;"})


def is_html(text: Any) -> bool:
    """Whether there is any tag in it."""
    return isinstance(text, str) and bool(HTML_TAG_PATTERN.search(text))


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
