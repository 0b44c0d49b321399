"""The unit of work: when it begins, what ends it, what its callbacks and participants are told."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from rota.db import Connection, Database
from rota.documents.session import Session
from rota.errors import StoreConflict, StoreError, TooManyWritesError

ADD = "insert into things (name) values (:name)"


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    made = Session(database)
    made.script("create table things (name text primary key)")
    made.commit()
    yield made
    made.close()


def names(session: Session) -> list[str]:
    return [row[0] for row in session.query("select name from things order by name")]


def add(session: Session, name: str) -> None:
    session.write(ADD, {"name": name})


class Recorder:
    """A participant that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def savepoint(self, name: str) -> None:
        self.told.append(("savepoint", name))

    def rollback_to(self, name: str) -> None:
        self.told.append(("rollback_to", name))

    def release(self, name: str) -> None:
        self.told.append(("release", name))

    def before_commit(self, connection: Connection | None, wrote: bool) -> None:
        self.told.append(("before_commit", connection is not None, wrote))

    def committed(self) -> None:
        self.told.append("committed")

    def rolled_back(self) -> None:
        self.told.append("rolled_back")


def test_reading_begins_no_transaction(session: Session) -> None:
    names(session)
    assert not session.connection.in_transaction


def test_the_first_write_begins_one_that_others_do_not_see_until_the_commit(session: Session) -> None:
    other = Session(session.database)
    add(session, "a")
    assert session.connection.in_transaction
    assert names(other) == []
    session.commit()
    assert names(other) == ["a"]
    other.close()


def test_a_rollback_takes_everything_back(session: Session) -> None:
    add(session, "a")
    session.rollback()
    assert names(session) == []
    assert not session.wrote


def test_a_rollback_to_a_savepoint_keeps_what_was_before(session: Session) -> None:
    add(session, "a")
    session.savepoint("half")
    add(session, "b")
    session.rollback("half")
    add(session, "c")
    session.commit()
    assert names(session) == ["a", "c"]


def test_a_savepoint_set_before_the_first_write_counts(session: Session) -> None:
    session.savepoint("start")
    add(session, "a")
    session.rollback("start")
    session.commit()
    assert names(session) == []


def test_the_inner_of_two_savepoints_of_one_name_is_meant(session: Session) -> None:
    session.savepoint("here")
    add(session, "a")
    session.savepoint("there")
    session.savepoint("here")
    add(session, "b")
    session.rollback("here")
    session.release_savepoint("here")
    session.rollback("here")
    assert names(session) == []


def test_a_savepoint_may_have_any_name(session: Session) -> None:
    session.savepoint("3f9 x'; drop table things")
    add(session, "a")
    session.rollback("3f9 x'; drop table things")
    assert names(session) == []


def test_an_unknown_savepoint_is_named(session: Session) -> None:
    with pytest.raises(StoreError, match="no savepoint 'nowhere'"):
        session.rollback("nowhere")


def test_an_error_in_an_atomic_block_leaves_a_usable_transaction(session: Session) -> None:
    add(session, "a")

    def fail() -> None:
        with session.atomic():
            add(session, "b")
            add(session, "a")

    with pytest.raises(StoreConflict):
        fail()
    add(session, "c")
    session.commit()
    assert names(session) == ["a", "c"]


def test_a_failed_first_write_in_an_atomic_block_leaves_a_usable_transaction(session: Session) -> None:
    add(session, "a")
    session.commit()
    with pytest.raises(StoreConflict), session.atomic():
        add(session, "a")
    add(session, "b")
    session.commit()
    assert names(session) == ["a", "b"]


def test_a_block_that_commits_inside_keeps_what_it_committed(session: Session) -> None:
    def fail() -> None:
        with session.atomic():
            add(session, "a")
            session.commit()
            add(session, "b")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    session.commit()
    assert names(session) == ["a", "b"]


