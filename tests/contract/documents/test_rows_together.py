"""Rows of a table field are stored together: what that costs, and that it stores what storing them alone would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.document import Document
from rota.documents.documents import Documents
from rota.errors import DuplicateEntryError, UniqueValidationError

from .conftest import Site, field


@pytest.fixture
def order(documents: Documents, doctype: Callable[..., str]) -> str:
    doctype("Order Line", field("item"), field("code", unique=1), field("amount", "Int"), istable=1)
    return doctype("Order", field("title"), field("lines", "Table", options="Order Line"))


def make(documents: Documents, *lines: dict[str, Any]) -> Any:
    return documents.get_doc({"doctype": "Order", "title": "x", "lines": [*lines]}).insert()


def lines(documents: Documents, doc: Any) -> list[tuple[Any, ...]]:
    return [(row.item, row.amount, row.idx) for row in documents.get_doc("Order", doc.name).lines]


@pytest.fixture
def said(documents: Documents, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that went to the database, but for savepoints."""
    connection, heard = documents.session.connection, []
    for name in ("run", "run_many", "query"):
        real = getattr(connection, name)

        def listen(sql: str, *params: Any, real: Callable[..., Any] = real) -> Any:
            heard.append(sql)
            return real(sql, *params)

        monkeypatch.setattr(connection, name, listen)
    return heard


def test_rows_that_come_change_and_go_in_one_save_are_stored(documents: Documents, order: str) -> None:
    doc = make(documents, {"item": "a", "amount": 1}, {"item": "b", "amount": 2}, {"item": "c", "amount": 3})
    assert lines(documents, doc) == [("a", 1, 1), ("b", 2, 2), ("c", 3, 3)]
    doc.lines[2].amount = 30
    doc.append("lines", {"item": "d", "amount": 4})
    doc.append("lines", {"item": "e", "amount": 5})
    doc.remove(doc.lines[0])
    doc.save()
    assert lines(documents, doc) == [("b", 2, 1), ("c", 30, 2), ("d", 4, 3), ("e", 5, 4)]
    doc.save()
    assert documents.count("Order Line") == 4
    assert not any(row.is_new() for row in doc.lines)


def test_twenty_rows_cost_as_many_statements_as_two(documents: Documents, order: str, said: list[str]) -> None:
    costs = []
    for count in (2, 2, 20):
        said.clear()
        doc = make(documents, *({"item": str(number)} for number in range(count)))
        doc.save()
        costs.append(sum("savepoint" not in one for one in said))
    assert costs[1] == costs[2]


def test_rows_of_a_new_document_that_have_names_keep_them(documents: Documents, order: str) -> None:
    doc = make(documents, {"name": "first", "item": "a"}, {"name": "second", "item": "b"})
    assert [row.name for row in documents.get_doc("Order", doc.name).lines] == ["first", "second"]


@pytest.mark.parametrize(
    ("lines", "error", "message"),
    [
        ([{"name": "one"}, {"name": "one"}], DuplicateEntryError, "Order Line one already exists"),
        ([{"code": "a"}, {"code": "b"}, {"code": "a"}], UniqueValidationError, "Code must be unique; a is taken"),
    ],
)
def test_the_row_that_is_refused_is_named_and_nothing_is_stored(
    documents: Documents, order: str, lines: list[dict[str, Any]], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        make(documents, *lines)
    assert (documents.count("Order"), documents.count("Order Line")) == (0, 0)


def test_a_row_whose_class_stores_it_in_its_own_way_is_left_to_it(site: Site, documents: Documents, order: str) -> None:
    stored: list[str] = []

    class Line(Document):
        def db_insert(self, ignore_if_duplicate: bool = False) -> None:
            stored.append(self.item)
            super().db_insert(ignore_if_duplicate)

        def db_update(self) -> None:
            stored.append(f"{self.item} again")
            super().db_update()

    site.classes["Order Line"] = Line
    doc = make(documents, {"item": "a"}, {"item": "b"})
    doc.save()
    assert stored == ["a", "b", "a again", "b again"]
