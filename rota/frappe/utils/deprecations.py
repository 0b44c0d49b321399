"""Warnings about what will go: `frappe.utils.deprecations`."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def deprecation_warning(message: str, category: type[Warning] = DeprecationWarning, stacklevel: int = 1) -> None:
    """Warn the caller's caller."""
    warnings.warn(message, category, stacklevel=stacklevel + 2)


def deprecated(func: Callable[P, R]) -> Callable[P, R]:
    """Mark a function: each call warns."""

    @functools.wraps(func)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        deprecation_warning(f"{func.__name__} is deprecated and will be removed in next major version.")
        return func(*args, **kwargs)

    return wrapper
