"""Which texts are the same to a database: docs/compat.md says it under "Text and SQL"."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rota.documents.documents import Documents
from rota.errors import UniqueValidationError
from tests.contract.documents.conftest import field

Make = Callable[..., str]

# What MariaDB takes for the same, and whether SQLite and PostgreSQL do.
TEXTS = [("Acme", "ACME", True, True), ("Ärger", "ärger", False, True), ("café", "cafe", False, False),
         ("Straße", "Strasse", False, False), ("a", "a ", False, False)]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "sqlite", "postgresql"), TEXTS)
def test_texts_are_the_same_in_filters_statements_groups_and_unique_fields(
    documents: Documents, doctype: Make, one: str, other: str, sqlite: bool, postgresql: bool
) -> None:
    same = sqlite if documents.session.dialect == "sqlite" else postgresql
    doctype("Word", field("text"), field("plain"), field("only", unique=1))
    documents.get_doc({"doctype": "Word", "text": one, "plain": one, "only": one}).insert()
    documents.session.commit()
    sql = documents.database.sql

    assert bool(documents.get_all("Word", filters={"text": other})) is same
    assert bool(documents.get_all("Word", filters={"text": ["in", [other, "x"]]})) is same
    assert bool(sql("select name from tabWord where text = %s", other)) is same
    try:
        documents.get_doc({"doctype": "Word", "text": other, "plain": other, "only": other}).insert()
    except UniqueValidationError:
        assert same
        documents.get_doc({"doctype": "Word", "text": other, "plain": other}).insert()
    else:
        assert not same
    assert len(sql("select text from tabWord group by text")) == (1 if same else 2)
    assert len(sql("select distinct text from tabWord")) == (1 if same else 2)
    assert len(documents.get_all("Word", fields=["text"], group_by="text")) == (1 if same else 2)


@pytest.mark.parametrize(("stored", "pattern"), [("Ärger", "ärg%"), ("ÉCOLE", "%école"), ("straße", "STRA_E")])
def test_like_knows_the_case_of_all_letters(documents: Documents, doctype: Make, stored: str, pattern: str) -> None:
    doctype("Word", field("text"))
    documents.get_doc({"doctype": "Word", "text": stored}).insert()
    documents.get_doc({"doctype": "Word"}).insert()
    like, unlike = {"text": ["like", pattern]}, {"text": ["not like", pattern]}

    assert documents.database.sql("select text from tabWord where text like %s", pattern, pluck=True) == [stored]
    assert documents.get_all("Word", filters=like, pluck="text") == [stored]
    assert documents.get_all("Word", filters=unlike, pluck="text") == [None]
    documents.set_value("Word", like, "text", "found")
    assert documents.count("Word", {"text": "found"}) == 1


def test_functions_know_the_case_of_all_letters(documents: Documents, doctype: Make) -> None:
    doctype("Word", field("text"))
    documents.get_doc({"doctype": "Word", "text": "Ärger"}).insert()
    fields = ["upper(text)", "lower(text)", "locate('ä', text)"]

    assert documents.get_all("Word", fields=fields, as_list=True) == [("ÄRGER", "ärger", 1)]
