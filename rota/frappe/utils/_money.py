"""Amounts as people read them: with separators and a currency's symbol, or in words."""

from __future__ import annotations

import math
from typing import Any

from rota.errors import NotInRota
from rota.frappe.utils import _settings
from rota.frappe.utils._numbers import cint, flt
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils.number_format import NUMBER_FORMAT_MAP, NumberFormat

INDIAN = "#,##,###.##"

number_format_info = NUMBER_FORMAT_MAP


def get_number_format_info(format: str) -> tuple[str, str, int]:
    """The decimal separator, the thousands separator and the decimals of a number format."""
    return NUMBER_FORMAT_MAP.get(format, (".", ",", 2))


def _number_format(name: str | None) -> NumberFormat:
    known = name or str(_settings.system_setting("number_format"))
    return NumberFormat.from_string(known if known in NUMBER_FORMAT_MAP else "#,###.##")


def fmt_money(amount: Any, precision: int | None = None, currency: str | None = None, format: str | None = None) -> str:
    """The amount with separators, rounded to `precision`, and with the currency's symbol where one is given.

    The decimals are the site's `currency_precision`, else the number format's. More than two are shown only
    where the amount has them, as in Frappe.
    """
    shape = _number_format(format)
    if precision is None:
        precision = cint(_settings.system_setting("currency_precision")) or shape.precision
    number = float(flt(amount, precision) if isinstance(amount, str) else flt(amount))
    if shape.decimal_separator and precision > 2:
        precision = _decimals_shown(number, precision, currency, shape)
    digits, _dot, decimals = f"{abs(round(number, precision)):.{precision}f}".partition(".")
    text = shape.thousands_separator.join(_groups(digits, 2 if shape.string == INDIAN else 3))
    if decimals and shape.decimal_separator:
        text += shape.decimal_separator + decimals
    if round(number, precision) < 0:
        text = "-" + text
    return _with_symbol(text, currency) if currency else text


def _decimals_shown(number: float, precision: int, currency: str | None, shape: NumberFormat) -> int:
    used = len(str(round(number % 1, precision)).partition(".")[2])
    if used > 2:
        return min(used, precision)
    if not currency:
        return shape.precision
    return len(str(_settings.currency(currency).get("fraction_units") or 100)) - 1


def _groups(digits: str, size: int) -> list[str]:
    head, groups = digits[:-3], [digits[-3:]]
    while head:
        groups.insert(0, head[-size:])
        head = head[:-size]
    return groups


def _with_symbol(text: str, currency: str) -> str:
    if _settings.system_setting("hide_currency_symbol") == "Yes":
        return text
    fields = _settings.currency(currency)
    symbol = _(str(fields.get("symbol") or currency))
    return f"{text} {symbol}" if fields.get("symbol_on_right") else f"{symbol} {text}"


def money_in_words(number: Any, main_currency: str | None = None, fraction_currency: str | None = None) -> str:
    """The amount in words with its currency, as in `EUR Five and Ten Cent only.`; "" for what is none or negative.

    Raises:
        NotInRota: the package num2words is not installed.
    """
    try:
        amount = float(number)
    except (TypeError, ValueError):
        return ""
    if not 0 <= amount < math.inf:
        return ""
    main_currency = main_currency or str(_settings.system_setting("currency") or "INR")
    fields = _settings.currency(main_currency)
    shape = _number_format(fields.get("number_format"))
    units = cint(fields.get("fraction_units"))
    decimals = math.ceil(math.log10(units)) if units > 1 else shape.precision
    main, _dot, fraction = f"{amount:.{decimals}f}".partition(".")
    in_million = shape.string != INDIAN
    parts = []
    if cint(main) or not cint(fraction):
        words = in_words(main, in_million).title() if cint(main) else _("Zero")
        parts.append(f"{_(main_currency, 'Currency')} {words}")
    if cint(fraction):
        coins = round(cint(fraction) * (units or 10**decimals) / 10**decimals)
        name = fraction_currency or _(str(fields.get("fraction") or "Cent"))
        parts.append(f"{in_words(coins, in_million).title()} {name}")
    return _("{0} only.", "Money in words").format(f" {_('and')} ".join(parts))


def in_words(integer: Any, in_million: bool = True) -> str:
    """The whole number in words, in the user's language; in lakh and crore where `in_million` is false.

    Raises:
        NotInRota: the package num2words is not installed.
    """
    try:
        from num2words import num2words  # wanted by few, so it comes with an extra
    except ImportError:
        raise NotInRota("frappe.utils.in_words", "it needs `pip install rota[frappe]`") from None
    language = _settings.language().replace("-", "_") if in_million else "en_IN"
    try:
        words = num2words(int(integer), lang=language)
    except (NotImplementedError, OverflowError):
        words = num2words(int(integer), lang="en")
    return str(words).replace("-", " ")
