"""What the desk starts with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rota import frappe  # what an app has put there counts
from rota.frappe._missing import missing
from rota.frappe.defaults import get_defaults
from rota.sites.context import current


def get_bootinfo() -> Any:
    """The user, the site's settings and what hooks `extend_bootinfo` add."""
    site = current().site
    user = frappe.session.user
    boot = frappe._dict(
        user=frappe._dict(name=user, roles=frappe.get_roles(), email=frappe.db.get_value("User", user, "email")),
        sitename=site.name,
        sysdefaults=get_defaults(),
        time_zone={"system": site.time_zone, "user": frappe.db.get_value("User", user, "time_zone") or site.time_zone},
        lang=frappe.local.lang,
        developer_mode=int(site.config.developer_mode),
        versions={app.name: app.version for app in site.apps if app.name != "rota"},
        module_list=[module for app in site.apps for module in app.modules()],
    )
    for path in frappe.get_hooks("extend_bootinfo"):
        frappe.call(path, bootinfo=boot)
    return boot


if not TYPE_CHECKING:
    __getattr__ = missing(__name__)
