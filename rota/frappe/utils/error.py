"""Errors, and where they came from."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.errors import AuthenticationError, ValidationError
from rota.frappe._missing import missing


def log_error_snapshot(exception: BaseException) -> None:
    """Keep an error that nobody caught, but for those that only tell the user something."""
    if not isinstance(exception, (ValidationError, AuthenticationError)):
        frappe.log_error(f"New Exception collected in error log: {type(exception).__name__}", frappe.get_traceback())


def log_error(title: str | None = None, message: Any = None, *args: Any, **kwargs: Any) -> Any:
    """The same as `frappe.log_error`."""
    return frappe.log_error(title, message, *args, **kwargs)


def guess_exception_source(exception: str) -> str | None:
    """The app that the innermost line of a traceback belongs to, as people read it; None when it is Rota's."""
    apps = set(frappe.get_installed_apps()) - {"frappe"}
    for part in reversed(re.findall(r'File "([^"]+)"', exception)):
        found = next((app for app in apps if f"/{app}/" in part), None)
        if found:
            return f"{found} (app)"
    return None


def raise_error_on_no_output(
    error_message: str, error_type: type[Exception] | None = None, keep_quiet: Any = None
) -> Any:
    """Decorate a function that must not return something empty.

    Raises:
        Exception: of this type, when it does.
    """

    def decorate(function: Any) -> Any:
        @wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            answer = function(*args, **kwargs)
            if not answer and not (keep_quiet and keep_quiet(*args, **kwargs)):
                frappe.throw(error_message, error_type or ValidationError)
            return answer

        return wrapper

    return decorate


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
