"""A bench: the directory with `sites/` and `apps/` in which every command works.

BENCH/apps/NAME                        apps that are not installed as packages
BENCH/sites/common_site_config.json    settings of all sites
BENCH/sites/NAME/site_config.json      settings of one, with its database's password
BENCH/sites/NAME/site.db, jobs.db      its databases, where it has no others
BENCH/sites/NAME/{public,private}/files
BENCH/logs, BENCH/run                  logs; sockets and the lock of `rota start`
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rota import config
from rota.errors import BenchNotFound, BenchNotRunning, BenchRunning, ConfigError, UnknownSite, UsageError

COMMON_CONFIG = "common_site_config.json"
SITE_CONFIG = "site_config.json"
CURRENT_SITE = "currentsite.txt"

# A site's name is a directory and a host's name.
_SITE_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,126}")
_SITE_FOLDERS = ("public/files", "private/files", "private/backups", "logs", "locks")


@dataclass(frozen=True, slots=True)
class Bench:
    """A bench that is there. All its paths are absolute."""

    path: Path

    @classmethod
    def find(cls, start: Path | str | None = None) -> Bench:
        """The bench at or above `start`: by default `ROTA_BENCH`, else the working directory.

        Raises:
            BenchNotFound: there is none.
        """
        wanted = Path(start or os.environ.get("ROTA_BENCH") or Path.cwd()).expanduser().resolve()
        for folder in (wanted, *wanted.parents):
            if (folder / "sites").is_dir() and (folder / "apps").is_dir():
                return cls(folder)
        raise BenchNotFound(wanted)

    @classmethod
    def init(cls, path: Path | str) -> Bench:
        """Make a bench at `path`, a new or empty directory; one that is a bench already stays as it is.

        Raises:
            UsageError: something else is there.
        """
        folder = Path(path).expanduser().resolve()
        is_bench = (folder / "sites").is_dir() and (folder / "apps").is_dir()
        if folder.exists() and not is_bench and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder} is not empty: give `rota init` a new or an empty directory")
        bench = cls(folder)
        for one in (bench.sites_path, bench.apps_path, bench.logs_path):
            one.mkdir(parents=True, exist_ok=True)
        bench.run_path.mkdir(mode=0o700, exist_ok=True)
        if not bench.common_config_path.exists():
            write_json(bench.common_config_path, {})
        return bench

    @property
    def sites_path(self) -> Path:
        return self.path / "sites"

    @property
    def apps_path(self) -> Path:
        return self.path / "apps"

    @property
    def logs_path(self) -> Path:
        return self.path / "logs"

    @property
    def run_path(self) -> Path:
        """Where sockets and locks live, for this user alone."""
        return self.path / "run"

    @property
    def common_config_path(self) -> Path:
        return self.sites_path / COMMON_CONFIG

    # --- sites ---

    def sites(self) -> list[str]:
        """The names of all sites, sorted."""
        found = (one.parent.name for one in self.sites_path.glob(f"*/{SITE_CONFIG}"))
        return sorted(name for name in found if _SITE_NAME.fullmatch(name))

    def site_path(self, site: str) -> Path:
        """The directory of a site that is there.

        Raises:
            UnknownSite: it is not.
        """
        folder = self.sites_path / site
        if not _SITE_NAME.fullmatch(site) or not (folder / SITE_CONFIG).is_file():
            raise UnknownSite(site, self.sites())
        return folder

    def site_config_path(self, site: str) -> Path:
        return self.site_path(site) / SITE_CONFIG

    def check_free(self, site: str) -> None:
        """See that a new site may have this name.

        Raises:
            UsageError: the name can't be one, or there is such a site.
        """
        if not _SITE_NAME.fullmatch(site):
            raise UsageError(f"{site!r} can't be a site's name: letters, digits, '.', '-' and '_', like a host's")
        if (self.sites_path / site / SITE_CONFIG).exists():
            raise UsageError(f"there is a site {site!r} already")

    def make_site_folders(self, site: str) -> Path:
        """The directories of a new site; its config is written last, as that makes it a site.

        Raises:
            UsageError: the name can't be one, or there is such a site.
        """
        self.check_free(site)
        folder = self.sites_path / site
        folder.mkdir(mode=0o700, exist_ok=True)
        for one in _SITE_FOLDERS:
            (folder / one).mkdir(parents=True, exist_ok=True)
        return folder

    def default_site(self) -> str:
        """The site that is meant when none is named.

        It is named by `ROTA_SITE`, `sites/currentsite.txt` or the setting `default_site`; else it is the only one.

        Raises:
            UnknownSite: the one that is named so does not exist.
            UsageError: there are several, or none.
        """
        named = os.environ.get("ROTA_SITE", "").strip()
        if not named:
            with suppress(FileNotFoundError):
                named = (self.sites_path / CURRENT_SITE).read_text(encoding="utf-8").strip()
        named = named or config.load(self.path).default_site or ""
        if named:
            return self.site_path(named).name
        sites = self.sites()
        if len(sites) == 1:
            return sites[0]
        if not sites:
            raise UsageError("this bench has no site yet: make one with `rota new-site NAME`")
        raise UsageError(f"this bench has {len(sites)} sites: name one with --site ({', '.join(sites)})")

    # --- apps ---

    def apps(self) -> list[str]:
        """The names of the apps in `apps/`, sorted."""
        return sorted(
            one.name
            for one in self.apps_path.iterdir()
            if one.is_dir() and one.name.isidentifier() and not one.name.startswith("_")
        )

    # --- one `rota start` at a time ---

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hold the bench's lock, so that a second `rota start` is told so.

        Raises:
            BenchRunning: another process holds it.
        """
        self.run_path.mkdir(mode=0o700, exist_ok=True)
        with (self.run_path / "start.lock").open("a+", encoding="ascii") as file:
            try:
                # A lock of the process: forked workers don't inherit it, so one that outlives us holds nothing.
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                raise BenchRunning(self.path, file.read().strip()) from error
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield

    def runner(self) -> int:
        """The process that runs the bench.

        Raises:
            BenchNotRunning: none does.
        """
        try:
            with (self.run_path / "start.lock").open("r+", encoding="ascii") as file:
                try:
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    return int(file.read())
        except FileNotFoundError:
            pass  # nobody ever ran it
        raise BenchNotRunning(self.path)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a configuration file; an absent one is empty.

    Raises:
        ConfigError: it can't be read; the message names the file, and the line where it is broken.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}, line {error.lineno}: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path}: must be a JSON object, {{...}}, and is a {type(value).__name__}")
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Replace a configuration file in one step, readable by its owner alone, as it may hold passwords."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1, sort_keys=True)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
