"""How fast a city's year is settled from files to files: ``python -m bench.parquet [--quick]``.

A synthetic city is made (not counted), then `settle` runs over its partitions with the compiled
kernel, in a process of its own, Parquet to Parquet with every column of docs/settle-output.md. The
process that settles tells its own seconds, and the system the most memory that it held. Of several
runs the fastest counts: the first one may have had to compile the law. A small city shows mostly
what every run begins with: plans are read, and each kind of claim is resolved once.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

AREA = "370200"
YEAR = 2024
SEED = 7
QUICK_MEMBERS, MEMBERS = 40_000, 1_000_000
RUNS = 2
"""Besides the first, which is only to have everything compiled."""
GOAL = 8e6
KIB_IN_MIB = 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="a smaller city")
    parser.add_argument("--members", type=int, default=0, help="another size")
    options = parser.parse_args()
    members = options.members or (QUICK_MEMBERS if options.quick else MEMBERS)
    figures = measured(members=members, runs=1 if options.quick else RUNS)
    for name, value in figures.items():
        print(f"{name}: {value:,}")
    speed = figures["parquet_claims_per_second"]
    print(f"{'meets' if speed >= GOAL else 'MISSES'} the goal of {GOAL:,.0f} claims a second")
    if options.json:
        print(json.dumps(figures))


def measured(*, members: int, runs: int = RUNS) -> dict[str, float]:
    """Claims a second from files to files, and the most memory in MiB that settling held."""
    with tempfile.TemporaryDirectory(prefix="yibao-bench-") as name:
        folder = Path(name)
        _yibao("city", "make", "--members", members, "--seed", SEED, "--year", YEAR,
               "--out", folder / "city", "--json")  # fmt: skip
        told, peak = min((_settled(folder / "city", folder) for _ in range(1 + runs)), key=_seconds)
        out = (folder / "out.parquet").stat().st_size
    return {
        "parquet_claims": told["claims"],
        "parquet_seconds": told["seconds"],
        "parquet_claims_per_second": round(told["claims"] / told["seconds"]),
        "parquet_out_bytes_per_claim": round(out / told["claims"], 1),
        "peak_mib": peak,
    }


def _seconds(run: tuple[dict[str, float], int]) -> float:
    return run[0]["seconds"]


def _settled(city: Path, folder: Path) -> tuple[dict[str, float], int]:
    """What `settle` told, and the most memory that its process held."""
    said, peak = _yibao("settle", city, folder / "out.parquet", "--policy", AREA, "--with-examples",
                        "--engine", "kernel", "--json")  # fmt: skip
    told: dict[str, float] = json.loads(said.splitlines()[-1])
    return told, peak


def _yibao(*words: object) -> tuple[str, int]:
    """What a command prints, and the most memory in MiB that its process held."""
    command = [str(Path(sys.executable).with_name("yibao")), *map(str, words)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        said = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return said, usage.ru_maxrss // KIB_IN_MIB


if __name__ == "__main__":
    main()
