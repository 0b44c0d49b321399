"""Draw what was measured, as SVG into docs/images: `python benchmarks/chart.py [--folder build] [--images DIR]`.

Of build/peers.json bars beside other systems (performance.svg), of build/sweeps.json a picture for each curve
(sweep-NAME.svg), of build/soak.json what stayed flat (soak.svg). What is not there is left alone.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

REPO = Path(__file__).resolve().parent.parent
PANELS = {"drain": "No-op jobs from a backlog, jobs/s", "p50": "Enqueue to first line on an idle system, median ms"}
OURS, OTHERS, SECOND = "#0f766e", "#94a3b8", "#b45309"
COLORS = {"sqlite": OURS, "postgresql": SECOND}
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
FLAT = ("claim ms", "slowest claim ms", "dead rows", "PSS MiB", "descriptors", "waiting for locks")


def settle_style() -> None:
    """Text stays text, and the same figures give the same file."""
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "rota", "font.family": "sans-serif", "font.size": 9}
    mpl.rcParams |= {"axes.spines.top": False, "axes.spines.right": False}


def draw_bars(medians: dict[str, dict[str, float]]) -> Figure:
    """A panel for each figure, a bar for each system, the longest first."""
    panels = {key: title for key, title in PANELS.items() if any(key in one for one in medians.values())}
    figure = Figure(figsize=(7.5, (0.4 + 0.3 * len(medians)) * len(panels)), layout="constrained")
    for axes, (key, title) in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels.items(), strict=True):
        values = sorted(((one[key], name) for name, one in medians.items() if key in one))
        colors = [OURS if name.startswith("rota") else OTHERS for _, name in values]
        bars = axes.barh([name for _, name in values], [value for value, _ in values], color=colors)
        axes.bar_label(bars, [f"{value:,.0f}" if value >= 100 else f"{value:.1f}" for value, _ in values], padding=3)
        axes.set_title(title, loc="left")
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.12)
    return figure


def draw_curve(curve: dict[str, Any]) -> Figure:
    """One line a database; the x axis is logarithmic where it spans two orders and more."""
    figure = Figure(figsize=(5, 2.6), layout="constrained")
    axes = figure.subplots()
    for name, points in curve["points"].items():
        axes.plot(*zip(*points, strict=True), marker="o", color=COLORS[name], label=NAMES[name])
    xs = [x for points in curve["points"].values() for x, _ in points]
    if max(xs) >= 100 * min(xs):
        axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel(curve["x"])
    axes.set_ylabel(curve["y"])
    axes.legend(frameon=False)
    return figure


def draw_soak(samples: list[dict[str, float]]) -> Figure:
    """Each figure over time."""
    figure = Figure(figsize=(7.5, 5.5), layout="constrained")
    for axes, key in zip(figure.subplots(len(FLAT) // 2, 2, sharex=True).flat, FLAT, strict=True):
        axes.plot([one["seconds"] for one in samples], [one[key] for one in samples], color=OURS)
        axes.set_title(key, loc="left")
        axes.set_ylim(bottom=0)
    figure.supxlabel("seconds")
    return figure


def draw_all(folder: Path, images: Path) -> list[Path]:
    """Draw what there is; the pictures' files."""
    settle_style()
    pictures: dict[str, Figure] = {}
    if (file := folder / "peers.json").exists():
        pictures["performance"] = draw_bars(json.loads(file.read_text())["medians"])
    if (file := folder / "sweeps.json").exists():
        curves = json.loads(file.read_text())["curves"]
        pictures |= {f"sweep-{name}": draw_curve(curve) for name, curve in curves.items() if curve["points"]}
    if (file := folder / "soak.json").exists() and (samples := json.loads(file.read_text())["samples"]):
        pictures["soak"] = draw_soak(samples)
    made = []
    for name, figure in pictures.items():
        figure.savefig(images / f"{name}.svg", metadata={"Date": None})
        made.append(images / f"{name}.svg")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO / "build")
    parser.add_argument("--images", type=Path, default=REPO / "docs/images")
    args = parser.parse_args()
    args.images.mkdir(parents=True, exist_ok=True)
    for file in draw_all(args.folder, args.images):
        print(file)


if __name__ == "__main__":
    main()
