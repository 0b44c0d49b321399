"""Numbers, their rounding, and amounts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rota.errors import InvalidRoundingMethod
from rota.frappe import utils
from rota.frappe.utils.number_format import NumberFormat

from .conftest import FakeSite

LEGACY, BANKERS, COMMERCIAL = "Banker's Rounding (legacy)", "Banker's Rounding", "Commercial Rounding"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("100", 100),
        (" 7 ", 7),
        ("12.7", 12),
        (12.7, 12),
        (-12.7, -12),
        (True, 1),
        (Decimal("3.9"), 3),
        (None, 0),
        ("", 0),
        ("a", 0),
        ("1,000", 0),
        ([], 0),
        (float("inf"), 0),
        (float("nan"), 0),
    ],
)
def test_cint_gives_a_whole_number_or_zero(value: Any, expected: int) -> None:
    assert utils.cint(value) == expected


@pytest.mark.parametrize("value", [None, "a", {}])
def test_cint_gives_the_default_for_what_is_no_number(value: Any) -> None:
    assert utils.cint(value, 5) == 5


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["1,234.5"], 1234.5),
        (["10,500.5666", 2], 10500.57),
        (["43.5", 0], 44),
        (["42.5", 0], 42),
        ([Decimal("1.25"), 1], 1.3),
        ([None], 0.0),
        (["a"], 0.0),
        (["a", 2], 0.0),
        ([[], 2], 0.0),
        (["nan", 2], 0.0),
        ([1.005, 2, COMMERCIAL], 1.01),
    ],
)
def test_flt_gives_a_number_or_zero(arguments: list[Any], expected: float) -> None:
    assert utils.flt(*arguments) == expected


@pytest.mark.parametrize(
    ("number", "precision", "legacy", "bankers", "commercial"),
    [
        (0, 2, 0, 0, 0),
        (0.5, 0, 0, 0, 1),
        (1.5, 0, 2, 2, 2),
        (2.5, 0, 2, 2, 3),
        (-0.5, 0, 0, 0, -1),
        (-1.5, 0, -2, -2, -2),
        (1.25, 1, 1.3, 1.2, 1.3),
        (-1.25, 1, -1.2, -1.2, -1.3),
        (2.675, 2, 2.68, 2.68, 2.68),
        (2.665, 2, 2.67, 2.66, 2.67),
        (0.06, 1, 0.1, 0.1, 0.1),
        (1234.5678, 3, 1234.568, 1234.568, 1234.568),
        (15, -1, 20, 20, 20),
        (25, -1, 30, 20, 30),
    ],
)
def test_each_method_rounds_ties_its_own_way(
    number: float, precision: int, legacy: float, bankers: float, commercial: float
) -> None:
    assert utils.rounded(number, precision, LEGACY) == legacy
    assert utils.rounded(number, precision, BANKERS) == bankers
    assert utils.rounded(number, precision, COMMERCIAL) == commercial


@given(st.decimals(-10000, 10000, places=4), st.sampled_from([LEGACY, BANKERS, COMMERCIAL]), st.integers(0, 3))
def test_rounding_moves_a_number_by_half_a_step_at_most(number: Decimal, method: str, precision: int) -> None:
    assert abs(utils.flt(number, precision, method) - float(number)) <= 0.5 * 10**-precision + 1e-9


def test_the_site_says_how_to_round(site: FakeSite) -> None:
    site.settings["rounding_method"] = COMMERCIAL

    assert utils.rounded(2.5) == utils.flt("2.5", 0) == 3


def test_an_unknown_method_is_an_error_even_in_flt() -> None:
    with pytest.raises(InvalidRoundingMethod, match="by feel"):
        utils.flt(1.5, 1, "by feel")


@pytest.mark.parametrize(
    ("value", "below", "above"),
    [
        (2, 2, 2),
        (12.329, 12, 13),
        ("24.7", 24, 25),
        (Decimal("29.45"), 29, 30),
        (-1.5, -2, -1),
        ("a", 0, 0),
        ("inf", 0, 0),
    ],
)
def test_floor_and_ceil_read_as_flt_does(value: Any, below: int, above: int) -> None:
    assert (utils.floor(value), utils.ceil(value)) == (below, above)


def test_division_has_a_remainder_and_forgives_zero() -> None:
    assert utils.remainder(10.05, 0.5) == 0.05
    assert utils.remainder(7, 4, 0) == 3
    assert utils.safe_div(1, 3) == 0.33
    assert utils.safe_div(1, 0) == 0.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("true", True),
        ("TRUE", True),
        ("1", True),
        ("false", False),
        ("0", False),
        ("yes", "yes"),
        ("{}", "{}"),
        (None, None),
        (1, 1),
    ],
)
def test_sbool_reads_what_says_true_or_false(value: Any, expected: Any) -> None:
    assert utils.sbool(value) is expected


@pytest.mark.parametrize(
    ("fieldtype", "value", "expected"),
    [
        ("Currency", "1,234.5", 1234.5),
        ("Float", None, 0.0),
        ("Percent", 5, 5.0),
        ("Int", "12", 12),
        ("Check", "true", 1),
        ("Check", None, 0),
        ("Data", None, ""),
        ("Link", 5, "5"),
        ("Date", None, date(1, 1, 1)),
        ("Date", "2021-12-11", date(2021, 12, 11)),
        ("Datetime", "", datetime(1, 1, 1)),
        ("Datetime", "2021-12-11 10:00:00", datetime(2021, 12, 11, 10)),
        ("Time", None, timedelta()),
        ("Time", "12:03:34", timedelta(hours=12, minutes=3, seconds=34)),
        ("JSON", "{}", "{}"),
    ],
)
def test_cast_gives_the_fields_type_and_its_least_value_for_nothing(fieldtype: str, value: Any, expected: Any) -> None:
    result = utils.cast(fieldtype, value)

    assert (type(result), result) == (type(expected), expected)


def test_the_older_cast_takes_no_date_for_today(site: FakeSite) -> None:
    assert utils.cast_fieldtype("Date", None, show_warning=False) == date(2024, 2, 29)
    assert utils.cast_fieldtype("Time", "10:00:00") == timedelta(hours=10)
    assert utils.cast_fieldtype("Check", "1") == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 10, tzinfo=UTC), "2024-02-29 10:00:00+00:00"),
        (timedelta(hours=10, minutes=5, seconds=7), "10:05"),
        (5, 5),
        ("a", "a"),
    ],
)
def test_parse_val_makes_a_rows_value_plain(value: Any, expected: Any) -> None:
    assert utils.parse_val(value) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([1234567.891], "1,234,567.89"),
        ([100], "100.00"),
        ([-1234.5], "-1,234.50"),
        ([-0.001], "0.00"),
        (["1,234.5"], "1,234.50"),
        ([None], "0.00"),
        ([1234.5678, 3], "1,234.568"),
        ([1234.5, 3], "1,234.50"),
        ([1234.567, 0], "1,235"),
        ([1234567.891, None, None, "#.###,##"], "1.234.567,89"),
        ([1234567.891, None, None, "#,##,###.##"], "12,34,567.89"),
        ([1234567.891, None, None, "#'###.##"], "1'234'567.89"),
        ([1234567.891, None, None, "#.###"], "1.234.568"),
        ([1234567.891, None, None, "#,###.###"], "1,234,567.891"),
        ([1234.5, None, "EUR"], "€ 1,234.50"),
        ([1234.5, None, "SEK"], "1,234.50 kr"),
        ([1234.5, None, "XXX"], "XXX 1,234.50"),
    ],
)
def test_money_has_separators_and_a_symbol(site: FakeSite, arguments: list[Any], expected: str) -> None:
    site.currencies = {"EUR": {"symbol": "€"}, "SEK": {"symbol": "kr", "symbol_on_right": 1}}

    assert utils.fmt_money(*arguments) == expected


def test_the_site_says_how_money_is_written(site: FakeSite) -> None:
    site.settings.update(number_format="#.###,##", currency_precision="3", hide_currency_symbol="Yes")

    assert utils.fmt_money(1234.5678, currency="EUR") == "1.234,568"


@given(st.decimals(-(10**12), 10**12, places=2))
def test_money_can_be_read_back(amount: Decimal) -> None:
    assert utils.flt(utils.fmt_money(amount)) == float(amount)


def test_an_amount_is_rounded_to_what_can_be_paid(site: FakeSite) -> None:
    site.currencies = {"CHF": {"smallest_currency_fraction_value": 0.05}}

    assert utils.round_based_on_smallest_currency_fraction(10.03, "CHF") == 10.05
    assert utils.round_based_on_smallest_currency_fraction(10.02, "CHF") == 10.0
    assert utils.round_based_on_smallest_currency_fraction(10.5, "XXX") == 10


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([5000, "BHD"], "BHD Five Thousand only."),
        ([0.1, "BHD"], "One Hundred Fils only."),
        ([0, "BHD"], "BHD Zero only."),
        ([0.1, "NGN"], "Ten Kobo only."),
        ([12.34, "NGN"], "NGN Twelve and Thirty Four Kobo only."),
        ([12.34, "NGN", "Penny"], "NGN Twelve and Thirty Four Penny only."),
        ([12.3], "INR Twelve and Thirty Cent only."),
        (["Fail", "NGN"], ""),
        ([-1, "NGN"], ""),
        (["inf", "NGN"], ""),
    ],
)
def test_money_in_words_names_both_units(site: FakeSite, arguments: list[Any], expected: str) -> None:
    site.currencies = {
        "BHD": {"fraction": "Fils", "fraction_units": 1000, "number_format": "#,###.###"},
        "NGN": {"fraction": "Kobo", "fraction_units": 100},
    }

    assert utils.money_in_words(*arguments) == expected


def test_numbers_in_words_follow_the_language_and_the_scale(site: FakeSite) -> None:
    assert utils.in_words(1234567) == "one million, two hundred and thirty four thousand, five hundred and sixty seven"
    assert utils.in_words(100000, in_million=False) == "one lakh"
    site.language = "de"
    assert utils.in_words(21) == "einundzwanzig"
    site.language = "xx"
    assert utils.in_words(21) == "twenty one"


def test_a_number_format_can_be_taken_apart() -> None:
    shape = NumberFormat.from_string("#.###,##")

    assert (shape.decimal_separator, shape.thousands_separator, shape.precision, str(shape)) == (
        ",",
        ".",
        2,
        "#.###,##",
    )
    assert utils.get_number_format_info("#.###,##") == (",", ".", 2)
    assert utils.get_number_format_info("unknown") == (".", ",", 2)
