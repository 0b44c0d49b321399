"""Which room a message goes to."""

from __future__ import annotations

from typing import Any

import pytest

from rota.event import Event, addressed


def room_of(name: str | None = "event", **where: Any) -> str:
    return addressed(name, {}, session_user="me@example.com", **where).room


@pytest.mark.parametrize(
    ("where", "room"),
    [
        ({}, "all"),
        ({"doctype": "ToDo"}, "all"),
        ({"doctype": "ToDo", "docname": "T1"}, "doc:ToDo/T1"),
        ({"user": "a@example.com", "doctype": "ToDo", "docname": "T1"}, "user:a@example.com"),
        ({"task_id": "t1", "user": "a@example.com"}, "task_progress:t1"),
        ({"running_task": "t2"}, "task_progress:t2"),
        ({"room": "mine", "task_id": "t1", "user": "a@example.com"}, "mine"),
    ],
)
def test_the_narrowest_address_wins(where: dict[str, Any], room: str) -> None:
    assert room_of(**where) == room


def test_msgprint_to_nobody_is_for_the_user_of_the_job_or_request() -> None:
    assert room_of("msgprint") == "user:me@example.com"
    assert room_of("msgprint", user="a@example.com") == "user:a@example.com"


def test_a_changed_list_concerns_who_looks_at_lists_of_its_doctype() -> None:
    event = addressed("list_update", {"doctype": "ToDo"}, user="a@example.com", session_user="me@example.com")
    assert event.room == "doctype:ToDo"


def test_a_changed_timeline_concerns_who_looks_at_the_document() -> None:
    assert room_of("docinfo_update", doctype="ToDo", docname="T1", user="a@example.com") == "doc:ToDo/T1"


def test_a_message_without_a_name_is_global_or_about_the_task() -> None:
    assert addressed(None, session_user="me").name == "global"
    assert addressed(None, task_id="t1", session_user="me").name == "task_progress"


def test_a_message_of_a_task_says_which_and_goes_out_at_once() -> None:
    event = addressed("status", {"done": 1}, task_id="t1", session_user="me")
    assert event == Event(name="status", message={"task_id": "t1", "done": 1}, room="task_progress:t1", at_once=True)


def test_a_text_may_be_sent_to_a_task() -> None:
    assert addressed("status", "done", task_id="t1", session_user="me").message == "done"
