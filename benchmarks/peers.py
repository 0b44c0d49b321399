"""Measure Rota beside other job systems, in one interleaved run: `python benchmarks/peers.py [--peers a,b] [--runs 3]`.

The other systems come from a folder of peers (bench.py, services.py, setup.sh, adapters/), which is copied to a
temporary directory together with our adapter. The report goes to build/peers.json and build/peers.md.
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
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parent.parent
OURS = ("rota-sqlite", "rota-postgresql")
USUAL = ("huey-redis", "pgqueuer", "rq-fork")
VENV = Path(os.environ.get("PEERS_VENV", "/tmp/peers-venv"))
DRAIN = """
import json, sys, bench
peer = bench.Peer(sys.argv[1])
try:
    print(json.dumps(bench.measure_drain(peer, int(sys.argv[2]))))
finally:
    peer.kill()
"""
FIGURES = {
    "drain": "drain jobs/s",
    "enqueue": "enqueue/s",
    "bulk": "bulk enqueue/s",
    "p50": "latency p50 ms",
    "p99": "latency p99 ms",
}
COSTS = {"pss_mb": "PSS MB", "idle_cpu": "idle CPU %"}


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


def report(found: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    """Medians of each system, and what ours are of the fastest peer."""
    medians: dict[str, dict[str, float]] = {}
    for name, entry in found.items():
        runs = entry.get("runs", [])
        values = {key: [run[key] for run in runs if key in run] for key in FIGURES}
        medians[name] = {key: statistics.median(some) for key, some in values.items() if some}
        medians[name] |= {key: entry["idle"][key] for key in COSTS if "idle" in entry}
    fastest = max((one.get("drain", 0.0) for name, one in medians.items() if name not in OURS), default=0.0)
    ratios = {name: medians[name]["drain"] / fastest for name in OURS if fastest and "drain" in medians.get(name, {})}
    return {"machine": facts, "medians": medians, "drain beside the fastest peer": ratios, "rounds": found}


def as_markdown(told: dict[str, Any]) -> str:
    """The report for people."""
    columns = FIGURES | COSTS
    lines = ["# Rota beside others", "", ", ".join(f"{key} {value}" for key, value in told["machine"].items()), ""]
    lines.append(f"| system | version | rounds | {' | '.join(columns.values())} |")
    lines.append("| --- | --- | --: |" + " --: |" * len(columns))
    for name, medians in told["medians"].items():
        entry = told["rounds"][name]
        cells = [f"{medians[key]:,.{0 if medians[key] >= 100 else 1}f}" if key in medians else "-" for key in columns]
        lines.append(f"| {name} | {entry.get('version', '')} | {len(entry.get('runs', []))} | {' | '.join(cells)} |")
    lines.append("")
    for name, ratio in told["drain beside the fastest peer"].items():
        lines.append(f"- {name} drains {ratio:.2f} times as fast as the fastest peer of this run")
    for name, entry in told["rounds"].items():
        lines += [f"- {name}: {entry['config']}"] if "config" in entry else []
        lines += [f"- {name} failed: {entry['error']}"] if "error" in entry else []
    return "\n".join(lines) + "\n"


def measure(peers: Path, names: list[str], runs: int, drain: int) -> dict[str, Any]:
    """Run the peers' bench in a temporary copy; what it wrote of each system. `drain`: only that, of so many jobs."""
    with tempfile.TemporaryDirectory(prefix="rota-peers-") as folder:
        put_together(peers, Path(folder))
        python = set_up(Path(folder))
        try:
            if drain:
                subprocess.run([python, "services.py", "up"], cwd=folder, check=True)
                return drains(Path(folder), python, names, runs, drain)
            command = [str(python), "bench.py", "speed", "--peers", ",".join(names), "--runs", str(runs)]
            subprocess.run(command, cwd=folder, check=True)
        finally:
            subprocess.run([python, "services.py", "down"], cwd=folder, check=True)
        found: dict[str, Any] = json.loads((Path(folder) / "results/peers.json").read_text())
        return found


def drains(folder: Path, python: Path, names: list[str], runs: int, backlog: int) -> dict[str, Any]:
    """Rounds of nothing but the peers' drain, of the same backlog for all."""
    found: dict[str, Any] = {name: {"runs": []} for name in names}
    for _ in range(runs):
        for name in names:
            words = [str(python), "-c", DRAIN, name, str(backlog)]
            told = subprocess.run(words, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout
            found[name]["runs"].append(json.loads(told.splitlines()[-1]))
            print(f"{name}: {found[name]['runs'][-1]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPO.parent / "shared/peers", help="the folder of peers")
    parser.add_argument("--peers", default=",".join(USUAL), help="comma-separated; Rota runs in any case")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--drain", type=int, default=0, metavar="JOBS", help="measure only the drain of so many jobs")
    parser.add_argument("--output", type=Path, default=REPO / "build")
    args = parser.parse_args()
    facts = machine()
    found = measure(args.folder, [*filter(None, args.peers.split(",")), *OURS], args.runs, args.drain)
    facts["load after"] = round(os.getloadavg()[0], 1)
    told = report(found, facts)
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "peers.json").write_text(json.dumps(told, indent=1) + "\n")
    (args.output / "peers.md").write_text(as_markdown(told))
    print(as_markdown(told))


if __name__ == "__main__":
    main()
