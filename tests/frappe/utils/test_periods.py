"""Weeks, months, quarters and years."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.frappe import utils
from rota.frappe.utils import dateutils

from .conftest import FakeSite

DAYS = st.dates(date(1900, 1, 1), date(2200, 1, 1))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["2024-02-29"], date(2024, 2, 1)),
        (["2024-02-29", 1], date(2025, 2, 1)),
        (["2024-02-29", 0, 11], date(2025, 1, 1)),
        (["2024-02-29", 0, -2], date(2023, 12, 1)),
        (["2024-12-31", 0, 0, True], "2024-12-01"),
    ],
)
def test_a_month_begins_on_its_first(arguments: list[Any], expected: Any) -> None:
    assert utils.get_first_day(*arguments) == expected


@pytest.mark.parametrize(
    ("day", "last"),
    [("2024-02-01", date(2024, 2, 29)), ("2023-02-28", date(2023, 2, 28)), ("2024-12-05", date(2024, 12, 31))],
)
def test_a_month_ends_on_its_last(day: str, last: date) -> None:
    assert utils.get_last_day(day) == last
    assert utils.is_last_day_of_the_month(last)
    assert not utils.is_last_day_of_the_month(utils.add_days(last, -1))


@pytest.mark.parametrize(
    ("begins_on", "day", "first", "last"),
    [
        (None, "2020-12-25", "2020-12-20", "2020-12-26"),
        (None, "2020-12-20", "2020-12-20", "2020-12-26"),
        ("Monday", "2020-12-25", "2020-12-21", "2020-12-27"),
        ("Monday", "2020-12-20", "2020-12-14", "2020-12-20"),
        ("Saturday", "2021-01-01", "2020-12-26", "2021-01-01"),
    ],
)
def test_a_week_begins_on_the_sites_day(site: FakeSite, begins_on: str | None, day: str, first: str, last: str) -> None:
    site.settings["first_day_of_the_week"] = begins_on

    assert utils.get_first_day_of_week(day, as_str=True) == first
    assert utils.get_last_day_of_week(day, as_str=True) == last


@given(DAYS)
def test_every_day_lies_in_its_week_month_quarter_and_year(day: date) -> None:
    assert utils.get_first_day_of_week(day) <= day <= utils.get_last_day_of_week(day)
    assert utils.get_first_day(day) <= day <= utils.get_last_day(day)
    assert utils.get_quarter_start(day) <= utils.get_first_day(day)
    assert utils.get_last_day(day) <= utils.get_quarter_ending(day)
    assert utils.get_year_start(day) <= utils.get_quarter_start(day)
    assert utils.get_quarter_ending(day) <= utils.get_year_ending(day)


@pytest.mark.parametrize(
    ("day", "start", "ending"),
    [
        ("2024-01-01", "2024-01-01", "2024-03-31"),
        ("2024-05-31", "2024-04-01", "2024-06-30"),
        ("2024-12-31", "2024-10-01", "2024-12-31"),
    ],
)
def test_quarters_are_the_calendars(day: str, start: str, ending: str) -> None:
    assert utils.get_quarter_start(day, as_str=True) == start
    assert utils.get_quarter_ending(day, as_str=True) == ending


def test_years_are_the_calendars() -> None:
    assert utils.get_year_start("2024-05-31", as_str=True) == "2024-01-01"
    assert utils.get_year_ending("2024-05-31") == date(2024, 12, 31)


def test_days_and_months_have_english_names(site: FakeSite) -> None:
    assert utils.get_weekday() == "Thursday"
    assert utils.get_weekday("2024-03-03") == utils.get_weekday(date(2024, 3, 3)) == "Sunday"
    assert utils.get_month("2024-03-03") == "March"
    assert utils.get_weekdays()[0] == "Monday"


@pytest.mark.parametrize(
    ("timespan", "first", "last"),
    [
        ("yesterday", "2024-02-28", "2024-02-28"),
        ("today", "2024-02-29", "2024-02-29"),
        ("tomorrow", "2024-03-01", "2024-03-01"),
        ("last 7 days", "2024-02-22", "2024-02-29"),
        ("next 30 days", "2024-02-29", "2024-03-30"),
        ("last week", "2024-02-18", "2024-02-24"),
        ("this week", "2024-02-25", "2024-03-02"),
        ("next week", "2024-03-03", "2024-03-09"),
        ("last month", "2024-01-01", "2024-01-31"),
        ("this month", "2024-02-01", "2024-02-29"),
        ("next month", "2024-03-01", "2024-03-31"),
        ("last quarter", "2023-10-01", "2023-12-31"),
        ("this quarter", "2024-01-01", "2024-03-31"),
        ("next quarter", "2024-04-01", "2024-06-30"),
        ("last 6 months", "2023-07-01", "2023-12-31"),
        ("next 6 months", "2024-04-01", "2024-09-30"),
        ("last year", "2023-01-01", "2023-12-31"),
        ("This Year", "2024-01-01", "2024-12-31"),
        ("next year", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_timespan_is_a_pair_of_dates(site: FakeSite, timespan: str, first: str, last: str) -> None:
    assert utils.get_timespan_date_range(timespan) == (date.fromisoformat(first), date.fromisoformat(last))


def test_an_unknown_timespan_is_nothing() -> None:
    assert utils.get_timespan_date_range("last decade") is None


@pytest.mark.parametrize(
    ("timegrain", "to_date", "expected"),
    [
        ("Daily", "2021-01-03", ["2021-01-01", "2021-01-02", "2021-01-03"]),
        ("Weekly", "2021-01-10", ["2021-01-02", "2021-01-09", "2021-01-16"]),
        ("Monthly", "2021-03-31", ["2021-01-31", "2021-02-28", "2021-03-31"]),
        ("Quarterly", "2021-06-01", ["2021-03-31", "2021-06-30"]),
        ("Yearly", "2023-01-01", ["2021-12-31", "2022-12-31", "2023-12-31"]),
    ],
)
def test_a_charts_dates_are_the_ends_of_its_periods(timegrain: str, to_date: str, expected: list[str]) -> None:
    dates = dateutils.get_dates_from_timegrain("2021-01-01", to_date, timegrain)

    assert [str(day) for day in dates] == expected


@pytest.mark.parametrize(
    ("interval", "name"),
    [
        ("Daily", "29-02-24"),
        ("Weekly", "29-02-24"),
        ("Monthly", "Feb 2024"),
        ("Quarterly", "Quarter 1 2024"),
        ("Yearly", "2024"),
    ],
)
def test_a_chart_names_its_periods(interval: str, name: str) -> None:
    assert dateutils.get_period("2024-02-29", interval) == name


def test_a_period_has_a_beginning_and_an_ending() -> None:
    assert dateutils.get_period_beginning("2024-02-29", "Quarterly") == date(2024, 1, 1)
    assert dateutils.get_period_ending("2024-02-29", "Quarterly") == date(2024, 3, 31)


@pytest.mark.parametrize(
    ("timespan", "expected"), [("Last Week", "2024-02-22"), ("Last Quarter", "2023-11-29"), ("All Time", "1974-02-28")]
)
def test_a_span_of_a_chart_begins_before_its_end(timespan: str, expected: str) -> None:
    assert dateutils.get_from_date_from_timespan(date(2024, 2, 29), timespan) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("user_format", "text", "expected"),
    [
        ("yyyy-mm-dd", "2024-02-29 10:00", "2024-02-29"),
        ("dd-mm-yyyy", "01-02-2024", "2024-02-01"),
        ("mm-dd-yyyy", "01-02-2024", "2024-01-02"),
        ("dd/mm/yyyy", "01/02/2024", "2024-02-01"),
        ("yyyy-mm-dd", "29.02.2024", "2024-02-29"),
    ],
)
def test_a_date_is_read_in_the_users_format_first(site: FakeSite, user_format: str, text: str, expected: str) -> None:
    site.settings["date_format"] = user_format

    assert dateutils.parse_date(text) == expected


def test_a_date_in_no_format_is_refused_with_the_users_own() -> None:
    with pytest.raises(ValueError, match=r"29th.*yyyy-mm-dd"):
        dateutils.parse_date("29th")


def test_a_moment_in_the_users_format_has_hours_and_minutes(site: FakeSite) -> None:
    site.settings["date_format"] = "dd.mm.yyyy"

    assert dateutils.datetime_in_user_format("2024-02-29 10:20:30") == "29.02.2024 10:20"
    assert dateutils.datetime_in_user_format(None) == ""
