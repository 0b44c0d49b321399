"""Tables as CSV and spreadsheets."""

from __future__ import annotations

import csv
import sys
from datetime import date, datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

from rota import frappe
from rota.documents.dictionary import AttrDict
from rota.errors import NotInRota, ValidationError
from rota.frappe.utils import csvutils, xlsxutils

from .conftest import FakeSite


def test_rows_are_written_with_texts_quoted() -> None:
    assert csvutils.to_csv([["a", 1], ['b"c', None]]) == '"a",1\r\n"b""c",""\r\n'
    assert csvutils.to_csv([["a", 1]], quoting=csv.QUOTE_MINIMAL, delimiter=";") == "a;1\r\n"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("a, b \r\n,1\n", [["a", "b"], [None, "1"]]),
        ('"a\nb",c', [["a\nb", "c"]]),
        ("ä,b".encode(), [["ä", "b"]]),
        ("\ufeffä,b".encode(), [["ä", "b"]]),
        ("ä,b".encode("windows-1250"), [["ä", "b"]]),
        ("", []),
    ],
)
def test_rows_are_read_stripped_and_nothing_is_none(content: str | bytes, rows: list[list[str | None]]) -> None:
    assert csvutils.read_csv_content(content) == rows


def test_the_delimiter_is_found_when_asked() -> None:
    assert csvutils.read_csv_content("a;b\n1;2\n", use_sniffer=True) == [["a", "b"], ["1", "2"]]
    assert csvutils.read_csv_content("a\nb\n", use_sniffer=True) == [["a"], ["b"]]


def test_what_is_no_csv_is_refused() -> None:
    with pytest.raises(ValidationError, match="Not a valid"):
        csvutils.read_csv_content("a" * (csv.field_size_limit() + 1))


def test_a_response_can_be_a_file_of_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    response = AttrDict()
    monkeypatch.setattr(frappe, "response", response, raising=False)

    csvutils.send_csv_to_client('{"data": [["a"]], "filename": "x"}')
    assert response == {"result": '"a"\r\n', "doctype": "x", "type": "csv"}

    xlsxutils.build_xlsx_response([["a"]], "x")
    assert (response.filename, response.type) == ("x.xlsx", "binary")
    assert response.filecontent.startswith(b"PK")


class Store:
    """As much of the facade as importing a row needs."""

    def __init__(self, names: set[str]) -> None:
        self.names, self.done = names, []
        self.db = SimpleNamespace(exists=lambda doctype, name: name in self.names)

    def get_doc(self, doctype: Any, name: str | None = None) -> Any:
        values = {"doctype": doctype, "name": name} if name else dict(doctype)
        doc = AttrDict(values, flags=AttrDict(), docstatus=0)
        for action in ("insert", "save", "submit"):
            doc[action] = lambda action=action: self.done.append(action)
        fields = {
            "title": AttrDict(label="Title", fieldtype="Data", reqd=1),
            "kind": AttrDict(label="Kind", fieldtype="Select", options="A\nB"),
            "day": AttrDict(label="Day", fieldtype="Date"),
            "count": AttrDict(label="Count", fieldtype="Int"),
            "price": AttrDict(label="Price", fieldtype="Currency"),
        }
        doc.meta = SimpleNamespace(get_field=fields.get)
        return doc


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    store = Store({"A"})
    monkeypatch.setattr(frappe, "get_doc", store.get_doc, raising=False)
    monkeypatch.setattr(frappe, "db", store.db, raising=False)
    return store


@pytest.mark.parametrize(
    ("row", "overwrite", "submit", "line", "done"),
    [
        ({"name": "A"}, False, False, 'Ignored row (#3) <a href="https://site.test/app/item/A">A</a> (exists)', []),
        ({"name": "A"}, True, False, 'Updated row (#3) <a href="https://site.test/app/item/A">A</a>', ["save"]),
        ({"name": "A"}, True, True, 'Updated row (#3) <a href="https://site.test/app/item/A">A</a>', ["submit"]),
        (
            {"name": "B"},
            False,
            True,
            'Inserted row (#3) <a href="https://site.test/app/item/B">B</a>',
            ["insert", "submit"],
        ),
    ],
)
def test_a_row_is_inserted_or_updates_its_document(
    site: FakeSite, store: Store, row: dict[str, Any], overwrite: bool, submit: bool, line: str, done: list[str]
) -> None:
    assert csvutils.import_doc({"doctype": "Item", **row}, "Item", overwrite, 2, submit=submit) == line
    assert store.done == done


