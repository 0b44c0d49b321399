"""Sites that are copied rather than made: making one takes a second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import pytest

from rota.clock import Clock
from rota.sites.bench import Bench, read_json, write_json
from rota.sites.site import Site
from tests.support.postgres import PostgresServer


@contextmanager
def copied_site(request: pytest.FixtureRequest, name: str, folder: Path, clock: Clock) -> Iterator[Site]:
    """A copy of the site `name` that the fixture `made_on_DATABASE` made, DATABASE being the test's parameter."""
    made: Bench = request.getfixturevalue(f"made_on_{request.param}")
    shutil.copytree(made.path, folder / "bench")
    bench = Bench(folder / "bench")
    with ExitStack() as stack:
        if request.param == "postgresql":
            settings = read_json(bench.site_config_path(name))
            server = cast("PostgresServer", request.getfixturevalue("postgres_server"))
            template = urlsplit(settings["db_url"]).path.strip("/")
            settings["db_url"] = stack.enter_context(server.database(template=template))
            write_json(bench.site_config_path(name), settings)
        yield stack.enter_context(Site.load(bench, name, clock=clock))
