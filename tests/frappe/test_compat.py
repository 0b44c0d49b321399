"""What docs/compat.md says of Frappe's names is so."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest

import rota.frappe
from rota.frappe import _compat, utils
from rota.frappe._missing import ABSENT
from rota.sites.context import current_or_none
from scripts import compat_page

LISTED = {"frappe": (rota.frappe, _compat.FRAPPE), "frappe.utils": (utils, _compat.UTILS)}
NAMES = [(module, name) for module, (_, table) in LISTED.items() for name in _compat.names(table)]
MODULES = [found.name for found in pkgutil.walk_packages(rota.frappe.__path__, "rota.frappe.")]


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_a_name_is_there_unless_the_table_says_why_not(module: str, name: str) -> None:
    assert hasattr(LISTED[module][0], name) is (f"{module}.{name}" not in ABSENT)


@pytest.mark.parametrize("path", [*ABSENT, *_compat.DIFFERENT])
def test_what_differs_or_is_absent_is_a_name_of_frappe(path: str) -> None:
    module, _, name = path.rpartition(".")

    assert name in _compat.names(LISTED[module][1])


def test_nothing_is_both_different_and_absent() -> None:
    assert not set(ABSENT) & set(_compat.DIFFERENT)


@pytest.mark.parametrize("module", _compat.PARTIAL)
def test_a_module_that_does_less_is_there(module: str) -> None:
    name = "rota.frappe._rq" if module == "rq" else module.replace("frappe", "rota.frappe", 1)

    assert importlib.import_module(name)


def test_the_page_is_what_the_code_declares() -> None:
    assert compat_page.PAGE.read_text() == compat_page.page(), "`make docs` writes the page anew"


def test_what_applications_use_is_there_and_tested() -> None:
    shares = compat_page.shares()

    assert min(shares["in_tasks"]) > 0.95
    assert min(shares["in_all_code"]) > 0.9


@pytest.mark.parametrize("name", MODULES)
def test_every_module_is_imported_without_an_open_site(name: str) -> None:
    assert current_or_none() is None
    assert importlib.import_module(name)


@pytest.mark.parametrize("name", [name for name in MODULES if "._" not in name])
def test_what_a_module_defines_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    own = [
        thing
        for key, thing in vars(module).items()
        if not key.startswith("_") and getattr(thing, "__module__", None) == name and callable(thing)
    ]

    assert [thing for thing in own if not inspect.getdoc(thing)] == []
