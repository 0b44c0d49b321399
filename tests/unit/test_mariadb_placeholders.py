from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from rota.db.mariadb import named, shape_of
from rota.errors import InvalidSQLValues, UnsupportedSQL


@pytest.mark.parametrize(
    ("statement", "values", "text", "bound"),
    [
        ("select %s", "x", "select :p0", {"p0": "x"}),
        ("select %s, %s", [1, 2], "select :p0, :p1", {"p0": 1, "p1": 2}),
        ("select %(from)s", {"from": 1, "unused": 2}, "select :v_from", {"v_from": 1}),
        ("a in %s", [("x", "y")], "a in :p0", {"p0": ["x", "y"]}),
        ("a like '%%x%%' and b = %s", [1], "a like '%x%' and b = :p0", {"p0": 1}),
        ("a like '%x%'", None, "a like '%x%'", {}),
        ("a like '%%x'", (), "a like '%%x'", {}),
        ("'%s' -- %s\n, %s", [1], "'%s' -- %s\n, :p0", {"p0": 1}),
        ("`a%s` /* %s */ # %s\n, %s", [1], "`a%s` /* %s */ # %s\n, :p0", {"p0": 1}),
        ("'it''s %s', \"a\\\"%s\", %s", [1], "'it''s %s', \"a\\\"%s\", :p0", {"p0": 1}),
    ],
)
def test_placeholders_become_named_parameters(statement: str, values: Any, text: str, bound: dict[str, Any]) -> None:
    assert named(statement, values) == (text, bound)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (True, 1),
        (datetime(2024, 1, 2, 3, 4, 5), "2024-01-02 03:04:05"),
        (date(2024, 1, 2), "2024-01-02"),
        (timedelta(hours=-1, minutes=-5), "-01:05:00"),
        (b"abc", "abc"),
        (Decimal("1.50"), Decimal("1.50")),
    ],
)
def test_values_become_what_the_driver_would_have_written(value: Any, plain: Any) -> None:
    assert named("select %s", [value])[1] == {"p0": plain}


@pytest.mark.parametrize(
    ("statement", "values", "message"),
    [
        ("select %s, %s", [1], "2 placeholders"),
        ("select %s", [1, 2], "1 placeholders"),
        ("select %(a)s", {"b": 1}, r"%\(a\)s"),
        ("select %(a)s", [1], "as a dict"),
        ("select %s", {"a": 1}, "as a list"),
        ("select 5 % 2, %s", [1], "%% for a percent sign"),
        ("select %s", [object()], "value 1 is a object"),
        ("select %s", [{"a": 1}], "value 1 is a dict"),
        ("select %s", [b"\xff"], "no UTF-8"),
    ],
)
def test_values_that_do_not_fit_are_refused(statement: str, values: Any, message: str) -> None:
    with pytest.raises(InvalidSQLValues, match=message):
        named(statement, values)


@pytest.mark.parametrize("statement", ["select :name", "select /*! 1 */ 2", "select /*M! 1 */ 2"])
def test_text_that_would_mean_something_else_is_refused(statement: str) -> None:
    with pytest.raises(UnsupportedSQL):
        named(statement)


def test_the_length_of_a_list_after_in_makes_no_new_shape() -> None:
    short, long = ({"p0": ["x"] * length} for length in (1, 1000))

    assert shape_of("a in :p0", short) == shape_of("a in :p0", long) == (("p0", ("*", "s")),)


def test_a_shape_tells_kinds_apart() -> None:
    values = {"a": "x", "b": "ü", "c": 1, "d": 1.5, "e": Decimal("1.25"), "f": None, "g": ["x", 1]}

    kinds = [kind for _, kind in shape_of("", values)]

    assert kinds == ["s", "u", "i", "f", "c2", "n", ("s", "i")]
