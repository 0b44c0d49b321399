"""/health answers yes only while every site's schedules fire and somebody claims its jobs."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn

from rota.schedule import Schedule
from rota.sites.bench import Bench
from rota.sites.install import new_site
from rota.sites.site import Site
from rota.sites.switches import set_enabled
from rota.store import ScheduleRow
from rota.web.app import create_app
from tests.support.waiting import wait_until

SITE = "one.local"
SCHEDULE = Schedule.make("shop.tasks.nightly", "daily")


@pytest.fixture(scope="module")
def made_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bench = Bench.init(tmp_path_factory.mktemp("made") / "bench")
    new_site(bench, SITE, admin_password="x")
    return bench.sites_path / SITE


@pytest.fixture
def bench(tmp_path: Path, made_site: Path) -> Bench:
    bench = Bench.init(tmp_path / "bench")
    shutil.copytree(made_site, bench.sites_path / SITE)
    return bench


@pytest.fixture
def url(bench: Bench) -> Iterator[str]:
    """The address of a real server for the bench."""
    server = uvicorn.Server(uvicorn.Config(create_app(bench), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started, message="the server listens")
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def site(bench: Bench) -> Iterator[Site]:
    with Site.load(bench, SITE) as site:
        yield site


def claims(site: Site) -> None:
    """Somebody claims the site's jobs."""
    with site.store.turn() as turn:
        turn.register("t1", host="h", pid=1, boot_id="b", queues=["default"], lease=60)


def define(site: Site, *, days_ago: float) -> None:
    """A daily schedule whose last tick was so many days ago."""
    rows = [ScheduleRow(id=SCHEDULE.id, definition=SCHEDULE.to_json())]
    with site.store.turn() as turn:
        turn.put_schedules(rows, since=turn.now - int(days_ago * 86400e6))


def ask(url: str) -> tuple[int, Any]:
    answer = requests.get(f"{url}/health", timeout=60)
    return answer.status_code, answer.json()


def test_yes_while_all_is_well(site: Site, url: str) -> None:
    claims(site)
    define(site, days_ago=0)
    assert ask(url) == (
        200,
        {"healthy": True, "sites": {SITE: {"healthy": True, "scheduler": True, "dispatchers": 1, "late": 0}}},
    )


def test_the_address_alone_leads_there(site: Site, url: str) -> None:
    claims(site)
    answer = requests.get(url, timeout=60)
    assert (answer.url, answer.status_code) == (f"{url}/health", 200)


def test_no_while_nobody_claims(url: str) -> None:
    code, answer = ask(url)
    assert (code, answer["healthy"], answer["sites"][SITE]["dispatchers"]) == (503, False, 0)


def test_no_while_a_tick_is_late(site: Site, url: str) -> None:
    claims(site)
    define(site, days_ago=3)
    code, answer = ask(url)
    assert (code, answer["sites"][SITE]["late"]) == (503, 1)


def test_nothing_is_late_where_the_scheduler_is_switched_off(site: Site, url: str) -> None:
    claims(site)
    define(site, days_ago=3)
    set_enabled(site, False)
    code, answer = ask(url)
    assert (code, answer["sites"][SITE]["scheduler"]) == (200, False)


def test_a_site_that_can_not_be_opened_is_told_without_its_secrets(bench: Bench, url: str) -> None:
    (bench.sites_path / SITE / "site_config.json").write_text(
        '{"db_type": "postgresql", "db_url": "postgresql://u:secret@127.0.0.1:1/d"}'
    )
    code, answer = ask(url)
    assert (code, answer["sites"][SITE]) == (503, {"healthy": False, "error": "StoreUnavailable"})
