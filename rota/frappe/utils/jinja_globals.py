"""What templates may call besides `frappe`: `frappe.utils.jinja_globals`."""

from __future__ import annotations

import html
from typing import Any

from rota.frappe.utils import _settings

RIGHT_TO_LEFT = ("ar", "he", "fa", "ps")


def resolve_class(classes: Any) -> Any:
    """The class attribute of a text, a list, or a dict whose true values say which keys to take."""
    if classes is None:
        return ""
    if isinstance(classes, (list, tuple)):
        return " ".join(str(resolve_class(part)) for part in classes).strip()
    return " ".join(name for name, is_on in classes.items() if is_on) if isinstance(classes, dict) else classes


def is_rtl(rtl: bool | None = None) -> bool:
    """Whether the page is written from right to left: as it is told, else by the user's language."""
    return _settings.language() in RIGHT_TO_LEFT if rtl is None else rtl


def bundled_asset(path: str, rtl: bool | None = None) -> str:
    """The address of an app's public file; the path itself from the site's root. Nothing is bundled."""
    return path if path.startswith(("/", "http:", "https:")) else f"/{path}"


def include_script(path: str) -> str:
    """The element that loads a script."""
    return f'<script type="text/javascript" src="{html.escape(bundled_asset(path))}"></script>'


def include_style(path: str, rtl: bool | None = None) -> str:
    """The element that loads a style sheet."""
    return f'<link type="text/css" rel="stylesheet" href="{html.escape(bundled_asset(path, rtl))}">'
