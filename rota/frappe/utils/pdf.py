"""PDF files: documents are not printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._missing import missing

_WHY = "documents are not printed; make the PDF with a library of your own"


def get_pdf(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.pdf.get_pdf", _WHY)


def get_file_data_from_writer(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.pdf.get_file_data_from_writer", _WHY)


def prepare_options(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.pdf.prepare_options", _WHY)


def read_options_from_html(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.pdf.read_options_from_html", _WHY)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
