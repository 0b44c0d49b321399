"""Types in annotations of apps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._dict import _dict
from rota.frappe._missing import missing

FrappedictType = _dict
ConfType = _dict

__all__ = ["ConfType", "FrappedictType", "_dict"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
