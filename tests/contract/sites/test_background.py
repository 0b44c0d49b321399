"""Background tasks: what their user sees of a job, stops, and starts again; on each database."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.errors import PermissionError as NotPermitted
from rota.errors import ValidationError
from rota.sites.attachments import attached_to
from rota.sites.background import (
    DOCTYPE,
    UPDATE,
    enqueue_task,
    get_current_task,
    get_recent_tasks,
    retry_task,
    stop_task,
)
from rota.sites.context import Context
from rota.sites.methods import whitelisted
from tests.support.ledgers import Ledger

EXPORT = "ledger.visible.export"
OWNER = "owner@example.com"


@pytest.fixture
def user(ledger: Ledger) -> str:
    """Somebody without rights."""
    with ledger.site.open() as context:
        context.documents.database.delete(DOCTYPE)
        if not context.documents.exists("User", OWNER):
            context.documents.get_doc({"doctype": "User", "email": OWNER, "first_name": "Owner"}).insert()
    return OWNER


def task_of(context: Context, doc: Any) -> Any:
    return context.documents.get_doc(DOCTYPE, doc.name)


def updates(ledger: Ledger, task: str) -> list[dict[str, Any]]:
    rows = [row for row in ledger.site.store.events(ledger.last_event) if row.name == UPDATE]
    return [told for row in rows if (told := json.loads(row.payload))["task"] == task]


def test_a_task_tells_its_user_how_it_goes_and_what_came_of_it(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        doc = enqueue_task(EXPORT, task_name="Export", rows=[1, 2, 3], on_success="ledger.visible.note_success")
    with ledger.site.open() as context:
        assert task_of(context, doc).status == "Queued"
    ledger.drain()
    with ledger.site.open() as context:
        done = task_of(context, doc)
        assert (done.status, done.progress, done.stage) == ("Completed", 100, "writing")
        assert json.loads(done.result) == {"rows": 3}
        assert [file.file_name for file in attached_to(context.documents, DOCTYPE, doc.name)] == ["rows.csv"]
    assert [one["status"] for one in updates(ledger, doc.name)] == [
        "Queued",
        "Running",
        "Running",
        "Running",
        "Completed",
    ]
    assert ledger.effects(copies=False) == [1003]


def test_a_task_that_fails_says_why_and_its_caller_is_told(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        doc = enqueue_task(EXPORT, rows=[1], fail=True, on_failure="ledger.visible.note_failure")
    ledger.drain()
    with ledger.site.open() as context:
        failed = task_of(context, doc)
        assert failed.status == "Failed"
        assert "can't export" in failed.exception
        assert attached_to(context.documents, DOCTYPE, doc.name) == []
    assert ledger.effects(copies=False) == [2001]


def test_a_task_is_tried_again_for_the_errors_that_are_named(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        again = enqueue_task("ledger.visible.flaky", rows=[1], retry_on=ValueError, max_retries=1)
        other = enqueue_task("ledger.visible.flaky", rows=[1], retry_on=KeyError, max_retries=1)
    ledger.drain()
    with ledger.site.open() as context:
        assert task_of(context, again).status == "Completed"
        assert json.loads(task_of(context, again).result) == [1]
        assert task_of(context, other).status == "Failed"


def test_a_rollback_takes_the_task_back_with_its_job(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user) as context:
        enqueue_task(EXPORT, rows=[1])
        context.documents.session.rollback()
    assert ledger.drain() == []
    with ledger.site.open() as context:
        assert context.documents.count(DOCTYPE) == 0


def test_a_task_that_is_there_already_is_given(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        first = enqueue_task(EXPORT, job_id="export", deduplicate=True, rows=[1])
        assert enqueue_task(EXPORT, job_id="export", deduplicate=True, rows=[1]).name == first.name
    with ledger.site.open(user):
        assert enqueue_task(EXPORT, job_id="export", deduplicate=True, rows=[1]).name == first.name
    ledger.drain()
    with ledger.site.open(user):
        assert enqueue_task(EXPORT, job_id="export", deduplicate=True, rows=[1]).name != first.name
    ledger.drain()
    with ledger.site.open(user), pytest.raises(ValidationError, match="needs a job_id"):
        enqueue_task(EXPORT, deduplicate=True, rows=[1])


def test_a_user_stops_a_task_and_starts_it_again(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        doc = enqueue_task(EXPORT, rows=[1, 2], allow_user_retry=True)
    with ledger.site.open(user), pytest.raises(ValidationError, match="the task is Queued"):
        retry_task(doc.name)
    with ledger.site.open(user):
        assert stop_task(doc.name) == "canceled"
    ledger.drain()
    with ledger.site.open(user):
        assert get_recent_tasks()[0]["status"] == "Cancelled"
        again = retry_task(doc.name)
    ledger.drain()
    with ledger.site.open() as context:
        assert task_of(context, again).status == "Completed"
        assert task_of(context, doc).status == "Cancelled"


def test_nobody_touches_anothers_task(ledger: Ledger, user: str) -> None:
    with ledger.site.open():
        doc = enqueue_task(EXPORT, rows=[1], allow_user_retry=True)
    for act in (stop_task, retry_task):
        with ledger.site.open(user), pytest.raises(NotPermitted, match="somebody else's"):
            act(doc.name)
    with ledger.site.open(user):
        assert get_recent_tasks() == []
    ledger.drain()


def test_what_its_maker_does_not_allow_its_user_may_not_do(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        doc = enqueue_task(EXPORT, rows=[1], allow_user_cancellation=False)
    for act in (stop_task, retry_task):
        with ledger.site.open(user), pytest.raises(NotPermitted, match="may not do that"):
            act(doc.name)
    ledger.drain()


def test_a_task_runs_here_when_that_is_asked_for(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user):
        doc = enqueue_task(EXPORT, rows=[1], now=True)
        assert doc.status == "Completed"
        assert get_current_task() is None


def test_secrets_among_its_arguments_are_not_shown(ledger: Ledger, user: str) -> None:
    with ledger.site.open(user) as context:
        doc = enqueue_task(EXPORT, rows=[1], api_key="hush")
        assert "hush" not in task_of(context, doc).arguments
        context.documents.session.rollback()


def test_a_users_requests_reach_the_tasks_by_their_path(ledger: Ledger, user: str) -> None:
    module = "rota.sites.builtin.core.doctype.background_task.background_task"
    with ledger.site.open(user) as context:
        doc = enqueue_task(EXPORT, rows=[1])
        context.documents.session.commit()
        recent = context.site.resolver.resolve(f"{module}.get_recent_tasks")
        stop = context.site.resolver.resolve(f"{module}.stop_task")
        assert whitelisted(recent) is not None
        assert not whitelisted(stop).allow_guest  # type: ignore[union-attr]
        assert [one["name"] for one in recent()] == [doc.name]
        assert stop(doc.name) == "canceled"
