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
    raise NotInRota("frappe.utils.print_format.download_pdf", _WHY)


def download_multi_pdf(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.print_format.download_multi_pdf", _WHY)


def read_multi_pdf(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.print_format.read_multi_pdf", _WHY)


def report_to_pdf(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.print_format.report_to_pdf", _WHY)


def print_by_server(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.print_format.print_by_server", _WHY)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
