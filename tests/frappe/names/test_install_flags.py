"""What `frappe.flags` tells the code of apps while a site is worked on."""

from __future__ import annotations

import shutil
from pathlib import Path

from rota.sites.bench import Bench
from rota.sites.install import install_app
from rota.sites.migrate import migrate
from tests.frappe.conftest import APP, SITE
from tests.support.benches import forget_app


def test_the_code_of_an_app_sees_that_it_is_installed_or_migrated(made_on_sqlite: Bench, tmp_path: Path) -> None:
    bench = Bench(tmp_path / "bench")
    shutil.copytree(made_on_sqlite.path, bench.path)
    forget_app(APP)
    forget_app("noting")
    package = bench.apps_path / "noting" / "noting"
    package.mkdir(parents=True)
    names = ("before_install", "after_install", "before_migrate", "after_migrate")
    hooks = "\n".join(f'{name} = "noting.seen.{name}"' for name in names)
    functions = "\n".join(f"def {name}():\n    SEEN.append(({name!r}, flags()))\n" for name in names)
    (package / "__init__.py").write_text('__version__ = "1.0"\n')
    (package / "modules.txt").write_text("Noting\n")
    (package / "hooks.py").write_text(f'app_name = "noting"\n{hooks}\n')
    (package / "seen.py").write_text(
        "import frappe\n\nSEEN = []\n\n"
        "def flags():\n    return frappe.flags.in_install, frappe.flags.in_migrate, frappe.flags.in_patch\n\n"
        + functions
    )
    install_app(bench, SITE, "noting")
    from noting.seen import SEEN  # type: ignore[import-not-found]

    assert [(name, ("noting", None, None)) for name in ("before_install", names[2], names[3], "after_install")] == SEEN
    SEEN.clear()
    migrate(bench, SITE)

    assert [(name, (None, True, None)) for name in ("before_migrate", "after_migrate")] == SEEN
