"""The documentation is true: its examples run, its links lead somewhere, its commands and settings exist, and every
command and setting that exists is in it."""

from __future__ import annotations

import importlib
import re
import tomllib
from pathlib import Path

import click
import pytest

from rota.config import SETTINGS
from scripts import settings_page
from tests.support.pages import ROOT, Page, all_pages, command_words

PAGES = all_pages()
RUNNABLE = [page for page in PAGES if page.script()]
DOCS = ROOT / "docs"


def command_line() -> click.Group:
    """The command `rota`."""
    if not (ROOT / "rota" / "cli" / "main.py").exists():
        pytest.skip("rota.cli.main does not exist yet")
    group = importlib.import_module("rota.cli.main").main
    assert isinstance(group, click.Group)
    return group


def all_commands(group: click.Group, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], click.Command]:
    context = click.Context(group)
    found: dict[tuple[str, ...], click.Command] = {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found |= all_commands(command, (*path, name))
        else:
            found[*path, name] = command
    return found


@pytest.mark.parametrize("page", RUNNABLE, ids=str)
def test_the_examples_of_a_page_run(page: Page, tmp_path: Path) -> None:
    command_line()
    run = page.run(tmp_path)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_of_a_page_resolves(page: Page) -> None:
    broken = []
    for link in page.links():
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        if not target.exists() or (anchor and anchor not in Page(target).anchors()):
            broken.append(link)
    assert broken == []


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w/-]+\.md", (ROOT / "mkdocs.yml").read_text()))
    assert listed == {str(path.relative_to(DOCS)) for path in DOCS.glob("**/*.md")}


@pytest.mark.parametrize("page", [page for page in PAGES if page.commands()], ids=str)
def test_every_command_that_a_page_names_exists(page: Page) -> None:
    commands = set(all_commands(command_line()))
    groups = {path[:1] for path in commands if len(path) > 1}
    # Behind a command stand its arguments; behind a group, one of its commands.
    unknown = {words for words in page.commands() - groups if words not in commands and words[:1] not in commands}
    assert unknown == set()


def test_the_commands_page_is_what_the_code_declares() -> None:
    group = command_line()
    page = importlib.import_module("scripts.commands_page")
    assert page.PAGE.read_text() == page.page(group), "`make docs` writes the page anew"


def test_the_settings_page_is_what_the_code_declares() -> None:
    assert settings_page.PAGE.read_text() == settings_page.page(), "`make docs` writes the page anew"


def test_every_setting_is_in_a_section_of_the_settings_page() -> None:
    assert {name for names in settings_page.sections().values() for name in names} == set(SETTINGS)


def test_every_dependency_has_its_reason_in_the_decisions() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(requirement for extra in extras for requirement in extra)]
    names = {re.split(r"[\[<>=~!; ]", requirement)[0] for requirement in wanted}
    rows = re.findall(r"^\| ([^|]+) \|", (DOCS / "decisions" / "0002-dependencies.md").read_text(), re.MULTILINE)
    assert names - set(re.findall(r"[\w-]+", " ".join(rows))) == set()


@pytest.mark.parametrize("folder", [DOCS / "decisions"], ids=["decisions"])
def test_every_decision_is_in_the_index(folder: Path) -> None:
    index = set(Page(folder / "index.md").links())
    assert index == {path.name for path in folder.glob("0*.md")}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rota --site NAME jobs list --json", ("jobs", "list")),
        ("rota --bench DIR --site x migrate", ("migrate",)),
        ("rota init bench", ("init", "bench")),
        ("rota worker --burst    # runs what waits", ("worker",)),
        ("cd bench && rota start", ("start",)),
        ("rota COMMAND", ()),
        ("pip install rota", ()),
    ],
)
def test_a_shell_line_is_read_as_the_command_it_gives(line: str, words: tuple[str, ...]) -> None:
    assert command_words(line) == words


def test_a_page_is_one_script_from_top_to_bottom(tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md")
    page.path.write_text(
        "<!-- run: mkdir -p shop -->\n"
        '```python title="shop/tasks.py"\nANSWER = 42\n```\n'
        "<!-- no-run -->\n```sh\nexit 1\n```\n"
        "1. In a list:\n\n    ```python\n    from shop.tasks import ANSWER\n    print(ANSWER)\n    ```\n"
        "```sh\necho end\n```\n"
    )
    assert page.run(tmp_path).stdout == "42\nend\n"


def test_a_failing_example_is_named_by_its_line(tmp_path: Path) -> None:
    page = Page(tmp_path / "page.md")
    page.path.write_text("# Title\n\n```python\nraise SystemExit(3)\n```\n")
    run = page.run(tmp_path)
    assert run.returncode == 3
    assert "page.md:3 failed" in run.stdout
