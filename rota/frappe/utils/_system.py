"""Files, directories and programs of the machine and the site."""

from __future__ import annotations

import functools
import gzip
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import rota
from rota.errors import CommandFailedError, NotInRota, UsageError
from rota.frappe.utils import _settings

cached_property = functools.cached_property


def get_path(*path: str, base: str | None = None) -> str:
    """The path under `base`, else under the site's directory."""
    return str(Path(base or get_site_base_path(), *path))


def get_site_base_path() -> str:
    """The site's directory."""
    return str(_settings.site_open("get_site_base_path").path)


def get_site_path(*path: str) -> str:
    """The path under the site's directory."""
    return get_path(*path)


def get_files_path(*path: str, is_private: Any = False) -> str:
    """The path under the site's directory of public, or of private, files."""
    return get_site_path("private" if is_private else "public", "files", *path)


def get_backups_path() -> str:
    """The site's directory of backups."""
    return get_site_path("private", "backups")


def get_bench_path() -> str:
    """The directory that holds `sites` and `apps`: the open site's, else ROTA_BENCH, else where the program runs."""
    site = _settings.provider()
    return str(site.bench_path if site else Path(os.environ.get("ROTA_BENCH") or ".").resolve())


def get_bench_id() -> str:
    """A name for the bench, made of its path."""
    return get_bench_path().strip("/").replace("/", "-")


def get_site_id(site: str | None = None) -> str:
    """`SITE@BENCH`, by which a site is told from one of the same name elsewhere."""
    return f"{site or _settings.site_open('get_site_id').name}@{get_bench_id()}"


def get_site_name(hostname: str) -> str:
    """The host without its port."""
    return hostname.partition(":")[0]


def get_sites(sites_path: str | None = None) -> list[str]:
    """The names of the bench's sites, in order."""
    directory = Path(sites_path or Path(get_bench_path(), "sites"))
    found = (path for path in directory.iterdir() if path.is_dir() and not path.is_symlink())
    return sorted(path.name for path in found if (path / "site_config.json").is_file())


def get_disk_usage() -> int:
    """MiB that the site's public files take, rounded up."""
    files = (path for path in Path(get_files_path()).rglob("*") if path.is_file())
    return -(-sum(path.stat().st_size for path in files) // 2**20)


def get_bench_relative_path(file_path: str) -> str:
    """The absolute path of a file that is named from where the program runs, or from the bench.

    Raises:
        UsageError: there is no such file.
    """
    for base in (Path(), Path(get_bench_path())):
        if (base / file_path).exists():
            return str((base / file_path).resolve())
    raise UsageError(f"there is no file {file_path!r}, neither here nor in the bench")


def get_file_timestamp(fn: str) -> str | None:
    """When the file was last changed, in whole seconds since 1970, as text; None where there is none."""
    try:
        return str(int(Path(fn).stat().st_mtime))
    except FileNotFoundError:
        return None


def get_file_size(path: str, format: bool = False) -> int | str:
    """The file's size in bytes, or for people with `format`: 1.5KiB."""
    size = float(Path(path).stat().st_size)
    if not format:
        return int(size)
    for unit in ("", "Ki", "Mi", "Gi", "Ti", "Pi"):
        if size < 1024:
            return f"{size:3.1f}{unit}B"
        size /= 1024
    return f"{size:.1f}EiB"


def touch_file(path: str) -> str:
    """Make the file if it is not there, and set its time to now; the path."""
    Path(path).touch()
    return path


def create_folder(path: str, with_init: bool = False) -> None:
    """Make the directory and those above it; a new one gets an `__init__.py` with `with_init`."""
    if Path(path).exists():
        return
    Path(path).mkdir(parents=True)
    if with_init:
        touch_file(str(Path(path, "__init__.py")))


def gzip_compress(data: bytes, compresslevel: int = 9) -> bytes:
    """The bytes, compressed."""
    return gzip.compress(data, compresslevel)


def gzip_decompress(data: bytes) -> bytes:
    """What the compressed bytes were."""
    return gzip.decompress(data)


def execute_in_shell(
    cmd: str | list[str], verbose: Any = False, low_priority: bool = False, check_exit_code: bool = False
) -> tuple[bytes, bytes]:
    """Run the command in the shell and wait for it; what it wrote to stderr and, second, to stdout.

    A list is one command and its arguments, quoted. The command is the caller's: nothing in it may come from users.

    Raises:
        CommandFailedError: it failed, and `check_exit_code` is given.
    """
    line = shlex.join(cmd) if isinstance(cmd, list) else cmd
    prefix = ["nice"] if low_priority else []
    done = subprocess.run([*prefix, "/bin/sh", "-c", line], capture_output=True, check=False)  # noqa: S603
    if verbose:
        sys.stdout.write(done.stderr.decode(errors="replace") + done.stdout.decode(errors="replace"))
    if check_exit_code and done.returncode:
        raise CommandFailedError(
            f"command failed with exit code {done.returncode}",
            done.stdout.decode(errors="replace"),
            done.stderr.decode(errors="replace"),
        )
    return done.stderr, done.stdout


def is_cli() -> bool:
    """Whether somebody runs this at a terminal."""
    return bool(sys.stdin and sys.stdin.isatty())


def update_progress_bar(txt: str, i: int, l: int, absolute: bool = False) -> None:  # noqa: E741 - Frappe's name
    """Draw a bar for the step `i` (from 0) of `l`, where somebody watches at a terminal."""
    if not sys.stdout.isatty():
        return
    done = (i + 1) / max(l, 1)
    status = f"{i} of {l}" if absolute else f"{done:.0%}"
    sys.stdout.write(f"\r{txt:<36}: [{'=' * int(done * 40):<40}] {status}")
    sys.stdout.flush()


def get_request_session(max_retries: int = 5) -> Any:
    """A `requests.Session` that tries again, so often, what can't be reached or answers 500.

    Raises:
        NotInRota: the package requests is not installed.
    """
    try:
        import requests  # an app's dependency, and slow to load
        from requests.adapters import HTTPAdapter, Retry
    except ImportError:
        raise NotInRota("frappe.utils.get_request_session", "it needs `pip install requests`") from None
    session = requests.Session()
    adapter = HTTPAdapter(max_retries=Retry(total=max_retries, status_forcelist=[500]))
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def get_build_version() -> str:
    """What changes whenever the pages' scripts do: Rota's version."""
    return rota.__version__


def is_a_property(x: object) -> bool:
    """Whether this is a property, computed each time or once."""
    return isinstance(x, (property, functools.cached_property))


def get_imaginary_pixel_response() -> dict[str, Any]:
    """A response of one transparent pixel, as newsletters count their readers with."""
    pixel = (
        "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
        "0000000b4944415478da6364600000000600023081d02f0000000049454e44ae426082"
    )
    return {"type": "binary", "filename": "imaginary_pixel.png", "filecontent": bytes.fromhex(pixel)}


def image_to_base64(image: Any, extn: str) -> bytes:
    """The Pillow image in this format, in base64."""
    import base64  # with io, only for images
    from io import BytesIO

    buffer = BytesIO()
    image.save(buffer, "JPEG" if extn.lower() in ("jpg", "jpe") else extn)
    return base64.b64encode(buffer.getvalue())
