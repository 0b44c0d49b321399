"""Apps: their hooks, modules and files, and functions by path."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

from rota import frappe  # what an app has put there counts
from rota.documents.dictionary import AttrDict
from rota.engine.call import call_by_signature
from rota.errors import AppNotInstalledError, UnknownApp, ValidationError
from rota.frappe.utils._strings import cstr
from rota.sites.apps import App, find_app
from rota.sites.context import current, current_or_none


def get_hooks(hook: str | None = None, default: Any = None, app_name: str | None = None) -> Any:
    """What the installed apps declare under a hook, merged: a list, or a dict of lists; all hooks without a name."""
    # A copy, as apps change what they get.
    found = current().site.apps.hooks(hook, default, app_name)
    if isinstance(found, dict):
        return AttrDict({key: list(value) if isinstance(value, list) else value for key, value in found.items()})
    return list(found) if isinstance(found, list) else found


def append_hook(target: dict[str, Any], key: str, value: Any) -> None:
    """Add a hook to a dict of hooks as Frappe merges them."""
    from rota.sites.apps import merge

    merge(target, key, value)


def get_doc_hooks() -> dict[str, Any]:
    """The `doc_events` of all apps."""
    return dict(frappe.get_hooks("doc_events", {}))


def get_attr(method_string: str) -> Any:
    """What a dotted path names: a function or anything else of a module.

    Raises:
        AppNotInstalledError: its app is not installed on this site.
        AttributeError, ImportError: there is nothing of that name.
    """
    app = method_string.split(".", maxsplit=1)[0]
    if app != "frappe" and current_or_none() is not None and app not in frappe.get_installed_apps():
        raise AppNotInstalledError(f"App {app} is not installed")
    module, _, name = method_string.rpartition(".")
    return getattr(frappe.get_module(module), name)


def call(fn: Any, *args: Any, **kwargs: Any) -> Any:
    """Call a function, or the one at a dotted path, with those keywords that it takes."""
    function = frappe.get_attr(fn) if isinstance(fn, str) else fn
    return call_by_signature(_bind(function, args), kwargs) if args else call_by_signature(function, kwargs)


def _bind(function: Any, args: tuple[Any, ...]) -> Any:
    import functools

    return functools.partial(function, *args)


def get_newargs(fn: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Those of the keywords that the function takes."""
    from rota.engine.call import by_signature

    return by_signature(fn, kwargs)


def get_module(modulename: str) -> ModuleType:
    """The module of this name; Frappe's own are Rota's."""
    return importlib.import_module(modulename)


def scrub(txt: Any) -> str:
    """`Sales Order` as it is written in paths and field names: `sales_order`."""
    return cstr(txt).replace(" ", "_").replace("-", "_").lower()


def unscrub(txt: str) -> str:
    """`sales_order` as people write it: `Sales Order`."""
    return txt.replace("_", " ").replace("-", " ").title()


def get_installed_apps(*, _ensure_on_bench: bool = False, **_: Any) -> list[str]:
    """The apps of the site, in the order of installation; `frappe`, which is Rota itself, first."""
    return ["frappe", *current().site.installed_apps()]


def get_all_apps(with_internal_apps: bool = True, sites_path: str | None = None) -> list[str]:
    """The apps of the bench."""
    return ["frappe", *(name for name in current().site.bench.apps() if name != "frappe")]


def _app(name: str) -> App:
    context = current_or_none()
    if context is not None:
        for app in context.site.apps:
            if app.name == name or (name == "frappe" and app.name == "rota"):
                return app
        return find_app(context.site.bench, name)
    found = importlib.import_module(name)
    if found.__file__ is None:
        raise UnknownApp(name, "it is no package")
    return App(name, name, Path(found.__file__).parent)


def get_pymodule_path(modulename: str, *joins: str) -> str:
    """A path inside the folder of a package."""
    app = _app(scrub(modulename)) if "." not in modulename else None
    if app is not None:
        return str(app.path.joinpath(*[part.lower() if part != "public" else part for part in joins[:-1]], *joins[-1:]))
    return str(Path(str(get_module(modulename).__file__)).parent.joinpath(*joins))


def get_app_path(app_name: str, *joins: str) -> str:
    """A path inside an app's package."""
    return str(_app(app_name).path.joinpath(*joins))


def get_app_source_path(app_name: str, *joins: str) -> str:
    """A path inside an app's folder, the one above its package."""
    return str(_app(app_name).path.parent.joinpath(*joins))


def get_site_path(*joins: str) -> str:
    """A path inside the site's folder."""
    return str(current().site.path.joinpath(*joins))


def get_module_path(module: str, *joins: str) -> str:
    """A path inside the folder of a module of an app."""
    return str(_app(get_module_app(module)).path.joinpath(scrub(module), *joins))


def get_module_app(module: str) -> str:
    """The app that a module belongs to.

    Raises:
        ValidationError: no installed app has it.
    """
    wanted = scrub(module)
    # The last one first: Rota's own modules may have the same name as an app's.
    for app in reversed(list(current().site.apps)):
        if any(scrub(one) == wanted for one in app.modules()):
            return "frappe" if app.name == "rota" else app.name
    raise ValidationError(f"Module {module} not found")


def get_module_list(app_name: str) -> list[str]:
    """The modules of an app, as `modules.txt` lists them."""
    return _app(app_name).modules()


def read_file(path: str | Path, raise_not_found: bool = False, as_base64: bool = False) -> Any:
    """The text of a file; None when there is none."""
    file = Path(path)
    if not file.exists():
        if raise_not_found:
            raise FileNotFoundError(f"{path} Not Found")
        return None
    if as_base64:
        import base64

        return base64.b64encode(file.read_bytes()).decode()
    return file.read_text(encoding="utf-8")


def get_file_items(path: str | Path, raise_not_found: bool = False, ignore_empty_lines: bool = True) -> list[str]:
    """The lines of a file, without comments; none when there is no file."""
    text = read_file(path, raise_not_found=raise_not_found) or ""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if not line.startswith("#") and (line or not ignore_empty_lines)]


def get_file_json(path: str | Path) -> Any:
    """What a JSON file holds."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def setup_module_map(include_all_apps: bool = True) -> None:
    """Nothing to set up: which app a module belongs to is looked up when it is asked for."""


__all__ = [
    "append_hook",
    "call",
    "get_all_apps",
    "get_app_path",
    "get_app_source_path",
    "get_attr",
    "get_doc_hooks",
    "get_file_items",
    "get_file_json",
    "get_hooks",
    "get_installed_apps",
    "get_module",
    "get_module_list",
    "get_module_path",
    "get_newargs",
    "get_pymodule_path",
    "get_site_path",
    "read_file",
    "scrub",
    "setup_module_map",
    "unscrub",
]
