"""Tables as comma-separated values, read, written and imported: `frappe.utils.csvutils`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from importlib import import_module
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

from rota.errors import NotInRota
from rota.frappe.utils import _settings
from rota.frappe.utils._numbers import FLOATS, INTEGERS, cint, flt
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import comma_or
from rota.frappe.utils._urls import get_link_to_form
from rota.frappe.utils.dateutils import parse_date

FILE_ENCODING_OPTIONS = ("utf-8-sig", "windows-1250", "windows-1252")
DELIMITERS = ",;\t|"


def _facade() -> Any:
    return import_module("rota.frappe")


def _decode(content: bytes) -> str:
    for encoding in FILE_ENCODING_OPTIONS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            pass
    return _settings.throw(_("Unknown file encoding. Tried to use: {0}").format(", ".join(FILE_ENCODING_OPTIONS)))


def read_csv_content(fcontent: str | bytes, use_sniffer: bool = False) -> list[list[str | None]]:
    """The rows of a CSV text, their values stripped and empty ones None.

    With `use_sniffer`, commas, semicolons, tabs and bars are told apart by the first rows.

    Raises:
        ValidationError: it is no CSV, or in no encoding that is known.
    """
    text = fcontent if isinstance(fcontent, str) else _decode(fcontent)
    dialect: Any = csv.excel
    if use_sniffer:
        try:
            dialect = csv.Sniffer().sniff("\n".join(text.splitlines()[:20]), delimiters=DELIMITERS)
        except csv.Error:
            dialect = csv.excel  # a single column has no delimiter to be found
    try:
        return [[value.strip() or None for value in row] for row in csv.reader(StringIO(text, newline=""), dialect)]
    except csv.Error as error:
        _settings.throw(_("Not a valid Comma Separated Value (CSV File): {0}").format(error), title=_("Invalid CSV"))


def read_csv_content_from_attached_file(doc: Any) -> list[list[str | None]]:
    """The rows of the CSV file that was attached to the document last.

    Raises:
        ValidationError: there is none, or it is no CSV.
    """
    frappe = _facade()
    filters = {"attached_to_doctype": doc.doctype, "attached_to_name": doc.name}
    names = frappe.get_all("File", filters=filters, pluck="name", order_by="creation desc", limit=1)
    if not names:
        _settings.throw(_("File not attached"))
    return read_csv_content(frappe.get_doc("File", names[0]).get_content())


class UnicodeWriter:
    """CSV, written row by row; texts are quoted, numbers are not."""

    def __init__(self, encoding: str = "utf-8", quoting: int = csv.QUOTE_NONNUMERIC, delimiter: str = ",") -> None:
        self.encoding = encoding
        self.queue = StringIO()
        self.writer = csv.writer(self.queue, quoting=quoting, delimiter=delimiter)  # type: ignore[arg-type]

    def writerow(self, row: Iterable[Any]) -> None:
        """Write a row."""
        self.writer.writerow(row)

    def getvalue(self) -> str:
        """What was written."""
        return self.queue.getvalue()


def to_csv(data: Iterable[Iterable[Any]], quoting: str | int | None = None, delimiter: str = ",") -> str:
    """The rows as CSV, each ended by \\r\\n; texts are quoted unless `quoting` (of the module csv) says otherwise."""
    writer = UnicodeWriter(quoting=csv.QUOTE_NONNUMERIC if quoting is None else cint(quoting), delimiter=delimiter)
    for row in data:
        writer.writerow(row)
    return writer.getvalue()


def build_csv_response(data: Iterable[Iterable[Any]], filename: str) -> None:
    """Answer the current request with the rows, as a file of this name."""
    _facade().response.update(result=to_csv(data), doctype=filename, type="csv")


def send_csv_to_client(args: Any) -> None:
    """Answer the current request with `data` as a file named `filename`, both of which are in `args` (or its JSON)."""
    values = json.loads(args) if isinstance(args, str) else args
    build_csv_response(values["data"], values["filename"])


def check_record(d: dict[str, Any]) -> None:
    """Check the values of a document to be, and read dates and numbers, in place.

    Raises:
        ValidationError: a mandatory one is empty, or one of a Select is not among its options.
    """
    meta = _facade().get_doc(d).meta
    for key, value in d.items():
        field = meta.get_field(key)
        if field:
            d[key] = _checked(field, value)


def _checked(field: Any, value: Any) -> Any:
    if value in (None, ""):
        if field.reqd:
            _settings.throw(_("{0} is required").format(field.label))
        return value
    options = (field.options or "").split("\n")
    if field.fieldtype == "Select" and field.options and value not in options:
        _settings.throw(_("{0} must be one of {1}").format(_(field.label), comma_or(options)))
    if field.fieldtype == "Date":
        return parse_date(value)
    if field.fieldtype in INTEGERS:
        return cint(value)
    return flt(value) if field.fieldtype in FLOATS else value


def import_doc(
    d: dict[str, Any], doctype: str, overwrite: bool, row_idx: int, submit: bool = False, ignore_links: bool = False
) -> str:
    """Insert the document, or update the one of its name where `overwrite` is given; a line that says what was done."""
    frappe = _facade()
    name = d.get("name")
    exists = bool(name and frappe.db.exists(doctype, name))
    if exists and not overwrite:
        return f"Ignored row (#{row_idx + 1}) {getlink(doctype, name)} (exists)"
    doc = frappe.get_doc(doctype, name).update(d) if exists else frappe.get_doc(d)
    doc.flags.ignore_links = ignore_links
    if not exists:
        doc.insert()
    if submit and doc.docstatus == 0:
        doc.submit()
    elif exists:
        doc.save()
    return f"{'Updated' if exists else 'Inserted'} row (#{row_idx + 1}) {getlink(doctype, doc.name)}"


def getlink(doctype: str, name: Any) -> str:
    """A link to a document's form."""
    return get_link_to_form(doctype, name)


def validate_google_sheets_url(url: str) -> None:
    """Check that this is the address of a Google sheet.

    Raises:
        ValidationError: it is not.
    """
    parts = urlsplit(url)
    if parts.netloc != "docs.google.com" or not parts.path.startswith("/spreadsheets"):
        _settings.throw(_('"{0}" is not a valid Google Sheets URL').format(url), title=_("Invalid URL"))


def get_csv_content_from_google_sheets(url: str) -> bytes:
    """The CSV of a Google sheet that anybody may read; of its first table, or of the one that `gid=` names.

    Raises:
        ValidationError: there is no such sheet, or not everybody may read it.
        NotInRota: the package requests is not installed.
    """
    validate_google_sheets_url(url)
    try:
        import requests  # an app's dependency, and slow to load
    except ImportError:
        reason = "it needs `pip install requests`"
        raise NotInRota("frappe.utils.csvutils.get_csv_content_from_google_sheets", reason) from None
    sheet, _edit, rest = url.partition("/edit")
    gid = rest.rpartition("gid=")[2] or "0"
    export = f"{sheet}/export?format=csv&gid={gid}"
    response = requests.get(export, headers={"Accept": "text/csv"}, timeout=30)
    if not response.ok or response.text.strip().endswith("</html>"):
        _settings.throw(_("Google Sheets URL is invalid or not publicly accessible."), title=_("Invalid URL"))
    return response.content
