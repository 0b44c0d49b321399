"""A site with the app `library`, open under Frappe's names, on each database."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.clock import FixedClock
from rota.frappe import install_as_frappe
from rota.sites.bench import Bench
from rota.sites.context import Context
from rota.sites.install import new_site
from rota.sites.site import Site
from tests.support.benches import APPS, forget_app
from tests.support.postgres import PostgresServer
from tests.support.sites import copied_site

SITE = "test.localhost"
APP = "library"


def make_bench(folder: Path, database: str) -> Bench:
    """A bench with a site that has the app."""
    install_as_frappe()
    bench = Bench.init(folder)
    shutil.copytree(APPS / APP, bench.apps_path / APP)
    forget_app(APP)
    new_site(bench, SITE, database=database, admin_password="secret", apps=[APP])
    return bench


@pytest.fixture(scope="session")
def made_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return make_bench(tmp_path_factory.mktemp("made") / "bench", "sqlite")


@pytest.fixture(scope="session")
def made_on_postgresql(tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer) -> Iterator[Bench]:
    with postgres_server.database("rota_made") as dsn:
        yield make_bench(tmp_path_factory.mktemp("made") / "bench", dsn)


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock) -> Iterator[Site]:
    """A site of its own."""
    request.getfixturevalue(f"made_on_{request.param}")
    forget_app(APP)  # which the making of the site has imported from where that is
    with copied_site(request, SITE, tmp_path, clock) as site:
        yield site


@pytest.fixture
def context(site: Site) -> Iterator[Context]:
    """The site, open for Administrator; nothing is committed at the end."""
    with site.open(commit=False) as opened:
        yield opened


@pytest.fixture
def frappe(context: Context) -> Any:
    """The module that applications import."""
    return sys.modules.get("frappe") or __import__("frappe")


@pytest.fixture
def library(context: Context) -> Any:
    """The app: `library.tasks`, `library.events`, `library.api`."""
    import importlib

    for name in ("tasks", "events", "api"):
        importlib.import_module(f"library.{name}")
    module = importlib.import_module("library")
    module.events.SEEN.clear()
    return module


@pytest.fixture
def book(frappe: Any) -> Any:
    """A book with two chapters, of an author."""
    frappe.get_doc({"doctype": "Author", "full_name": "Ada"}).insert()
    chapters = [{"title": "One", "pages": 10}, {"title": "Two", "pages": 20}]
    return frappe.get_doc({"doctype": "Book", "title": "Notes", "author": "Ada", "chapters": chapters}).insert()
