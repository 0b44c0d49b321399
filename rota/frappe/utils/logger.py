"""Loggers of applications."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing

default_log_level = logging.INFO


def get_logger(module: str | None = None, *args: Any, **kwargs: Any) -> logging.Logger:
    """The same as `frappe.logger`."""
    return frappe.logger(module, *args, **kwargs)


def set_log_level(level: int | str) -> None:
    """Let all loggers of applications write from this level on."""
    logging.getLogger("rota.app").setLevel(level)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("rota.app.") and isinstance(logger, logging.Logger):
            logger.setLevel(level)


def sanitized_dict(form_dict: dict[str, Any]) -> dict[str, Any]:
    """Values of a request without secrets."""
    hidden = ("password", "passwd", "secret", "token", "key", "pwd")
    return {
        key: "********" if any(word in str(key).lower() for word in hidden) else one for key, one in form_dict.items()
    }


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
