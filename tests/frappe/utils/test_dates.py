"""Dates and times: what comes back has the type of what went in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.errors import ValidationError
from rota.frappe import utils

from .conftest import FakeSite

NOW = datetime(2024, 2, 29, 15, 30, 45, 123456)


@pytest.mark.parametrize(
    ("given_date", "expected"),
    [
        (None, date(2024, 2, 29)),
        ("", date(2024, 2, 29)),
        ("2024-01-31", date(2024, 1, 31)),
        ("2024-01-31 23:59:59.999999", date(2024, 1, 31)),
        ("2024-01-31T23:59:59", date(2024, 1, 31)),
        ("31 January 2024", date(2024, 1, 31)),
        ("01-04-2022", date(2022, 1, 4)),
        (date(2024, 1, 31), date(2024, 1, 31)),
        (datetime(2024, 1, 31, 23, 59), date(2024, 1, 31)),
        ("0000-00-00", None),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01", None),
        (5, None),
    ],
)
def test_getdate_gives_a_date(site: FakeSite, given_date: Any, expected: date | None) -> None:
    result = utils.getdate(given_date)

    assert result == expected
    assert not isinstance(result, datetime)


def test_getdate_reads_the_day_first_when_asked() -> None:
    assert utils.getdate("01-04-2022", parse_day_first=True) == date(2022, 4, 1)


@pytest.mark.parametrize("text", ["no date", "2024-02-30", "9" * 40])
def test_getdate_refuses_a_text_that_is_no_date_and_names_it(site: FakeSite, text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        utils.getdate(text)

    assert text in site.shown[0]


@pytest.mark.parametrize(
    ("given_date", "expected"),
    [
        (None, NOW),
        ("", None),
        ("0000-00-00 00:00:00", None),
        ("2024-01-31", datetime(2024, 1, 31)),
        ("2024-01-31 23:59:59.5", datetime(2024, 1, 31, 23, 59, 59, 500000)),
        ("31 January 2024 8 PM", datetime(2024, 1, 31, 20)),
        (date(2024, 1, 31), datetime(2024, 1, 31)),
        (datetime(2024, 1, 31, 8), datetime(2024, 1, 31, 8)),
        ((2024, 1, 31, 8, 30), datetime(2024, 1, 31, 8, 30)),
        ([2024, 1, 31], datetime(2024, 1, 31)),
        (timedelta(hours=8), timedelta(hours=8)),
    ],
)
def test_get_datetime_gives_a_datetime(site: FakeSite, given_date: Any, expected: Any) -> None:
    assert utils.get_datetime(given_date) == expected


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        (["2024-01-31"], {"months": 1}, "2024-02-29"),
        (["2024-01-31"], {"days": -7}, "2024-01-24"),
        (["2024-01-31"], {"hours": 1}, "2024-01-31 01:00:00.000000"),
        (["2024-01-31"], {"minutes": 5}, "2024-01-31"),
        (["2024-01-31"], {"days": 1, "as_datetime": True}, "2024-02-01 00:00:00.000000"),
        (["2024-01-31 10:20:30"], {"days": 1}, "2024-02-01 10:20:30.000000"),
        (["2024-01-31T10:20:30"], {"days": 1}, "2024-02-01 10:20:30.000000"),
        (["2024-01-31 10:20:30"], {"minutes": 5, "seconds": 1}, "2024-01-31 10:25:31.000000"),
        ([date(2024, 1, 31)], {"weeks": 1}, date(2024, 2, 7)),
        ([date(2024, 1, 31)], {"days": 1, "as_string": True}, "2024-02-01"),
        ([date(2024, 1, 31)], {"hours": 1}, datetime(2024, 1, 31, 1)),
        ([datetime(2024, 2, 29, 8)], {"years": 1}, datetime(2025, 2, 28, 8)),
        ([datetime(2024, 2, 29, 8)], {"days": 0.5}, datetime(2024, 2, 29, 20)),
        ([None], {"hours": -1}, datetime(2024, 2, 29, 14, 30, 45, 123456)),
        ([], {"days": 1}, datetime(2024, 3, 1, 15, 30, 45, 123456)),
        ([None], {"days": 1, "as_string": True}, "2024-03-01"),
        ([None], {"days": 1, "as_string": True, "as_datetime": True}, "2024-03-01 15:30:45.123456"),
    ],
)
def test_add_to_date_keeps_the_type(
    site: FakeSite, arguments: list[Any], options: dict[str, Any], expected: Any
) -> None:
    result = utils.add_to_date(*arguments, **options)

    assert (type(result), result) == (type(expected), expected)


@pytest.mark.parametrize("text", ["", "no date", "0000-00-00"])
def test_add_to_date_refuses_a_text_that_is_no_date(text: str) -> None:
    with pytest.raises(ValidationError, match="not a valid date string"):
        utils.add_to_date(text, days=1)


def test_add_days_to_a_text_gives_a_text(site: FakeSite) -> None:
    assert utils.add_days(utils.nowdate(), -7) == "2024-02-22"


@pytest.mark.parametrize(
    ("function", "expected"),
    [(utils.add_days, date(2024, 2, 1)), (utils.add_months, date(2024, 2, 29)), (utils.add_years, date(2025, 1, 31))],
)
def test_add_functions_move_a_date_by_their_unit(function: Any, expected: date) -> None:
    assert function(date(2024, 1, 31), 1) == expected


@given(st.dates(date(1900, 1, 1), date(2200, 1, 1)), st.integers(-1000, 1000))
def test_date_diff_undoes_add_days(start: date, days: int) -> None:
    assert utils.date_diff(utils.add_days(str(start), days), start) == days


@pytest.mark.parametrize(
    ("end", "start", "months"),
    [("2024-03-01", "2024-03-31", 1), ("2024-03-01", "2024-02-29", 2), ("2025-01-01", "2024-01-01", 13)],
)
def test_month_diff_counts_both_months(end: str, start: str, months: int) -> None:
    assert utils.month_diff(end, start) == months


def test_time_diff_comes_in_three_units() -> None:
    end, start = "2024-03-01 12:30:00", datetime(2024, 3, 1, 10)

    assert utils.time_diff(end, start) == timedelta(hours=2, minutes=30)
    assert utils.time_diff_in_seconds(end, start) == 9000
    assert utils.time_diff_in_hours(end, start) == 2.5


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0:0:0", timedelta()),
        (None, timedelta()),
        ("17:21:00", timedelta(hours=17, minutes=21)),
        ("17:21", timedelta(hours=17, minutes=21)),
        ("5 PM", timedelta(hours=17)),
        ("100:2:12", timedelta(hours=100, minutes=2, seconds=12)),
        ("7 days, 0:32:18.192221", timedelta(days=7, minutes=32, seconds=18, microseconds=192221)),
        ("-1 day, 23:00:00", timedelta(hours=-1)),
        ("2012-01-19 17:21:00", timedelta(hours=17, minutes=21)),
        (timedelta(hours=1), timedelta(hours=1)),
        ("no time", None),
    ],
)
def test_get_timedelta_reads_what_names_a_time(value: Any, expected: timedelta | None) -> None:
    assert utils.get_timedelta(value) == expected


def test_parse_timedelta_refuses_what_it_can_not_read() -> None:
    with pytest.raises(ValueError, match="no time"):
        utils.parse_timedelta("no time")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("10:00:01", timedelta(hours=10, seconds=1)),
        (time(2, 0, 0, 5), timedelta(hours=2, microseconds=5)),
        (timedelta(hours=1), timedelta(hours=1)),
        (5, 5),
    ],
)
def test_to_timedelta_leaves_alone_what_is_no_time(value: Any, expected: Any) -> None:
    assert utils.to_timedelta(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("17:21:05", time(17, 21, 5)),
        ("5 PM", time(17)),
        ("100:2:12", time(4, 2, 12)),
        ("2012-01-19 17:21:00", time(17, 21)),
        (datetime(2024, 1, 1, 8, 9), time(8, 9)),
        (time(8, 9), time(8, 9)),
        (timedelta(hours=25), time(1)),
        (timedelta(hours=-1), time(23)),
    ],
)
def test_get_time_gives_a_time_of_day(value: Any, expected: time) -> None:
    assert utils.get_time(value) == expected


def test_get_time_refuses_a_text_without_a_time() -> None:
    with pytest.raises(ValueError, match="no time"):
        utils.get_time("no time")


def test_now_is_naive_and_in_the_sites_time_zone(site: FakeSite) -> None:
    site.settings["time_zone"] = "Asia/Kolkata"

    assert utils.now_datetime() == datetime(2024, 2, 29, 21, 0, 45, 123456)
    assert utils.now() == "2024-02-29 21:00:45.123456"
    assert utils.nowtime() == "21:00:45.123456"
    assert utils.get_system_timezone() == utils.get_time_zone() == "Asia/Kolkata"


def test_today_is_the_day_in_the_sites_time_zone(site: FakeSite) -> None:
    site.settings["time_zone"] = "Pacific/Auckland"

    assert utils.nowdate() == utils.today() == "2024-03-01"


def test_now_pretends_the_day_that_the_flag_names(site: FakeSite) -> None:
    site.current_date = "2020-05-05"

    assert utils.now() == "2020-05-05 15:30:45.123456"


def test_without_a_site_the_time_is_the_machines_in_utc() -> None:
    assert abs(utils.now_datetime() - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


def test_utc_is_converted_to_the_zone_or_left_where_there_is_none(site: FakeSite) -> None:
    site.settings["time_zone"] = "Asia/Kolkata"
    noon = datetime(2024, 7, 1, 12)

    assert utils.convert_utc_to_timezone(noon, "Europe/Berlin").isoformat() == "2024-07-01T14:00:00+02:00"
    assert utils.convert_utc_to_timezone(noon, "No/Where").isoformat() == "2024-07-01T12:00:00+00:00"
    assert utils.convert_utc_to_timezone(noon, "../etc").isoformat() == "2024-07-01T12:00:00+00:00"
    assert utils.convert_utc_to_system_timezone(noon).isoformat() == "2024-07-01T17:30:00+05:30"
    assert utils.convert_utc_to_user_timezone(noon.replace(tzinfo=UTC)).isoformat() == "2024-07-01T17:30:00+05:30"
    assert utils.get_datetime_in_timezone("Europe/Berlin").isoformat() == "2024-02-29T16:30:45.123456+01:00"


def test_a_timestamp_is_the_start_of_the_day_at_the_site(site: FakeSite) -> None:
    site.settings["time_zone"] = "Asia/Kolkata"

    assert utils.get_timestamp("1970-01-02") == 86400 - 5.5 * 3600


@pytest.mark.parametrize("moment", ["2024-01-31 10:20:30", datetime(2024, 1, 31, 10, 20, 30)])
def test_moments_are_written_as_the_database_has_them(moment: Any) -> None:
    assert utils.get_datetime_str(moment) == "2024-01-31 10:20:30.000000"
    assert utils.get_date_str(moment) == "2024-01-31"


def test_a_time_is_written_without_leading_zeros() -> None:
    assert utils.get_time_str("08:05:09") == utils.get_time_str(timedelta(hours=8, minutes=5, seconds=9)) == "8:5:9"


def test_eta_goes_by_the_pace_so_far(site: FakeSite) -> None:
    assert utils.get_eta("2024-02-29 15:20:45.123456", 25) == "0:30:00"
