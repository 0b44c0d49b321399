"""Draw build/peers.json as bars: `python benchmarks/chart.py [IN] [OUT]`, by default docs/images/performance.svg."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.sax.saxutils import escape

REPO = Path(__file__).resolve().parent.parent
PANELS = {"drain": "No-op jobs from a backlog, jobs/s", "p50": "Commit to first line on an idle system, median ms"}
WIDTH, LABEL, BAR, GAP, HEAD = 720, 150, 18, 8, 34
OURS, OTHERS, INK = "#0f766e", "#94a3b8", "#475569"


def panel(title: str, values: dict[str, float], top: int) -> tuple[list[str], int]:
    """One bar for each system, longest scaled to the panel's width; and where the panel ends."""
    parts = [f'<text x="0" y="{top + 16}" font-weight="bold">{escape(title)}</text>']
    scale = (WIDTH - LABEL - 80) / max(values.values())
    y = top + HEAD
    for name, value in sorted(values.items(), key=lambda item: -item[1]):
        color, length = OURS if name.startswith("rota") else OTHERS, max(1.0, value * scale)
        shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
        parts.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end">{escape(name)}</text>')
        parts.append(f'<rect x="{LABEL}" y="{y}" width="{length:.0f}" height="{BAR}" rx="3" fill="{color}"/>')
        parts.append(f'<text x="{LABEL + length + 6:.0f}" y="{y + 14}">{shown}</text>')
        y += BAR + GAP
    return parts, y + HEAD // 2


def draw(medians: dict[str, dict[str, float]]) -> str:
    """The picture as SVG."""
    parts: list[str] = []
    end = 0
    for key, title in PANELS.items():
        values = {name: one[key] for name, one in medians.items() if key in one}
        if values:
            drawn, end = panel(title, values, end)
            parts += drawn
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {end}" font-family="sans-serif" font-size="13"'
    )
    return "\n".join([f'{head} fill="{INK}">', *parts, "</svg>"]) + "\n"


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else REPO / "build/peers.json"
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else REPO / "docs/images/performance.svg"
    target.write_text(draw(json.loads(source.read_text())["medians"]))


if __name__ == "__main__":
    main()
