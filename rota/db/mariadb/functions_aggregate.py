"""MariaDB's aggregates that SQLite lacks, in Python."""

from __future__ import annotations

import math
from functools import reduce
from operator import and_, or_
from typing import Any


class GroupConcat:
    """GROUP_CONCAT(value, separator, distinct, key, descending, ...)."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, tuple[Any, ...]]] = []
        self._mark, self._distinct = ",", False

    def step(self, value: Any, mark: str, distinct: int, *keys: Any) -> None:
        """One row of the group."""
        self._mark, self._distinct = mark, bool(distinct)
        if value is not None:
            self._rows.append((str(value), keys))

    def finalize(self) -> str | None:
        """The values in order, joined; None for a group without values."""
        if not self._rows:
            return None
        rows = self._rows
        count = len(rows[0][1]) // 2
        for place in reversed(range(count)):
            rows.sort(key=lambda row: _sortable(row[1][2 * place]), reverse=bool(rows[0][1][2 * place + 1]))
        values = [value for value, _ in rows]
        if self._distinct:
            values = list({value.lower(): value for value in reversed(values)}.values())[::-1]
            if not count:
                values.sort(key=str.lower)
        return self._mark.join(values)


def _sortable(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    return (2, value.lower()) if isinstance(value, str) else (1, value)


class _Spread:
    """Variance in one pass, without losing digits (Welford)."""

    sample = False
    root = False

    def __init__(self) -> None:
        self._count, self._mean, self._squares = 0, 0.0, 0.0

    def step(self, value: float | None) -> None:
        """One row of the group."""
        if value is not None:
            self._count += 1
            delta = value - self._mean
            self._mean += delta / self._count
            self._squares += delta * (value - self._mean)

    def finalize(self) -> float | None:
        """The deviation or variance; None for too few values."""
        count = self._count - self.sample
        if count < 1:
            return None
        variance = self._squares / count
        return math.sqrt(variance) if self.root else variance


class StddevPop(_Spread):
    """STDDEV_POP."""

    root = True


class StddevSamp(_Spread):
    """STDDEV_SAMP."""

    root, sample = True, True


class VarPop(_Spread):
    """VAR_POP."""


class VarSamp(_Spread):
    """VAR_SAMP."""

    sample = True


class _Bits:
    def __init__(self) -> None:
        self._values: list[int] = []

    def step(self, value: float | None) -> None:
        """One row of the group."""
        if value is not None:
            self._values.append(int(value))


class BitOr(_Bits):
    """BIT_OR."""

    def finalize(self) -> int:
        """0 for a group without values."""
        return reduce(or_, self._values, 0)


class BitAnd(_Bits):
    """BIT_AND."""

    def finalize(self) -> int:
        """All bits for a group without values."""
        return reduce(and_, self._values, -1)


AGGREGATES: dict[str, Any] = {
    "group_concat": GroupConcat,
    "stddev_pop": StddevPop,
    "stddev_samp": StddevSamp,
    "var_pop": VarPop,
    "var_samp": VarSamp,
    "bit_or": BitOr,
    "bit_and": BitAnd,
}
