"""The one place where the helpers of `frappe.utils` ask about the open site.

`provider` is set once, by the facade. It returns the open site, or None where no site is open: then the
defaults below hold, so that every helper that needs no more than a default works in any program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rota.clock import SystemClock
from rota.errors import UsageError, ValidationError

DEFAULTS: Mapping[str, Any] = {
    "time_zone": "UTC",
    "date_format": "yyyy-mm-dd",
    "time_format": "HH:mm:ss",
    "number_format": "#,###.##",
    "first_day_of_the_week": "Sunday",
    "rounding_method": "Banker's Rounding (legacy)",
    "float_precision": 3,
}


class SiteSettings(Protocol):
    """What the helpers ask of the open site."""

    @property
    def name(self) -> str:
        """The site's name."""
        ...

    @property
    def path(self) -> Path:
        """The site's directory."""
        ...

    @property
    def bench_path(self) -> Path:
        """The directory that holds `sites` and `apps`."""
        ...

    @property
    def url(self) -> str:
        """How the site is reached from outside: scheme, host and, where it is not the default, port."""
        ...

    @property
    def language(self) -> str:
        """The current user's language, as `de` or `pt-BR`."""
        ...

    @property
    def secret(self) -> str:
        """The key with which the site signs links."""
        ...

    @property
    def current_date(self) -> Any:
        """`frappe.flags.current_date`: the day that `now()` pretends, or None."""
        ...

    def now(self) -> datetime:
        """The time, aware, in UTC."""
        ...

    def get(self, key: str) -> Any:
        """A key of System Settings or of the current user's defaults; None where it is not set."""
        ...

    def currency(self, name: str) -> Mapping[str, Any]:
        """The fields of a Currency document; empty where there is none."""
        ...

    def fieldtype(self, doctype: str, fieldname: str) -> str | None:
        """The type of a DocType's field; None where there is no such field."""
        ...

    def translate(self, text: str, context: str | None) -> str:
        """The text in the current user's language, or as it is."""
        ...

    def throw(self, message: str, exc: type[Exception], title: str | None) -> NoReturn:
        """Show the message to the user and raise `exc`."""
        ...


def _no_site() -> SiteSettings | None:
    return None


provider: Callable[[], SiteSettings | None] = _no_site


def site_open(name: str) -> SiteSettings:
    """The open site, for `name`, a helper that has no meaning without one.

    Raises:
        UsageError: no site is open.
    """
    site = provider()
    if site is None:
        raise UsageError(f"frappe.utils.{name} needs an open site: call it in a job, a request or `with rota.site():`")
    return site


def system_setting(key: str, default: Any = None) -> Any:
    """A key of System Settings or of the user's defaults, else `default`, else Frappe's own default."""
    site = provider()
    value = site.get(key) if site else None
    if value not in (None, ""):
        return value
    return DEFAULTS.get(key) if default is None else default


def currency(name: str) -> Mapping[str, Any]:
    """The fields of a Currency document; empty where there is none."""
    site = provider()
    return site.currency(name) if site else {}


def fieldtype(doctype: str | None, fieldname: str) -> str | None:
    """The type of a DocType's field; None where it is not known."""
    site = provider()
    return site.fieldtype(doctype, fieldname) if site and doctype else None


def time_zone() -> str:
    """The site's time zone, by its IANA name."""
    return str(system_setting("time_zone"))


def zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def now() -> datetime:
    """The time, aware, in UTC."""
    site = provider()
    return site.now() if site else SystemClock().now()


def current_date() -> Any:
    """The day that `now()` pretends, or None."""
    site = provider()
    return site.current_date if site else None


def language() -> str:
    """The current user's language."""
    site = provider()
    return (site.language if site else "") or "en"


def host_url() -> str:
    """How the site is reached from outside, without a slash at the end."""
    site = provider()
    return (site.url if site else "http://localhost").rstrip("/")


def translate(text: str, context: str | None = None) -> str:
    """The text in the current user's language, or as it is."""
    site = provider()
    return site.translate(text, context) if site else text


def throw(message: str, exc: type[Exception] = ValidationError, title: str | None = None) -> NoReturn:
    """Raise `exc` with the message; where a site is open, its user sees it, too."""
    site = provider()
    if site:
        site.throw(message, exc, title)
    raise exc(message)
