"""Reading the documentation as data: its examples, links and commands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)(?P<options>[^\n`]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
HIDDEN = re.compile(r"^<!--\s*run:\s*(?P<text>.*?)-->", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One fenced example, or a hidden preparation (`<!-- run: shell commands -->`), and the line it starts on."""

    line: int
    language: str
    text: str
    file: str = ""

    def as_shell(self) -> str:
        """The shell commands that do what the reader of the block would do."""
        if self.file:
            return f"mkdir -p {shlex.quote(str(Path(self.file).parent))}\ncat > {shlex.quote(self.file)} {self._here()}"
        if self.language == "python":
            return f"python - {self._here()}"
        return self.text

    def _here(self) -> str:
        return f"<<'END_OF_EXAMPLE'\n{self.text}END_OF_EXAMPLE\n"


@dataclass(frozen=True, slots=True)
class Page:
    """One Markdown file of the project."""

    path: Path

    def __str__(self) -> str:
        return os.path.relpath(self.path, ROOT)

    @property
    def text(self) -> str:
        return self.path.read_text()

    @property
    def prose(self) -> str:
        """The page without its fenced examples."""
        return FENCE.sub("", self.text)

    def script(self) -> str:
        """The page as one bash script: it writes the files of blocks with a title, and runs all other shell and
        Python blocks, top to bottom. A block after `<!-- no-run -->` is left out. Empty if there is nothing to run.
        """
        steps = [f"# {self}:{block.line}\nline={block.line}\n{block.as_shell()}" for block in self._runnable()]
        return "\n".join(["set -euo pipefail", f"trap 'echo {self}:$line failed >&2' ERR", *steps]) if steps else ""

    def run(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """Run the page's script in an empty directory below `folder`, with `rota` from this source tree on the PATH."""
        work, programs = folder / "work", folder / "bin"
        work.mkdir()
        programs.mkdir()
        rota = programs / "rota"
        rota.write_text(f"#!{sys.executable}\nfrom rota.cli.main import main\nmain()\n")
        rota.chmod(0o755)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ROTA_")}
        environment["PATH"] = f"{programs}:{Path(sys.executable).parent}:{environment['PATH']}"
        environment["PYTHONPATH"] = str(ROOT)
        return subprocess.run(
            ["bash", "-c", self.script()],
            check=False,
            cwd=work,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=600,
        )

    def commands(self) -> set[tuple[str, ...]]:
        """The words after `rota` in every shell line and inline code: ('jobs', 'list'), without options."""
        shell = [line for block in self._blocks() if block.language == "sh" for line in block.text.splitlines()]
        found = {command_words(line) for line in [*shell, *re.findall(r"`(rota [^`]+)`", self.prose)]}
        return found - {()}

    def links(self) -> list[str]:
        """Targets within the project, with their `#anchor`."""
        targets = [match["target"] for match in LINK.finditer(self.prose)]
        return [target for target in targets if not re.match(r"[a-z]+:", target)]

    def anchors(self) -> set[str]:
        """What a link may name after `#`: the headings, spelled as Markdown's toc does."""
        headings = re.findall(r"^#+ +(.+)$", self.prose, re.MULTILINE)
        plain = [re.sub(r"[^\w\s-]", "", heading).strip().lower() for heading in headings]
        return {re.sub(r"[-\s]+", "-", heading) for heading in plain}

    def _runnable(self) -> Iterator[Block]:
        for block in self._blocks():
            before = self.text.splitlines()[block.line - 2] if block.line > 1 else ""
            if "<!-- no-run" not in before and (block.file or block.language in {"python", "sh"}):
                yield block

    def _blocks(self) -> list[Block]:
        text = self.text
        blocks = []
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            title = re.search(r'title="([^"]+)"', match["options"])
            body = re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)
            file = title[1] if title else ""
            blocks.append(Block(line=line, language=match["language"], text=body, file=file))
        for match in HIDDEN.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            blocks.append(Block(line=line, language="sh", text=match["text"]))
        return sorted(blocks, key=lambda block: block.line)


def command_words(line: str) -> tuple[str, ...]:
    """The command that a line of shell gives to `rota`: `rota --site x jobs list --json` is ('jobs', 'list')."""
    match = re.search(r"(?:^|\s)rota ((?:--(?:site|bench)[ =]\S+ )*)(?P<words>[a-z][^#;&]*)", line)
    if not match:
        return ()
    words = match["words"].split()
    plain = [word for word in words[:2] if re.fullmatch(r"[a-z][a-z-]*", word)]
    return tuple(plain) if plain[:1] == words[:1] else ()


def all_pages() -> list[Page]:
    """README, CONTRIBUTING, CHANGELOG and all below docs/."""
    return [Page(path) for path in [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]]
