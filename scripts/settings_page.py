"""Write docs/settings.md from what rota/config.py declares, so that the page can't fall behind the code."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

from rota.config import SETTINGS, Config, Setting

PAGE = Path(__file__).parents[1] / "docs" / "settings.md"

INTRODUCTION = """# Settings

Settings come from three places; a later one wins:

1. `sites/common_site_config.json`, for all sites of the bench
2. `sites/NAME/site_config.json`, for one site
3. environment variables `ROTA_KEY`, with the key in capitals: `ROTA_LOG_LEVEL=DEBUG`

`rota set-config KEY VALUE` writes the second, with `-g` the first. Where Frappe has a key, it is the same here. Keys
that Rota does not know are kept for apps. A value that does not fit is an error that names the file, the line and the
key.

Numbers are seconds or bytes, unless the meaning says otherwise.
"""


def page() -> str:
    """The whole page, a table for each section that `Config` marks in its source."""
    parts = [INTRODUCTION]
    for heading, names in sections().items():
        rows = [row(SETTINGS[name]) for name in names]
        head = "| key | value | default | meaning |\n| --- | --- | --- | --- |"
        parts.append(f"## {heading}\n\n" + "\n".join([head, *rows]) + "\n")
    return "\n".join(parts)


def sections() -> dict[str, list[str]]:
    """The keys below each `# --- heading ---` of `Config`, in its order."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in inspect.getsource(Config).splitlines():
        if heading := re.match(r" +# --- (.+) ---$", line):
            names = found.setdefault(heading[1][0].upper() + heading[1][1:], [])
        elif (key := re.match(r"    (\w+): ", line)) and key[1] in SETTINGS:
            names.append(key[1])
    return {heading: names for heading, names in found.items() if names}


def row(setting: Setting) -> str:
    least = "" if setting.least is None else f", at least {setting.least:g}"
    default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
    meaning = setting.meaning[0].upper() + setting.meaning[1:] + (". Never shown" if setting.secret else "")
    return f"| `{setting.name}` | {setting.kind}{least} | {default} | {meaning} |".replace("  ", " ")


if __name__ == "__main__":
    PAGE.write_text(page())
