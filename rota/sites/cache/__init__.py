"""What the processes of a site remember together beside documents and jobs, and may lose: the cache, and locks."""

from __future__ import annotations

from rota.sites.cache.cache import Cache
from rota.sites.cache.entries import Entries
from rota.sites.cache.tables import CacheTables

__all__ = ["Cache", "CacheTables", "Entries"]
