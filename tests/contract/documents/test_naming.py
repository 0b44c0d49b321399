"""Every way of naming, and counters that two transactions share."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from rota.documents.document import Document
from rota.documents.documents import Documents
from rota.errors import InvalidNameError, InvalidUUIDValue, ValidationError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


def named(documents: Documents, doctype: str, **values: Any) -> Any:
    return documents.get_doc({"doctype": doctype, **values}).insert().name


def test_without_a_rule_a_name_is_random(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title")
    first, second = named(documents, "Thing"), named(documents, "Thing", name="ignored")
    assert len(first) == len(second) == 10
    assert first != second != "ignored"


@pytest.mark.parametrize(
    ("autoname", "names"),
    [
        ("field:title", ["Cup", "Mug"]),
        ("TH-.####", ["TH-0001", "TH-0002"]),
        ("TH.#####", ["TH00001", "TH00002"]),
        (".YYYY.-.MM.-.##", ["2026-01-01", "2026-01-02"]),
        ("T-.title.-.#", ["T-Cup-1", "T-Mug-1"]),
        ("format:{title}-{YYYY}-{###}", ["Cup-2026-001", "Mug-2026-001"]),
        ("format:T-{####}", ["T-0001", "T-0002"]),
        ("autoincrement", [1, 2]),
        ("naming_series:", ["A-1", "A-2"]),
    ],
)
def test_a_rule_gives_the_name(documents: Documents, doctype: Make, autoname: str, names: list[Any]) -> None:
    series = field("naming_series", "Select", options="A-.#\nB-.#")
    doctype("Thing", "title", series, autoname=autoname)
    assert [named(documents, "Thing", title=title) for title in ("Cup", "Mug")] == names


def test_a_document_may_choose_its_series(documents: Documents, doctype: Make) -> None:
    doctype("Thing", field("naming_series", "Select", options="A-.#\nB-.YY.-"), autoname="naming_series:")
    assert named(documents, "Thing", naming_series="B-.YY.-") == "B-26-00001"


def test_numbers_as_names_are_numbers_everywhere(documents: Documents, doctype: Make) -> None:
    doctype("Row", "item", istable=1)
    doctype("Ticket", "title", field("rows", "Table", options="Row"), autoname="autoincrement")
    doctype("Reply", field("ticket", "Link", options="Ticket"))
    name = named(documents, "Ticket", title="a", rows=[{"item": "x"}])
    assert name == 1
    assert documents.get_doc("Ticket", "1").rows[0].item == "x"
    assert documents.get_all("Ticket", pluck="name") == [1]
    reply = documents.get_doc({"doctype": "Reply", "ticket": name}).insert()
    assert documents.get_value("Reply", reply.name, "ticket") == "1"
    assert documents.get_all("Reply", fields=["ticket.title"], filters={"ticket": 1}) == [{"title": "a"}]
    assert documents.get_all("Ticket", fields=["rows.item"]) == [{"item": "x"}]
    assert not documents.exists("Ticket", "x1")


def test_a_number_is_not_given_twice_when_a_document_makes_another_one(
    documents: Documents, doctype: Make, site: Site
) -> None:
    doctype("Ticket", "title", autoname="autoincrement")

    def make_another(doc: Any, event: str) -> None:
        if doc.title == "outer":
            documents.get_doc({"doctype": "Ticket", "title": "inner"}).insert()

    site.hooks["Ticket", "validate"] = make_another
    assert named(documents, "Ticket", title="outer") == 1
    assert documents.get_all("Ticket", fields=["name", "title"], order_by="name") == [
        {"name": 1, "title": "outer"},
        {"name": 2, "title": "inner"},
    ]


def test_prompt_wants_a_name(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="Prompt")
    assert named(documents, "Thing", name="mine") == "mine"
    assert documents.new_doc("Thing", __newname="yours").insert().name == "yours"
    with pytest.raises(ValidationError, match="Please set the document name"):
        named(documents, "Thing")


def test_a_uuid_may_be_given(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="UUID")
    given = str(uuid.uuid4())
    assert named(documents, "Thing", name=given) == given
    assert uuid.UUID(named(documents, "Thing"))
    with pytest.raises(InvalidUUIDValue):
        named(documents, "Thing", name="no")


def test_a_controller_names_its_documents(documents: Documents, doctype: Make, site: Site) -> None:
    doctype("Thing", "title", autoname="TH-.#")

    class Thing(Document):
        def autoname(self) -> None:
            self.name = f"own {self.title}"

    site.classes["Thing"] = Thing
    assert named(documents, "Thing", title="x") == "own x"


def test_set_name_wins(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="TH-.#")
    assert documents.get_doc({"doctype": "Thing"}).insert(set_name="chosen").name == "chosen"


def test_fixtures_keep_their_names(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title")
    documents.flags.in_import = True
    assert named(documents, "Thing", name="kept") == "kept"


def test_the_field_of_a_name_must_be_filled(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="field:title")
    with pytest.raises(ValidationError, match="Title is required"):
        named(documents, "Thing")


@pytest.mark.parametrize("name", ["<b>", "x" * 141, " "])
def test_names_that_can_not_be_are_refused(documents: Documents, doctype: Make, name: str) -> None:
    doctype("Thing", "title", autoname="Prompt")
    with pytest.raises(InvalidNameError):
        documents.get_doc({"doctype": "Thing"}).insert(set_name=name)


def test_the_last_number_comes_again_when_its_document_goes(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="TH-.###")
    names = [named(documents, "Thing") for _ in range(3)]
    documents.delete_doc("Thing", names[1])
    assert named(documents, "Thing") == "TH-004"
    documents.delete_doc("Thing", "TH-004")
    assert named(documents, "Thing") == "TH-004"


def test_a_number_that_is_rolled_back_is_drawn_again(documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="TH-.#")
    named(documents, "Thing")
    documents.session.rollback()
    assert named(documents, "Thing") == "TH-1"


def test_two_transactions_never_draw_the_same_number(site: Site, documents: Documents, doctype: Make) -> None:
    doctype("Thing", "title", autoname="TH-.#")
    drawn: list[str] = []

    def draw() -> None:
        mine = site.documents()
        for _ in range(20):
            name = named(mine, "Thing")
            mine.session.commit()
            drawn.append(name)
        mine.session.close()

    threads = [threading.Thread(target=draw) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(drawn, key=lambda name: int(name[3:])) == [f"TH-{number}" for number in range(1, 81)]
