"""What tests of sites need: a bench, a made site to copy, and no trace of imported apps in this process."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.clock import FixedClock
from rota.sites.bench import Bench
from rota.sites.context import Context
from rota.sites.install import new_site
from rota.sites.site import Site
from tests.support.modules import apps_forgotten

SITE = "one.local"


@pytest.fixture(autouse=True)
def _forget_imported_apps() -> Iterator[None]:
    with apps_forgotten():
        yield


@pytest.fixture(scope="session")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a new site, to be copied: making one takes longer than most tests."""
    bench = Bench.init(tmp_path_factory.mktemp("made") / "bench")
    new_site(bench, SITE, admin_password="x")
    return bench.sites_path / SITE


@pytest.fixture
def new_bench(tmp_path: Path, made_site: Path) -> Bench:
    """A bench with one site."""
    bench = Bench.init(tmp_path / "bench")
    shutil.copytree(made_site, bench.sites_path / SITE)
    return bench


@pytest.fixture
def opened(new_bench: Bench, clock: FixedClock) -> Iterator[Context]:
    """The site, open as Administrator; nothing is committed at the end."""
    with Site.load(new_bench, SITE, clock=clock) as site, site.open(commit=False) as context:
        yield context
        context.documents.session.rollback()
