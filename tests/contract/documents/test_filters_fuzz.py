"""Any filters on any rows: both databases pick what a model in plain Python picks, and nothing hostile gets through."""

from __future__ import annotations

import contextlib
import string
from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rota import errors
from rota.db import Database
from rota.documents.documents import Documents
from rota.errors import DoctypeNotFoundError, InvalidFilter, ValidationError
from tests.contract.documents.conftest import Site, field
from tests.contract.documents.model import DATE, DATETIME, NUMBER, TEXT, picks

CASES = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

WORDS = st.sampled_from(["", "a", "A", "ab", "Ab_c", "a%c", "b\\", "zz", "Ä", "10", "a,b"])
DAYS = st.sampled_from([date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 2), date(2024, 6, 30)])
MOMENTS = st.sampled_from(
    [
        datetime(2024, 1, 1),
        datetime(2024, 1, 1, 12, 30, 0, 5),
        datetime(2024, 1, 2, 23, 59, 59, 999999),
        datetime(2025, 1, 1),
    ]
)
NUMBERS = st.sampled_from([0, 1, 2, -3, 10, 1.5])
COMPARED = ["=", "!=", "<", "<=", ">", ">="]
PATTERNS = st.sampled_from(["", "%", "a%", "%B%", "_", "a\\%c", "\\", "a_", "A%\\", "b%\\", "%\\_c"])

# name: kind, and what a row and a filter may hold
FIELDS: dict[str, tuple[str, Any]] = {
    "word": (TEXT, WORDS),
    "long_word": (TEXT, WORDS),
    "number": (NUMBER, NUMBERS.filter(lambda one: isinstance(one, int))),
    "amount": (NUMBER, NUMBERS),
    "day": (DATE, DAYS),
    "moment": (DATETIME, MOMENTS),
}
TYPES = {"word": "Data", "long_word": "Text", "number": "Int", "amount": "Float", "day": "Date", "moment": "Datetime"}


@st.composite
def conditions(draw: Any) -> tuple[str, str, Any]:
    name = draw(st.sampled_from(sorted(FIELDS)))
    kind, values = FIELDS[name]
    nothing = st.sampled_from([None, ""])
    operator = draw(
        st.sampled_from([*COMPARED, "in", "not in", "is", "between", *(["like", "not like"] * (kind == TEXT))])
    )
    if operator == "is":
        return name, operator, draw(st.sampled_from(["set", "not set"]))
    if operator in ("in", "not in"):
        return name, operator, draw(st.lists(values | nothing, max_size=4) | st.lists(values, min_size=25, max_size=25))
    if operator == "between":
        ends = list(draw(st.tuples(values, values)))
        return name, operator, [one if one != "" else "a" for one in ends]
    if operator in ("like", "not like"):
        return name, operator, draw(PATTERNS)
    return name, operator, draw(values | nothing)


@st.composite
def rows(draw: Any) -> list[dict[str, Any]]:
    found = draw(
        st.lists(
            st.fixed_dictionaries(
                {name: values | st.none() if kind != NUMBER else values for name, (kind, values) in FIELDS.items()}
            ),
            min_size=1,
            max_size=6,
        )
    )
    return [{**row, "name": f"row{number}"} for number, row in enumerate(found)]


@pytest.fixture
def table(documents: Documents) -> str:
    documents.doctypes.sync(
        {
            "doctype": "DocType",
            "name": "Fuzz",
            "module": "T",
            "fields": [field(name, kind) for name, kind in TYPES.items()],
        }
    )
    documents.session.commit()
    return "Fuzz"


def fill(documents: Documents, table: str, given_rows: list[dict[str, Any]]) -> None:
    documents.database.delete(table)
    columns = ["name", *FIELDS]
    documents.database.bulk_insert(table, columns, [[row[column] for column in columns] for row in given_rows])


def expected(
    given_rows: list[dict[str, Any]], tests: list[tuple[str, str, Any]], *, lists: bool, any_of: bool = False
) -> Any:
    joined = any if any_of else all
    return sorted(
        row["name"]
        for row in given_rows
        if not tests
        or joined(picks(FIELDS[name][0], row[name], operator, value, lists=lists) for name, operator, value in tests)
    )


@CASES
@given(given_rows=rows(), tests=st.lists(conditions(), max_size=3))
def test_get_all_picks_what_the_model_picks(
    documents: Documents, table: str, given_rows: list[dict[str, Any]], tests: list[tuple[str, str, Any]]
) -> None:
    fill(documents, table, given_rows)
    found = documents.get_all(table, filters=[list(one) for one in tests], pluck="name", order_by="name")
    assert found == expected(given_rows, tests, lists=True)


