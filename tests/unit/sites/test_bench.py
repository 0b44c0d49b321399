"""Benches: found from anywhere inside, with one clear error where something is not as it must be."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rota.errors import BenchNotFound, BenchRunning, ConfigError, UnknownSite, UsageError
from rota.sites.bench import Bench, read_json, write_json


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROTA_BENCH", raising=False)
    monkeypatch.delenv("ROTA_SITE", raising=False)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench.init(tmp_path / "bench")


def add_site(bench: Bench, name: str) -> None:
    bench.make_site_folders(name)
    write_json(bench.sites_path / name / "site_config.json", {"db_type": "sqlite"})


def test_init_makes_the_folders_and_an_empty_common_config(bench: Bench) -> None:
    assert {one.name for one in bench.path.iterdir()} == {"sites", "apps", "logs", "run"}
    assert json.loads(bench.common_config_path.read_text()) == {}


def test_init_again_changes_nothing(bench: Bench) -> None:
    write_json(bench.common_config_path, {"workers": 3})
    Bench.init(bench.path)
    assert read_json(bench.common_config_path) == {"workers": 3}


def test_init_refuses_a_directory_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UsageError, match="is not empty"):
        Bench.init(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_bench_is_found_from_a_directory_inside_it(bench: Bench) -> None:
    inside = bench.apps_path / "shop" / "shop"
    inside.mkdir(parents=True)
    assert Bench.find(inside) == bench


def test_the_environment_names_the_bench(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ROTA_BENCH", str(bench.path))
    assert Bench.find() == bench


def test_no_bench_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(BenchNotFound, match="rota init DIR"):
        Bench.find(tmp_path)


def test_an_unknown_site_is_told_with_those_that_exist(bench: Bench) -> None:
    add_site(bench, "one.local")
    with pytest.raises(UnknownSite, match=r"'two\.local'.*one\.local"):
        bench.site_path("two.local")


@pytest.mark.parametrize("name", ["../sites/one.local", "", ".hidden", "a/b", "a\nb"])
def test_a_sites_name_can_not_lead_out_of_sites(bench: Bench, name: str) -> None:
    add_site(bench, "one.local")
    with pytest.raises(UnknownSite):
        bench.site_path(name)
    with pytest.raises(UsageError):
        bench.make_site_folders(name)


def test_the_only_site_is_the_default(bench: Bench) -> None:
    add_site(bench, "one.local")
    assert bench.default_site() == "one.local"


def test_of_several_sites_none_is_the_default(bench: Bench) -> None:
    add_site(bench, "one.local")
    add_site(bench, "two.local")
    with pytest.raises(UsageError, match=r"--site \(one\.local, two\.local\)"):
        bench.default_site()


def test_currentsite_names_the_default_and_the_environment_wins_over_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_site(bench, "one.local")
    add_site(bench, "two.local")
    (bench.sites_path / "currentsite.txt").write_text("two.local\n")
    assert bench.default_site() == "two.local"
    monkeypatch.setenv("ROTA_SITE", "one.local")
    assert bench.default_site() == "one.local"


def test_the_common_config_may_name_the_default_site(bench: Bench) -> None:
    add_site(bench, "one.local")
    add_site(bench, "two.local")
    write_json(bench.common_config_path, {"default_site": "one.local"})
    assert bench.default_site() == "one.local"


def test_config_files_are_readable_by_their_owner_alone(bench: Bench) -> None:
    add_site(bench, "one.local")
    assert bench.site_config_path("one.local").stat().st_mode & 0o777 == 0o600
    assert bench.common_config_path.stat().st_mode & 0o777 == 0o600


def test_a_broken_config_is_told_with_file_and_line(bench: Bench) -> None:
    bench.common_config_path.write_text('{\n "workers": 3,\n}\n')
    with pytest.raises(ConfigError, match=r"common_site_config\.json, line 3"):
        read_json(bench.common_config_path)


def test_a_second_start_is_told_the_process_of_the_first(bench: Bench) -> None:
    second = "import sys; from rota.sites.bench import Bench\nwith Bench.find(sys.argv[1]).running(): print('started')"
    with bench.running():
        answer = subprocess.run([sys.executable, "-c", second, bench.path], capture_output=True, text=True, check=False)
    assert "BenchRunning" in answer.stderr
    assert "process" in answer.stderr
    assert answer.stdout == ""


def test_the_lock_is_free_again_after_the_first(bench: Bench) -> None:
    with bench.running():
        pass
    with bench.running():
        assert (bench.run_path / "start.lock").read_text().strip().isdigit()


def test_running_in_this_process_blocks_another_with_benchrunning(bench: Bench) -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from rota.sites.bench import Bench\n"
            "with Bench.find(sys.argv[1]).running(): print('on', flush=True); sys.stdin.read()",
            bench.path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "on\n"
        with pytest.raises(BenchRunning, match=f"process {holder.pid}"), bench.running():
            pass
        holder.communicate("")
