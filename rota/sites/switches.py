"""What turns a site's schedules off: Frappe's four switches, and which of them is why.

| switch | where |
| --- | --- |
| enable, disable | System Settings `enable_scheduler` |
| pause, resume | site_config `pause_scheduler` |
| | site_config `disable_scheduler` |
| maintenance mode | site_config `maintenance_mode`; no job runs either |
"""

from __future__ import annotations

from rota.config import Config
from rota.documents.session import Session
from rota.documents.values import to_int
from rota.engine.wake import CONTROL
from rota.sites.bench import read_json, write_json
from rota.sites.site import ADMINISTRATOR, Site

_ENABLED = "select value from \"tabSingles\" where doctype = 'System Settings' and field = 'enable_scheduler'"
_ENABLE = (
    "insert into \"tabSingles\" (doctype, field, value) values ('System Settings', 'enable_scheduler', :value) "
    "on conflict (doctype, field) do update set value = :value"
)


def why_inactive(site: Site) -> str | None:
    """Why no schedule of the site fires, for people; None when they do."""
    return why_off(site, site.config)


def why_off(site: Site, settings: Config) -> str | None:
    """The same with settings that were read just now."""
    if settings.maintenance_mode:
        return "maintenance mode is on (rota set-maintenance-mode off)"
    if settings.pause_scheduler:
        return "it is paused (rota scheduler resume)"
    if settings.disable_scheduler:
        return "disable_scheduler is set in the configuration"
    if not is_enabled(site):
        return "it is disabled (rota scheduler enable)"
    return None


def is_enabled(site: Site) -> bool:
    """What System Settings say; not whether something else turns the schedules off."""
    with site.store.documents() as connection:
        return bool(to_int(connection.value(_ENABLED)))


def set_enabled(site: Site, on: bool) -> None:
    """Write the switch in System Settings, in a transaction of its own."""
    session = Session(site.database)
    try:
        session.write(_ENABLE, {"value": "1" if on else "0"})
        session.commit()
    finally:
        session.close()


def set_paused(site: Site, on: bool) -> None:
    """Write `pause_scheduler` in the site's configuration."""
    _write(site, "pause_scheduler", on)


def set_maintenance(site: Site, on: bool) -> None:
    """Write `maintenance_mode` in the site's configuration, and let nobody claim its jobs meanwhile."""
    _write(site, "maintenance_mode", on)
    with site.store.turn() as turn:
        if on:
            turn.pause("site", "", by=ADMINISTRATOR, why="maintenance mode")
        else:
            turn.resume("site", "")
    site.waker.wake(site.name, CONTROL)


def _write(site: Site, key: str, on: bool) -> None:
    path = site.bench.site_config_path(site.name)
    write_json(path, {**read_json(path), key: 1 if on else 0})
