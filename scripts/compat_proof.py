"""Find, for each name of Frappe that applications use, a test that fails when the name does nothing.

A name counts as tested in docs/compat.md only so: while the test runs, the name does nothing (see `compat_idle`). The
test has to fail in an assertion, not because it can't go on, and has to pass again afterwards. `frappe_tested.csv`
keeps what was found; `python -m scripts.compat_proof` looks for what is missing, `--check` proves what is kept anew.
"""

from __future__ import annotations

import ast
import functools
import inspect
import re
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from scripts.compat_idle import doing_nothing, unchanged
from scripts.compat_names import ROOT, keep, lookup, resolves, tested, usage

FOLDERS = ("tests/frappe", "tests/contract/documents")
#: Tests of names being there: they say nothing of what a name does.
RESOLVE_ONLY = ("tests/frappe/test_compat.py", "tests/frappe/utils/test_names.py")
#: Tests tried for a name, the likeliest first.
TRIED = 24


def noticed(error: BaseException, test: pytest.Function, name: str) -> bool:
    """Whether a test failed in an assertion of its own, not because it could not go on without the name."""
    if isinstance(error, (AssertionError, pytest.fail.Exception)):
        return True
    thing = lookup(name)[2]
    if isinstance(thing, type) and isinstance(error, thing):
        return True  # `pytest.raises` waited for it
    lines = _asserted(test.path)
    frames = traceback.walk_tb(error.__traceback__)
    return any(frame.f_code.co_filename == str(test.path) and line in lines for frame, line in frames)


@functools.cache
def _asserted(path: Path) -> frozenset[int]:
    tree = ast.parse(path.read_text())
    found = [range(one.lineno, (one.end_lineno or 0) + 1) for one in ast.walk(tree) if isinstance(one, ast.Assert)]
    return frozenset(line for lines in found for line in lines)


class Prover:
    """A plugin for pytest that runs tests again and again, each time without one name, in place of the usual run."""

    def __init__(self, wanted: Iterable[str], kept: dict[str, str]) -> None:
        self.wanted, self.kept = list(wanted), kept
        self.proofs: dict[str, str] = {}
        self._without: str | None = None
        self._error: BaseException | None = None
        self._sources: dict[pytest.Function, str] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Prove every name."""
        tests = [item for item in session.items if isinstance(item, pytest.Function)]
        for test in tests:
            if "postgresql" not in test.name and not test.nodeid.startswith(RESOLVE_ONLY):
                self._sources[test] = inspect.getsource(inspect.unwrap(test.function))
        for name in self.wanted:
            found = next((test for test in self._likely(name) if self._proves(test, name)), None)
            if found is not None:
                self.proofs[name] = _function(found)
            sys.stdout.write(f"{name} {self.proofs.get(name, '-')}\n")
        return True

    def _likely(self, name: str) -> list[pytest.Function]:
        if self.kept:
            return [item for item in self._sources if _function(item) == self.kept[name]]
        parent, _, last = f"frappe.{name}".rpartition(".")
        parent = parent.rpartition(".")[2]
        word, near = re.compile(rf"\b{last}\b"), re.compile(rf"\b{parent}\b")
        ranks = {
            item: (f"{parent}.{last}" not in source, near.search(source) is None, len(source))
            for item, source in self._sources.items()
            if word.search(source)
        }
        return sorted(ranks, key=ranks.__getitem__)[:TRIED]

    def _proves(self, test: pytest.Function, name: str) -> bool:
        with unchanged(name):
            error = self._run(test, without=name)
        return error is not None and noticed(error, test, name) and self._run(test) is None

    def _run(self, test: pytest.Function, without: str | None = None) -> BaseException | None:
        self._without, self._error = without, None
        runtestprotocol(test, log=False, nextitem=test.session)  # type: ignore[arg-type]  # all is torn down
        return self._error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Any:
        """Remember how a test failed."""
        if call.when != "teardown" and call.excinfo is not None:
            self._error = call.excinfo.value
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Any:
        """Only the test itself runs without the name, not its fixtures."""
        if self._without is None:
            return (yield)
        with doing_nothing(self._without, pyfuncitem):
            return (yield)


def _function(item: pytest.Function) -> str:
    return f"{item.nodeid.split('::', 1)[0]}::{item.originalname}"


def prove(wanted: Iterable[str], kept: dict[str, str]) -> dict[str, str]:
    """The tests that notice, by name: of the kept ones, or of all. They run in this process, on SQLite."""
    prover = Prover(wanted, kept)
    paths = sorted({kept[name].split("::", 1)[0] for name in prover.wanted}) if kept else FOLDERS
    quiet = ["-q", "-p", "no:cacheprovider", "-o", "filterwarnings=ignore", "--rootdir", str(ROOT)]
    pytest.main([*quiet, *(str(ROOT / path) for path in paths)], plugins=[prover])
    return prover.proofs


def main(arguments: list[str]) -> int:
    """Look for what is missing; with `--check`, prove what is kept. All names, or those given."""
    kept = tested()
    names = [one for one in arguments if one != "--check"]
    if "--check" in arguments:
        wanted = names or list(kept)
        lost = set(wanted) - set(prove(wanted, kept))
        sys.stdout.write("".join(f"no test notices any more: {name}\n" for name in sorted(lost)))
        return bool(lost)
    missing = [one.name for one in usage() if one.name not in kept and resolves(one.name)]
    keep({**kept, **prove([name for name in missing if name in names or not names], {})})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
