"""Spreadsheets read and written: `frappe.utils.xlsxutils`. They need `pip install rota[frappe]`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from io import BytesIO
from types import ModuleType
from typing import Any

from rota.errors import NotInRota
from rota.frappe.utils import _settings
from rota.frappe.utils._html import strip_html
from rota.frappe.utils._strings import cstr
from rota.frappe.utils.html_utils import unescape_html

ILLEGAL_CHARACTERS_RE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufeff\ufffe\uffff\ud800-\udfff]")
ILLEGAL_TITLE = re.compile(r"[\\*?:/\[\]]")
BLOCK_END = re.compile(r"</(?:p|div|li|h\d|tr)>|<br\s*/?>", re.IGNORECASE)
# In templates, HTML is what people edit.
SHEETS_WITH_HTML = ("Data Import Template", "Data Export")


def _openpyxl() -> ModuleType:
    try:
        return import_module("openpyxl")
    except ImportError:
        raise NotInRota("frappe.utils.xlsxutils", "it needs `pip install rota[frappe]`") from None


def get_excel_date_format() -> tuple[str, str]:
    """The user's formats of dates and of times, as spreadsheets write them."""
    date_format, time_format = _settings.system_setting("date_format"), _settings.system_setting("time_format")
    return str(date_format).replace("mm", "MM"), str(time_format)


def make_xlsx(
    data: Iterable[Iterable[Any]], sheet_name: str, wb: Any = None, column_widths: Sequence[float | None] | None = None
) -> BytesIO:
    """A file with the rows on a sheet of this name, its first row bold.

    `wb` is a workbook of openpyxl to put the sheet into, `column_widths` are in characters.

    Raises:
        NotInRota: the package openpyxl is not installed.
    """
    openpyxl = _openpyxl()
    workbook = openpyxl.Workbook(write_only=True) if wb is None else wb
    sheet = workbook.create_sheet(ILLEGAL_TITLE.sub(" ", sheet_name)[:31], 0)
    for index, width in enumerate(column_widths or (), start=1):
        if width:
            sheet.column_dimensions[openpyxl.utils.get_column_letter(index)].width = width
    sheet.row_dimensions[1].font = openpyxl.styles.Font(name="Calibri", bold=True)
    for row in data:
        sheet.append([_cell(openpyxl, sheet, item, keep_html=sheet_name in SHEETS_WITH_HTML) for item in row])
    file = BytesIO()
    workbook.save(file)
    return file


def _cell(openpyxl: ModuleType, sheet: Any, item: Any, keep_html: bool) -> Any:
    if isinstance(item, str):
        item = ILLEGAL_CHARACTERS_RE.sub("", item if keep_html else handle_html(item))
    cell = openpyxl.cell.WriteOnlyCell(sheet, value=item)
    if isinstance(item, str):
        cell.data_type = "s"  # a text that begins with = is not a formula that its author may run elsewhere
    if isinstance(item, datetime.date):
        date_format, time_format = get_excel_date_format()
        cell.number_format = f"{date_format} {time_format}" if isinstance(item, datetime.datetime) else date_format
    return cell


def handle_html(data: Any) -> str:
    """The text of HTML, its blocks separated by commas; other text as it is."""
    text = cstr(data)
    if "<" not in text or ">" not in text:
        return text
    blocks = strip_html(BLOCK_END.sub("\n", text)).split("\n")
    return ", ".join(unescape_html(block).strip() for block in blocks if block.strip())


def read_xlsx_file_from_attached_file(
    file_url: str | None = None, fcontent: bytes | None = None, filepath: str | None = None
) -> list[list[Any]] | None:
    """The rows of the first sheet of a file, given by its URL on the site, its content or its path.

    Raises:
        NotInRota: the package openpyxl is not installed.
    """
    source: Any = BytesIO(fcontent) if fcontent else filepath
    if file_url:
        source = import_module("rota.frappe").get_doc("File", {"file_url": file_url}).get_full_path()
    if not source:
        return None
    sheet = _openpyxl().load_workbook(source, data_only=True).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


def read_xls_file_from_attached_file(content: bytes) -> list[list[Any]]:
    """Not here: the old binary format needs a library that Rota does not bring.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.utils.xlsxutils.read_xls_file_from_attached_file", "save the file as .xlsx")


def build_xlsx_response(data: Iterable[Iterable[Any]], filename: str) -> None:
    """Answer the current request with the rows, as a spreadsheet of this name.

    Raises:
        NotInRota: the package openpyxl is not installed.
    """
    content = make_xlsx(data, filename).getvalue()
    import_module("rota.frappe").response.update(
        filename=f"{filename.removesuffix('.xlsx')}.xlsx", filecontent=content, type="binary"
    )
