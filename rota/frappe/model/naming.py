"""Names of documents: series, patterns, and what may be a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.documents.naming import random_name
from rota.errors import NameError, ValidationError
from rota.frappe._missing import missing
from rota.sites.context import current

NAMING_SERIES_PATTERN = re.compile(r"^[\w\- \/.#{}]+$", re.UNICODE)
BRACED_PARAMS_PATTERN = re.compile(r"(\{[\w | #]+\})")
BRACED_PARAMS_WORD_PATTERN = re.compile(r"\{(?P<word>[\w]+)\}")
BRACED_PARAMS_HASH_PATTERN = re.compile(r"\{(?P<hash>[#]+)\}")


class InvalidNamingSeriesError(ValidationError):
    """A series can't be used."""


class NamingSeries:
    """A pattern with a number, as `INV-.YYYY.-.#####`."""

    def __init__(self, series: str) -> None:
        self.series = series if "#" in series else f"{series}.#####"

    def validate(self) -> None:
        """Refuse what can't be a series.

        Raises:
            InvalidNamingSeriesError: it can't.
        """
        if "." not in self.series or not NAMING_SERIES_PATTERN.match(self.series):
            raise InvalidNamingSeriesError(f"Invalid naming series {self.series}: dot (.) missing, or a special sign")

    def generate_next_name(self, doc: Any, *, ignore_validate: bool = False) -> str:
        """The next name of the series."""
        if not ignore_validate:
            self.validate()
        return make_autoname(self.series, doc=doc)

    def get_prefix(self) -> str:
        """What stands before the number, filled in."""
        found = current().documents.series.prefix(self.series)
        return found[0] if found else ""

    def get_preview(self, doc: Any = None) -> list[str]:
        """The next three names, without taking them."""
        prefix, number = self.get_prefix(), self.get_current_value()
        digits = self.series.count("#")
        return [f"{prefix}{number + step:0{digits}d}" for step in (1, 2, 3)]

    def update_counter(self, new_count: int) -> None:
        """Go on from this number."""
        current().documents.series.set_current(self.get_prefix(), int(new_count))

    def get_current_value(self) -> int:
        """The last number that was given out."""
        return current().documents.series.current(self.get_prefix())


def make_autoname(key: str = "", doctype: str = "", doc: Any = "", *, ignore_validate: bool = False) -> str:
    """The next name for a pattern: `hash`, `INV-.#####`, `INV-.YYYY.-`, ...

    Raises:
        InvalidNamingSeriesError: the pattern can't be used.
    """
    if key == "hash":
        return random_name(10)
    if key.startswith("format:"):
        return _format_autoname(key, doc)
    pattern = key if "#" in key else f"{key}.#####"
    return current().documents.series.name(pattern, doc or None, doctype)


def _format_autoname(autoname: str, doc: Any) -> str:
    pattern = autoname.partition(":")[2] if autoname.startswith("format:") else autoname
    return current().documents.series.format(pattern, doc)


def parse_naming_series(
    parts: list[str] | str,
    doctype: str | None = None,
    doc: Any = None,
    number_generator: Callable[[str, int], str] | None = None,
) -> str:
    """A pattern filled in, its number included."""
    pattern = ".".join(parts) if isinstance(parts, list) else parts
    if number_generator is None:
        return current().documents.series.name(pattern, doc, doctype or "")
    head, _dot, hashes = pattern.rpartition(".#")
    prefix = current().documents.series.prefix(pattern, doc)
    return f"{prefix[0] if prefix else head}{number_generator(prefix[0] if prefix else head, len(hashes) + 1)}"


def getseries(key: str, digits: int) -> str:
    """The next number of a series, filled up with zeros."""
    return current().documents.series.next(key, digits)


def set_new_name(doc: Any) -> None:
    """Give a new document its name."""
    from rota.documents.naming import set_new_name as name_it

    name_it(doc, current().documents.series)


def set_name_by_naming_series(doc: Any) -> None:
    """Name a document by its field `naming_series`.

    Raises:
        ValidationError: the field is empty.
    """
    if not doc.naming_series:
        frappe.throw(frappe._("Naming Series mandatory"))
    doc.name = make_autoname(
        f"{doc.naming_series}.#####" if "#" not in doc.naming_series else doc.naming_series, "", doc
    )


def get_default_naming_series(doctype: str) -> str | None:
    """The first of a DocType's series."""
    found = frappe.get_meta(doctype).get_naming_series_options()
    return next((one for one in found if one), None)


def revert_series_if_last(key: str, name: str, doc: Any = None) -> None:
    """Give the number of a name back if it was the last one."""
    series = current().documents.series
    prefix = series.prefix(key, doc)
    if prefix is not None and name.startswith(prefix[0]) and name[len(prefix[0]) :].isdigit():
        series.step_back(prefix[0], int(name[len(prefix[0]) :]))


def append_number_if_name_exists(
    doctype: str, value: str, fieldname: str = "name", separator: str = "-", filters: Any = None
) -> str:
    """The value, with `-1`, `-2`, ... behind it when another document has it."""
    wanted = dict(filters or {})
    if not frappe.db.exists(doctype, {**wanted, fieldname: value}):
        return value
    escaped = value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    like = {**wanted, fieldname: ("like", f"{escaped}{separator}%")}
    numbers = [
        int(one[len(value) + len(separator) :])
        for one in frappe.get_all(doctype, filters=like, pluck=fieldname)
        if str(one)[len(value) + len(separator) :].isdigit()
    ]
    return f"{value}{separator}{max(numbers, default=0) + 1}"


def validate_name(doctype: str, name: Any, case: str | None = None, merge: bool = False) -> Any:
    """The name, stripped.

    Raises:
        NameError: it can't be one.
    """
    if isinstance(name, int):
        return name
    text = str(name or "").strip()
    if not text:
        frappe.throw(f"No Name Specified for {doctype}")
    if text.startswith("New " + doctype) or any(sign in text for sign in "<>"):
        raise NameError(f"Name of {doctype} cannot be {text}")
    return text.title() if case == "Title Case" else text.upper() if case == "UPPER CASE" else text


def is_autoincremented(doctype: str, meta: Any = None) -> bool:
    """Whether names of the DocType are numbers."""
    return bool((meta or frappe.get_meta(doctype)).is_autoincrement)


def determine_consecutive_week_number(datetime: Any) -> str:
    """The ISO week, with two digits."""
    return f"{datetime.isocalendar()[1]:02d}"


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
