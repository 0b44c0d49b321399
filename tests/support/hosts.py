"""Hosts on one machine: network namespaces with host names of their own, which a test may cut off from each other."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

from tests.support.benches import ROTA, kill_tree
from tests.support.waiting import wait_until

TOOLS = ("ip", "unshare")


class NoHosts(Exception):
    """This machine gives no network namespaces."""


class Host:
    """A network namespace with a link to this machine's own. `outside`: the address at this machine's end."""

    def __init__(self, number: int) -> None:
        """`number`: 0 to 63, one for each host of a test.

        Raises:
            NoHosts: the kernel or missing tools forbid it.
        """
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if missing:
            raise NoHosts(f"{', '.join(missing)}: not on this machine; `scripts/setup servers` installs it")
        token = secrets.token_hex(3)
        self.name = f"rota-{token}"
        self._outer, self._inner = f"rv{token}o", f"rv{token}i"
        # A network of the test's own: the process number keeps runs beside each other apart.
        net = f"10.{200 + os.getpid() % 40}.{os.getpid() // 40 % 250}"
        self.outside, self._inside = f"{net}.{4 * number + 1}", f"{net}.{4 * number + 2}"
        self.processes: list[subprocess.Popen[str]] = []
        try:
            self._make()
        except NoHosts:
            self.close()
            raise

    def _make(self) -> None:
        _ip("netns", "add", self.name)
        _ip("link", "add", self._outer, "type", "veth", "peer", "name", self._inner, "netns", self.name)
        _ip("addr", "add", f"{self.outside}/30", "dev", self._outer)
        _ip("link", "set", self._outer, "up")
        _ip("-n", self.name, "addr", "add", f"{self._inside}/30", "dev", self._inner)
        _ip("-n", self.name, "link", "set", self._inner, "up")
        _ip("-n", self.name, "link", "set", "lo", "up")

    def cut_off(self) -> None:
        """Let nothing through any more, in either direction, and tell neither side."""
        _ip("-n", self.name, "link", "set", self._inner, "down")

    def reconnect(self) -> None:
        """Let everything through again."""
        _ip("-n", self.name, "link", "set", self._inner, "up")

    def start(self, bench: Path, *words: str) -> subprocess.Popen[str]:
        """Start a command of `rota` there; it is killed with all its children when the host is closed."""
        command = ["ip", "netns", "exec", self.name, "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"']
        command += [self.name, *ROTA, "--bench", str(bench), *words]
        with (bench / "logs" / f"{self.name}-{words[0]}-{len(self.processes)}.txt").open("w") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, text=True,
                start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )  # fmt: skip
        self.processes.append(process)
        return process

    def close(self) -> None:
        """Kill what runs there, and take the namespace away."""
        for process in self.processes:
            kill_tree(process)
            process.wait()
        subprocess.run(["ip", "netns", "del", self.name], capture_output=True, check=False)
        subprocess.run(["ip", "link", "del", self._outer], capture_output=True, check=False)
        # The kernel takes the link away after the command has returned.
        wait_until(lambda: not Path("/sys/class/net", self._outer).exists())


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NoHosts(f"ip {' '.join(words)}: {done.stderr.strip()}")
