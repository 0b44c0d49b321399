"""`render_template`: a template's path or its text, with values, to text."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Template, TemplateNotFound, TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from rota.errors import TemplateNotFoundError, ValidationError
from rota.sites.apps import Apps
from rota.sites.templates.limits import Budget, Limits, current
from rota.sites.templates.loader import AppLoader, is_path
from rota.sites.templates.sandbox import Sandbox

KEPT_TEXTS = 200


class Templates:
    """The templates of one site. Safe to use from threads."""

    def __init__(
        self,
        apps: Apps,
        *,
        names: Mapping[str, Any] | None = None,
        resolve: Callable[[str], Any] | None = None,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names`: what every template may use, as `frappe`, `_`; `resolve` finds what the apps' `jinja` hook names."""
        self._limits, self._monotonic = limits or Limits(), monotonic
        self._environment = Sandbox(loader=AppLoader(apps), auto_reload=True, cache_size=KEPT_TEXTS)
        self._environment.globals.update(names or {})
        self._texts: dict[str, Template] = {}
        if resolve is not None:
            methods, filters = hooked(apps.hooks("jinja", {}), resolve)
            self._environment.globals.update(methods)
            self._environment.filters.update(filters)

    def render(
        self,
        template: str,
        context: Mapping[str, Any] | None = None,
        *,
        is_path: bool | None = None,
        safe_render: bool = True,
    ) -> str:
        """The text that the template makes of `context`.

        `template` is a path (with `is_path`, or when it looks like one) or the template itself; `safe_render` refuses
        a text with `.__` in it even where Jinja would only answer that there is nothing.

        Raises:
            TemplateNotFoundError: no installed app has it.
            ValidationError: it can't be read, reaches for what it may not, or takes too much; says where.
        """
        values = dict(context or {})
        is_file = self._names_file(template, is_path)
        name = template.strip() if is_file else ""
        if safe_render and not is_file and ".__" in template:
            raise ValidationError("Illegal template: it contains .__")
        token = None if current.get() else current.set(Budget(self._limits, self._monotonic))
        try:
            found = self._environment.get_template(name) if is_file else self._of_text(template)
            return self._joined(found, values)
        except TemplateNotFound as error:
            raise TemplateNotFoundError(f"no installed app has the template {error.name!r}") from error
        except TemplateSyntaxError as error:
            raise ValidationError(f"{_shown(error.name or name)}, line {error.lineno}: {error.message}") from error
        except (UndefinedError, SecurityError, OverflowError, RecursionError) as error:
            raise ValidationError(f"{_shown(name)}: {error}") from error
        finally:
            if token is not None:
                current.reset(token)

    def source(self, path: str) -> str:
        """The text of a template file.

        Raises:
            TemplateNotFoundError: no installed app has it.
        """
        try:
            return AppLoader.get_source(self._loader, self._environment, path)[0]
        except TemplateNotFound as error:
            raise TemplateNotFoundError(f"no installed app has the template {path!r}") from error

    def exists(self, path: str) -> bool:
        """Whether an installed app has this template."""
        try:
            self.source(path)
        except TemplateNotFoundError:
            return False
        return True

    def check(self, template: str) -> None:
        """See that a text is a template.

        Raises:
            ValidationError: it is none; says where.
        """
        try:
            self._environment.parse(template)
        except TemplateSyntaxError as error:
            raise ValidationError(f"{_shown('')}, line {error.lineno}: {error.message}") from error

    @property
    def _loader(self) -> AppLoader:
        loader = self._environment.loader
        assert isinstance(loader, AppLoader)
        return loader

    @staticmethod
    def _names_file(template: str, asked: bool | None) -> bool:
        return bool(asked) or (asked is None and is_path(template))

    def _of_text(self, text: str) -> Template:
        found = self._texts.get(text)
        if found is None:
            if len(self._texts) >= KEPT_TEXTS:
                self._texts.clear()
            found = self._texts[text] = self._environment.from_string(text)
        return found

    def _joined(self, template: Template, values: dict[str, Any]) -> str:
        parts: list[str] = []
        size = 0
        budget = current.get()
        for part in template.generate(values):
            size += len(part)
            if budget is not None:
                budget.room(size)
            parts.append(part)
        return "".join(parts)


def hooked(
    hook: Mapping[str, Any], resolve: Callable[[str], Any]
) -> tuple[dict[str, Callable[..., Any]], dict[str, Callable[..., Any]]]:
    """The methods and filters of the apps' `jinja` hook: paths of functions, or of modules for all their functions.

    `NAME:PATH` gives a function another name.
    """
    found: list[dict[str, Callable[..., Any]]] = []
    for kind in ("methods", "filters"):
        functions: dict[str, Callable[..., Any]] = {}
        for entry in hook.get(kind, []):
            name, _, path = str(entry).rpartition(":")
            target = resolve(path)
            if inspect.ismodule(target):
                functions.update(
                    {key: one for key, one in inspect.getmembers(target, inspect.isfunction) if key[0] != "_"}
                )
            else:
                functions[name or path.rpartition(".")[2]] = target
        found.append(functions)
    return found[0], found[1]


def _shown(name: str) -> str:
    return f"the template {name!r}" if name and name != "<template>" else "the template"
