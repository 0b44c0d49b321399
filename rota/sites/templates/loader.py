"""Where templates are: inside the directories of the installed apps, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from jinja2 import BaseLoader, Environment, TemplateNotFound

from rota.sites.apps import App, Apps

#: The endings of files that a template may be in.
ENDINGS = frozenset({"css", "csv", "html", "js", "json", "md", "scss", "svg", "txt", "xml"})


def is_path(template: str) -> bool:
    """Whether a text is the path of a template and not a template: one line, with an ending of such files."""
    text = template.strip()
    return "\n" not in text and "{" not in text and text.rpartition(".")[2].lower() in ENDINGS and "." in text


class AppLoader(BaseLoader):
    """Finds `APP/templates/emails/x.html`, `APP/emails/x.html` and, in any app, `templates/emails/x.html`."""

    def __init__(self, apps: Apps) -> None:
        self._apps = apps

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        path = next((one for one in self._candidates(template) if one.is_file()), None)
        if path is None:
            raise TemplateNotFound(template)
        changed = _changed(path)
        return path.read_text(encoding="utf-8"), str(path), lambda: _changed(path) == changed

    def _candidates(self, template: str) -> Iterator[Path]:
        parts = template.strip().strip("/").split("/")
        hidden = any(not part or part.startswith(".") or "\0" in part or "\\" in part for part in parts)
        if hidden or parts[-1].rpartition(".")[2].lower() not in ENDINGS:
            return
        own = [app for app in self._apps if app.name == parts[0]]
        for app in own:
            yield from _inside(app, "/".join(parts[1:]))
        # The app that was installed last wins, as with hooks.
        for app in reversed(list(self._apps)):
            yield from _inside(app, "/".join(parts))


def _inside(app: App, path: str) -> Iterator[Path]:
    root = app.path.resolve()
    for one in (root / path, root / "templates" / path):
        if path and one.resolve().is_relative_to(root):
            yield one


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return -1
