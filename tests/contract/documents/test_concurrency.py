"""Several units of work at once: no change is lost, locks hold, and a lock that can't be had is an error of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from rota.db import Database
from rota.documents.context import DocumentContext
from rota.documents.doctypes import DocTypes
from rota.documents.documents import Documents
from rota.documents.session import Session
from rota.errors import QueryTimeoutError, TimestampMismatchError
from tests.contract.documents.conftest import Site, field

Make = Callable[..., str]


def impatient(site: Site, database: Database) -> Documents:
    """Documents that do not wait for a lock."""
    connection = database.connect(busy_timeout=0.05)
    session = Session(database, connection=connection)
    return Documents(DocumentContext(session=session, doctypes=DocTypes(session), now=site.now))


def test_counting_in_threads_loses_no_count(site: Site, documents: Documents, doctype: Make) -> None:
    doctype("Counter", field("count", "Int"))
    name = documents.get_doc({"doctype": "Counter"}).insert().name
    documents.session.commit()

    def count() -> None:
        mine = site.documents()
        for _ in range(25):
            doc = mine.get_doc("Counter", name, for_update=True)
            doc.count += 1
            doc.save()
            mine.session.commit()
        mine.session.close()

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert documents.get_value("Counter", name, "count") == 100


def test_of_two_that_read_the_same_only_one_saves(site: Site, documents: Documents, doctype: Make) -> None:
    doctype("Counter", field("count", "Int"))
    name = documents.get_doc({"doctype": "Counter"}).insert().name
    documents.session.commit()
    other = site.documents()
    first, second = documents.get_doc("Counter", name), other.get_doc("Counter", name)
    site.clock.advance(seconds=1)
    first.save()
    documents.session.commit()
    with pytest.raises(TimestampMismatchError):
        second.save()


def test_a_lock_that_can_not_be_had_is_said(
    site: Site, documents: Documents, doctype: Make, database: Database
) -> None:
    doctype("Counter", field("count", "Int"))
    name = documents.get_doc({"doctype": "Counter"}).insert().name
    documents.session.commit()
    other = impatient(site, database)
    documents.get_doc("Counter", name, for_update=True)
    with pytest.raises(QueryTimeoutError):
        other.get_doc("Counter", name, for_update=True)
    assert other.get_value("Counter", name, "count") == 0
    documents.session.rollback()
    assert other.get_doc("Counter", name, for_update=True).save().name == name
    other.session.connection.close()


def test_locking_alone_is_no_write(documents: Documents, doctype: Make) -> None:
    doctype("Counter", field("count", "Int"))
    name = documents.get_doc({"doctype": "Counter"}).insert().name
    documents.session.commit()
    documents.get_doc("Counter", name, for_update=True)
    assert (documents.session.writes, documents.session.wrote) == (0, False)
    documents.database.set_value("Counter", name, "count", 1)
    assert documents.database.transaction_writes == 1


def test_a_busy_writer_leaves_the_other_session_usable(
    site: Site, documents: Documents, doctype: Make, database: Database
) -> None:
    doctype("Card", field("number", unique=1))
    documents.get_doc({"doctype": "Card", "number": "1"}).insert()
    other = impatient(site, database)

    def insert(number: Any) -> None:
        other.get_doc({"doctype": "Card", "number": number}).insert()

    with pytest.raises(QueryTimeoutError):
        insert("1")
    documents.session.commit()
    insert("2")
    other.session.commit()
    assert documents.get_all("Card", pluck="number", order_by="number") == ["1", "2"]
    other.session.connection.close()
