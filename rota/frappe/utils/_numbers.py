"""Numbers as Frappe reads and rounds them: what is no number is zero."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable
from typing import Any

from rota.errors import InvalidRoundingMethod
from rota.frappe.utils import _settings
from rota.frappe.utils._dates import get_datetime, get_timedelta, getdate, to_timedelta
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import cstr

NumericType = int | float

# What `int()` and `float()` say to something that is no number.
NOT_A_NUMBER = (TypeError, ValueError, OverflowError)


def cint(s: Any, default: int = 0) -> int:
    """The whole number that this begins with ("12.7" is 12), or `default` where it is none."""
    if s is None:
        return default
    try:
        return int(s)
    except NOT_A_NUMBER:
        pass
    try:
        return int(float(s))
    except NOT_A_NUMBER:
        return default


def flt(s: Any, precision: int | None = None, rounding_method: str | None = None) -> Any:
    """The number of a text with or without thousands' commas, rounded to `precision`; 0.0 where it is none.

    Rounded to precision 0, it is an int in the site's legacy method, as in Frappe.

    Raises:
        InvalidRoundingMethod: there is no such method.
    """
    try:
        number = float(s.replace(",", "") if isinstance(s, str) else s)
    except NOT_A_NUMBER:
        return 0.0
    if precision is None:
        return number
    return rounded(number, precision, rounding_method) if math.isfinite(number) else 0.0


def _bankers_legacy(number: float, precision: int) -> float:
    # Ties go to the even number at precision 0 and upwards at any other.
    scale: float = 10**precision
    scaled = round(number * scale if precision else number, 8)
    below = math.floor(scaled)
    whole = round(scaled)
    if scaled - below == 0.5:
        whole = below + 1 if precision or below % 2 else below
    return whole / scale if precision else whole


def _bankers(number: float, precision: int) -> float:
    scale: float = 10**precision
    scaled = round(number * scale, 12)
    if scaled == 0:
        return 0.0
    below = math.floor(scaled)
    is_tie = abs(scaled - below - 0.5) < _least_step(scaled)
    return (below + below % 2 if is_tie else round(scaled)) / scale


def _commercial(number: float, precision: int) -> float:
    if number == 0:
        return 0.0
    # 2.675 is stored as a little less than that, and would be rounded down: one step more makes up for it.
    return round(number + math.copysign(_least_step(number), number), precision)


def _least_step(number: float) -> float:
    return float(2.0 ** (math.log2(abs(number)) - 52))


ROUNDING_METHODS: dict[str, Callable[[float, int], float]] = {
    "Banker's Rounding (legacy)": _bankers_legacy,
    "Banker's Rounding": _bankers,
    "Commercial Rounding": _commercial,
}


def rounded(num: Any, precision: Any = 0, rounding_method: str | None = None) -> Any:
    """The number rounded by this method, else by the site's.

    Raises:
        InvalidRoundingMethod: there is no such method.
    """
    name = rounding_method or _settings.system_setting("rounding_method")
    method = ROUNDING_METHODS.get(name)
    if method is None:
        _settings.throw(_("Unknown Rounding Method: {0}").format(name), InvalidRoundingMethod)
    return method(num, cint(precision))


def floor(s: Any) -> int:
    """The largest whole number that is not above this one; 0 where it is none."""
    return cint(math.floor(_finite(s)))


def ceil(s: Any) -> int:
    """The smallest whole number that is not below this one; 0 where it is none."""
    return cint(math.ceil(_finite(s)))


def _finite(s: Any) -> float:
    number = float(flt(s))
    return number if math.isfinite(number) else 0.0


def remainder(numerator: NumericType, denominator: NumericType, precision: int = 2) -> Any:
    """What is left of the division, to `precision`.

    Raises:
        ZeroDivisionError: the denominator is 0.
    """
    scale = 10 ** cint(precision)
    return flt(((numerator * scale) % (denominator * scale)) / scale, cint(precision))


def safe_div(numerator: NumericType, denominator: NumericType, precision: int = 2) -> Any:
    """The quotient, to `precision`; 0 where the denominator is 0."""
    return flt(float(numerator) / denominator if denominator else 0.0, cint(precision))


def round_based_on_smallest_currency_fraction(value: float, currency: str, precision: int = 2) -> Any:
    """The amount rounded to what can be paid in coins of this currency, or to whole units where that is not known."""
    coin = flt(_settings.currency(currency).get("smallest_currency_fraction_value"))
    if not coin:
        return flt(rounded(value), precision)
    left = remainder(value, coin, precision)
    return flt(value + coin - left if left > coin / 2 else value - left, precision)


def sbool(x: Any) -> Any:
    """True for "true" and "1", False for "false" and "0", in any case; anything else as it is."""
    known = {"true": True, "1": True, "false": False, "0": False}
    return known.get(x.lower(), x) if isinstance(x, str) else x


FLOATS = ("Currency", "Float", "Percent")
INTEGERS = ("Int", "Check")
TEXTS = ("Data", "Text", "Small Text", "Long Text", "Text Editor", "Select", "Link", "Dynamic Link")


def cast(fieldtype: str, value: Any = None) -> Any:
    """The value in the Python type of this field type; the type's least value for nothing."""
    if fieldtype in FLOATS:
        return flt(value)
    if fieldtype in INTEGERS:
        return cint(sbool(value))
    if fieldtype in TEXTS:
        return cstr(value)
    if fieldtype == "Date":
        return getdate(value) if value else datetime.date.min
    if fieldtype == "Datetime":
        return get_datetime(value) if value else datetime.datetime.min
    return get_timedelta(value) if fieldtype == "Time" else value


def cast_fieldtype(fieldtype: str, value: Any, show_warning: bool = True) -> Any:
    """The value in the Python type of this field type; `cast` is the newer way.

    Nothing becomes today here. `show_warning` is taken and ignored.
    """
    readers: dict[str, Callable[[Any], Any]] = {
        "Date": getdate,
        "Datetime": get_datetime,
        "Time": to_timedelta,
        **dict.fromkeys(INTEGERS, cint),
    }
    return readers[fieldtype](value) if fieldtype in readers else cast(fieldtype, value)


def parse_val(v: Any) -> Any:
    """A value of a database row, made plain: dates and datetimes as text, a time as `H:MM`."""
    if isinstance(v, datetime.date):
        return str(v)
    if isinstance(v, datetime.timedelta):
        return ":".join(str(v).split(":")[:2])
    return v
