"""The cache, by the name of Frappe's class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rota.frappe._missing import missing
from rota.sites.cache.cache import Cache as RedisWrapper

__all__ = ["RedisWrapper"]


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
