"""Apps: where they are, what their hooks declare, which DocTypes and tasks they bring.

An app is an importable package, or `apps/NAME` in the bench: the package itself, or Frappe's `apps/NAME/NAME`.
Nothing of an app is imported before its hooks or tasks are asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from rota import __version__
from rota.errors import BrokenApp, UnknownApp
from rota.sites.bench import Bench

#: The attribute by which `@rota.job` marks a function; its value is the function's options.
JOB_MARK = "__rota_job__"
BUILTIN_PACKAGE = "rota.sites.builtin"
Hooks = dict[str, Any]

# What makes a directory a package of an app, and not a checkout around one.
_PACKAGE_FILES = ("__init__.py", "hooks.py", "tasks.py", "tasks")


@dataclass(frozen=True, slots=True)
class DocTypeSource:
    """A DocType in an app: its JSON, and the module that holds its controller if there is a `.py` beside it."""

    path: Path
    module: str

    @property
    def has_controller(self) -> bool:
        return self.path.with_suffix(".py").exists()


@dataclass(frozen=True, slots=True)
class App:
    """An app that can be imported as `package` (its name, but for Rota's own DocTypes) from `path`."""

    name: str
    package: str
    path: Path

    def modules(self) -> list[str]:
        """The modules that `modules.txt` lists, as people write them ("Sales Tools"); without it, those found."""
        listed = self.path / "modules.txt"
        if listed.exists():
            lines = (line.strip() for line in listed.read_text(encoding="utf-8").splitlines())
            return [line for line in lines if line and not line.startswith("#")]
        folders = sorted({one.parent.name for one in self.path.glob("*/doctype")})
        return [folder.replace("_", " ").title() for folder in folders]

    def doctypes(self) -> Iterator[DocTypeSource]:
        """The DocTypes of all modules, in a fixed order: `MODULE/doctype/SLUG/SLUG.json`."""
        for module in self.modules():
            folder = module.lower().replace(" ", "_").replace("-", "_")
            for path in sorted((self.path / folder / "doctype").glob("*/*.json")):
                if path.stem == path.parent.name:
                    slug = path.stem
                    yield DocTypeSource(path, f"{self.package}.{folder}.doctype.{slug}.{slug}")

    def fixtures(self) -> list[Path]:
        """JSON files with documents that belong to the app, in the order in which they are to be loaded."""
        return [*sorted(self.path.glob("*/custom/*.json")), *sorted((self.path / "fixtures").glob("*.json"))]

    def hooks(self) -> Hooks:
        """What `hooks.py` declares, each value as it stands there; empty without one.

        Raises:
            BrokenApp: it can't be imported; names the file, the line and the reason.
        """
        if not (self.path / "hooks.py").exists():
            return {}
        module = self._import(f"{self.package}.hooks")
        return {key: value for key, value in vars(module).items() if _is_hook(key, value)}

    def jobs(self) -> list[Callable[..., Any]]:
        """The functions of `tasks` (a module, or a package with all its modules) that `@rota.job` has marked.

        Beside a `hooks.py`, modules that never say `rota` are not imported: Frappe imports tasks only to run them, so
        they may need what only a worker has.

        Raises:
            BrokenApp: one of the others can't be imported.
        """
        files = [self.path / "tasks.py", *sorted((self.path / "tasks").rglob("*.py"))]
        has_hooks = (self.path / "hooks.py").exists()
        wanted = [one for one in files if one.is_file() and (not has_hooks or b"rota" in one.read_bytes())]
        modules = [self._import(self._name_of(one)) for one in wanted]
        own = [one for module in modules for one in vars(module).values() if _is_job_of(one, module)]
        return list(dict.fromkeys(own))

    def _name_of(self, file: Path) -> str:
        parts = file.relative_to(self.path).with_suffix("").parts
        return ".".join((self.package, *(parts[:-1] if parts[-1] == "__init__" else parts)))

    @property
    def version(self) -> str:
        """`__version__` of the package, "" without one."""
        if self.package == BUILTIN_PACKAGE:
            return __version__
        return str(getattr(self._import(self.package), "__version__", ""))

    def _import(self, module: str) -> ModuleType:
        try:
            return importlib.import_module(module)
        except Exception as error:
            raise broken(self, error) from error


def find_app(bench: Bench, name: str) -> App:
    """The app of this name, importable from now on.

    Raises:
        UnknownApp: neither `apps/NAME` nor an importable package; or another package of this name hides it.
    """
    found = app_at(bench.apps_path / name) if name.isidentifier() else None
    if found is not None:
        return found
    seen = _location(name) if name.isidentifier() else None
    if seen is None:
        known = ", ".join(bench.apps()) or "none"
        remedy = (
            f"put it into {bench.apps_path} (there now: {known}) or install it as a package; `rota new-app` makes one"
        )
        raise UnknownApp(name, remedy)
    return App(name, name, seen)


def app_at(folder: Path) -> App | None:
    """The app in this directory, which bears its name, importable from now on; None if there is no package.

    Raises:
        UnknownApp: another package of this name hides it.
    """
    name, package = folder.name, _package_folder(folder)
    if package is None:
        return None
    if str(package.parent) not in sys.path:
        # At the end: an app must not hide the standard library or an installed package.
        sys.path.append(str(package.parent))
    importlib.invalidate_caches()
    seen = _location(name)
    if seen is None or not seen.samefile(package):
        raise UnknownApp(name, f"{package} is hidden by the package of the same name in {seen}: rename the app")
    return App(name, name, package)


def builtin_app() -> App:
    """Rota's own DocTypes, laid out as an app."""
    return App("rota", BUILTIN_PACKAGE, Path(__file__).with_name("builtin"))


class Apps:
    """The apps of one site, in the order of their installation, and their hooks merged."""

    def __init__(self, apps: Sequence[App]) -> None:
        self._apps = tuple(apps)
        self._merged: dict[str | None, Hooks] = {}

    def __iter__(self) -> Iterator[App]:
        return iter(self._apps)

    @property
    def names(self) -> list[str]:
        return [app.name for app in self._apps]

    def hooks(self, name: str | None = None, default: Any = None, app_name: str | None = None) -> Any:
        """The hooks of all apps (or of one), merged as Frappe's `get_hooks` does.

        Values are lists, in the order of the apps; a dict stays one, with lists inside. With `name`, that hook alone,
        or `default` (an empty list when that is None).
        """
        if app_name not in self._merged:
            chosen = [app for app in self._apps if app_name in (None, app.name)]
            merged: Hooks = {}
            for app in chosen:
                for key, value in app.hooks().items():
                    try:
                        merge(merged, key, value)
                    except TypeError as error:
                        raise BrokenApp(app.name, app.path / "hooks.py", 0, str(error)) from error
            self._merged[app_name] = merged
        hooks = self._merged[app_name]
        if name is None:
            return hooks
        return hooks.get(name, [] if default is None else default)


def merge(into: Hooks, key: str, value: Any) -> None:
    """Add one app's hook: lists are put together, dicts merged key by key, and anything else becomes a list."""
    if isinstance(value, Mapping):
        inner = into.setdefault(key, {})
        if not isinstance(inner, dict):
            raise TypeError(f"{key} is a dict in one app and a list in another")
        for name, one in value.items():
            merge(inner, name, one)
        return
    known = into.setdefault(key, [])
    if isinstance(known, dict):
        raise TypeError(f"{key} is a list in one app and a dict in another")
    known.extend(value if isinstance(value, (list, tuple)) else [value])


def broken(app: App, error: BaseException) -> BrokenApp:
    """What to say of an app whose import raised `error`: the place in the app's own files, and the reason."""
    reason = f"{type(error).__name__}: {error}".strip().splitlines()[0]
    if isinstance(error, SyntaxError) and error.filename:
        return BrokenApp(app.name, error.filename, error.lineno or 0, f"{type(error).__name__}: {error.msg}")
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(app.path)]
    if own:
        return BrokenApp(app.name, own[-1].filename, own[-1].lineno or 0, reason)
    return BrokenApp(app.name, app.path, 0, reason)


def _package_folder(folder: Path) -> Path | None:
    for one in (folder, folder / folder.name):
        if any((one / file).exists() for file in _PACKAGE_FILES):
            return one.resolve()
    return None


def _location(package: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]).resolve() if places else None


def _is_hook(key: str, value: Any) -> bool:
    return not key.startswith("_") and not isinstance(value, (ModuleType, FunctionType, type)) and key != "annotations"


def _is_job_of(value: Any, module: ModuleType) -> bool:
    is_marked = inspect.getattr_static(value, JOB_MARK, None) is not None
    return is_marked and getattr(value, "__module__", None) == module.__name__
