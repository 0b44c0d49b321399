"""What the helpers of `frappe.utils` and documents made by app code are told of the open site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from rota import frappe  # what an app has put there counts
from rota.documents.base import set_provider
from rota.frappe.utils import _settings
from rota.sites.attached import translations_of
from rota.sites.context import Context, current, current_or_none


class OpenSite:
    """The open site, as `frappe.utils` asks for it."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._site = context.site

    @property
    def name(self) -> str:
        return self._site.name

    @property
    def path(self) -> Path:
        return self._site.path

    @property
    def bench_path(self) -> Path:
        return self._site.bench.path

    @property
    def url(self) -> str:
        config = self._site.config
        host = config.host_name
        if host:
            return host if "://" in host else f"http://{host}"
        return f"http://{self._site.name}:{config.http_port}"

    @property
    def language(self) -> str:
        return self._context.language

    @property
    def secret(self) -> str:
        return self._site.config.encryption_key or ""

    @property
    def current_date(self) -> Any:
        return self._context.flags.current_date

    def now(self) -> datetime:
        return self._site.clock.now()

    def get(self, key: str) -> Any:
        if key == "time_zone":
            return self._site.time_zone
        return self._context.documents.defaults.of_user(key)

    def currency(self, name: str) -> Mapping[str, Any]:
        found = self._context.documents.get_cached_value("Currency", name, "*", as_dict=True)
        return found or {}

    def fieldtype(self, doctype: str, fieldname: str) -> str | None:
        field = self._context.documents.get_meta(doctype).get_field(fieldname)
        return None if field is None else field.fieldtype

    def translate(self, text: str, context: str | None) -> str:
        return translations_of(self._site).get(text, self._context.language, context)

    def throw(self, message: str, exc: type[Exception], title: str | None) -> NoReturn:
        frappe.throw(message, exc, title)
        raise AssertionError("frappe.throw raises")


def _open_site() -> OpenSite | None:
    context = current_or_none()
    return None if context is None else OpenSite(context)


def wire() -> None:
    """Let `frappe.utils` and documents find the open site."""
    _settings.provider = _open_site
    set_provider(lambda: current().documents)
