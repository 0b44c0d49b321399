"""A new app: small and complete, so that it can be installed, scheduled and tested as it is."""

from __future__ import annotations

import keyword
import sys
from pathlib import Path

from rota.errors import UsageError

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
requires-python = ">=3.11"
"""

_INIT = """\
__version__ = "0.1.0"
"""

_HOOKS = '''\
"""What {title} declares. `rota migrate` puts changes of the schedule into effect."""

app_name = "{name}"
app_title = "{title}"

scheduler_events = {{
    "daily": ["{name}.tasks.daily_cleanup"],
    # minute, hour, day of month, month, day of week
    "cron": {{"*/15 * * * *": ["{name}.tasks.heartbeat"]}},
}}
'''

_TASKS = '''\
"""Tasks of {title}: functions that hooks.py schedules or that code enqueues."""

import frappe


def daily_cleanup():
    """Delete notifications that were read more than 30 days ago."""
    cutoff = frappe.utils.add_days(frappe.utils.nowdate(), -30)
    old = frappe.get_all("Notification Log", filters={{"read": 1, "creation": ["<", cutoff]}}, pluck="name", limit=500)
    for name in old:
        frappe.delete_doc("Notification Log", name, ignore_permissions=True)
    return {{"deleted": len(old)}}


def heartbeat():
    """Say that the scheduler runs."""
    frappe.logger("{name}").info("still here")


def greet(name="world"):
    """Try it: `rota execute {name}.tasks.greet --kwargs '{{"name": "you"}}'`."""
    return f"Hello, {{name}}!"
'''

_TEST = '''\
"""Tests of {title}'s tasks. Run them with pytest; Rota's plugin gives a temporary site."""

from {name}.tasks import greet


def test_greet_names_the_one_who_is_greeted():
    assert greet("Ada") == "Hello, Ada!"
'''

_FILES = {
    "pyproject.toml": _PYPROJECT,
    "{name}/__init__.py": _INIT,
    "{name}/hooks.py": _HOOKS,
    "{name}/modules.txt": "{title}\n",
    "{name}/tasks.py": _TASKS,
    "{name}/{name}/__init__.py": "",
    "{name}/{name}/doctype/__init__.py": "",
    "tests/test_tasks.py": _TEST,
}


def new_app(apps: Path, name: str) -> Path:
    """Make the app `name` in the directory `apps`; its own directory, laid out as Frappe lays out an app.

    Raises:
        UsageError: the name can't be a package's, hides a module of Python's own, or is taken.
    """
    if not name.isidentifier() or not name.islower() or not name.isascii() or keyword.iskeyword(name):
        raise UsageError(f"{name!r} can't be an app's name: lower-case letters, digits and '_', a letter first")
    if name in sys.stdlib_module_names or name in ("rota", "frappe"):
        raise UsageError(f"{name!r} can't be an app's name: there is a module of that name already")
    folder = apps / name
    if folder.exists():
        raise UsageError(f"{folder} is there already")
    title = name.replace("_", " ").title()
    for path, text in _FILES.items():
        file = folder / path.format(name=name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(name=name, title=title), encoding="utf-8")
    return folder
