"""What apps declare is read whole before a site is changed; a wrong schedule keeps no other from being made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rota.engine.call import Resolver
from rota.errors import BrokenApp
from rota.sites.apps import App, Apps, builtin_app, find_app
from rota.sites.bench import Bench
from rota.sites.declared import Declared, declared


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.init(tmp_path / "bench")


def read(apps: Apps) -> Declared:
    return declared(apps, Resolver(apps.names))


def app(bench: Bench, name: str, *, hooks: str = "", tasks: str = "", doctypes: dict[str, Any] | None = None) -> App:
    folder = bench.apps_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "hooks.py").write_text(hooks)
    (folder / "tasks.py").write_text(tasks)
    (folder / "modules.txt").write_text("Main\n")
    for slug, definition in (doctypes or {}).items():
        place = folder / "main" / "doctype" / slug
        place.mkdir(parents=True)
        text = definition if isinstance(definition, str) else json.dumps({"doctype": "DocType", **definition})
        (place / f"{slug}.json").write_text(text)
    return find_app(bench, name)


def test_schedules_come_from_every_frequency_of_the_hooks(bench: Bench) -> None:
    one = app(
        bench,
        "sched_all",
        hooks='scheduler_events = {"daily": "sched_all.tasks.f", "cron": {"*/5 * * * *": ["sched_all.tasks.g"]}}',
        tasks="def f(): ...\ndef g(): ...\n",
    )
    found = read(Apps([one]))
    assert [(s.method, s.frequency, s.cron) for s in found.schedules] == [
        ("sched_all.tasks.f", "Daily", "0 0 * * *"),
        ("sched_all.tasks.g", "Cron", "*/5 * * * *"),
    ]
    assert found.problems == []


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ('{"daily": ["NAME.tasks.f", "NAME.tasks.gone"]}', "has no 'gone'"),
        ('{"daily": ["NAME.tasks.f", "NAME.missing.f"]}', "has no 'missing'"),
        ('{"daily": ["NAME.tasks.f"], "fortnightly": ["NAME.tasks.f"]}', "no such key"),
        ('{"daily": ["NAME.tasks.f"], "cron": {"61 * * * *": ["NAME.tasks.f"]}}', "61"),
        ('{"daily": ["NAME.tasks.f"], "cron": ["NAME.tasks.f"]}', "takes expressions"),
        ('{"daily": ["NAME.tasks.f", 7]}', "not the dotted path"),
    ],
)
def test_a_wrong_schedule_is_named_and_the_others_are_made(
    bench: Bench, events: str, problem: str, request: pytest.FixtureRequest
) -> None:
    name = f"wrong_{request.node.callspec.indices['events']}"
    one = app(bench, name, hooks=f"scheduler_events = {events.replace('NAME', name)}", tasks="def f(): ...\n")
    found = read(Apps([one]))
    assert [s.method for s in found.schedules] == [f"{name}.tasks.f"]
    (told,) = found.problems
    assert problem.replace("NAME", name) in told


def test_marked_functions_with_a_cron_expression_are_schedules(bench: Bench) -> None:
    tasks = (
        "from types import SimpleNamespace\n"
        "def nightly(): ...\n"
        "nightly.__rota_job__ = SimpleNamespace(cron='0 3 * * *', tz='Europe/Berlin', queue='long', timeout='10m')\n"
        "def plain(): ...\n"
        "plain.__rota_job__ = SimpleNamespace(cron=None)\n"
    )
    (found,) = read(Apps([app(bench, "marked_sched", tasks=tasks)])).schedules
    assert (found.method, found.cron, found.tz, found.queue, found.timeout) == (
        "marked_sched.tasks.nightly",
        "0 3 * * *",
        "Europe/Berlin",
        "long",
        600.0,
    )


def test_the_last_app_that_declares_a_doctype_wins(bench: Bench) -> None:
    mine = {"name": "Data Import", "module": "Main", "fields": [{"fieldname": "mine", "fieldtype": "Data"}]}
    found = read(Apps([builtin_app(), app(bench, "last_wins", doctypes={"data_import": mine})]))
    assert [field["fieldname"] for field in found.definitions["Data Import"]["fields"]] == ["mine"]


def test_roles_are_those_that_permissions_name(bench: Bench) -> None:
    mine = {"name": "Thing", "module": "Main", "fields": [], "permissions": [{"role": "Keeper"}, {"role": "Keeper"}]}
    assert read(Apps([app(bench, "roles_app", doctypes={"thing": mine})])).roles == ["Keeper"]


def test_a_doctype_that_is_no_json_names_file_and_line(bench: Bench) -> None:
    one = app(bench, "bad_json", doctypes={"thing": '{\n "name": \n}'})
    with pytest.raises(BrokenApp, match=r"thing\.json, line 3: this is not JSON"):
        read(Apps([one]))


def test_a_doctype_with_a_field_twice_names_file_and_field(bench: Bench) -> None:
    fields = [{"fieldname": "a", "fieldtype": "Data"}] * 2
    one = app(bench, "twice", doctypes={"thing": {"name": "Thing", "module": "Main", "fields": fields}})
    with pytest.raises(BrokenApp, match=r"thing\.json: DocType Thing: the field 'a' stands twice"):
        read(Apps([one]))


def test_the_built_in_doctypes_are_all_usable() -> None:
    found = read(Apps([builtin_app()]))
    assert {"File", "Error Log", "Email Queue", "Scheduled Job Type", "System Settings"} <= set(found.definitions)
    for definition in found.definitions.values():
        tables = [f["options"] for f in definition["fields"] if f["fieldtype"].startswith("Table")]
        assert all(one in found.definitions or one in ("Has Role", "DefaultValue") for one in tables)