def test_commit_runs_callbacks_in_order_and_forgets_those_of_rollback(session: Session) -> None:
    ran: list[str] = []
    session.before_commit.add(lambda: ran.append("before 1"))
    session.before_commit(lambda: ran.append("before 2"))
    session.after_commit.add(lambda: ran.append("after"))
    session.before_rollback.add(lambda: ran.append("never"))
    session.after_rollback.add(lambda: ran.append("never"))
    session.commit()
    session.rollback()
    session.commit()
    assert ran == ["before 1", "before 2", "after"]


def test_rollback_runs_its_callbacks_and_forgets_those_of_commit(session: Session) -> None:
    ran: list[str] = []
    session.before_commit.add(lambda: ran.append("never"))
    session.after_commit.add(lambda: ran.append("never"))
    session.before_rollback.add(lambda: ran.append("before"))
    session.after_rollback.add(lambda: ran.append("after"))
    session.rollback()
    session.commit()
    assert ran == ["before", "after"]


def test_a_rollback_to_a_savepoint_leaves_callbacks_alone(session: Session) -> None:
    ran: list[str] = []
    session.savepoint("here")
    session.after_commit.add(lambda: ran.append("after"))
    session.rollback("here")
    session.commit()
    assert ran == ["after"]


def test_a_callback_that_fails_after_the_commit_does_not_stop_the_next(
    session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    ran: list[str] = []
    session.after_commit.add(lambda: 1 / 0)
    session.after_commit.add(lambda: ran.append("second"))
    session.commit()
    assert ran == ["second"]
    assert "ZeroDivisionError" in caplog.text


def test_participants_follow_savepoints_and_the_end(session: Session) -> None:
    recorder = Recorder()
    session.participants.append(recorder)
    session.savepoint("a")
    session.rollback("a")
    session.release_savepoint("a")
    session.commit()
    add(session, "x")
    session.commit()
    session.rollback()
    assert recorder.told == [
        ("savepoint", "s0"),
        ("rollback_to", "s0"),
        ("release", "s0"),
        ("before_commit", False, False),
        "committed",
        ("before_commit", True, True),
        "committed",
        "rolled_back",
    ]


def test_any_order_of_savepoints_writes_and_rollbacks_leaves_what_a_list_would(session: Session) -> None:
    chance = Random(7)
    kept: list[str] = []
    marks: list[tuple[str, int]] = []
    for number in range(400):
        step = chance.choice(["set", "set", "write", "rollback", "release"])
        if step == "set":
            name = f"p{number}"
            session.savepoint(name)
            marks.append((name, len(kept)))
        elif step == "write":
            add(session, f"{number:03}")
            kept.append(f"{number:03}")
        elif marks:
            place = chance.randrange(len(marks))
            name, length = marks[place]
            if step == "rollback":
                session.rollback(save_point=name)
                del kept[length:], marks[place + 1 :]
            else:
                session.release_savepoint(name)
                del marks[place:]
        assert names(session) == kept


def test_savepoints_with_nothing_between_them_cost_one_statement(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    name = "script" if session.dialect == "postgresql" else "run"
    real = getattr(session.connection, name)

    def heard(sql: str, *params: Any) -> Any:
        said.append(sql)
        return real(sql, *params)

    monkeypatch.setattr(session.connection, name, heard)
    with session.atomic(), session.atomic(), session.atomic():
        add(session, "a")
    statements = [part.strip() for one in said for part in one.split(";")]
    assert [one for one in statements if "savepoint" in one] == ["savepoint s0"]
    session.rollback()


def test_too_many_writes_are_refused(database: Database) -> None:
    session = Session(database, max_writes=2)
    session.script("create table things (name text primary key)")
    add(session, "a")
    add(session, "b")
    with pytest.raises(TooManyWritesError, match="more than 2 writes"):
        add(session, "c")
    session.close()


def test_many_writes_commit_now_and_then_when_asked(database: Database) -> None:
    session = Session(database, max_writes=2)
    session.auto_commit_on_many_writes = True
    session.script("create table things (name text primary key)")
    for name in "abcde":
        add(session, name)
    session.rollback()
    assert names(session) == ["a", "b", "c", "d"]
    session.close()