def test_a_row_is_checked_and_its_values_read(store: Store) -> None:
    row = {"title": "x", "kind": "B", "day": "31/01/2024", "count": "5", "price": "1,000.5", "other": "y"}

    csvutils.check_record(row)

    assert row == {"title": "x", "kind": "B", "day": "2024-01-31", "count": 5, "price": 1000.5, "other": "y"}


@pytest.mark.parametrize(
    ("row", "message"), [({"title": ""}, "Title is required"), ({"kind": "C"}, "Kind must be one of 'A' or 'B'")]
)
def test_a_row_with_a_bad_value_is_refused(store: Store, row: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        csvutils.check_record(row)


def test_rows_come_from_the_file_that_was_attached_last(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["f1"]
    monkeypatch.setattr(frappe, "get_all", lambda doctype, **options: names, raising=False)
    monkeypatch.setattr(frappe, "get_doc", lambda *of: SimpleNamespace(get_content=lambda: b"a,b"), raising=False)
    doc = AttrDict(doctype="Import", name="I")

    assert csvutils.read_csv_content_from_attached_file(doc) == [["a", "b"]]
    names.clear()
    with pytest.raises(ValidationError, match="not attached"):
        csvutils.read_csv_content_from_attached_file(doc)


@pytest.mark.parametrize(
    "url", ["https://evil.test/?docs.google.com/spreadsheets", "https://docs.google.com/document/d/x", "x"]
)
def test_only_google_sheets_are_asked_for_rows(url: str) -> None:
    with pytest.raises(ValidationError, match="not a valid Google Sheets URL"):
        csvutils.get_csv_content_from_google_sheets(url)


def test_a_spreadsheet_can_be_read_back() -> None:
    rows = [["Name", "When"], ["<p>a &gt; b</p><p>c</p>", date(2024, 2, 29)], ["x\x00y", datetime(2024, 2, 29, 10)]]

    file = xlsxutils.make_xlsx(rows, "A/B: a name that is far too long for a sheet", column_widths=[20, None])

    assert xlsxutils.read_xlsx_file_from_attached_file(fcontent=file.getvalue()) == [
        ["Name", "When"],
        ["a > b, c", datetime(2024, 2, 29)],
        ["xy", datetime(2024, 2, 29, 10)],
    ]
    sheet = openpyxl.load_workbook(file).active
    assert sheet.title == "A B  a name that is far too lon"
    assert (sheet["B2"].number_format, sheet["B3"].number_format) == ("yyyy-MM-dd", "yyyy-MM-dd HH:mm:ss")
    assert sheet.column_dimensions["A"].width == 20


def test_a_text_is_never_a_formula() -> None:
    file = xlsxutils.make_xlsx([["=HYPERLINK(1)"]], "x")

    assert openpyxl.load_workbook(BytesIO(file.getvalue())).active["A1"].data_type == "s"


def test_no_file_gives_no_rows() -> None:
    assert xlsxutils.read_xlsx_file_from_attached_file() is None


def test_templates_keep_their_html() -> None:
    file = xlsxutils.make_xlsx([["<b>x</b>"]], "Data Export")

    assert xlsxutils.read_xlsx_file_from_attached_file(fcontent=file.getvalue()) == [["<b>x</b>"]]


def test_what_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)

    with pytest.raises(NotInRota, match=r"rota\[frappe\]"):
        xlsxutils.make_xlsx([], "x")
    with pytest.raises(NotInRota, match="xlsx"):
        xlsxutils.read_xls_file_from_attached_file(b"")
