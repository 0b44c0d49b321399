"""Decorators that keep what a function returned: for a request, in this process, or for all processes of the site."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from rota import frappe  # what an app has put there counts
from rota.documents.values import to_json
from rota.frappe._missing import missing
from rota.sites.context import current, current_or_none

Function = Callable[..., Any]
_NOTHING = object()


def _key(function: Function, args: Any, kwargs: Any) -> str:
    """A text that is the same for the same call in every process."""
    called = to_json([args, sorted(kwargs.items())]) if args or kwargs else ""
    digest = hashlib.sha256(called.encode()).hexdigest()[:32]
    return f"{function.__module__}.{function.__qualname__}::{digest}"


def _call(args: Any, kwargs: Any) -> Any:
    return (args, tuple(sorted(kwargs.items())))


def request_cache(function: Function) -> Function:
    """Keep what the function returned until the request or job ends. Arguments that can't be hashed are not kept."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if current_or_none() is None:
            return function(*args, **kwargs)
        kept = frappe.local.request_cache.setdefault(function, {})
        call = _call(args, kwargs)
        try:
            known = kept.get(call, _NOTHING)
        except TypeError:
            return function(*args, **kwargs)
        if known is _NOTHING:
            known = kept[call] = function(*args, **kwargs)
        return known

    return wrapper


@overload
def site_cache(ttl: Function, maxsize: int | None = None) -> Function: ...
@overload
def site_cache(ttl: int | None = None, maxsize: int | None = None) -> Callable[[Function], Function]: ...


def site_cache(ttl: Any = None, maxsize: int | None = None) -> Any:
    """Keep what a function returned in this process, for each site: for `ttl` seconds, `maxsize` calls at most.

    The function gets `clear_cache()`, which forgets all.
    """
    if callable(ttl):
        return _site_cached(ttl, None, maxsize)
    return lambda function: _site_cached(function, ttl, maxsize)


def _site_cached(function: Function, ttl: int | None, maxsize: int | None) -> Function:
    kept: dict[str, dict[Any, tuple[float, Any]]] = {}

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        context = current_or_none()
        if context is None:
            return function(*args, **kwargs)
        mine = kept.setdefault(str(context.site.path), {})
        call, now = _call(args, kwargs), context.site.clock.monotonic()
        found = mine.get(call)
        if found is None or found[0] <= now:
            if maxsize is not None and call not in mine and len(mine) >= maxsize:
                del mine[next(iter(mine))]
            found = mine[call] = (now + ttl if ttl is not None else float("inf"), function(*args, **kwargs))
        return found[1]

    wrapper.clear_cache = kept.clear  # type: ignore[attr-defined]
    return wrapper


@overload
def redis_cache(ttl: Function, user: Any = None, shared: bool = False) -> Function: ...
@overload
def redis_cache(ttl: int | None = 3600, user: Any = None, shared: bool = False) -> Callable[[Function], Function]: ...


def redis_cache(ttl: Any = 3600, user: Any = None, shared: bool = False) -> Any:
    """Keep what a function returned in the site's cache, for `ttl` seconds; with `user`, for each user apart.

    The function gets `clear_cache()`, which forgets all.
    """
    if callable(ttl):
        return _cached(ttl, 3600, user)
    return lambda function: _cached(function, ttl, user)


def _cached(function: Function, ttl: int | None, user: Any) -> Function:
    prefix = f"{function.__module__}.{function.__qualname__}::"

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if current_or_none() is None:
            return function(*args, **kwargs)
        key = _key(function, args, kwargs)
        # In a list, so that a None that was kept is told from nothing.
        kept = frappe.cache.get_value(key, user=user, expires=ttl is not None)
        if kept is None:
            kept = [function(*args, **kwargs)]
            frappe.cache.set_value(key, kept, user=user, expires_in_sec=ttl)
        return kept[0]

    def clear_cache(*_: Any, **__: Any) -> None:
        if current_or_none() is not None:
            frappe.cache.delete_keys(prefix)
            if user:
                frappe.cache.delete_keys(f"user:*:{prefix}")

    wrapper.clear_cache = clear_cache  # type: ignore[attr-defined]
    return wrapper


def http_cache(
    *, public: bool = False, max_age: int | None = None, stale_while_revalidate: int | None = None
) -> Callable[[Function], Function]:
    """Let browsers keep a response to GET for so many seconds."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            request = frappe.request
            if request and request.method == "GET":
                parts = ["public" if public else "private"]
                parts += [f"max-age={max_age}"] if max_age is not None else []
                parts += (
                    [f"stale-while-revalidate={stale_while_revalidate}"] if stale_while_revalidate is not None else []
                )
                headers = current().local.setdefault("response_headers", {})
                headers["Cache-Control"] = ", ".join(parts)
            return function(*args, **kwargs)

        return wrapper

    return decorate


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