@CASES
@given(given_rows=rows(), tests=st.lists(conditions(), min_size=1, max_size=3))
def test_or_filters_pick_what_the_model_picks(
    documents: Documents, table: str, given_rows: list[dict[str, Any]], tests: list[tuple[str, str, Any]]
) -> None:
    fill(documents, table, given_rows)
    found = documents.get_all(table, or_filters=[list(one) for one in tests], pluck="name", order_by="name")
    assert found == expected(given_rows, tests, lists=True, any_of=True)


@CASES
@given(given_rows=rows(), tests=st.lists(conditions(), max_size=3))
def test_the_database_object_picks_what_the_model_picks(
    documents: Documents, table: str, given_rows: list[dict[str, Any]], tests: list[tuple[str, str, Any]]
) -> None:
    fill(documents, table, given_rows)
    filters = [list(one) for one in tests]
    names = expected(given_rows, tests, lists=False)
    assert documents.count(table, filters) == len(names)
    assert sorted(documents.database.get_values(table, filters, "name", pluck=True)) == names
    documents.database.set_value(table, filters or {}, "word", "changed", update_modified=False)
    assert documents.get_all(table, {"word": "changed"}, pluck="name", order_by="name") == names
    assert documents.database.delete(table, {"name": ["in", names]}) == len(names) if names else True


@CASES
@given(
    given_rows=rows(),
    name=st.sampled_from(sorted(FIELDS)),
    down=st.booleans(),
    limit=st.integers(0, 4),
    start=st.integers(0, 3),
)
def test_rows_come_in_the_same_order_and_pages(
    documents: Documents, table: str, given_rows: list[dict[str, Any]], name: str, down: bool, limit: int, start: int
) -> None:
    fill(documents, table, given_rows)

    def key(row: dict[str, Any]) -> Any:
        value = row[name]
        value = value.lower().replace("Ä".lower(), "Ä") if isinstance(value, str) else value
        return (value is not None, value if value is not None else 0, row["name"])

    ordered = [row["name"] for row in sorted(given_rows, key=key, reverse=down)][
        start : start + limit if limit else None
    ]
    found = documents.get_all(
        table, pluck="name", order_by=f"`{name}` {'desc' if down else 'asc'}", limit=limit, limit_start=start
    )
    assert found == ordered


# --- nothing that is given becomes SQL ---

PIECES = [
    *(
        "name",
        "word",
        "number",
        "Fuzz",
        "`tabFuzz`",
        "tabUser",
        "password",
        "secret",
        "'",
        '"',
        "`",
        ";",
        "--",
        "/*",
        "*/",
    ),
    *(
        "(",
        ")",
        ",",
        ".",
        "*",
        "=",
        "or 1=1",
        "union select",
        "select secret from canary",
        "count(",
        "sleep(1)",
        "as",
        "asc",
    ),
    *(
        "pg_sleep(1)",
        "desc",
        "\\",
        "\0",
        "%s",
        ":v0",
        "{",
        "}",
        "[",
        "]",
        "null",
        "case when",
        "distinct",
        "0x41",
        "||",
    ),
    *("::text", "é", "\n", " "),
]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join) | st.text(string.printable, max_size=12)
VALUES = st.recursive(
    TEXTS | st.integers() | st.none() | st.booleans() | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
PLACES = [
    "filters",
    "or_filters",
    "fields",
    "order_by",
    "group_by",
    "pluck",
    "limit",
    "limit_start",
    "doctype",
    "parent_doctype",
]


@settings(max_examples=2000, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_hostile_text_is_refused_or_bound_wherever_it_stands(
    documents: Documents, table: str, place: str, value: Any
) -> None:
    options: dict[str, Any] = {"doctype": table}
    options[place] = value
    doctype = options.pop("doctype")
    try:
        found = documents.get_list(doctype, **options)
    except (InvalidFilter, DoctypeNotFoundError, errors.PermissionError, ValidationError):
        return
    assert "canary" not in str(found)


@pytest.fixture
def canary(database: Database, documents: Documents, table: str) -> None:
    documents.session.script("create table canary (secret text)")
    documents.session.write("insert into canary (secret) values ('the canary')")
    documents.session.commit()


def test_no_hostile_text_ever_reaches_the_statement(
    documents: Documents, table: str, canary: None, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    query = documents.session.query
    monkeypatch.setattr(
        documents.session, "query", lambda sql, params=None: (statements.append(sql), query(sql, params or {}))[1]
    )

    @settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    @given(place=st.sampled_from(PLACES[:-2]), text=TEXTS)
    def run(place: str, text: str) -> None:
        statements.clear()
        marked = f"{text} canary"
        value: Any = {"word": marked} if place in ("filters", "or_filters") else marked
        with contextlib.suppress(InvalidFilter, errors.PermissionError):
            documents.get_list(table, **{place: value})
        assert not any("canary" in statement for statement in statements)

    run()
