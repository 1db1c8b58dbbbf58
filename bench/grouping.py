"""How fast cases are grouped: ``python -m bench.grouping [--json] [--quick]``.

With the folder named by ``YIBAO_GROUPING_REFERENCE`` the cases are its 8,000, drawn again and
again, under its larger scheme; elsewhere cases drawn from the shipped example's codes. The peer,
``msdrg`` (requirements/bench.txt), groups American cases drawn from the codes in its own tables, as
many of them to a case, in the same run. Of several runs the fastest counts. Loading, memory and the
run from Parquet to Parquet are measured in processes of their own.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

SEED = 20_240_101
MEBIBYTE = 1024
REFERENCE = os.environ.get("YIBAO_GROUPING_REFERENCE", "")
EXAMPLE = Path(__file__).parents[1] / "examples" / "grouping" / "base"
SCHEME = Path(REFERENCE) / "schemes" / "qingdao_2023" if REFERENCE else EXAMPLE
MILLION = 1_000_000
GOALS = {
    "cases_per_second": 300_000,
    "explained_cases_per_second": 20_000,
    "load_seconds": -0.3,
    "peak_mib": -300,
}
"""What the project wants; a negative number is the most that is wanted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="fewer cases, within 45 seconds")
    parser.add_argument("--child", nargs=2, metavar=("FILE", "OUT"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(from_file(*map(Path, options.child))))
        return
    figures = measured(quick=options.quick)
    for name, value in figures.items():
        goal = GOALS.get(name)
        told = f"{value:,}" if isinstance(value, int | float) else str(value)
        if goal is not None and isinstance(value, int | float):
            met = value <= -goal if goal < 0 else value >= goal
            told += f" ({'meets' if met else 'MISSES'} the goal {abs(goal):,})"
        print(f"{name}: {told}")
    if options.json:
        print(json.dumps(figures))


def measured(*, quick: bool) -> dict[str, object]:
    begun = time.perf_counter()
    figures: dict[str, object] = {
        "cases_from": "reference" if REFERENCE else "the shipped example (no reference is named)"
    }
    with tempfile.TemporaryDirectory() as folder:
        # First, while this process is small: what it holds is counted to the peak of its children.
        path = Path(folder) / "cases.parquet"
        run_alone("write", path)
        cache = {"YIBAO_CACHE": folder}
        cold = run_child(path, Path(folder) / "out.parquet", **cache)
        warm = run_child(path, Path(folder) / "out.parquet", **cache)
        figures["load_seconds"] = warm["load_seconds"]
        figures["cold_load_seconds"] = cold["load_seconds"]
        figures["import_seconds"] = warm["import_seconds"]
        figures["first_use_seconds"] = warm["first_use_seconds"]
        figures["peak_mib"] = max(cold["peak_mib"], warm["peak_mib"])
        figures["million_from_parquet_seconds"] = warm["seconds"]
        in_memory(figures, path, quick=quick)
    peer(figures, quick=quick)
    figures["seconds"] = round(time.perf_counter() - begun, 1)
    return figures


# -- cases -----------------------------------------------------------------------------------------


def write_cases(path: Path) -> None:
    """A million cases."""
    if REFERENCE:
        rows = pl.read_csv(Path(REFERENCE) / "cases.csv", infer_schema_length=None)
    else:
        rows = pl.DataFrame(list(example_cases()))
    drawn = rows.sample(MILLION, with_replacement=True, seed=SEED)
    index = pl.Series("Index", [f"C{number:07d}" for number in range(MILLION)])
    drawn.with_columns(index).write_parquet(path)


def example_cases(count: int = 8_000):
    drawn = random.Random(SEED)
    codes = {}
    for table in ("dx", "proc"):
        with (EXAMPLE / f"{table}.tsv").open(encoding="utf-8") as file:
            codes[table] = [row["code"] for row in csv.DictReader(file, delimiter="\t")]
    for number in range(count):
        age = drawn.choice([0, 0, *range(1, 100)])
        days = drawn.randrange(60) if age == 0 else age * 365 + 100
        yield {
            "Index": str(number), "gender": drawn.randint(1, 2), "age": age, "ageDay": days,
            "weight": drawn.randrange(900, 5_000) if days < 60 else 0, "dept": "E07",
            "inHospitalTime": drawn.randrange(1, 70), "leavingType": drawn.randint(1, 5),
            "zdList": "|".join(drawn.choices(codes["dx"], k=drawn.randint(1, 9))),
            "ssList": "|".join(drawn.choices(codes["proc"], k=drawn.choice([0, 1, 2, 3]))),
        }  # fmt: skip


# -- processes of their own ------------------------------------------------------------------------


def run_alone(what: str, path: Path) -> None:
    program = "import sys; from bench.grouping import write_cases; from pathlib import Path;"
    assert what == "write"
    subprocess.run(
        [sys.executable, "-c", f"{program} write_cases(Path(sys.argv[1]))", path], check=True
    )


def run_child(path: Path, out: Path, **environment: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.grouping", "--child", path, out],
        check=True, capture_output=True, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def from_file(path: Path, out: Path) -> dict[str, float]:
    """A scheme loaded and a million cases grouped from file to file, in a fresh process."""
    begun = time.perf_counter()
    from yibao.engines.grouping.batch import columns_of, group_cases
    from yibao.engines.grouping.case import Case
    from yibao.offices.actuary.grouping.running import group_file
    from yibao.offices.actuary.grouping.schemes import open_scheme
    from yibao.storage.files.grouping_cases import open_cases

    imported = time.perf_counter()
    compiled = open_scheme(SCHEME)
    loaded = time.perf_counter()
    group_cases(compiled, columns_of(compiled, [Case("1", 1, 50, ("A00.000",))]))
    used = time.perf_counter()
    summary = group_file(compiled, open_cases(path), out=out)
    assert summary.cases_count == MILLION
    return {
        "import_seconds": round(imported - begun, 3),
        "load_seconds": round(loaded - imported, 4),
        "first_use_seconds": round(used - loaded, 3),
        "seconds": round(summary.seconds, 2),
        "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE),
    }


# -- in memory -------------------------------------------------------------------------------------


def in_memory(figures: dict[str, object], path: Path, *, quick: bool) -> None:
    from yibao.engines.grouping.batch import group_cases, part_of
    from yibao.engines.grouping.explaining import Explainer
    from yibao.offices.actuary.grouping.schemes import open_scheme
    from yibao.storage.files.grouping_cases import CaseFrame, case_batch

    compiled = open_scheme(SCHEME)
    count = 200_000 if quick else MILLION
    batch = case_batch(CaseFrame(1, pl.read_parquet(path).head(count)), compiled.departments)
    columns, half = batch.columns, count // 2
    parts = [part_of(columns, 0, last=half), part_of(columns, half, last=count)]

    def on_two() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda part: group_cases(compiled, part), parts))

    repeats = 3 if quick else 5
    figures["cases_per_second"] = round(count / best(on_two, repeats))
    one = best(lambda: group_cases(compiled, columns), repeats)
    figures["cases_per_second_1_thread"] = round(count / one)
    some = part_of(columns, 0, last=20_000 if quick else 100_000)
    indexes, explainer = batch.index.to_list(), Explainer(compiled)

    def explained() -> None:
        for _ in explainer.explain(some, indexes):
            pass

    figures["explained_cases_per_second"] = round(len(some) / best(explained, repeats))
    single = part_of(columns, 7, last=8)
    calls = 2_000
    seconds = best(lambda: [group_cases(compiled, single) for _ in range(calls)], repeats)
    figures["single_case_us"] = round(seconds / calls * 1e6, 1)


