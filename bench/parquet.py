"""How fast a city's year is settled from files to files: ``python -m bench.parquet [--quick]``.

A synthetic city is made (not counted), then `settle` runs over its partitions with the compiled
kernel, in a process of its own, Parquet to Parquet with every column of docs/settle-output.md. The
process that settles tells its own seconds, and the system the most memory that it held. The first
run compiles the law and is not counted either.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

AREA = "370200"
YEAR = 2024
SEED = 7
QUICK_MEMBERS, MEMBERS = 100_000, 1_000_000
GOAL = 8e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="a smaller city")
    parser.add_argument("--members", type=int, default=0, help="another size")
    options = parser.parse_args()
    members = options.members or (QUICK_MEMBERS if options.quick else MEMBERS)
    figures = measured(members=members)
    for name, value in figures.items():
        print(f"{name}: {value:,}")
    speed = figures["parquet_claims_per_second"]
    print(f"{'meets' if speed >= GOAL else 'MISSES'} the goal of {GOAL:,.0f} claims a second")
    if options.json:
        print(json.dumps(figures))


def measured(*, members: int) -> dict[str, float]:
    """Claims a second from files to files, and the most memory in MiB."""
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as name:
        folder = Path(name)
        _yibao("city", "make", "--members", members, "--seed", SEED, "--year", YEAR,
               "--out", folder / "city", "--json")  # fmt: skip
        small = folder / "small"
        _yibao("city", "make", "--members", 100, "--seed", SEED, "--year", YEAR, "--out", small,
               "--json")  # fmt: skip
        _settle(small, folder)
        told = _settle(folder / "city", folder)
        out = (folder / "out.parquet").stat().st_size
    return {
        "parquet_claims": told["claims"],
        "parquet_seconds": told["seconds"],
        "parquet_claims_per_second": round(told["claims"] / told["seconds"]),
        "parquet_out_bytes_per_claim": round(out / told["claims"], 1),
        "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
    }


def _settle(city: Path, folder: Path) -> dict[str, float]:
    said = _yibao("settle", city, folder / "out.parquet", "--policy", AREA, "--with-examples",
                  "--engine", "kernel", "--json")  # fmt: skip
    told: dict[str, float] = json.loads(said.splitlines()[-1])
    return told


def _yibao(*words: object) -> str:
    command = [str(Path(sys.executable).with_name("yibao")), *map(str, words)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
