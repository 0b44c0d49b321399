"""Names of documents: every way of naming that a DocType can ask for, and the counters behind the numbered ones.

A counter is a row of tabSeries that stays locked until the transaction ends, so two transactions never draw the same
number, and a number that is rolled back is drawn again.
"""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rota.documents.doctype import Meta
from rota.documents.namingrules import name_by_naming_rule
from rota.documents.session import Session
from rota.documents.sql import quote, table_of
from rota.documents.values import to_int
from rota.errors import InvalidNameError, InvalidUUIDValue, ValidationError

if TYPE_CHECKING:
    from rota.documents.document import Document

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_BRACES = re.compile(r"\{([^{}]*)\}")
_NEXT = (
    'insert into "tabSeries" (name, current) values (:key, 1) '
    'on conflict (name) do update set current = "tabSeries".current + 1 returning current'
)
_NEXT_OF_RULE = (
    'update "tabDocument Naming Rule" set counter = coalesce(counter, 0) + 1 where name = :rule returning counter'
)
MAX_NAME = 140


def random_name(length: int = 10) -> str:
    """A random name of digits and small letters: 51 bits in ten of them."""
    number = int.from_bytes(os.urandom(length), "big")
    letters = []
    for _ in range(length):
        number, digit = divmod(number, 36)
        letters.append(_ALPHABET[digit])
    return "".join(letters)


