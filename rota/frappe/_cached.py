"""`frappe.cache`: values that all processes of a site share, and may lose."""

from __future__ import annotations

from rota.frappe._bound import Bound
from rota.sites.attached import cache_of
from rota.sites.context import current

cache = Bound(lambda: cache_of(current()))
client_cache = cache
