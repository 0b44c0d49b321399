"""The documents that every site begins with: users, roles, languages, currencies, settings.

Only what is missing is written, so that nothing that people changed comes back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from rota.documents.doctypes import DocTypes
from rota.documents.rows import rows_of
from rota.documents.session import Session
from rota.documents.sql import quote, table_of

ADMINISTRATOR, GUEST = "Administrator", "Guest"
#: Roles that everybody, or everybody of a kind, has without being given them.
AUTOMATIC_ROLES = ("Administrator", "Guest", "All", "Desk User")
ROLES = (*AUTOMATIC_ROLES, "System Manager", "Script Manager", "Website Manager", "Report Manager")
_WITHOUT_DESK = ("Guest", "All")

_CURRENCIES = {"EUR": "€", "USD": "$", "GBP": "£", "INR": "₹", "CHF": "CHF", "JPY": "¥", "CNY": "¥", "AED": "د.إ"}
_LANGUAGES = {"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "hi": "हिन्दी"}


class Records:
    """Writes what is missing, at one moment."""

    def __init__(self, session: Session, doctypes: DocTypes, now: datetime) -> None:
        """`now`: the site's wall clock, naive, as documents carry it."""
        self._session, self._doctypes, self._now = session, doctypes, now
        self.done: list[str] = []

    def ensure(self, doctype: str, name: str, values: Mapping[str, Any]) -> bool:
        """Insert a document with its fields' defaults, unless there is one of this name; whether it was inserted."""
        dialect = self._session.dialect
        table = quote(table_of(doctype), dialect)
        if self._session.query(f"select 1 from {table} where name = :name", {"name": name}):  # noqa: S608 - quoted
            return False
        meta = self._doctypes.get(doctype)
        defaults = {field.fieldname: field.default for field in meta["fields"] if field.default not in (None, "")}
        stamps = {"creation": self._now, "modified": self._now, "owner": ADMINISTRATOR, "modified_by": ADMINISTRATOR}
        rows_of(meta, dialect).insert(self._session, {**defaults, **stamps, **values, "name": name})
        self.done.append(f"made {doctype} {name}")
        return True

    def setting(self, doctype: str, field: str, value: str) -> None:
        """Write a value of a Single unless it has one."""
        self._session.write(
            'insert into "tabSingles" (doctype, field, value) values (:doctype, :field, :value) '
            "on conflict (doctype, field) do nothing",
            {"doctype": doctype, "field": field, "value": value},
        )

    def first(self, *, time_zone: str) -> None:
        """What a new site begins with; `time_zone` is an IANA name."""
        self.roles(ROLES)
        self._users()
        for code, name in _LANGUAGES.items():
            self.ensure("Language", code, {"language_code": code, "language_name": name})
        for code, symbol in _CURRENCIES.items():
            self.ensure("Currency", code, {"currency_name": code, "symbol": symbol})
        folder = {"is_folder": 1, "is_private": 0}
        self.ensure("File", "Home", {**folder, "file_name": "Home", "is_home_folder": 1})
        attachments = {"file_name": "Attachments", "folder": "Home", "is_attachments_folder": 1}
        self.ensure("File", "Home/Attachments", {**folder, **attachments})
        for field in self._doctypes.get("System Settings")["fields"]:
            if field.default not in (None, ""):
                self.setting("System Settings", field.fieldname, str(field.default))
        self.setting("System Settings", "time_zone", time_zone)
        # Frappe leaves this to its set-up wizard; here the site is set up once it exists.
        self.setting("System Settings", "enable_scheduler", "1")

    def roles(self, names: Iterable[str]) -> None:
        """Roles that permissions name."""
        for name in names:
            self.ensure("Role", name, {"role_name": name, "desk_access": int(name not in _WITHOUT_DESK)})

    def modules(self, modules: Mapping[str, str]) -> None:
        """Modules, each with its app."""
        for module, app in modules.items():
            self.ensure("Module Def", module, {"module_name": module, "app_name": app})

    def _users(self) -> None:
        for name, kind in ((ADMINISTRATOR, "System User"), (GUEST, "Website User")):
            address = "admin@example.com" if name == ADMINISTRATOR else "guest@example.com"
            values = {"email": address, "first_name": name, "full_name": name, "user_type": kind, "enabled": 1}
            self.ensure("User", name, {**values, "username": name.lower()})
        row = {
            "role": "System Manager",
            "parent": ADMINISTRATOR,
            "parenttype": "User",
            "parentfield": "roles",
            "idx": 1,
        }
        self.ensure("Has Role", "administrator-1", row)
