"""For the tests of applications: a pytest plugin with a site that is new for each test, and jobs that run here.

It is loaded in every pytest run of an environment that has Rota, so that it imports nothing of it before a test asks
for a fixture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rota.testing.journey import Travel
    from rota.testing.testjobs import TestJobs
    from rota.testing.testsite import Template, TestSite

__all__ = ["inline", "travel"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """The setting `rota_apps`."""
    meaning = "apps of the site that Rota's fixtures give: names of packages, or directories relative to the root"
    parser.addini("rota_apps", meaning, type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Where apps are named, let test modules import them and `frappe`."""
    apps = _apps_of(config)
    if apps:
        from rota.frappe import install_as_frappe
        from rota.sites.apps import app_at

        install_as_frappe()
        for app in apps:
            if isinstance(app, Path) and app_at(app) is None:
                raise pytest.UsageError(f"rota_apps: {app} holds no app: no package of that name is there")


def _apps_of(config: pytest.Config) -> list[str | Path]:
    return [(config.rootpath / name).resolve() if "/" in name else name for name in config.getini("rota_apps")]


# --- fixtures ---


@pytest.fixture(scope="session")
def rota_apps(pytestconfig: pytest.Config) -> Sequence[str | Path]:
    """The apps of the test site, in the order of installation; `rota_apps` of pytest's settings unless overridden."""
    return _apps_of(pytestconfig)


@pytest.fixture(scope="session")
def rota_settings() -> Mapping[str, Any]:
    """Settings for the test site's `site_config.json`."""
    return {}


@pytest.fixture(scope="session")
def rota_templates(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Sequence[str | Path], Mapping[str, Any]], Template]:
    """Makes a site for a set of apps and settings, once."""
    from rota.testing.testsite import Template

    made: dict[str, Template] = {}

    def template(apps: Sequence[str | Path], settings: Mapping[str, Any]) -> Template:
        known = repr((list(apps), sorted(settings.items())))
        if known not in made:
            made[known] = Template.make(tmp_path_factory.mktemp("rota"), apps, settings)
        return made[known]

    return template


@pytest.fixture
def rota_site(
    rota_templates: Callable[[Sequence[str | Path], Mapping[str, Any]], Template],
    rota_apps: Sequence[str | Path],
    rota_settings: Mapping[str, Any],
) -> Iterator[TestSite]:
    """A site with the apps, open as Administrator; after the test it is as it was before."""
    template = rota_templates(rota_apps, rota_settings)
    try:
        with template.site.opened() as site:
            yield site
    finally:
        template.restore()


@pytest.fixture
def site(rota_site: TestSite) -> TestSite:
    """`rota_site`, by its short name."""
    return rota_site


@pytest.fixture
def jobs(rota_site: TestSite) -> TestJobs:
    """The test site's jobs: `assert_enqueued`, `enqueued`, `drain`."""
    from rota.testing.testjobs import TestJobs

    return TestJobs(rota_site)


# --- what tests call ---


@contextmanager
def inline() -> Iterator[None]:
    """Run each job in this process as soon as the commit that enqueues it is done, with its retries and callbacks.

    As with a worker, a job that fails leaves its caller alone: look at it with `find_job` or `jobs.failed()`.

    Raises:
        UsageError: the test has no site.
    """
    from rota.testing.testjobs import TestJobs
    from rota.testing.testsite import site_here

    here = site_here()
    before, here.on_published = here.on_published, TestJobs(here).run_published
    try:
        yield
        here.commit()
        here.wake_workers()
    finally:
        here.on_published = before


def travel(when: datetime | str, tz: str | tzinfo | None = None) -> AbstractContextManager[Travel]:
    """Make it `when` for the test's site: `with travel("2026-03-29 02:30", tz="Europe/Berlin") as time:`.

    `time.advance(hours=2)` and `time.to(...)` go on from there. Described at `rota.testing.journey.travel`.
    """
    from rota.testing.journey import travel as journey

    return journey(when, tz)
