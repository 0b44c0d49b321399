"""Measure Rota beside other job systems, in rounds by turns: `python benchmarks/peers.py [--peers a,b] [--runs 3]`.

The other systems come from a folder of peers (bench.py, services.py, setup.sh, adapters/), which is copied to a
temporary directory together with our adapter. The report goes to build/peers.json and build/peers.md, after each
system's turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
OURS = ("rota-sqlite", "rota-postgresql")
ON_POSTGRESQL = ("pgqueuer", "procrastinate", "chancy")
USUAL = ("huey-redis", "pgqueuer", "procrastinate")
PARTS = ("enqueue", "drain", "idle", "latency")
VENV = Path(os.environ.get("PEERS_VENV", "/tmp/peers-venv"))
# One turn of one system, in the peers' own bench; what it measured is the last line.
TURN = """
import json, sys, bench
name, parts, backlog = sys.argv[1], sys.argv[2].split(","), int(sys.argv[3])
peer = bench.Peer(name)
settings, run = peer.settings, {}
try:
    if "enqueue" in parts:
        run |= bench.measure_enqueue(peer, settings.get("singles", 5_000))
    if "drain" in parts:
        run |= bench.measure_drain(peer, backlog or settings.get("drain", 20_000))
    if "idle" in parts or "latency" in parts:
        bench.ready(peer)
    if "idle" in parts:
        run |= bench.measure_idle(peer, 5)
    if "latency" in parts:
        run |= bench.measure_latency(peer)
finally:
    peer.kill()
    peer.reset()
print(json.dumps({"run": run, "config": settings["config"], "version": bench.version(settings["package"])}))
"""
FIGURES = {
    "drain": "drain jobs/s",
    "enqueue": "enqueue/s",
    "bulk": "bulk enqueue/s",
    "p50": "latency p50 ms",
    "p95": "latency p95 ms",
    "p99": "latency p99 ms",
    "pss_mb": "PSS MB",
    "idle_cpu": "idle CPU %",
}


def put_together(peers: Path, target: Path) -> None:
    """Copy the peers, without results of others, and our adapter."""
    for file in peers.rglob("*"):
        if file.is_file() and "results" not in file.relative_to(peers).parts:
            place = target / file.relative_to(peers)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    shutil.copy(REPO / "benchmarks/adapters/rota_.py", target / "adapters")
    (target / "results").mkdir()


def set_up(folder: Path) -> Path:
    """The interpreter that has all peers and this very Rota."""
    python = VENV / "bin/python"
    if not python.exists():
        subprocess.run(["bash", str(folder / "setup.sh")], check=True, env={**os.environ, "PEERS_VENV": str(VENV)})
    if subprocess.run([python, "-c", "import rota"], stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--editable", f"{REPO}[postgresql]"], check=True)
    return python


def machine() -> dict[str, Any]:
    """What it was measured on, and how busy that was."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    words = ["git", "-C", str(REPO), "rev-parse", "--short", "HEAD"]
    return {
        "processor": next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown"),
        "processors": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip(),
        "load before": round(os.getloadavg()[0], 1),
    }


