"""The project's own files agree with each other."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCK = (ROOT / "requirements.lock").read_text()
LOCKED = {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==(\S+)", LOCK, re.MULTILINE)}
EXTRAS = PROJECT["project"]["optional-dependencies"]


@pytest.mark.parametrize(
    "requirement",
    [
        *PROJECT["project"]["dependencies"],
        *EXTRAS["postgresql"],
        *EXTRAS["frappe"],
        *PROJECT["dependency-groups"]["dev"],
    ],
)
def test_the_lock_file_has_a_version_of_every_requirement(requirement: str) -> None:
    wanted = Requirement(requirement)
    assert wanted.name in LOCKED, "`make lock` brings requirements.lock up to date"
    assert LOCKED[wanted.name] in wanted.specifier


def test_the_lock_file_names_no_place_to_fetch_from() -> None:
    assert not re.search(r"://|^-|file:", LOCK, re.MULTILINE)


@pytest.mark.parametrize("pinned", re.split(r"\n(?=\S)", LOCK.strip()), ids=lambda text: text.split("==")[0])
def test_every_locked_file_is_known_by_its_hash(pinned: str) -> None:
    assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", pinned)
