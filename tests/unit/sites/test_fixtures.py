"""Documents that come with an app are on the site after migrate; what is there already is left alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.sites.bench import Bench
from rota.sites.fixtures import load_fixtures
from rota.sites.report import Report
from rota.sites.site import Site
from tests.unit.sites.conftest import SITE


@pytest.fixture
def site(new_bench: Bench) -> Iterator[Site]:
    with Site.load(new_bench, SITE) as site:
        yield site


def load(site: Site, tmp_path: Path, content: Any) -> Report:
    file = tmp_path / "fixture.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    report = Report(site.name)
    load_fixtures(site, [file], report)
    return report


FIELD = {
    "doctype": "Custom Field", "name": "ToDo-custom_cost", "dt": "ToDo", "fieldname": "custom_cost",
    "label": "Cost", "fieldtype": "Currency", "modified": "2024-01-01 00:00:00", "docstatus": 0,
}  # fmt: skip


def test_a_document_is_inserted_once_and_then_left_alone(site: Site, tmp_path: Path) -> None:
    assert load(site, tmp_path, [FIELD]).done == ["inserted Custom Field ToDo-custom_cost of fixture.json"]
    again = load(site, tmp_path, [FIELD])
    assert (again.done, again.problems) == ([], [])
    with site.open() as context:
        context.documents.get_doc({"doctype": "ToDo", "description": "x", "custom_cost": 5}).insert()


def test_a_document_that_differs_is_updated(site: Site, tmp_path: Path) -> None:
    load(site, tmp_path, [{"doctype": "Role", "name": "Keeper", "role_name": "Keeper", "desk_access": 1}])
    changed = {"doctype": "Role", "name": "Keeper", "role_name": "Keeper", "desk_access": 0}
    assert load(site, tmp_path, [changed]).done == ["updated Role Keeper of fixture.json"]
    with site.open() as context:
        assert context.documents.get_doc("Role", "Keeper").desk_access == 0


def test_children_come_with_their_document(site: Site, tmp_path: Path) -> None:
    user = {
        "doctype": "User", "name": "bot@example.com", "email": "bot@example.com", "first_name": "Bot",
        "roles": [{"doctype": "Has Role", "role": "System Manager"}],
    }  # fmt: skip
    assert load(site, tmp_path, [user]).problems == []
    assert load(site, tmp_path, [user]).done == []
    with site.open() as context:
        assert [row.role for row in context.documents.get_doc("User", "bot@example.com").roles] == ["System Manager"]


def test_the_customizations_of_a_module_are_documents_too(site: Site, tmp_path: Path) -> None:
    row = {key: value for key, value in FIELD.items() if key != "doctype"}
    found = load(
        site, tmp_path, {"doctype": "ToDo", "custom_fields": [row], "property_setters": [], "sync_on_migrate": 1}
    )
    assert found.done == ["inserted Custom Field ToDo-custom_cost of fixture.json"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[{", "Expecting"),
        ([{"name": "x"}], "is no document with a doctype"),
        ([{"doctype": "No Such Thing", "name": "x"}], "No Such Thing"),
        ([{"doctype": "User", "name": "bad", "email": "bad"}], "is no e-mail address"),
    ],
)
def test_one_that_can_not_be_loaded_is_told_and_the_others_are(
    site: Site, tmp_path: Path, content: Any, told: str
) -> None:
    found = load(site, tmp_path, content)
    (problem,) = found.problems
    assert told in problem
    assert found.done == []
    good = [{"doctype": "Role", "name": "After", "role_name": "After"}]
    mixed = load(site, tmp_path, content + good) if isinstance(content, list) else load(site, tmp_path, good)
    assert mixed.done == ["inserted Role After of fixture.json"]
