"""Which class a DocType's documents are: the controller beside its JSON, or the one that an app puts in its place.

A class is looked up by the module that the DocType belongs to: `APP.MODULE.doctype.SLUG.SLUG`, class `SalesOrder` for
`Sales Order`. Without one, it is `Document`.
"""

from __future__ import annotations

import importlib
from typing import Any

from rota.documents.doctype import Meta
from rota.documents.document import Document
from rota.errors import BrokenApp
from rota.sites.apps import App, Apps, broken


def slug(name: str) -> str:
    """A DocType's or module's name as it is written in paths: `sales_order`."""
    return name.lower().replace(" ", "_").replace("-", "_")


class Controllers:
    """The classes of a site's DocTypes; each is imported when it is first asked for."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps
        self._known: dict[str, type[Document]] = {}
        self._modules: dict[str, App] | None = None

    def of(self, meta: Meta) -> type[Document]:
        """The class of a DocType's documents.

        Raises:
            BrokenApp: it can't be imported; names the file, the line and the reason.
        """
        name: str = meta["name"]
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = self._overridden(name) or self._beside(meta) or Document
        return found

    def _overridden(self, name: str) -> type[Document] | None:
        paths = self._apps.hooks("override_doctype_class", {}).get(name)
        if not paths:
            return None
        module, _, class_name = str(paths[-1]).rpartition(".")
        for app in self._apps:
            if module.split(".")[0] == app.package.split(".")[0]:
                return _class(app, module, class_name)
        return None

    def _beside(self, meta: Meta) -> type[Document] | None:
        name = meta["name"]
        class_name = name.replace(" ", "").replace("-", "")
        for app in self._candidates(meta.get("module") or ""):
            folder, own = slug(meta.get("module") or ""), slug(name)
            if (app.path / folder / "doctype" / own / f"{own}.py").exists():
                return _class(app, f"{app.package}.{folder}.doctype.{own}.{own}", class_name)
        return None

    def _candidates(self, module: str) -> list[App]:
        if self._modules is None:
            self._modules = {slug(one): app for app in self._apps for one in app.modules()}
        owner = self._modules.get(slug(module))
        # Several apps may have a module of the same name, as Rota's own "Core".
        return [one for one in (owner, *self._apps) if one is not None]


def _class(app: App, module: str, name: str) -> type[Document]:
    try:
        found: Any = getattr(importlib.import_module(module), name)
    except Exception as error:
        raise broken(app, error) from error
    if not isinstance(found, type) or not issubclass(found, Document):
        raise BrokenApp(app.name, module, 0, f"{name} is no Document")
    return found