class Series:
    """The counters of one site."""

    def __init__(self, session: Session, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now

    def next(self, key: str, digits: int = 0) -> str:
        """The counter's next number, with leading zeros."""
        number = self._session.write_query(_NEXT, {"key": key})[0][0]
        return str(number).zfill(digits)

    def current(self, key: str) -> int:
        """The number that was drawn last; 0 when none was."""
        rows = self._session.query('select current from "tabSeries" where name = :key', {"key": key})
        return rows[0][0] if rows else 0

    def set_current(self, key: str, number: int) -> None:
        """Let the next number be the one after `number`."""
        self._session.write(
            'insert into "tabSeries" (name, current) values (:key, :number) '
            "on conflict (name) do update set current = excluded.current",
            {"key": key, "number": number},
        )

    def step_back(self, key: str, number: int) -> None:
        """Take the last number back; nothing happens unless it was the last one."""
        self._session.write(
            'update "tabSeries" set current = current - 1 where name = :key and current = :number',
            {"key": key, "number": number},
        )

    def next_of_rule(self, rule: str) -> int:
        """The next number of a Document Naming Rule."""
        return int(self._session.write_query(_NEXT_OF_RULE, {"rule": rule})[0][0])

    def autoincrement(self, doctype: str) -> int:
        """The next number of a DocType whose names the database counts."""
        table = table_of(doctype)
        if self._session.dialect == "postgresql":
            sql = "select nextval(pg_get_serial_sequence(:table, 'name'))"
            return int(self._session.write_query(sql, {"table": quote(table, "postgresql")})[0][0])
        # SQLite keeps the highest number of the table itself; it must move before the row comes, as another document
        # of the DocType may be inserted in between.
        rows = self._session.write_query(
            "update sqlite_sequence set seq = seq + 1 where name = :table returning seq", {"table": table}
        )
        if not rows:
            rows = self._session.write_query(
                "insert into sqlite_sequence (name, seq) values (:table, 1) returning seq", {"table": table}
            )
        return int(rows[0][0])

    def name(self, pattern: str, doc: Any = None, doctype: str = "") -> str:
        """A name by a pattern such as `INV-.YYYY.-.#####`: parts between points, `#` for the number's digits.

        A part may be YY, YYYY, MM, DD, WW, JJJ, timestamp or the name of one of the document's fields, also in braces.
        """
        if pattern in ("", "hash"):
            return random_name()
        if "#" not in pattern:
            pattern += ".#####"
        return self._joined(pattern.split("."), doc, doctype)

    def format(self, pattern: str, doc: Any = None, doctype: str = "") -> str:
        """A name by a pattern such as `{customer}-{YYYY}-{####}`."""
        parts: list[str] = []
        end = 0
        for found in _BRACES.finditer(pattern):
            parts += ["\0" + pattern[end : found.start()], found.group(1).strip()]
            end = found.end()
        return self._joined([*parts, "\0" + pattern[end:]], doc, doctype)

    def _joined(self, parts: list[str], doc: Any, doctype: str) -> str:
        name = ""
        numbered = False
        for part in parts:
            if part.startswith("\0"):
                name += part[1:]
            elif part and not part.strip("#") and not numbered:
                # Without a prefix the counter is the DocType's own, not one that all share.
                name += self.next(name or doctype, len(part))
                numbered = True
            else:
                name += self._part(part, doc)
        return name

    def prefix(self, pattern: str, doc: Any = None) -> tuple[str, int] | None:
        """What stands before the number in a dotted pattern, and how many digits it has; None without a number."""
        before = ""
        for part in pattern.split("."):
            if part and not part.strip("#"):
                return before, len(part)
            before += self._part(part, doc)
        return None

    def beginning(self, pattern: str, doc: Any = None) -> str:
        """What a dotted pattern without a number gives."""
        return "".join(self._part(part, doc) for part in pattern.split("."))

    def _part(self, part: str, doc: Any) -> str:
        now = self._now()
        known = {
            "YY": "%y",
            "YYYY": "%Y",
            "MM": "%m",
            "DD": "%d",
            "WW": "%V",
            "JJJ": "%j",
            "timestamp": "%Y-%m-%d %H:%M:%S.%f",
        }
        if part in known:
            return now.strftime(known[part])
        field = part[1:-1].strip() if part.startswith("{") and part.endswith("}") else part
        if doc is not None and field and (doc.get(field) is not None or part != field):
            return str(doc.get(field) or "").strip()
        return part


def set_new_name(doc: Document, series: Series) -> None:
    """Give a new document its name, by what a naming rule, its controller and its DocType say.

    Raises:
        ValidationError: a field that the name is made of is empty, or the name has to be given and was not.
    """
    doc.run_method("before_naming")
    meta = doc.meta
    autoname: str = meta.get("autoname") or ""
    kind = autoname.lower()
    if kind not in ("prompt", "uuid") and not doc.documents.flags.in_import:
        doc.name = None
    if meta.is_autoincrement:
        doc.name = series.autoincrement(doc.doctype)
        return
    if meta.issingle:
        doc.name = doc.doctype
    elif doc.get("amended_from"):
        doc.name = amended_name(doc)
    elif meta.istable and not autoname:
        doc.name = random_name()
    if kind == "uuid":
        doc.name = _uuid_name(doc.name)
    doc.name = doc.name or name_by_naming_rule(doc, series)
    if not doc.name:
        doc.run_method("autoname")
    if not doc.name and autoname:
        doc.name = name_by_rule(doc, autoname, series)
    if not doc.name:
        doc.name = random_name()
    doc.name = valid_name(meta, doc.name)


def name_by_rule(doc: Document, autoname: str, series: Series) -> Any:
    """The name that the `autoname` of a DocType gives; None when it gives none."""
    kind = autoname.lower()
    if kind.startswith("field:"):
        field = autoname[6:].strip()
        value = doc.get(field)
        if value in (None, ""):
            raise ValidationError(f"{doc.meta.get_label(field)} is required")
        return str(value).strip()
    if kind.startswith("naming_series:"):
        if not doc.get("naming_series"):
            options = doc.meta.get_naming_series_options()
            if not options:
                raise ValidationError(f"Naming Series is mandatory in {doc.doctype}")
            doc.set("naming_series", options[0])
        return series.name(
            f"{doc.get('naming_series')}.#####" if "#" not in doc.get("naming_series") else doc.get("naming_series"),
            doc,
            doc.doctype,
        )
    if kind == "prompt":
        if not doc.get("name"):
            raise ValidationError(f"Please set the document name of the new {doc.doctype}")
        return doc.get("name")
    if kind.startswith("format:"):
        return series.format(autoname[7:], doc, doc.doctype)
    if kind == "hash":
        return random_name()
    if "#" in autoname:
        return series.name(autoname, doc, doc.doctype)
    return None


def amended_name(doc: Document) -> str:
    """The name of an amended document: the first amendment of `X` is `X-1`, the next `X-2`."""
    original = str(doc.get("amended_from"))
    before = doc.documents.database.get_value(doc.doctype, original, "amended_from")
    if not before:
        return f"{original}-1"
    head, _, number = original.rpartition("-")
    return f"{head}-{to_int(number) + 1}"


def valid_name(meta: Meta, name: Any) -> Any:
    """The name as it is kept: without blanks around it, in the case that the DocType asks for.

    Raises:
        InvalidNameError: it is empty, too long, or has characters that no name may have.
    """
    if isinstance(name, int) and not isinstance(name, bool):
        return name
    text = str(name or "").strip()
    if not text:
        raise InvalidNameError(f"No name specified for {meta['name']}")
    case = meta.get("name_case")
    if case in ("Title Case", "UPPER CASE"):
        text = text.title() if case == "Title Case" else text.upper()
    if len(text) > MAX_NAME:
        raise InvalidNameError(f"the name {text[:40]!r}... of {meta['name']} has more than {MAX_NAME} characters")
    bad = [mark for mark in "<>\0" if mark in text]
    if bad:
        raise InvalidNameError(f"Name cannot contain special characters like {', '.join(map(repr, bad))}")
    return text


def _uuid_name(name: Any) -> str:
    if not name:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(str(name)))
    except ValueError:
        raise InvalidUUIDValue(f"{name!r} is no UUID") from None


def take_back_number(doc: Document, series: Series) -> None:
    """After a document is gone: if it had the last number of its series, the next document has it again."""
    autoname: str = doc.meta.get("autoname") or ""
    pattern = doc.get("naming_series") if autoname.lower().startswith("naming_series:") else autoname
    if not pattern or ("#" not in pattern and pattern == autoname) or ":" in pattern:
        return
    found = series.prefix(pattern if "#" in pattern else f"{pattern}.#####", doc)
    if found is None:
        return
    before, _ = found
    name = str(doc.name)
    if name.startswith(before) and name[len(before) :].isdigit():
        series.step_back(before or doc.doctype, int(name[len(before) :]))
