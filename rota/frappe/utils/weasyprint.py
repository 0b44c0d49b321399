"""Printed documents: there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._missing import missing

_WHY = "documents are not printed; make the PDF with a library of your own"


def download_pdf(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.weasyprint.download_pdf", _WHY)


def get_html(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.weasyprint.get_html", _WHY)


class PrintFormatGenerator:
    """Refused."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Refused.

        Raises:
            NotInRota: always.
        """
        raise NotInRota("frappe.utils.weasyprint.PrintFormatGenerator", _WHY)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
