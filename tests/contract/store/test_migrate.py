"""Tables are made once, upgraded in order, and left alone when a newer Rota made them."""

from __future__ import annotations

import threading

import pytest

from rota.clock import FixedClock
from rota.db import Database
from rota.errors import NewerSchema
from rota.store import Store
from rota.store.migrate import ENGINE, HANDOFF
from tests.contract.store.site import Site


def test_migrating_again_changes_nothing(site: Site) -> None:
    key = site.enqueue().key
    assert site.store.migrate() == []
    assert site.job(key).key == key


def test_what_is_done_is_told(databases: tuple[Database, Database], clock: FixedClock) -> None:
    engine, documents = databases
    store = Store(engine=engine, documents=documents, clock=clock)
    told = store.migrate()
    tables, handoff = ([str(n + 1) for n in range(len(one))] for one in (ENGINE, HANDOFF))
    assert [line.rpartition(" ")[2] for line in told] == (handoff + tables if store.dialect == "sqlite" else tables)
    store.close()


def test_tables_of_a_newer_rota_are_left_alone(site: Site) -> None:
    connection = site.engine.connect()
    schema = "" if site.sqlite else "rota."
    connection.run(f"update {schema}schema_version set version = 99")
    with pytest.raises(NewerSchema, match="version 99"):
        site.store.migrate()
    assert connection.value(f"select version from {schema}schema_version") == 99
    connection.close()


def test_two_processes_may_migrate_at_once(databases: tuple[Database, Database], clock: FixedClock) -> None:
    engine, documents = databases
    stores = [Store(engine=engine, documents=documents, clock=clock) for _ in range(4)]
    told: list[list[str]] = []
    threads = [threading.Thread(target=lambda one=store: told.append(one.migrate())) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == 4
    versions = len(ENGINE) + (len(HANDOFF) if stores[0].dialect == "sqlite" else 0)
    assert sum(len(lines) for lines in told) == versions
    for store in stores:
        store.close()
