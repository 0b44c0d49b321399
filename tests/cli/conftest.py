"""The command in benches of its own: most tests call it in this process, a few as a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from rota.cli.main import main
from rota.sites.bench import Bench
from tests.support.modules import apps_forgotten

SITE = "one.local"
PASSWORD = "correct horse"


@dataclass(frozen=True)
class Answer:
    """What a command said; `lines` are those of stdout."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Rota = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _own_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No variable leads to another bench, and imported apps are forgotten."""
    for name in [one for one in os.environ if one.startswith("ROTA_") and not one.startswith("ROTA_TEST")]:
        monkeypatch.delenv(name)
    with apps_forgotten():
        yield


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """An empty bench, which is the working directory."""
    bench = Bench.init(tmp_path / "bench")
    monkeypatch.chdir(bench.path)
    return bench


@pytest.fixture
def rota(bench: Bench) -> Rota:
    """Call the command in the bench, in this process."""

    def call(*words: str, typed: str | None = None) -> Answer:
        found = CliRunner().invoke(main, list(words), input=typed, catch_exceptions=False)
        return Answer(found.exit_code, found.stdout, found.stderr)

    return call


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a new site, to be copied: making one takes longer than most tests."""
    bench = Bench.init(tmp_path_factory.mktemp("made") / "bench")
    found = CliRunner().invoke(main, ["--bench", str(bench.path), "new-site", SITE, "--admin-password", PASSWORD])
    assert found.exit_code == 0, found.output
    return bench.sites_path / SITE


@pytest.fixture
def site(bench: Bench, made_site: Path) -> str:
    """The name of a site in the bench."""
    shutil.copytree(made_site, bench.sites_path / SITE)
    return SITE


def run_process(bench: Bench, *words: str, check: bool = False, **options: object) -> subprocess.CompletedProcess[str]:
    """The command as a process of its own."""
    command = [sys.executable, "-m", "rota.cli.main", *words]
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command, cwd=bench.path, capture_output=True, text=True, check=check, timeout=180, **options
    )


def write_app(bench: Bench, name: str, *, hooks: str = "", tasks: str = "") -> Path:
    """An app in the bench: the package itself."""
    folder = bench.apps_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text('__version__ = "1.2.3"\n')
    (folder / "modules.txt").write_text("Main\n")
    (folder / "hooks.py").write_text(hooks)
    (folder / "tasks.py").write_text(tasks)
    return folder
