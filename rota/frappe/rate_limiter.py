"""How often a function may be called over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing


def rate_limit(
    key: str | None = None,
    limit: int | Callable[[], int] = 5,
    seconds: int = 24 * 60 * 60,
    methods: str | list[str] = "ALL",
    ip_based: bool = True,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a function that may be called `limit` times in `seconds` by an address, or a value of the field `key`.

    Only calls over HTTP count.

    Raises:
        RateLimitExceededError: it was called more often.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request = frappe.request
            if request and (methods == "ALL" or request.method.upper() in methods):
                _count(function, key, limit, seconds, ip_based)
            return function(*args, **kwargs)

        return wrapper

    return decorate


def _count(function: Callable[..., Any], key: str | None, limit: Any, seconds: int, ip_based: bool) -> None:
    address = frappe.local.request_ip if ip_based else None
    value = frappe.form_dict.get(key, "") if key else None
    identity = ":".join(str(one) for one in (address, value) if one is not None)
    if not identity:
        frappe.throw(frappe._("Either key or IP flag is required."))
    most = limit() if callable(limit) else limit
    name = f"rl:{function.__module__}.{function.__qualname__}:{identity}"
    cache = frappe.cache
    if cache.setnx(name, 0):
        cache.expire(name, seconds)
    if cache.incr(name) > most:
        message = frappe._("You hit the rate limit because of too many requests. Please try after sometime.")
        frappe.throw(message, frappe.RateLimitExceededError)


def apply() -> None:
    """Nothing: a site has no limit for all its requests together."""


def update() -> None:
    """Nothing: a site has no limit for all its requests together."""


def respond() -> None:
    """Nothing: a site has no limit for all its requests together."""


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
