"""Defaults: of a new document's fields, of users, and of the site (`frappe.db.get_default`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota.documents.doctype import Field
from rota.documents.fieldtypes import NUMBERS, Kind
from rota.documents.naming import random_name
from rota.documents.values import iso, to_float, to_int

if TYPE_CHECKING:
    from rota.documents.documents import Documents

GLOBAL = "__default"
_READ = 'select parent, defkey, defvalue from "tabDefaultValue" order by creation, name'


class Defaults:
    """Values that are kept for a user, or for everybody."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._known: dict[tuple[str, str], list[str]] | None = None

    def forget(self) -> None:
        """Read anew."""
        self._known = None

    def get(self, key: str, parent: str = GLOBAL) -> Any:
        """The value of everybody, or of `parent`; a list when there are several; None when there is none."""
        if self._known is None:
            self._known = {}
            for owner, name, value in self._documents.session.query(_READ):
                self._known.setdefault((owner, name), []).append(value)
        values = self._known.get((parent, key), [])
        if not values and parent == GLOBAL:
            return self._system_setting(key)
        return values[0] if len(values) == 1 else values or None

    def _system_setting(self, key: str) -> Any:
        documents = self._documents
        if not documents.doctypes.exists("System Settings") or not documents.get_meta("System Settings").has_field(key):
            return None
        return documents.database.get_single_value("System Settings", key)

    def of_user(self, key: str, user: str | None = None) -> Any:
        """The user's own value, else that of everybody."""
        own = self.get(key, user or self._documents.user)
        return own if own is not None else self.get(key)

    def set(self, key: str, value: Any, parent: str = GLOBAL, parenttype: str = "__default") -> None:
        """Set the one value of a key; None removes it."""
        self.remove(key, parent)
        if value is not None:
            self.add(key, value, parent, parenttype)

    def add(self, key: str, value: Any, parent: str = GLOBAL, parenttype: str = "__default") -> None:
        """Add a value to those of a key."""
        now = iso(self._documents.now())
        self._documents.database.bulk_insert(
            "DefaultValue",
            ["name", "parent", "parenttype", "parentfield", "defkey", "defvalue", "creation", "modified"],
            [[random_name(), parent, parenttype, "system_defaults", key, iso(value), now, now]],
        )
        self.forget()

    def remove(self, key: str, parent: str = GLOBAL) -> None:
        """Remove all values of a key."""
        self._documents.session.write(
            'delete from "tabDefaultValue" where defkey = :key and parent = :parent', {"key": key, "parent": parent}
        )
        self.forget()


def field_default(documents: Documents, doc: Any, field: Field) -> Any:
    """What a new document has in a field that nobody filled."""
    default = field.default
    if default in (None, ""):
        if field.fieldtype == "Select" and field.options and field.fieldname != "naming_series":
            first = str(field.options).split("\n")[0].strip()
            return first or None
        if field.kind in NUMBERS:
            return 0 if field.kind is not Kind.FLOAT else 0.0
        return None
    text = str(default)
    if field.kind in NUMBERS:
        return to_float(default) if field.kind is Kind.FLOAT else to_int(default)
    word = text.lower()
    if word in ("__user", "user"):
        return documents.user
    if word == "today" and field.kind in (Kind.DATE, Kind.DATETIME):
        return documents.now().date() if field.kind is Kind.DATE else documents.now()
    if word == "now" and field.kind in (Kind.DATETIME, Kind.TIME, Kind.DATE):
        return _now_as(documents, field.kind)
    if text.startswith(":"):
        return _default_of_link(documents, doc, text[1:])
    return default


def _now_as(documents: Documents, kind: Kind) -> Any:
    now = documents.now()
    if kind is Kind.DATE:
        return now.date()
    return now if kind is Kind.DATETIME else now.strftime("%H:%M:%S")


def _default_of_link(documents: Documents, doc: Any, doctype: str) -> Any:
    """The default `:Company`: the user's company."""
    key = doctype.lower().replace(" ", "_")
    given = doc.get(key)
    return given if given is not None else documents.defaults.of_user(key)
