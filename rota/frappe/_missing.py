"""Names of Frappe that Rota has not: each is refused by name, with the reason where there is one to give.

`ABSENT` is also what docs/compat.md lists; a test keeps page and table true.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from typing import Any

from rota.errors import NotInRota

_REPLICA = "there is no replica database"
_PRINT = "documents are not printed; make the PDF with a library of your own"
_PATCHES = "a new site runs no patches; `rota migrate` brings DocTypes up to date"
_BUNDLES = "nothing is bundled; the desk's files are served as they are"
_PORTAL = "there are no portal pages; an app may serve its own"
_REDIS = "there is no Redis"

#: Public names of Frappe 15 by their dotted path, and why Rota has not got them.
ABSENT: Mapping[str, str] = {
    "frappe.attach_print": _PRINT,
    "frappe.get_print": _PRINT,
    "frappe.get_test_records": "test records are made by Frappe's own test runner",
    "frappe.mock": "it wraps Faker, which tests can import themselves",
    "frappe.print_sql": "`log_level` DEBUG shows statements",
    "frappe.redirect_to_message": _PORTAL,
    "frappe.reload_doc": _PATCHES,
    "frappe.reload_doctype": _PATCHES,
    "frappe.setup_redis_cache_connection": _REDIS,
    "frappe.create_folder": "frappe.utils.create_folder makes folders",
    "frappe.local_cache": "frappe.utils.caching has caches for a request and for a site",
    "frappe.get_meta_module": "the controller's module is that of its class: frappe.model.base_document.get_controller",
}


def missing(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of a facade module: its submodules are found, and what is not there is refused by its name."""

    def look_up(name: str) -> Any:
        shown = f"frappe{module.removeprefix('rota.frappe')}.{name}"
        if not name.startswith("_") and hasattr(sys.modules[module], "__path__"):
            inner = f"{module}.{name}"
            # As all of Frappe is loaded together, `frappe.a.b` is there though only `frappe` was imported.
            if importlib.util.find_spec(inner) is not None:
                return importlib.import_module(inner)
        raise NotInRota(shown, ABSENT.get(shown, ""))

    return look_up
