"""A site on SQLite for all tests of a file: each test's transaction is rolled back at its end.

What these tests say does not depend on the database; `tests/contract` shows that databases agree.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rota.clock import FixedClock
from rota.sites.bench import Bench
from rota.sites.site import Site
from tests.frappe.conftest import APP, SITE
from tests.support.benches import forget_app


@pytest.fixture(scope="module")
def site(made_on_sqlite: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site. Its clock stands at noon of Monday, 5 January 2026."""
    folder: Path = tmp_path_factory.mktemp("site") / "bench"
    shutil.copytree(made_on_sqlite.path, folder)
    forget_app(APP)
    with Site.load(Bench(folder), SITE, clock=FixedClock()) as site:
        yield site
