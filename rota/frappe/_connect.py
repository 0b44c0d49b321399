"""`frappe.init`, `connect` and `destroy`: how a program of its own opens a site and closes it again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rota import frappe
from rota.documents.dictionary import AttrDict
from rota.frappe._local import conf_of
from rota.sites.bench import Bench
from rota.sites.context import current, current_or_none, reset_current, set_current
from rota.sites.site import Site

_TOKEN = "__opened_by_init"  # noqa: S105 - a key, no secret


def init(site: str = "", sites_path: str = ".", new_site: bool = False, force: bool = False, **_: Any) -> None:
    """Open a site of the bench at or above `sites_path`, as Administrator, until `destroy`.

    Nothing is committed unless the program says `frappe.db.commit()`.

    Raises:
        UnknownSite, BenchNotFound: there is none.
    """
    opened = current_or_none()
    if opened is not None and opened.site.name == site and not force:
        return
    found = Site.load(Bench.find(Path(sites_path)), site)
    context = found.context()
    context.local[_TOKEN] = set_current(context)


def connect(site: str | None = None, db_name: str | None = None, set_admin_as_user: bool = True) -> None:
    """Be connected to the site that `init` opened, or to `site`."""
    if site:
        frappe.init(site)
    context = current()
    if set_admin_as_user and context.local.get(_TOKEN):
        context.user = "Administrator"


def destroy() -> None:
    """Close what `init` opened; what is not committed is rolled back. A job's or request's own site stays open."""
    context = current_or_none()
    token = context.local.pop(_TOKEN, None) if context is not None else None
    if context is None or token is None:
        return
    try:
        context.close()
        context.documents.session.close()
        context.site.close()
    finally:
        reset_current(token)


@contextmanager
def init_site(site: str | None = None) -> Iterator[Any]:
    """Open a site for a block."""
    frappe.init(site or "")
    try:
        yield frappe.local
    finally:
        frappe.destroy()


def get_site_config(sites_path: str | None = None, site_path: str | None = None, **_: Any) -> AttrDict:
    """The settings of the site and its bench."""
    if site_path is not None:
        path = Path(site_path).resolve()
        name, bench = path.name, Bench.find(path)
        from rota.config import load

        settings = load(bench.path, name)
        return AttrDict({**{key: getattr(settings, key) for key in ("db_name", "db_type")}, **settings.extra})
    context = current()
    return conf_of(context)


get_conf = get_site_config


def get_common_site_config(sites_path: str | None = None) -> AttrDict:
    """The settings that hold for all sites of the bench."""
    from rota.sites.bench import read_json

    bench = Bench.find(Path(sites_path)) if sites_path else current().site.bench
    return AttrDict(read_json(bench.sites_path / "common_site_config.json"))


def connect_replica() -> bool:
    """False: there is no replica to read from."""
    return False


__all__ = [
    "connect",
    "connect_replica",
    "destroy",
    "get_common_site_config",
    "get_conf",
    "get_site_config",
    "init",
    "init_site",
]
