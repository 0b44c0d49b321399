"""Messages for the user, errors for the log: `msgprint`, `throw`, `log_error`, `logger` and what stands beside them."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from rota import (
    errors,
    frappe,  # what an app has put there counts
)
from rota.errors import ValidationError
from rota.frappe._bound import Bound
from rota.frappe._local import local, response
from rota.sites.context import current, current_or_none
from rota.sites.errorlog import record_error
from rota.sites.logs import file_logger

message_log = Bound(lambda: current().messages)
error_log: list[str] = []
debug_log: list[str] = []


def msgprint(
    msg: Any,
    title: str | None = None,
    raise_exception: bool | type[Exception] | Exception = False,
    as_table: bool = False,
    as_list: bool = False,
    indicator: str | None = None,
    alert: bool = False,
    primary_action: Any = None,
    is_minimizable: bool = False,
    wide: bool = False,
    *,
    realtime: bool = False,
) -> None:
    """Show the user a message: with a request's answer, or at once with `realtime`; raise if asked to."""
    text = msg if isinstance(msg, (list, tuple)) else str(msg)
    message: dict[str, Any] = {"message": text, "title": title or "Message"}
    wanted = {
        "indicator": indicator or ("red" if raise_exception else None),
        "as_table": as_table,
        "as_list": as_list or isinstance(text, (list, tuple)),
        "alert": alert,
        "primary_action": primary_action,
        "is_minimizable": is_minimizable,
        "wide": wide,
        "raise_exception": bool(raise_exception),
    }
    message.update({key: value for key, value in wanted.items() if value})
    context = current_or_none()
    if realtime and context is not None:
        frappe.publish_realtime("msgprint", message, user=context.user)
    elif context is not None and not context.flags.mute_messages:
        context.messages.append(message)
    if raise_exception:
        _raise(raise_exception, text)


def _raise(wanted: bool | type[Exception] | Exception, text: Any) -> NoReturn:
    shown = text if isinstance(text, str) else "\n".join(str(one) for one in text)
    if isinstance(wanted, Exception):
        wanted.args = (shown,)
        raise wanted
    raise (wanted if isinstance(wanted, type) else ValidationError)(shown)


def throw(
    msg: Any,
    exc: type[Exception] | Exception = ValidationError,
    title: str | None = None,
    is_minimizable: bool = False,
    wide: bool = False,
    as_list: bool = False,
    primary_action: Any = None,
) -> NoReturn:
    """Tell the user why it can't be done, and raise `exc`."""
    msgprint(
        msg,
        title=title,
        raise_exception=exc,
        indicator="red",
        is_minimizable=is_minimizable,
        wide=wide,
        as_list=as_list,
        primary_action=primary_action,
    )
    raise AssertionError("msgprint raises when it is told to")


def toast(message: str, indicator: str | None = None) -> None:
    """Show a short-lived message."""
    msgprint(message, indicator=indicator, alert=True)


def throw_permission_error() -> NoReturn:
    """Refuse, without saying what."""
    throw("Not permitted", errors.PermissionError)


def clear_messages() -> None:
    """Take back all messages of this request."""
    current().messages.clear()


def get_message_log() -> list[dict[str, Any]]:
    """The messages of this request."""
    return list(current().messages)


def clear_last_message() -> None:
    """Take back the latest message."""
    if current().messages:
        current().messages.pop()


def get_traceback(with_context: bool = False) -> str:
    """The traceback of the error that is being handled, "" outside an `except` block."""
    kind, error, trace = sys.exc_info()
    if error is None:
        return ""
    del kind, trace
    return "".join(traceback.format_exception(error))


def log_error(
    title: str | None = None,
    message: Any = None,
    reference_doctype: str | None = None,
    reference_name: str | None = None,
    *,
    defer_insert: bool = False,
) -> Any:
    """Keep an error in the Error Log, where it survives the rollback of what failed.

    One argument is the title, and the current traceback the body. Of two, the one with several lines is the body,
    whichever comes first; of two single lines, a sentence beside a short title is the body. Returns the Error Log's
    document, or None where no site is open (then it is printed).
    """
    return record_error(title, message, reference_doctype, reference_name)


def errprint(msg: Any) -> None:
    """Print to stderr."""
    print(msg if isinstance(msg, str) else json.dumps(msg, default=str), file=sys.stderr)  # noqa: T201


def log(msg: Any) -> None:
    """Keep a line for the developer."""
    debug_log.append(str(msg))
    logger("rota").info(msg)


def logger(
    module: str | None = None,
    with_more_info: bool = False,
    allow_site: bool | str = True,
    filter: Callable[[logging.LogRecord], bool] | None = None,
    max_size: int = 100_000,
    file_count: int = 20,
) -> logging.Logger:
    """A logger that writes to `logs/MODULE.log` of the bench and the site, at level INFO."""
    name = module or "frappe"
    context = current_or_none()
    if context is None:
        return logging.getLogger(f"rota.app.{name}")
    site = context.site
    folders = [site.bench.logs_path, *([site.path / "logs"] if allow_site else [])]
    found = file_logger(name, folders, scope=f"{site.bench.path}|{site.name if allow_site else ''}")
    if filter is not None:
        found.addFilter(filter)
    return found


def respond_as_web_page(
    title: str,
    html: str,
    success: bool | None = None,
    http_status_code: int | None = None,
    context: Mapping[str, Any] | None = None,
    indicator_color: str | None = None,
    primary_action: str | None = "/",
    primary_label: str | None = None,
    fullpage: bool = False,
    width: int = 0,
    template: str = "message",
) -> None:
    """Answer a request with a page of one message, as Frappe does: `frappe.response` says `page`."""
    local.message_title, local.message, local.no_cache = title, html, 1
    if indicator_color is None:
        indicator_color = "green" if success else "red" if (http_status_code or 0) > 300 else "blue"
    shown = {
        "indicator_color": indicator_color,
        "primary_action": primary_action,
        "primary_label": primary_label,
        "fullpage": fullpage,
        "card_width": width,
    }
    response.update(type="page", route=template, context={**shown, **(context or {})})
    if http_status_code:
        response.http_status_code = http_status_code


def redirect(url: str) -> NoReturn:
    """Send who asks to another address.

    Raises:
        Redirect: always.
    """
    current().flags.redirect_location = url
    raise errors.Redirect


__all__: Sequence[str] = [
    "clear_last_message",
    "clear_messages",
    "debug_log",
    "error_log",
    "errprint",
    "get_message_log",
    "get_traceback",
    "log",
    "log_error",
    "logger",
    "message_log",
    "msgprint",
    "redirect",
    "respond_as_web_page",
    "throw",
    "throw_permission_error",
    "toast",
]
