"""Dates, times, durations and fields as people read them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota import frappe
from rota.documents.dictionary import AttrDict
from rota.errors import ValidationError
from rota.frappe import utils
from rota.frappe.utils.formatters import format_value

from .conftest import FakeSite


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["2024-02-09"], "2024-02-09"),
        ([datetime(2024, 2, 9, 10)], "2024-02-09"),
        (["2024-02-09", "dd.mm.yyyy"], "09.02.2024"),
        (["2024-02-09", "d MMMM, YYYY"], "9 February, 2024"),
        (["2024-02-09", "long"], "February 9, 2024"),
        (["09-02-2024", "yyyy-mm-dd", True], "2024-02-09"),
        ([None], ""),
        ([""], ""),
        (["0000-00-00"], ""),
    ],
)
def test_a_date_is_written_in_a_format(arguments: list[Any], expected: str) -> None:
    assert utils.format_date(*arguments) == utils.formatdate(*arguments) == expected


def test_the_user_says_how_dates_and_times_are_written(site: FakeSite) -> None:
    site.settings.update(date_format="dd/mm/yyyy", time_format="HH:mm")

    assert utils.format_date("2024-02-09") == "09/02/2024"
    assert utils.format_time("08:05:09") == "08:05"
    assert utils.format_datetime("2024-02-09 08:05:09") == "09/02/2024 08:05"
    assert (utils.get_user_date_format(), utils.get_user_time_format()) == ("dd/mm/yyyy", "HH:mm")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("de", "9. Februar 2024"), ("pt-BR", "9 de fevereiro de 2024"), ("xx-yy", "February 9, 2024")],
)
def test_months_are_named_in_the_users_language(site: FakeSite, language: str, expected: str) -> None:
    site.language = language

    assert utils.global_date_format("2024-02-09") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("08:05:09", "08:05:09"), (time(0), "00:00:00"), (timedelta(0), "00:00:00"), (None, ""), ("", "")],
)
def test_a_time_is_written_in_a_format(value: Any, expected: str) -> None:
    assert utils.format_time(value) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["2024-02-09 20:05:09.5"], "2024-02-09 20:05:09"),
        (["2024-02-09 20:05:09", "d MMM yyyy, h:mm a"], "9 Feb 2024, 8:05\u202fPM".replace("\u202f", " ")),
        ([date(2024, 2, 9)], "2024-02-09 00:00:00"),
        ([None], ""),
    ],
)
def test_a_moment_is_written_in_a_format(arguments: list[Any], expected: str) -> None:
    assert utils.format_datetime(*arguments) == expected


@pytest.mark.parametrize(
    ("move", "expected"),
    [
        ({"seconds": -1}, "1 second ago"),
        ({"minutes": -3}, "3 minutes ago"),
        ({"hours": -2}, "2 hours ago"),
        ({"days": -1}, "1 day ago"),
        ({"days": -8}, "1 week ago"),
        ({"days": -64}, "2 months ago"),
        ({"years": -2, "days": -10}, "2 years ago"),
        ({"days": 5}, "in 5 days"),
    ],
)
def test_a_moment_is_told_by_its_distance(site: FakeSite, move: dict[str, int], expected: str) -> None:
    moment = utils.add_to_date(None, **move)

    assert utils.pretty_date(moment) == utils.pretty_date(str(moment)) == expected


def test_a_distance_can_be_narrow_and_follows_the_language(site: FakeSite) -> None:
    moment = utils.add_to_date(None, minutes=-3)

    assert utils.pretty_date(moment, mini=True) == "3m"
    site.language = "de"
    assert utils.pretty_date(moment) == "vor 3 Minuten"
    assert utils.pretty_date(None) == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, ""), (59, "59s"), (3600, "1h"), (12885, "3h 34m 45s"), (86400, "1d"), (90061, "1d 1h 1m 1s")],
)
def test_a_duration_is_written_by_its_units_and_read_back(seconds: int, text: str) -> None:
    assert utils.format_duration(seconds) == text
    assert utils.duration_to_seconds(text) == seconds


@given(st.integers(0, 10**9), st.booleans())
def test_every_duration_can_be_read_back(seconds: int, hide_days: bool) -> None:
    assert utils.duration_to_seconds(utils.format_duration(seconds, hide_days)) == seconds


def test_a_duration_can_do_without_days() -> None:
    assert utils.format_duration("90061", hide_days=True) == "25h 1m 1s"


@pytest.mark.parametrize("text", ["1", "1x", "1m 1h", "1h1m", "soon"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="d h m s"):
        utils.duration_to_seconds(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (timedelta(0), "0:00:00"),
        (timedelta(hours=100), "100:00:00"),
        (timedelta(seconds=100, microseconds=129), "0:01:40.000129"),
        (timedelta(seconds=100, microseconds=12212199129), "3:25:12.199129"),
        ("3661", "1:01:01"),
    ],
)
def test_a_timedelta_has_hours_beyond_a_day(value: Any, expected: str) -> None:
    assert utils.format_timedelta(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-29", "%Y-%m-%d"),
        ("05-06-2024", "%d-%m-%Y"),
        ("02/29/2024", "%m/%d/%Y"),
        ("29.02.24", "%d.%m.%y"),
        ("29 Feb 2024", "%d %b %Y"),
        ("10:20", "%H:%M"),
        ("2024-02-29 10:20:30.5", "%Y-%m-%d %H:%M:%S.%f"),
        ("29/02/2024 10:20 PM", "%d/%m/%Y %I:%M %p"),
        ("no date", None),
    ],
)
def test_a_format_is_guessed_day_first(text: str, expected: str | None) -> None:
    assert utils.guess_date_format(text) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([date(2024, 2, 9)], "2024-02-09"),
        ([datetime(2024, 2, 9, 10, 20)], "2024-02-09 10:20:00"),
        ([timedelta(hours=10)], "10:00:00"),
        ([5], 5),
        ([5.5], "5.50"),
        ([5.0], "5"),
        (["text"], "text"),
        ([None], ""),
        (["2024-02-09", "Date"], "2024-02-09"),
        ([timedelta(hours=30), "Time"], "30:00:00"),
        ([12885, {"fieldtype": "Duration"}], "3h 34m 45s"),
        ([90000, {"fieldtype": "Duration", "hide_days": 1}], "25h"),
        ([33.333, "Percent"], "33.33%"),
        (["a\nb", "Small Text"], "a<br>b"),
        (["<p>a\nb</p>", "Text"], "<p>a\nb</p>"),
        (["*a*", "Markdown Editor"], "<p><em>a</em></p>\n"),
        (["<b>a</b>", "Text Editor"], "<div class='ql-snow'><b>a</b></div>"),
        ([0, {"fieldtype": "Int", "print_hide_if_no_value": 1}], ""),
        ([1234.5, {"fieldtype": "Currency"}], "1,234.50"),
        ([1234.5, {"fieldtype": "Currency", "precision": "3"}], "1,234.50"),
        ([1234.5678, AttrDict(fieldtype="Currency", precision="3")], "1,234.568"),
        ([1234.5, {"fieldtype": "Currency", "options": "currency"}, {"currency": "EUR"}], "EUR 1,234.50"),
        ([1234.5, "Currency", None, "USD"], "USD 1,234.50"),
        (["A-1", {"fieldtype": "Link", "options": "Item"}], "A-1"),
        (["A-1", {"fieldtype": "Link", "options": "Item"}, {"__link_titles": {"Item::A-1": "Apple"}}], "Apple"),
        (
            [
                "A-1",
                {"fieldtype": "Dynamic Link", "options": "kind"},
                {"kind": "Item", "__link_titles": {"Item::A-1": "Apple"}},
            ],
            "Apple",
        ),
    ],
)
def test_a_value_is_shown_as_its_field_or_its_type_says(arguments: list[Any], expected: Any) -> None:
    assert format_value(*arguments) == expected


def test_options_of_a_select_are_translated(site: FakeSite) -> None:
    site.translations["Open"] = "Offen"

    assert format_value("Open", "Select") == format_value("Open", "Data", translated=True) == "Offen"


def test_rows_of_a_multiselect_are_joined(monkeypatch: pytest.MonkeyPatch) -> None:
    meta = SimpleNamespace(fields=[AttrDict(fieldtype="Link", fieldname="item", options="Item")])
    monkeypatch.setattr(frappe, "get_meta", lambda doctype: meta, raising=False)

    assert format_value([{"item": "A"}, {"item": "B"}], {"fieldtype": "Table MultiSelect", "options": "Row"}) == "A, B"
