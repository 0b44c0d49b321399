"""The built-in DocTypes' controllers, and which class a DocType's documents are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rota.documents.document import Document
from rota.errors import (
    BrokenApp,
    InvalidSchedule,
    UnknownTimeZone,
    ValidationError,
)
from rota.jobs import JobSpec, new_key
from rota.sites.apps import Apps, builtin_app, find_app
from rota.sites.bench import Bench
from rota.sites.context import Context
from rota.sites.controllers import Controllers


def test_a_custom_field_is_a_column_at_once(opened: Context) -> None:
    values = {"doctype": "Custom Field", "dt": "ToDo", "label": "Cost Centre", "fieldtype": "Data"}
    field = opened.documents.get_doc(values).insert()
    assert field.name == "ToDo-custom_cost_centre"
    todo = {"doctype": "ToDo", "description": "x", "custom_cost_centre": "north"}
    name = opened.documents.get_doc(todo).insert().name
    assert opened.documents.get_doc("ToDo", name).custom_cost_centre == "north"


def test_a_custom_field_can_not_replace_one_that_is_there(opened: Context) -> None:
    values = {"doctype": "Custom Field", "dt": "ToDo", "fieldname": "status", "fieldtype": "Data", "label": "Status"}
    with pytest.raises(ValidationError, match="has a field status already"):
        opened.documents.get_doc(values).insert()


def test_a_property_setter_holds_at_once(opened: Context) -> None:
    values = {
        "doctype": "Property Setter", "doctype_or_field": "DocField", "doc_type": "ToDo", "field_name": "priority",
        "property": "reqd", "property_type": "Check", "value": "1",
    }  # fmt: skip
    assert opened.documents.get_doc(values).insert().name == "ToDo-priority-reqd"
    assert opened.documents.get_meta("ToDo").get_field("priority").reqd == 1


# --- schedules and jobs as documents ---


def schedule(context: Context, **more: Any) -> Any:
    values = {"doctype": "Scheduled Job Type", "method": "shop.tasks.nightly", "frequency": "Daily", **more}
    return context.documents.get_doc(values).insert()


def test_a_schedule_that_people_make_is_one_of_the_engines(opened: Context) -> None:
    assert schedule(opened).name == "tasks.nightly"
    (made,) = opened.site.store.schedules()
    assert (made.id, json.loads(made.definition)["source"]) == ("shop.tasks.nightly|Daily", "user")


def test_stopping_a_schedule_stops_the_engines(opened: Context) -> None:
    doc = opened.documents.get_doc("Scheduled Job Type", schedule(opened).name)
    doc.stopped = 1
    doc.save()
    (view,) = opened.site.store.schedules()
    assert not view.enabled
    assert opened.documents.get_all("Scheduled Job Type", filters={"stopped": 1}, pluck="name") == ["tasks.nightly"]


def test_deleting_a_schedule_deletes_the_engines(opened: Context) -> None:
    opened.documents.delete_doc("Scheduled Job Type", schedule(opened).name)
    assert opened.site.store.schedules() == []


def test_a_schedule_with_a_wrong_expression_is_refused(opened: Context) -> None:
    with pytest.raises(InvalidSchedule):
        schedule(opened, frequency="Cron", cron_format="61 * * * *")
    assert opened.site.store.schedules() == []


def enqueued(context: Context, **more: Any) -> str:
    key, store = new_key(), context.site.store
    values = {"id": key, "method": "shop.tasks.f", "queue": "default", "user": "Administrator", "timeout": 300.0}
    with store.turn() as turn:
        turn.insert([JobSpec(key=key, created_at=store.now(), **{**values, **more})])
    return key


def test_a_job_opens_by_its_id_with_its_secrets_hidden(opened: Context) -> None:
    enqueued(opened, id="import::7", kwargs='{"password":"hunter2","n":1}')
    job = opened.documents.get_doc("RQ Job", "import::7")
    assert (job.job_id, job.status) == ("import::7", "queued")
    assert json.loads(job.arguments) == {"n": 1, "password": "***"}


def test_a_job_is_canceled_and_deleted_as_a_document(opened: Context) -> None:
    key = enqueued(opened)
    job = opened.documents.get_doc("RQ Job", key)
    with pytest.raises(ValidationError, match="can't be deleted"):
        job.delete()
    job.cancel()
    assert opened.documents.get_doc("RQ Job", key).status == "canceled"
    with pytest.raises(ValidationError, match="can't be cancelled"):
        opened.documents.get_doc("RQ Job", key).cancel()
    opened.documents.get_doc("RQ Job", key).delete()
    assert opened.site.store.job(key) is None


# --- which class ---


def doctype_app(bench: Bench, name: str, controller: str, hooks: str = "") -> Apps:
    folder = bench.apps_path / name / "main" / "doctype" / "sales_order"
    folder.mkdir(parents=True)
    (bench.apps_path / name / "__init__.py").write_text("")
    (bench.apps_path / name / "hooks.py").write_text(hooks)
    (bench.apps_path / name / "modules.txt").write_text("Main\n")
    (folder / "sales_order.py").write_text(controller)
    return Apps([builtin_app(), find_app(bench, name)])


META: Any = {"name": "Sales Order", "module": "Main"}
IMPORT = "from rota.documents.document import Document\n"


def test_the_class_beside_the_json_is_the_controller(new_bench: Bench) -> None:
    apps = doctype_app(new_bench, "beside_app", IMPORT + "class SalesOrder(Document): ...\n")
    found = Controllers(apps).of(META)
    assert (found.__name__, found.__module__) == ("SalesOrder", "beside_app.main.doctype.sales_order.sales_order")


def test_without_a_class_it_is_a_document(new_bench: Bench) -> None:
    apps = doctype_app(new_bench, "none_app", "")
    other: Any = {"name": "Purchase Order", "module": "Main"}
    assert Controllers(apps).of(other) is Document


def test_an_app_may_put_a_class_in_its_place(new_bench: Bench) -> None:
    hooks = 'override_doctype_class = {"Sales Order": "over_app.custom.Mine"}\n'
    apps = doctype_app(new_bench, "over_app", IMPORT + "class SalesOrder(Document): ...\n", hooks)
    (new_bench.apps_path / "over_app" / "custom.py").write_text(IMPORT + "class Mine(Document): ...\n")
    assert Controllers(apps).of(META).__name__ == "Mine"


@pytest.mark.parametrize("controller", ["raise RuntimeError('no')\n", "class Other: ...\n", "class SalesOrder: ...\n"])
def test_a_controller_that_can_not_be_used_names_the_app(new_bench: Bench, controller: str) -> None:
    name = f"bad_controller_{len(controller)}"
    with pytest.raises(BrokenApp, match=name):
        Controllers(doctype_app(new_bench, name, controller)).of(META)


def test_a_time_zone_that_there_is_not_is_refused(opened: Context) -> None:
    settings = opened.documents.get_doc("System Settings")
    settings.time_zone = "Mars/Olympus"
    with pytest.raises(UnknownTimeZone):
        settings.save()
    settings.time_zone = "Europe/Berlin"
    settings.save()
    assert opened.documents.get_doc("System Settings").time_zone == "Europe/Berlin"
