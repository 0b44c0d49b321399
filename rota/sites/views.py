"""Scheduled Job Type, Scheduled Job Log, RQ Job and RQ Worker: views of the engine's tables beside the documents'.

So queries, counts and raw SQL see what runs, with no second bookkeeping. On SQLite they are temporary views of each
connection that has `jobs.db` attached as `rota`; on PostgreSQL they are made once, by `migrate`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import tzinfo
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from rota.clock import from_micros

if TYPE_CHECKING:
    from rota.db.sqlite import SQLiteConnection

#: The tables that are views, so that their DocTypes need none of their own.
VIEWS = ("tabScheduled Job Type", "tabScheduled Job Log", "tabRQ Job", "tabRQ Worker")
#: The schema under which `jobs.db` must be attached.
SCHEMA = "rota"

_FUNCTIONS = """
create or replace function rota_local(micros bigint) returns timestamp language sql stable as
    $$ select (timestamp 'epoch' + micros * interval '1 microsecond') at time zone 'UTC' at time zone {zone} $$;
create or replace function rota_short(id text) returns text language sql immutable as
    $$ select regexp_replace(split_part(id, '|', 1), '^.*\\.([^.]+\\.[^.]+)$', '\\1') $$;
create or replace function rota_json(document text, path text) returns text language sql immutable as
    $$ select document::jsonb #>> string_to_array(substr(path, 3), '.') $$;
create or replace function rota_key(key uuid) returns text language sql immutable as
    $$ select replace(key::text, '-', '') $$;
"""


def attach_views(connection: SQLiteConnection, zone: tzinfo) -> None:
    """Make the views on a connection to a `site.db` that has `jobs.db` attached; `zone` is the site's."""
    raw = connection.raw

    def local(micros: int | None) -> str | None:
        if micros is None:
            return None
        return from_micros(micros).astimezone(zone).strftime("%Y-%m-%d %H:%M:%S.%f")

    raw.create_function("rota_local", 1, local, deterministic=True)
    raw.create_function("rota_short", 1, _short, deterministic=True)
    for name, select in _selects().items():
        # What SQLite has itself is many times faster than a function in Python.
        native = select.replace("rota_json(", "json_extract(").replace("rota_key(", "(")
        connection.script(f'create temp view if not exists "{name}" as {native}')


def create_views(script: Callable[[str], None], zone: str) -> None:
    """Make the views in a PostgreSQL database, or make them anew.

    `script` executes statements, in a transaction; `zone` is the IANA name of the site's time zone.
    """
    quoted = "'" + zone.replace("'", "''") + "'"
    script(_FUNCTIONS.format(zone=quoted))
    for name in reversed(VIEWS):
        script(f'drop view if exists "{name}"')
    for name, select in _selects().items():
        script(f'create view "{name}" as {select}')


@cache
def _selects() -> Mapping[str, str]:
    text = files("rota.sites").joinpath("views.sql").read_text("utf-8")
    parts = [part.split("\n", 1) for part in text.split("-- name: ")[1:]]
    found = {name.strip(): select.strip() for name, select in parts}
    return {name: found[name] for name in VIEWS}


def _short(schedule_id: str) -> str:
    return ".".join(schedule_id.split("|", maxsplit=1)[0].split(".")[-2:])
