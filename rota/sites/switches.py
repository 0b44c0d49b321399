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
from rota.db.connection import Connection
from rota.documents.session import Session
from rota.documents.values import to_int
from rota.sites.bench import Bench, read_json, write_json

_ENABLED = "select value from \"tabSingles\" where doctype = 'System Settings' and field = 'enable_scheduler'"
_ENABLE = (
    "insert into \"tabSingles\" (doctype, field, value) values ('System Settings', 'enable_scheduler', :value) "
    "on conflict (doctype, field) do update set value = :value"
)


def why_inactive(config: Config, documents: Connection | Session) -> str | None:
    """Why no schedule of the site fires, for people; None when they do."""
    if config.maintenance_mode:
        return "maintenance mode is on (rota set-maintenance-mode off)"
    if config.pause_scheduler:
        return "it is paused (rota scheduler resume)"
    if config.disable_scheduler:
        return "disable_scheduler is set in the configuration"
    if not is_enabled(documents):
        return "it is disabled (rota scheduler enable)"
    return None


def is_enabled(documents: Connection | Session) -> bool:
    """What System Settings say; not whether something else turns the schedules off."""
    rows = documents.query(_ENABLED)
    return bool(rows and to_int(rows[0][0]))


def set_enabled(session: Session, on: bool) -> None:
    """Write the switch in System Settings; the caller commits."""
    session.write(_ENABLE, {"value": "1" if on else "0"})


def set_in_config(bench: Bench, site: str, key: str, on: bool) -> None:
    """Write one of the switches of site_config.json: `pause_scheduler` or `maintenance_mode`."""
    path = bench.site_config_path(site)
    write_json(path, {**read_json(path), key: 1 if on else 0})
