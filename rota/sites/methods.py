"""Which functions may be called over HTTP: `@frappe.whitelist()` marks them, the web looks for the mark."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

#: The attribute by which a function is marked; its value is a `Whitelisted`.
MARK = "__rota_whitelisted__"
#: What a whitelisted function answers to unless it says otherwise, as in Frappe.
HTTP_METHODS = frozenset({"GET", "POST", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Whitelisted:
    """How a function may be called over HTTP."""

    allow_guest: bool = False
    xss_safe: bool = False  #: texts of guests reach it as they are, HTML included
    methods: frozenset[str] = HTTP_METHODS


def mark(function: Callable[..., Any], *, allow_guest: bool, xss_safe: bool, methods: Collection[str] | None) -> None:
    """Allow calls over HTTP."""
    allowed = frozenset(one.upper() for one in methods) if methods else HTTP_METHODS
    whitelisted = Whitelisted(allow_guest=allow_guest, xss_safe=xss_safe, methods=allowed)
    setattr(getattr(function, "__func__", function), MARK, whitelisted)


def whitelisted(function: Callable[..., Any]) -> Whitelisted | None:
    """How a function or bound method may be called over HTTP; None when it may not."""
    found = getattr(function, MARK, None)
    return found if isinstance(found, Whitelisted) else None
