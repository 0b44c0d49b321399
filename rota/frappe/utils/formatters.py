"""Values as people read them, by the type of their field: `frappe.utils.formatters`."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any

from rota.documents.dictionary import AttrDict
from rota.frappe.utils import _settings
from rota.frappe.utils._formats import format_datetime, format_duration, format_time, format_timedelta, formatdate
from rota.frappe.utils._markdown import markdown
from rota.frappe.utils._money import fmt_money
from rota.frappe.utils._numbers import cint, flt
from rota.frappe.utils._settings import translate as _
from rota.frappe.utils._strings import cstr
from rota.frappe.utils.number_format import NUMBER_FORMAT_MAP

BLOCK_TAGS_PATTERN = re.compile(r"<(?:br|div|p)")
NUMBERS = ("Int", "Float", "Currency", "Percent")

# A datetime is a date and a bool an int, so the order counts.
GUESSES: tuple[tuple[type, str], ...] = (
    (datetime.datetime, "Datetime"),
    (datetime.date, "Date"),
    (datetime.timedelta, "Time"),
    (int, "Int"),
    (float, "Float"),
)


def format_value(
    value: Any,
    df: Any = None,
    doc: Any = None,
    currency: str | None = None,
    translated: bool = False,
    format: str | None = None,
) -> Any:
    """The value as its field (`df`: a type's name, a dict or a DocField) shows it.

    Without a field, the value's own type says how. `doc` gives what other fields say of this one: its currency,
    the titles of links. Values of types that need no format come back as they are.
    """
    field = _field(value, df)
    if value is None:
        value = ""
    elif translated:
        value = _(value)
    if value == 0 and field.get("fieldtype") in NUMBERS and field.get("print_hide_if_no_value"):
        return ""
    show = FORMATTERS.get(field.get("fieldtype") or "")
    return show(value, field, doc, currency, format) if show else value


def _field(value: Any, df: Any) -> Any:
    if isinstance(df, str):
        return AttrDict(fieldtype=df)
    if df:
        return AttrDict(df) if isinstance(df, dict) else df
    return AttrDict(fieldtype=next((name for kind, name in GUESSES if isinstance(value, kind)), "Data"))


def get_field_currency(df: Any, doc: Any = None) -> str | None:
    """The currency of a field: the value of the document's field that its options name; None where there is none."""
    return (doc.get(df.get("options")) or None) if doc and df.get("options") else None


def get_field_precision(df: Any, doc: Any = None, currency: str | None = None) -> int:
    """The decimals of a field: its own, else the site's for its type."""
    if cint(df.get("precision")):
        return cint(df.get("precision"))
    if df.get("fieldtype") != "Currency":
        return cint(_settings.system_setting("float_precision"))
    of_format = NUMBER_FORMAT_MAP.get(_settings.system_setting("number_format"), (".", ",", 2))[2]
    return cint(_settings.system_setting("currency_precision")) or of_format


def _time(value: Any, *_rest: Any) -> str:
    if isinstance(value, datetime.timedelta) and not datetime.timedelta() <= value < datetime.timedelta(days=1):
        return format_timedelta(value)
    return format_time(value)


def _currency(value: Any, field: Any, doc: Any, currency: str | None, format: str | None) -> str:
    known = currency or get_field_currency(field, doc) or _settings.system_setting("currency")
    return fmt_money(value, precision=get_field_precision(field, doc), currency=known, format=format)


def _float(value: Any, field: Any, doc: Any, currency: str | None, format: str | None) -> str:
    fraction = cstr(value).partition(".")[2]
    precision = get_field_precision(field, doc)
    if not field.get("options") and not cint(fraction):
        precision = 0
    return fmt_money(value, precision=precision, currency=currency or get_field_currency(field, doc))


def _percent(value: Any, *_rest: Any) -> str:
    return f"{flt(value, 2)}%"


def _text(value: Any, *_rest: Any) -> Any:
    text = cstr(value)
    return value if BLOCK_TAGS_PATTERN.search(text) else text.replace("\n", "<br>")


def _rows(value: Any, field: Any, doc: Any, currency: str | None, format: str | None) -> str:
    meta = import_module("rota.frappe").get_meta(field.get("options"))
    link = next(df for df in meta.fields if df.fieldtype == "Link")
    return ", ".join(cstr(format_value(row.get(link.fieldname), link, doc)) for row in value or ())


def _link(value: Any, field: Any, doc: Any, currency: str | None, format: str | None) -> Any:
    titles = doc.get("__link_titles") if doc else None
    if not titles or not field.get("options"):
        return value
    doctype = doc.get(field.get("options")) if field.get("fieldtype") == "Dynamic Link" else field.get("options")
    return titles.get(f"{doctype}::{value}", value)


FORMATTERS: dict[str, Callable[..., Any]] = {
    "Date": lambda value, *rest: formatdate(value),
    "Datetime": lambda value, *rest: format_datetime(value),
    "Time": _time,
    "Currency": _currency,
    "Float": _float,
    "Percent": _percent,
    "Text": _text,
    "Small Text": _text,
    "Markdown Editor": lambda value, *rest: markdown(value),
    "Table MultiSelect": _rows,
    "Duration": lambda value, field, *rest: format_duration(value, field.get("hide_days")),
    "Text Editor": lambda value, *rest: f"<div class='ql-snow'>{value}</div>",
    "Link": _link,
    "Dynamic Link": _link,
    "Select": lambda value, *rest: _(value) if isinstance(value, str) else value,
}
