"""A name that applications take from here: the wizard itself is not there, as a site is set up once it exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe import _
from rota.frappe._missing import missing

__all__ = ["_"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
