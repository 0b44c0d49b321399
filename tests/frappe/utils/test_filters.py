"""Filters held against a document in memory."""

from __future__ import annotations

from typing import Any

import pytest

from rota.errors import DataError, ValidationError
from rota.frappe import utils

from .conftest import FakeSite

DOC = {
    "doctype": "User",
    "name": "Test 1",
    "status": "Open",
    "age": 20,
    "empty": "",
    "none": None,
    "username": "test_abc",
    "birth_date": "2023-02-28",
    "last_active": "2023-02-28 15:14:56",
}
TYPES = {("User", "birth_date"): "Date", ("User", "last_active"): "Datetime", ("User", "age"): "Int"}


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"status": "Open"}, True),
        ({"status": "Closed"}, False),
        ({"status": "Open", "name": "Test 1"}, True),
        ({"status": "Open", "name": "Test 2"}, False),
        ([{"status": "Open"}, {"name": "Test 1"}], True),
        ([{"status": "Open"}, {"name": "Test 2"}], False),
        ([["status", "=", "Open"], ["name", "!=", "Test 2"]], True),
        ([["User", "status", "=", "Open"]], True),
        ([["User", "status", "=", "Open", False]], True),
        ({"age": (">", 10)}, True),
        ({"age": (">", "10")}, True),
        ({"age": ("<=", 19)}, False),
        ({"age": ["between", [10, 20]]}, True),
        ({"age": ["in", [10, "20"]]}, True),
        ({"age": ["not in", "10, 20"]}, False),
        ({"status": ["in", ["Open", "Closed"]]}, True),
        ({"empty": ["is", "set"]}, False),
        ({"none": ["is", "not set"]}, True),
        ({"status": ["is", "Set"]}, True),
        ({"none": [">", 5]}, False),
        ({"none": ["<", 5]}, False),
        ([("User", "birth_date", ">", "01-04-2022")], True),
        ([("User", "birth_date", "<", "28-02-2023")], False),
        ([("User", "last_active", ">", "01-04-2022 00:00:00")], True),
        ([("User", "last_active", "<", "2023-02-28 00:00:00")], False),
        ({"birth_date": ["timespan", "last year"]}, True),
        ({"birth_date": ["timespan", "this year"]}, False),
        ({"username": ["like", "test"]}, True),
        ({"username": ["like", "%abc"]}, True),
        ({"username": ["like", "test%"]}, True),
        ({"username": ["like", "%st_a%"]}, True),
        ({"username": ["like", "%test"]}, False),
        ({"username": ["not like", "user1"]}, True),
        ({"none": ["like", "x"]}, False),
        ({}, True),
        ([], True),
    ],
)
def test_a_document_matches_all_filters_or_not(site: FakeSite, filters: Any, matches: bool) -> None:
    site.fieldtypes = TYPES

    assert utils.evaluate_filters(DOC, filters) is matches


def test_filters_work_without_a_site_and_its_types() -> None:
    assert utils.evaluate_filters(DOC, {"age": [">", 10]})


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"age": ["sounds like", 5]}, "Operator must be one of"),
        ([["age", "="]], "4 values"),
        (["age"], "tuple or list"),
        ({"age": ["is", "empty"]}, "'IS'"),
    ],
)
def test_what_is_no_filter_is_refused(filters: Any, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        utils.evaluate_filters(DOC, filters)


@pytest.mark.parametrize("column", ["name", "tabUser.name", "`tabUser`.`name`", "ifnull(status, '')"])
def test_a_columns_name_passes(column: str) -> None:
    assert utils.sanitize_column(column) == column


@pytest.mark.parametrize(
    "column",
    [
        "name, (select 1)",
        "name; drop table x",
        "name -- x",
        "name/*",
        "name # x",
        "ifnull(name, (select 1))",
        "name'",
        "a\nb",
    ],
)
def test_more_than_a_columns_name_is_refused(column: str) -> None:
    with pytest.raises(DataError, match="Invalid field name"):
        utils.sanitize_column(column)


def test_a_filter_is_taken_apart(site: FakeSite) -> None:
    site.fieldtypes = TYPES

    assert utils.get_filter("User", {"age": (">", 10)}) == {
        "doctype": "User",
        "fieldname": "age",
        "operator": ">",
        "value": 10,
        "fieldtype": "Int",
    }
    assert utils.get_filter("User", ["age", None, 10]).operator == "="
    assert utils.get_filter("User", ["age", "near", 10], filters_config={"Near": {}}).operator == "near"
    assert utils.make_filter_tuple("User", "age", 5) == ["User", "age", "=", 5]
    assert utils.make_filter_dict([["User", "age", ">", 5]]) == {"age": (">", 5)}


def test_an_unknown_condition_does_not_hold() -> None:
    assert utils.compare(1, "near", 1) is False
    assert utils.compare("abc", "^", "a") is True