def ratios(medians: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """What ours are of the others, by what is compared; only of what was measured."""

    def best(key: str, names: Iterable[str], choose: Callable[..., float]) -> float | None:
        values = [medians[name][key] for name in names if key in medians.get(name, {})]
        return choose(values) if values else None

    others = [name for name in medians if name not in OURS]
    sqlite, postgresql = OURS
    compared = {
        "SQLite: drain of the fastest peer's": (sqlite, "drain", best("drain", others, max)),
        "SQLite: drain of rq-fork's": (sqlite, "drain", best("drain", ["rq-fork"], max)),
        "PostgreSQL: drain of the fastest peer's on it": (postgresql, "drain", best("drain", ON_POSTGRESQL, max)),
        "PostgreSQL: enqueues of pgqueuer's": (postgresql, "enqueue", best("enqueue", ["pgqueuer"], max)),
        "SQLite: p50 of huey-redis's": (sqlite, "p50", best("p50", ["huey-redis"], min)),
        "SQLite: p99 of huey-redis's": (sqlite, "p99", best("p99", ["huey-redis"], min)),
        "PostgreSQL: p50 of the quickest peer's on it": (postgresql, "p50", best("p50", ON_POSTGRESQL, min)),
        "PostgreSQL: p99 of the quickest peer's on it": (postgresql, "p99", best("p99", ON_POSTGRESQL, min)),
    }
    return {
        what: medians[name][key] / theirs
        for what, (name, key, theirs) in compared.items()
        if theirs and key in medians.get(name, {})
    }


def report(found: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Medians of each system, and what ours are of the others."""
    medians: dict[str, dict[str, float]] = {}
    for name, entry in found.items():
        values = {key: [run[key] for run in entry["runs"] if key in run] for key in FIGURES}
        medians[name] = {key: statistics.median(some) for key, some in values.items() if some}
    return {"machine": facts, "medians": medians, "ratios": ratios(medians), "rounds": found}


def as_markdown(told: dict[str, Any]) -> str:
    """The report for people."""
    lines = ["# Rota beside others", "", ", ".join(f"{key} {value}" for key, value in told["machine"].items()), ""]
    lines.append(f"| system | version | rounds | {' | '.join(FIGURES.values())} |")
    lines.append("| --- | --- | --: |" + " --: |" * len(FIGURES))
    for name, medians in told["medians"].items():
        entry = told["rounds"][name]
        cells = [f"{medians[key]:,.{0 if medians[key] >= 100 else 1}f}" if key in medians else "-" for key in FIGURES]
        lines.append(f"| {name} | {entry.get('version', '')} | {len(entry['runs'])} | {' | '.join(cells)} |")
    lines += ["", *(f"- {what}: {ratio:.2f}" for what, ratio in told["ratios"].items())]
    for name, entry in told["rounds"].items():
        lines += [f"- {name}: {entry['config']}"] if "config" in entry else []
        lines += [f"- {name} failed: {entry['error']}"] if "error" in entry else []
    return "\n".join(lines) + "\n"


def take_turns(
    folder: Path, python: Path, names: list[str], runs: int, *, parts: str, backlogs: Mapping[str, int],
    found: dict[str, Any], save: Callable[[], None],
) -> None:  # fmt: skip
    """Rounds of all systems, each in a process of its own. One that fails is told, and the others go on."""
    for _ in range(runs):
        for name in names:
            entry = found.setdefault(name, {"runs": []})
            words = [str(python), "-c", TURN, name, parts, str(backlogs.get(name, backlogs[""]))]
            turn = subprocess.run(words, cwd=folder, check=False, capture_output=True, text=True)
            if turn.returncode:
                entry["error"] = (turn.stderr.strip().splitlines() or ["it said nothing"])[-1]
                print(f"{name} failed:\n{turn.stderr}", flush=True)
            else:
                told = json.loads(turn.stdout.splitlines()[-1])
                entry["runs"].append(told.pop("run"))
                entry.update(told)
                print(f"{name}: {entry['runs'][-1]}", flush=True)
            save()


def backlogs_of(text: str) -> dict[str, int]:
    """`20000,rq-fork=1000`: by system, with that of all others under ""; 0 means each system's own."""
    pairs = [part.rpartition("=") for part in text.split(",")]
    return {"": 0} | {name: int(number) for name, _, number in pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO.parent / "shared/peers", help="the folder of peers")
    parser.add_argument("--peers", default=",".join(USUAL), help="comma-separated; Rota runs in any case")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parts", default=",".join(PARTS), help="what is measured, of " + ",".join(PARTS))
    parser.add_argument(
        "--backlog", default="0", metavar="N,PEER=N", help="jobs of the drain; by default each one's own"
    )
    parser.add_argument("--output", type=Path, default=REPO / "build")
    args = parser.parse_args()
    names = [*filter(None, args.peers.split(",")), *OURS]
    facts = machine()
    found: dict[str, Any] = {}
    args.output.mkdir(parents=True, exist_ok=True)

    def save() -> None:
        facts["load after"] = round(os.getloadavg()[0], 1)
        told = report(found, facts)
        (args.output / "peers.json").write_text(json.dumps(told, indent=1) + "\n")
        (args.output / "peers.md").write_text(as_markdown(told))

    with tempfile.TemporaryDirectory(prefix="rota-peers-") as folder:
        put_together(args.folder, Path(folder))
        python = set_up(Path(folder))
        subprocess.run([python, "services.py", "up"], cwd=folder, check=True)
        try:
            take_turns(
                Path(folder), python, names, args.runs, parts=args.parts, backlogs=backlogs_of(args.backlog),
                found=found, save=save,
            )  # fmt: skip
        finally:
            subprocess.run([python, "services.py", "down"], cwd=folder, check=True)
    print(as_markdown(report(found, facts)))


if __name__ == "__main__":
    main()
