"""MariaDB's functions of numbers, in Python, for SQLite. Decimals round half away from zero; no result is NULL."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Any

from rota.db.mariadb.values import to_number


def _exact(value: float, places: int, rounding: str) -> float:
    if isinstance(value, int) and places >= 0:
        return value
    number = Decimal(repr(value)).quantize(Decimal(1).scaleb(-int(places)), rounding)
    return int(number) if isinstance(value, int) else float(number)


def _round(value: float, places: float = 0) -> float:
    return _exact(value, int(places), ROUND_HALF_UP)


def _truncate(value: float, places: float) -> float:
    return _exact(value, int(places), ROUND_DOWN)


def _format(value: float, places: float) -> str:
    places = max(int(places), 0)
    number = Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return f"{number:,.{places}f}"


def _decimal_text(value: float, digits: int) -> str:
    # A double tells 15 digits for sure; what follows them is noise that a decimal has not.
    return f"{Decimal(f'{value:.15g}').quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}"


def _mod(left: float, right: float) -> float | None:
    if not right:
        return None
    return float(Decimal(repr(left)) % Decimal(repr(right)))


def _or_none(function: Callable[..., float]) -> Callable[..., float | None]:
    """A function of mathematics that is NULL where it has no value."""

    def call(*arguments: float) -> float | None:
        try:
            result = function(*arguments)
        except (ValueError, ZeroDivisionError, OverflowError):
            return None
        return result if math.isfinite(result) else None

    return call


def _integer(text: Any) -> int:
    digits = str(text).strip()
    end = 1 if digits[:1] in "+-" else 0
    while end < len(digits) and digits[end].isdigit():
        end += 1
    return int(to_number(digits[:end]))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ceil": math.ceil,
    "floor": math.floor,
    "round": _round,
    "truncate": _truncate,
    "format": _format,
    "decimal_text": _decimal_text,
    "integer": _integer,
    "mod": _mod,
    "sign": lambda value: (value > 0) - (value < 0),
    "pow": _or_none(lambda base, power: float(base) ** float(power)),
    "atan2": _or_none(math.atan2),
    **{
        name: _or_none(getattr(math, name))
        for name in ("sqrt", "exp", "sin", "cos", "tan", "asin", "acos", "atan", "radians", "degrees", "log10", "log2")
    },
    "ln": _or_none(math.log),
}