def best(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest run, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)


# -- the peer --------------------------------------------------------------------------------------


def peer(figures: dict[str, object], *, quick: bool) -> None:
    found = importlib.util.find_spec("msdrg")
    if found is None or found.origin is None:
        figures["ratio_to_msdrg"] = "msdrg is not installed (make bench)"
        return
    import msdrg

    content = (Path(found.origin).parent / "data" / "msdrg.mdb").read_bytes()
    claims = american_cases(content, 4_000 if quick else 20_000)
    with msdrg.MsdrgGrouper() as grouper:
        answers = [grouper.group(claim)["final_drg"] for claim in claims]
        seconds = best(lambda: [grouper.group(claim) for claim in claims], 2 if quick else 3)
    figures["msdrg_cases_per_second"] = round(len(claims) / seconds)
    figures["msdrg_grouped_rate"] = round(
        sum(a not in (998, 999) for a in answers) / len(answers), 3
    )
    ours = figures["cases_per_second_1_thread"]
    assert isinstance(ours, int)
    figures["ratio_to_msdrg"] = round(ours * seconds / len(claims), 1)


def american_cases(content: bytes, count: int) -> list[dict[str, object]]:
    """Claims of codes that stand in the peer's tables, as many to a claim as ours have."""
    edges = (rb"(?<![0-9A-Za-z])", rb"(?![0-9A-Za-z])")
    dx_form, procedure_form = (
        rb"[A-TV-Y][0-9][0-9AB][0-9A-Z]{1,4}",
        rb"[0-9BCDFGHX][0-9A-HJ-NP-Z]{6}",
    )
    dx = sorted({code.decode() for code in re.findall(edges[0] + dx_form + edges[1], content)})
    procedures = sorted(
        {code.decode() for code in re.findall(edges[0] + procedure_form + edges[1], content)}
        - set(dx)
    )
    drawn = random.Random(SEED)
    return [
        {
            "version": 431, "age": drawn.randrange(100), "sex": drawn.randint(0, 1),
            "discharge_status": 1, "pdx": {"code": drawn.choice(dx)},
            "sdx": [{"code": code} for code in drawn.choices(dx, k=drawn.randint(0, 8))],
            "procedures": [
                {"code": code} for code in drawn.choices(procedures, k=drawn.randint(0, 3))
            ],
        }
        for _ in range(count)
    ]  # fmt: skip


if __name__ == "__main__":
    main()
