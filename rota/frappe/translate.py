"""Texts in people's languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.sites.attached import translations_of
from rota.sites.context import current


def get_all_translations(lang: str | None) -> dict[str, str]:
    """All translations into a language, by source text."""
    return dict(translations_of(current().site).all(lang or current().language))


def get_translated_dict(*_: Any) -> dict[str, str]:
    """All translations into the user's language."""
    return get_all_translations(None)


def get_messages_for_boot() -> dict[str, str]:
    """What the desk shows in the user's language."""
    return get_all_translations(None)


@frappe.whitelist(allow_guest=True)
def get_app_translations() -> dict[str, str]:
    """All translations into the language of who asks."""
    return get_all_translations(None)


def get_language(lang_list: Any = None) -> str:
    """The language of this request: the first of the list that the site has, else the user's."""
    known = get_all_languages()
    return next((one for one in lang_list or () if one in known), current().language)


def get_user_lang(user: str | None = None) -> str:
    """A user's language, else the site's."""
    own = frappe.db.get_value("User", user or frappe.session.user, "language")
    return own or frappe.get_system_settings("language") or "en"


def get_all_languages(with_language_name: bool = False) -> list[Any]:
    """The languages that are enabled: their codes, or dicts of `language_code`, `language_name`."""
    fields = ["language_code", "language_name"]
    rows = frappe.get_all("Language", filters={"enabled": 1}, fields=fields, order_by="language_code")
    return list(rows) if with_language_name else [row.language_code for row in rows]


def get_lang_code(lang: str) -> str | None:
    """The code of a language by its name."""
    code: str | None = frappe.db.get_value("Language", {"language_name": lang})
    return code


def get_parent_language(lang: str) -> str | None:
    """`pt` of `pt-BR`; None of a language that stands on no other."""
    return lang.split("-", maxsplit=1)[0] if "-" in lang else None


def set_default_language(lang: str) -> None:
    """Let the site speak a language."""
    frappe.db.set_single_value("System Settings", "language", lang)
    current().language = lang


def clear_cache() -> None:
    """Read translations anew."""
    translations_of(current().site).forget()


@contextmanager
def print_language(language: str) -> Iterator[None]:
    """Speak another language for a while."""
    context = current()
    before, context.language = context.language, language or context.language
    try:
        yield
    finally:
        context.language = before


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
