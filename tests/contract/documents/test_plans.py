"""Lists are read in the order of an index, and what is nothing comes first in it, as on MariaDB."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.documents import Documents
from rota.documents.writes import MANY_ROWS
from tests.contract.documents.conftest import field

Make = Callable[..., str]


@pytest.fixture
def tasks(documents: Documents, doctype: Make) -> str:
    """Four tasks: two with a day, a rank and a group, two without."""
    indexed: dict[str, Any] = {"search_index": 1}
    columns = [field("day", "Date", **indexed), field("rank", "Int", **indexed), field("kind", **indexed)]
    doctype("Task", "title", *columns, autoname="field:title")
    for title, day, rank, kind in (("a", "2024-02-01", 2, "x"), ("b", None, 0, None), ("c", "2024-01-01", 1, "W")):
        documents.get_doc({"doctype": "Task", "title": title, "day": day, "rank": rank, "kind": kind}).insert()
    documents.session.commit()
    return "Task"


def plan(documents: Documents, sql: str) -> str:
    session = documents.session
    if session.dialect == "sqlite":
        return " / ".join(str(row[-1]) for row in session.query(f"explain query plan {sql}"))
    with session.atomic():
        session.write("set local enable_seqscan = off")
        session.write("set local enable_sort = off")
        return " / ".join(str(row[0]) for row in session.query(f"explain {sql}"))


@pytest.mark.parametrize("order_by", [None, "modified", "day desc", "day", "rank desc", "rank", "kind desc", "kind"])
def test_a_list_in_the_order_of_an_indexed_column_reads_its_index(
    documents: Documents, tasks: str, order_by: str | None
) -> None:
    found = plan(documents, documents.get_all(tasks, order_by=order_by, run=False))

    assert f"{tasks}_{(order_by or 'modified').removesuffix(' desc')}_index" in found
    # Rows of one value are sorted by name among themselves, never all rows.
    assert "Sort Key" not in found or "Presorted Key" in found
    assert "TEMP B-TREE FOR ORDER BY" not in found


@pytest.mark.parametrize("order_by", [None, "modified", "modified desc"])
def test_what_was_changed_at_one_moment_is_not_sorted_either(
    documents: Documents, tasks: str, order_by: str | None
) -> None:
    found = plan(documents, documents.get_all(tasks, order_by=order_by, run=False))

    assert f"{tasks}_modified_index" in found
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found


def test_many_rows_are_listed_in_the_order_of_the_index_as_soon_as_they_are_committed(
    documents: Documents, tasks: str
) -> None:
    now = documents.now()
    rows = [(f"T{number}", "new", now) for number in range(MANY_ROWS)]
    documents.database.bulk_insert(tasks, ["name", "title", "modified"], rows)
    documents.session.commit()

    explain = "explain query plan" if documents.session.dialect == "sqlite" else "explain"
    listed = "from \"tabTask\" where title = 'new' order by modified desc nulls last, name desc limit 10"
    found = documents.session.query(f"{explain} select name {listed}")

    assert f"{tasks}_modified_index" in " / ".join(str(row[-1]) for row in found)


@pytest.mark.parametrize("order_by", ["modified desc", "modified", "day desc", "kind", "rank desc"])
def test_a_statement_of_an_app_in_that_order_reads_it_too(documents: Documents, tasks: str, order_by: str) -> None:
    sql = documents.database.sql(f"select name from tabTask order by {order_by}", run=False)

    found = plan(documents, sql)

    assert f"{tasks}_{order_by.removesuffix(' desc')}_index" in found
    assert "Sort" not in found
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize(("order_by", "expected"), [("day", "bca"), ("day desc", "acb"), ("kind", "bca")])
def test_nothing_comes_before_everything(documents: Documents, tasks: str, order_by: str, expected: str) -> None:
    assert "".join(documents.get_all(tasks, order_by=order_by, pluck="name")) == expected
    rows = documents.database.sql(f"select name from tabTask order by {order_by}", pluck=True)
    assert "".join(rows) == expected


def test_what_is_joined_and_absent_comes_before_everything(documents: Documents, tasks: str) -> None:
    sql = "select b.name from tabTask a left join tabTask b on b.name = a.name and b.rank > 0 order by b.name"

    assert documents.database.sql(sql, pluck=True) == [None, "a", "c"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"kind": "x", "rank": 2, "title": "a", "day": "2024-02-01"}, ["rank", "day", "kind", "title"]),
        ([["kind", "=", "x"], "or", ["rank", "=", 1]], ["rank", "kind"]),
        ([[["kind", "=", "x"], "or", ["rank", "=", 1]], "and", ["rank", "<", 3]], ["rank", "rank", "kind"]),
    ],
)
def test_numbers_and_days_are_compared_before_texts(
    documents: Documents, tasks: str, filters: Any, expected: list[str]
) -> None:
    sql = documents.get_all(tasks, filters=filters, order_by="name", run=False)

    # Both databases compare in the order that is written.
    assert re.findall(r"t0\.\W(day|rank|kind|title)\b", sql.partition(" where ")[2]) == expected
    assert "a" in documents.get_all(tasks, filters=filters, pluck="name")
