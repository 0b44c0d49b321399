"""Pictures of pages: there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._missing import missing

_WHY = "pages are not turned into pictures"


def get_preview_from_html(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.preview.get_preview_from_html", _WHY)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
