"""The number formats that a site can choose from: `frappe.utils.number_format`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

# Each with its decimal separator, its thousands separator and its decimals.
NUMBER_FORMAT_MAP: dict[str, tuple[str, str, int]] = {
    "#,###.##": (".", ",", 2),
    "#.###,##": (",", ".", 2),
    "# ###.##": (".", " ", 2),
    "# ###,##": (",", " ", 2),
    "#'###.##": (".", "'", 2),
    "#, ###.##": (".", ", ", 2),
    "#,##,###.##": (".", ",", 2),
    "#,###.###": (".", ",", 3),
    "#.###": ("", ".", 0),
    "#,###": ("", ",", 0),
    "#.########": (".", "", 8),
}


@dataclass
class NumberFormat:
    """A number format, taken apart."""

    precision: int
    decimal_separator: str
    thousands_separator: str
    string: str

    @classmethod
    def from_string(cls, number_format: str) -> Self:
        """The format of this name, as `#,###.##`.

        Raises:
            KeyError: there is no such format.
        """
        decimal, thousands, precision = NUMBER_FORMAT_MAP[number_format]
        return cls(precision, decimal, thousands, number_format)

    def __str__(self) -> str:
        return self.string
