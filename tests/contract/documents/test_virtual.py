"""Virtual DocTypes: stored by their controller, or views over other tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

from rota.db import Database
from rota.db.sqlite import SQLite
from rota.documents.document import Document
from rota.documents.documents import Documents
from rota.errors import DoesNotExistError, ValidationError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


class Planet(Document):
    stored: ClassVar[dict[str, dict[str, Any]]] = {}

    def load_from_db(self) -> Any:
        found = self.stored.get(self.name)
        if found is None:
            raise DoesNotExistError(f"Planet {self.name}")
        self.update(found)
        return self

    def db_insert(self, *args: Any, **kwargs: Any) -> None:
        self.stored[self.name] = self.get_valid_dict(convert_dates_to_str=True)

    def db_update(self) -> None:
        self.db_insert()

    def delete(self, *args: Any, **kwargs: Any) -> None:
        del self.stored[self.name]

    @staticmethod
    def get_list(args: Any) -> list[dict[str, Any]]:
        found = [row for row in Planet.stored.values() if not args.filters or row["title"] == args.filters["title"]]
        return found[: args.page_length or None]

    @staticmethod
    def get_count(args: Any) -> int:
        return len(Planet.stored)


@pytest.fixture
def planets(documents: Documents, doctype: Make, site: Site) -> str:
    doctype("Planet", "title", autoname="field:title", is_virtual=1)
    Planet.stored = {}
    site.classes["Planet"] = Planet
    for title in ("Mars", "Venus"):
        documents.get_doc({"doctype": "Planet", "title": title}).insert()
    return "Planet"


def test_a_controller_stores_its_documents(documents: Documents, planets: str) -> None:
    assert not documents.database.table_exists(planets)
    assert documents.get_doc(planets, "Mars").title == "Mars"
    with pytest.raises(DoesNotExistError):
        documents.get_doc(planets, "Pluto")
    assert [row.title for row in documents.get_all(planets)] == ["Mars", "Venus"]
    assert documents.get_all(planets, {"title": "Venus"}, pluck="title") == ["Venus"]
    assert documents.count(planets) == 2
    documents.delete_doc(planets, "Mars")
    assert documents.count(planets) == 1


def test_a_virtual_doctype_without_a_controller_says_so(documents: Documents, doctype: Make) -> None:
    doctype("Ghost", "title", is_virtual=1)
    with pytest.raises(ValidationError, match="controller has to define load_from_db"):
        documents.get_doc("Ghost", "x")
    with pytest.raises(ValidationError, match="has to define get_list"):
        documents.get_all("Ghost")
    with pytest.raises(ValidationError, match="Ghost is virtual"):
        documents.get_doc({"doctype": "Ghost", "title": "x"}).insert()


def test_a_field_may_be_computed(documents: Documents, doctype: Make, site: Site) -> None:
    class Box(Document):
        @property
        def volume(self) -> float:
            return self.side**3

    doctype("Box", field("side", "Int"), field("volume", "Int", is_virtual=1))
    site.classes["Box"] = Box
    doc = documents.get_doc({"doctype": "Box", "side": 3}).insert()
    assert "volume" not in documents.database.get_table_columns("Box")
    assert documents.get_doc("Box", doc.name).as_dict().volume == 27


VIEW = """
create view "tabRun" as select id as name, 'Administrator' as owner, '2024-01-01 00:00:00.000000' as creation,
'2024-01-01 00:00:00.000000' as modified, 'Administrator' as modified_by, 0 as docstatus, 0 as idx, state,
null as _user_tags, null as _comments, null as _assign, null as _liked_by from runs
"""


@pytest.fixture
def runs(documents: Documents, doctype: Make, site: Site, database: Database, tmp_path: Any) -> Iterator[Documents]:
    """Runs are kept in a table of another program: in a file of its own on SQLite."""
    from rota.db import open_database

    doctype("Run", "state", is_virtual=1)
    elsewhere = open_database(str(tmp_path / "runs.db")) if database.dialect == "sqlite" else database
    connection = elsewhere.connect()
    connection.script("create table runs (id text, state text)")
    connection.script(
        VIEW if database.dialect == "sqlite" else VIEW.replace("'2024-01-01 00:00:00.000000'", "timestamp '2024-01-01'")
    )
    connection.run_many(
        "insert into runs (id, state) values (:id, :state)", [{"id": "1", "state": "ok"}, {"id": "2", "state": "bad"}]
    )
    yield site.documents(views={"tabRun"}, reader=lambda: connection)
    connection.close()


def test_a_view_is_read_as_any_doctype(runs: Documents) -> None:
    assert runs.get_all("Run", fields=["name", "state"], order_by="name") == [
        {"name": "1", "state": "ok"},
        {"name": "2", "state": "bad"},
    ]
    assert runs.get_doc("Run", "2").state == "bad"
    assert runs.get_value("Run", {"state": "bad"}, "name") == "2"
    assert runs.count("Run", {"state": ["!=", "ok"]}) == 1
    assert runs.exists("Run", "1") == "1"
    assert runs.database.sql("select count(*) from `tabRun` where state = 'ok'") == ((1,),)


def test_a_connection_in_the_place_of_one_that_is_gone_has_mariadbs_functions(
    runs: Documents, site: Site, database: Database, tmp_path: Any
) -> None:
    elsewhere = SQLite(tmp_path / "runs.db") if database.dialect == "sqlite" else database
    connections = [elsewhere.connect()]
    documents = site.documents(views={"tabRun"}, reader=lambda: connections[0])
    for _ in range(20):
        assert documents.database.sql("select reverse(state) from `tabRun` where name = '1'") == (("ko",),)
        connections.pop().close()
        connections.append(elsewhere.connect())  # Python gives it the old one's place in memory
    connections.pop().close()


def test_a_view_is_not_written(runs: Documents) -> None:
    doc = runs.get_doc("Run", "1")
    with pytest.raises(ValidationError, match="Run is virtual"):
        doc.save()
