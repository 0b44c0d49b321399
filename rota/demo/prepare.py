"""Make the demo's bench: a site with the shop installed and filled, and some jobs to begin with."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path

from rota.documents.session import Session
from rota.sites.bench import Bench
from rota.sites.install import new_site
from rota.sites.jobs import jobs_of
from rota.sites.passwords import set_password
from rota.sites.site import ADMINISTRATOR, Site

SITE = "demo.localhost"
SHOP = Path(__file__).with_name("shop")
FIRST_JOBS = {
    "shop.tasks.count_stock": "long",
    "shop.tasks.import_prices": "default",
    "shop.tasks.take_orders": "short",
    "shop.tasks.tell_warehouse": "short",
    "shop.tasks.export_orders": "default",
}


def prepare(folder: Path) -> tuple[Bench, str]:
    """The demo's bench in `folder`, made if it is not there, and Administrator's new password.

    Raises:
        UsageError: something else is in that directory.
        BenchRunning: the demo runs there, and keeps its password.
    """
    bench = Bench.init(folder)
    password = secrets.token_urlsafe(9)
    with bench.running():
        if SITE in bench.sites():
            _change_password(bench, password)
        else:
            app = bench.apps_path / SHOP.name
            if not app.exists():
                shutil.copytree(SHOP, app, ignore=shutil.ignore_patterns("__pycache__"))
            new_site(bench, SITE, admin_password=password, apps=[SHOP.name])
    return bench, password


def enqueue_first_jobs(bench: Bench) -> None:
    """Something to see before the clock brings the first tick."""
    with Site.load(bench, SITE) as site, site.open() as context:
        jobs = jobs_of(context)
        for method, queue in FIRST_JOBS.items():
            jobs.enqueue(method, queue=queue, job_id=f"demo::{method}", deduplicate=True)


def _change_password(bench: Bench, password: str) -> None:
    with Site.load(bench, SITE) as site:
        session = Session(site.database)
        try:
            set_password(session, ADMINISTRATOR, password)
            session.commit()
        finally:
            session.close()
