"""A site's documents on each database. An installed database is made once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from rota.clock import FixedClock
from rota.db import Database, open_database
from rota.documents.context import DocumentContext
from rota.documents.definition import PARTS, core_definitions
from rota.documents.doctype import Meta
from rota.documents.doctypes import DocTypes, MetaCache
from rota.documents.document import Document
from rota.documents.documents import Documents
from rota.documents.session import Session
from tests.support.postgres import PostgresServer

DATABASES = ["sqlite", "postgresql"]


def field(name: str, kind: str = "Data", **more: Any) -> dict[str, Any]:
    return {"fieldname": name, "fieldtype": kind, "label": name.replace("_", " ").title(), **more}


def install(database: Database) -> None:
    session = Session(database)
    DocTypes(session).install()
    session.commit()
    session.close()


@pytest.fixture(scope="session")
def installed_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("installed") / "site.db"
    install(open_database(str(path)))
    return path


@pytest.fixture(scope="session")
def installed_database(postgres_server: PostgresServer) -> Iterator[str]:
    with postgres_server.database("rota_documents") as dsn:
        install(open_database(dsn))
        yield dsn


def empty(dsn: str) -> None:
    """Take a database back to how it was installed: making another one for each test takes ten times as long."""
    core = sorted(core_definitions())
    parts = {f"tab{child}" for child in PARTS.values()}
    with psycopg.connect(dsn, autocommit=True) as admin:
        tables = [row[0] for row in admin.execute("select tablename from pg_tables where schemaname = 'public'")]
        views = [row[0] for row in admin.execute("select viewname from pg_views where schemaname = 'public'")]
        statements = [f'drop view "{view}" cascade' for view in views]
        for table in tables:
            if table in parts:
                statements.append(f'delete from "{table}" where not parent = any (%(core)s)')
            elif table == "tabDocType":
                statements.append('delete from "tabDocType" where not name = any (%(core)s)')
            elif table.removeprefix("tab") in core or table in ("tabSingles", "tabSeries", "__Auth"):
                statements.append(f'delete from "{table}"')
            else:
                statements.append(f'drop table "{table}" cascade')
        for statement in statements:
            admin.execute(statement, {"core": core})


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database with the DocTypes that come with the documents."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("installed_file"), tmp_path / "site.db")
        yield open_database(str(tmp_path / "site.db"))
        return
    dsn = request.getfixturevalue("installed_database")
    yield open_database(dsn)
    empty(dsn)


class Secret:
    """Keeps secrets readable to the tests, but not as they are."""

    def seal(self, secret: str) -> str:
        return secret[::-1]

    def open(self, sealed: str) -> str:
        return sealed[::-1]


class Site:
    """Documents with classes and hooks that a test may set."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database = database
        self.clock = clock
        self.classes: dict[str, type[Document]] = {}
        self.events: list[str] = []
        self.hooks: dict[tuple[str, str], Callable[..., Any]] = {}
        self.messages: list[str] = []
        self.cache = MetaCache()
        self._open: list[Documents] = []

    def now(self) -> datetime:
        return self.clock.now().replace(tzinfo=None)

    def documents(self, user: str = "Administrator", **more: Any) -> Documents:
        session = Session(self.database, max_writes=more.pop("max_writes", 200_000))
        context = DocumentContext(
            session=session,
            doctypes=DocTypes(session, self.cache, more.get("views", ())),
            now=self.now,
            user=user,
            controller=self._controller,
            run_doc_events=self._run,
            message=lambda text, **_: self.messages.append(text),
            secrets=Secret(),
            **more,
        )
        found = Documents(context)
        self._open.append(found)
        return found

    def _controller(self, meta: Meta) -> type[Document] | None:
        return self.classes.get(meta["name"])

    def _run(self, doc: Document, event: str) -> Any:
        self.events.append(f"{doc.doctype}.{event}")
        hook = self.hooks.get((doc.doctype, event))
        return hook(doc, event) if hook else None

    def close(self) -> None:
        for one in self._open:
            one.session.close()


@pytest.fixture
def site(database: Database, clock: FixedClock) -> Iterator[Site]:
    found = Site(database, clock)
    yield found
    found.close()


@pytest.fixture
def documents(site: Site) -> Documents:
    return site.documents()


@pytest.fixture
def doctype(documents: Documents) -> Callable[..., str]:
    """Makes a DocType: `doctype("Note", field("title"), autoname=...)`; fields may be plain names."""

    def make(name: str, *fields: dict[str, Any] | str, **more: Any) -> str:
        rows = [field(one) if isinstance(one, str) else one for one in fields]
        documents.doctypes.sync({"doctype": "DocType", "name": name, "module": "Tests", "fields": rows, **more})
        documents.session.commit()
        return name

    return make
