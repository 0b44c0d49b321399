"""HTML made safe to show: `frappe.utils.html_utils`.

What is not allowed is taken out, never escaped; scripts, handlers and styles go with their contents.
"""

from __future__ import annotations

import html as entities

from rota.documents.html import (
    acceptable_attributes,
    acceptable_elements,
    clean_email_html,
    clean_html,
    clean_script_and_style,
    is_json,
    sanitize_html,
    svg_attributes,
    svg_elements,
)
from rota.frappe.utils._html import is_image


def unescape_html(value: str) -> str:
    """The text with its entities (`&gt;`) read."""
    return entities.unescape(value)


def get_icon_html(icon: str | None, small: bool = False) -> str:
    """The HTML of an icon: an image's address, an emoji, or the class of an icon font."""
    shown = entities.escape(icon or "")
    if is_image(icon):
        size = ' style="width: 16px; height: 16px;"' if small else ""
        return f'<img{size} src="{shown}">'
    if icon and ord(icon[0]) >= 0x2190:
        return f'<span class="text-muted">{shown}</span>'
    return f"<i class='{shown}'></i>"


__all__ = [
    "acceptable_attributes",
    "acceptable_elements",
    "clean_email_html",
    "clean_html",
    "clean_script_and_style",
    "get_icon_html",
    "is_json",
    "sanitize_html",
    "svg_attributes",
    "svg_elements",
    "unescape_html",
]
