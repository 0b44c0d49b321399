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

_PRINT = "documents are not printed; make the PDF with a library of your own"
_PORTAL = "there are no portal pages; an app may serve its own"
_FAKER = "it wraps Faker, which tests can import themselves"

#: Public names of Frappe 15 by their dotted path, and why Rota has not got them.
ABSENT: Mapping[str, str] = {
    "frappe.attach_print": _PRINT,
    "frappe.get_jloader": "frappe.get_template finds templates",
    "frappe.get_print": _PRINT,
    "frappe.get_query": "frappe.qb.get_query does it",
    "frappe.get_query_builder": "frappe.query_builder.get_query_builder does it",
    "frappe.lazy_import": "it loads modules of Frappe's own later",
    "frappe.mock": _FAKER,
    "frappe.print_sql": "`log_level` DEBUG shows statements",
    "frappe.redirect_to_message": _PORTAL,
    "frappe.release_local": "frappe.destroy closes what frappe.init opened",
    "frappe.setup_redis_cache_connection": "there is no Redis",
    "frappe.whitelisted": "frappe.is_whitelisted asks about a function",
    "frappe.utils.get_assets_json": "nothing is bundled; the desk's files are served as they are",
    "frappe.utils.get_html_for_route": _PORTAL,
    "frappe.utils.get_html_format": "print formats are not read from files",
    "frappe.utils.get_installed_apps_info": "it reads git's branches; `rota list-apps` names apps and versions",
    "frappe.utils.get_site_info": "it reports the site to its hoster",
    "frappe.utils.get_site_url": "a site's address is the site's own to know: get_url",
    "frappe.utils.get_test_client": "it is a client of Werkzeug; `rota.testing` is for applications' tests",
    "frappe.utils.get_thumbnail_base64_for_image": "files are not resized",
    "frappe.utils.mock": _FAKER,
    "frappe.utils.orjson_dumps": "json.dumps does it",
    "frappe.utils.pdf_to_base64": "File documents give their content themselves",
    "frappe.utils.set_request": "it makes a request of Werkzeug",
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
