"""Installing apps: the command line does it."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any, NoReturn

from rota.errors import NotInRota
from rota.frappe._missing import missing

__all__ = ["subprocess"]
_WHY = "`rota install-app`, `rota set-config` and their kin do it"


def install_app(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.installer.install_app", _WHY)


def remove_app(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.installer.remove_app", _WHY)


def update_site_config(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.installer.update_site_config", _WHY)


def make_site_dirs(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.installer.make_site_dirs", _WHY)


def add_to_installed_apps(*_: Any, **__: Any) -> NoReturn:
    """Refused.

    Raises:
        NotInRota: always.
    """
    raise NotInRota("frappe.installer.add_to_installed_apps", _WHY)


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
