"""What docs/compat.md says of Frappe's names is so."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import rota.frappe
from rota.frappe import _compat, utils
from rota.frappe._missing import ABSENT
from rota.sites.context import current_or_none
from scripts import compat_names, compat_page, compat_proof
from scripts.compat_idle import doing_nothing

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


def test_what_applications_use_is_there_and_proved() -> None:
    shares = compat_page.shares()

    assert min(shares["in_tasks"]) > 0.98
    assert min(shares["in_all_code"]) > 0.98


@pytest.mark.parametrize("path", sorted({test.split("::")[0] for test in compat_names.tested().values()}))
def test_the_tests_that_prove_names_are_there_and_assert_something(path: str) -> None:
    tree = ast.parse((compat_names.ROOT / path).read_text())
    asserting = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and _asserts(one)}
    named = {test.split("::")[1] for test in compat_names.tested().values() if test.startswith(f"{path}::")}

    assert not path.startswith(compat_proof.RESOLVE_ONLY)
    assert named <= asserting, "`python -m scripts.compat_proof` finds others, once their lines are deleted"


def _asserts(function: ast.FunctionDef) -> bool:
    return any(isinstance(one, ast.Assert) or (isinstance(one, ast.Attribute) and one.attr == "raises")
               for one in ast.walk(function))  # fmt: skip


def test_the_names_that_tasks_use_most_are_proved_anew() -> None:
    most = sorted(compat_names.usage(), key=lambda one: -one.in_tasks)[:25]
    proof = [sys.executable, "-m", "scripts.compat_proof", "--check", *(one.name for one in most)]

    found = subprocess.run(proof, cwd=compat_names.ROOT, capture_output=True, text=True, check=False)

    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-2000:]


def test_a_name_that_does_nothing_does_so_for_tests_only(request: pytest.FixtureRequest) -> None:
    with doing_nothing("utils.cint", request.node):
        assert utils.cint("5") is None
        assert utils.data.cint("5") is None
        assert utils.sbool("1") is True
        assert utils.get_number_format_info("#,###.##") == (".", ",", 2)
    assert utils.cint("5") == 5

    with doing_nothing("flags.in_test", request.node):
        rota.frappe.flags.in_test = True
        assert rota.frappe.flags.in_test is None


@pytest.mark.parametrize(
    ("body", "counts"),
    [
        ("assert utils.cint('5') == 5", True),
        ("assert utils.cint('5').real", True),
        ("with pytest.raises(ValueError): utils.cint('5')", True),
        ("utils.cint('5').real", False),
    ],
)
def test_only_an_assertion_that_fails_proves_a_name(
    request: pytest.FixtureRequest, tmp_path: Path, body: str, counts: bool
) -> None:
    file = tmp_path / "test_it.py"
    file.write_text(f"{body}\n")
    test = SimpleNamespace(path=file, funcargs={})
    failures = (AssertionError, AttributeError, pytest.fail.Exception)

    with doing_nothing("utils.cint", test), pytest.raises(failures) as failed:  # type: ignore[arg-type]
        exec(compile(file.read_text(), str(file), "exec"), {"utils": utils, "pytest": pytest})

    assert compat_proof.noticed(failed.value, test, "utils.cint") is counts  # type: ignore[arg-type]


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
