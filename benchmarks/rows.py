"""`rota benchmark` on SQLite and on a PostgreSQL server of its own: `python benchmarks/rows.py [--rows a,c,e] ...`.

All words but `--only` go to `rota benchmark`. The report goes to build/rows.json and build/rows.md, unless `--output`
says otherwise.
"""

from __future__ import annotations

import argparse

from server import REPO, private_server

from rota.cli.benchmark import benchmark


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, add_help=False)
    parser.add_argument("--only", choices=["sqlite", "postgresql"], help="one database instead of both")
    args, words = parser.parse_known_args()
    if "--output" not in words:
        (REPO / "build").mkdir(exist_ok=True)
        words += ["--output", str(REPO / "build/rows.json")]
    if args.only == "sqlite":
        benchmark(words)  # ends the process
    with private_server() as dsn:
        both = [] if args.only else ["--database", "sqlite"]
        benchmark([*both, "--database", dsn, *words])


if __name__ == "__main__":
    main()
