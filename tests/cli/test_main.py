"""The command itself: quick to start, quiet when interrupted, the same words in every place."""

from __future__ import annotations

import signal
import subprocess
import sys

import click
import pytest

from rota import __version__
from rota.cli.main import SECTIONS, main
from rota.sites.bench import Bench
from tests.cli.conftest import Rota, run_process, write_app
from tests.support.waiting import wait_until

LOADED = """
import sys
from rota.cli.main import main
try:
    main(sys.argv[1:])
finally:
    print(sorted(name for name in ("rota.sites", "rota.store", "rota.engine", "rota.documents", "rota.frappe",
                                   "sqlite3", "rich", "uvicorn") if name in sys.modules))
"""


@pytest.mark.parametrize("words", [["--help"], ["jobs", "--help"], ["start", "--help"], ["migrate", "--help"]])
def test_help_starts_none_of_rota(bench: Bench, words: list[str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, *words], capture_output=True, text=True, check=False, cwd=bench.path
    )
    assert answer.stdout.splitlines()[-1] == "[]"


def test_help_names_every_command_and_what_it_does(rota: Rota) -> None:
    out = rota("--help").out
    with click.Context(main) as context:
        commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    assert set(commands) == {name for section in SECTIONS.values() for name in section}
    assert all(command is not None and command.help for command in commands.values())
    assert all(f"  {name} " in out for name in commands)


@pytest.mark.parametrize("words", [[], ["jobs"], ["scheduler"]])
def test_without_a_command_the_help_is_shown(rota: Rota, words: list[str]) -> None:
    answer = rota(*words)
    assert (answer.code, answer.err) == (0, "")
    assert answer.lines[0].startswith("Usage: ")


def test_version_says_which(rota: Rota) -> None:
    assert rota("version").lines[0] == f"rota {__version__}"


def test_ctrl_c_in_a_command_is_quiet(bench: Bench, site: str) -> None:
    tasks = "import pathlib, time\ndef wait():\n    pathlib.Path('begun').touch()\n    time.sleep(60)\n"
    write_app(bench, "quiet_app", tasks=tasks)
    run_process(bench, "install-app", "quiet_app", check=True)
    # Whoever started the tests may have had the signal ignored, and that is inherited.
    command = ["env", "--default-signal=INT", sys.executable, "-m", "rota.cli.main", "execute", "quiet_app.tasks.wait"]
    process = subprocess.Popen(command, cwd=bench.path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until((bench.path / "begun").exists)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err.strip()) == (130, "", "")


def test_a_listing_in_a_pipe_is_not_cut_off(bench: Bench, rota: Rota, site: str) -> None:
    line = next(line for line in rota("list-apps").lines if "rota" in line and "builtin" in line)
    assert line.rstrip().endswith("rota/sites/builtin")
