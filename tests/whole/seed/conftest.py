"""The eight workflows, whose code runs as their document prints it. Judged by what each evidently means to do."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.benches import TestBench
from tests.support.peer import Peer, http_peer
from tests.support.smtp import Mailbox, mail_server

SEED = Path(__file__).parents[4] / "shared" / "seed"


@pytest.fixture(scope="session")
def myapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The document's code blocks as an app."""
    if not SEED.is_dir():
        pytest.skip("the workflows' document is not beside this checkout")
    spec = importlib.util.spec_from_file_location("build_app", SEED / "build_app.py")
    assert spec is not None
    assert spec.loader is not None
    builder: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(builder)
    return Path(builder.build(tmp_path_factory.mktemp("seed")))


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """An SMTP server by which the site's mails leave."""
    with mail_server() as box:
        yield box


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """The external system of workflow 5, for the processes that the test starts from now on."""
    with http_peer() as made:
        monkeypatch.setenv("MYAPP_EXTERNAL", made.url)
        yield made


@pytest.fixture
def bench(make_bench: Callable[..., TestBench], myapp: Path, mailbox: Mailbox) -> TestBench:
    """A bench whose site has the app."""
    return make_bench(
        apps=[myapp],
        mail_server="127.0.0.1",
        mail_port=mailbox.port,
        auto_email_id="site@example.com",
        time_zone="Europe/Amsterdam",
        max_crashes=1000,
    )
