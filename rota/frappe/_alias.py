"""`import frappe` gives the facade: every `frappe.x.y` is the very module `rota.frappe.x.y`, loaded once.

A module that Rota does not have fails with `ModuleNotFoundError` that names the page on compatibility. Where the
package rq is not installed, `import rq` gives a stand-in with what applications catch.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from rota.errors import ConfigError

FRAPPE, FACADE = "frappe", "rota.frappe"
RQ, STAND_IN = "rq", "rota.frappe._rq"


class _AliasLoader(Loader):
    """Hands out the facade's own module under Frappe's name."""

    def __init__(self, real: str) -> None:
        self._real = real
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self._real)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has put the alias's spec on the module; relative imports inside it need its own.
        module.__spec__ = self._spec


class _AliasFinder(MetaPathFinder):
    def __init__(self, alias: str, facade: str) -> None:
        self.alias = alias
        self._facade = facade

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.alias and not fullname.startswith(self.alias + "."):
            return None
        real = self._facade + fullname.removeprefix(self.alias)
        try:
            found = importlib.util.find_spec(real)
        except ModuleNotFoundError:
            found = None
        if found is None:
            raise ModuleNotFoundError(f"{fullname} is not in Rota; docs/compat.md lists what is", name=fullname)
        return ModuleSpec(fullname, _AliasLoader(real), is_package=found.submodule_search_locations is not None)


def install_as_frappe() -> None:
    """Make `import frappe` and every submodule resolve to Rota's facade. Calling it again changes nothing.

    Raises:
        ConfigError: another `frappe` is importable here; running half on one and half on the other would harm data.
    """
    if any(isinstance(finder, _AliasFinder) for finder in sys.meta_path):
        return
    other = _importable(FRAPPE)
    if other is not None:
        where = other.origin or "this environment"
        raise ConfigError(
            f"another package named frappe is installed ({where}): uninstall it, or use an environment without it"
        )
    sys.meta_path.insert(0, _AliasFinder(FRAPPE, FACADE))
    if _importable(RQ) is None:
        sys.meta_path.insert(0, _AliasFinder(RQ, STAND_IN))


def _importable(name: str) -> ModuleSpec | None:
    loaded = sys.modules.get(name)
    return importlib.util.find_spec(name) if loaded is None else loaded.__spec__
