"""Dotted paths: what is found, what is refused, and how it is said; calls by signature."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rota.engine.call import Resolver, by_signature, call_by_signature
from rota.errors import UnknownMethod

FILES = {
    "__init__.py": "",
    "tasks.py": "import os\nLIMIT = 3\ndef run(a, b=2): return (a, b)\nclass Tool:\n    def use(self): pass\n",
    "deep/__init__.py": "",
    "deep/more.py": "def dig(): return 'deep'\n",
    "broken.py": "def f():\n    pass\n\nraise ValueError('at import')\n",
    "wrong.py": "def f(:\n",
    "needs.py": "import not_there_at_all\n",
}


@pytest.fixture
def resolver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    for name, text in FILES.items():
        file = tmp_path / "shopapp" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield Resolver(["shopapp", "ghostapp"])
    for name in [name for name in sys.modules if name.partition(".")[0] == "shopapp"]:
        del sys.modules[name]


@pytest.mark.parametrize("path", ["shopapp.tasks.run", "shopapp.deep.more.dig", "shopapp.tasks.Tool.use"])
def test_functions_of_an_installed_app_are_found(resolver: Resolver, path: str) -> None:
    assert resolver.allows(path)
    assert resolver.resolve(path).__name__ == path.rpartition(".")[2]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("os.system", "'os' is not installed on this site (installed: shopapp, ghostapp)"),
        ("subprocess.run", "'subprocess' is not installed"),
        ("builtins.eval", "'builtins' is not installed"),
        ("shopapp.tasks.__import__", "double underscores"),
        ("shopapp.__loader__.load_module", "double underscores"),
        ("shopapp", "not the dotted path of a function"),
        ("", "not the dotted path of a function"),
        ("shopapp.tasks.run()", "not the dotted path of a function"),
        ("shopapp..run", "not the dotted path of a function"),
    ],
)
def test_what_is_no_path_into_an_installed_app_is_refused_without_an_import(
    resolver: Resolver, path: str, reason: str
) -> None:
    assert not resolver.allows(path)
    with pytest.raises(UnknownMethod) as caught:
        resolver.resolve(path)
    assert reason in caught.value.reason
    assert "shopapp" not in sys.modules


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("shopapp.nothing.run", "the module 'shopapp' has no 'nothing'"),
        ("shopapp.tasks.walk", "the module 'shopapp.tasks' has no 'walk'"),
        ("shopapp.tasks.Tool.sell", "the object 'shopapp.tasks.Tool' has no 'sell'"),
        ("shopapp.tasks.LIMIT", "it is a int, which can't be called"),
        ("ghostapp.tasks.run", "there is no module 'ghostapp'"),
        ("shopapp.broken.f", "broken.py, line 4: ValueError: at import"),
        ("shopapp.wrong.f", "wrong.py, line 1: SyntaxError"),
        ("shopapp.needs.f", "needs.py, line 1: ModuleNotFoundError: No module named 'not_there_at_all'"),
    ],
)
def test_the_reason_says_which_part_is_missing_or_where_the_import_failed(
    resolver: Resolver, path: str, reason: str
) -> None:
    with pytest.raises(UnknownMethod) as caught:
        resolver.resolve(path)
    assert reason in caught.value.reason


@pytest.mark.parametrize("path", ["shopapp.tasks.os.system", "shopapp.tasks.os.path.join", "shopapp.tasks.os"])
def test_what_a_module_imports_is_not_the_apps(resolver: Resolver, path: str) -> None:
    with pytest.raises(UnknownMethod, match="another module"):
        resolver.resolve(path)


def test_a_call_passes_what_the_function_takes() -> None:
    def takes_two(a: int, *, b: int = 0) -> tuple[int, int]:
        return a, b

    assert call_by_signature(takes_two, {"a": 1, "b": 2, "c": 3}) == (1, 2)


def test_a_call_passes_everything_to_a_function_that_takes_it_but_never_flags() -> None:
    def takes_all(**kwargs: Any) -> dict[str, Any]:
        return kwargs

    assert call_by_signature(takes_all, {"a": 1, "flags": 2, "ignore_permissions": 3}) == {"a": 1}


def test_parameters_by_position_only_are_not_passed_by_name() -> None:
    def positional(a: int, /, b: int = 2) -> int:
        return b

    assert by_signature(positional, {"a": 1, "b": 3}) == {"b": 3}
