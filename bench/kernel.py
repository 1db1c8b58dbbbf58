"""How fast the compiled kernel settles claims: ``python -m bench.kernel [--quick]``.

Claims are stays under two real plans of Qingdao: the employees' of 2022 (three layers) and the
residents' of 2024 with example values (eight layers), members mixed half and half. The headline
runs write what `settle` writes: what every layer pays and what is left by reason. Of several runs
the fastest counts, because whatever else the machine does only slows a run down. What the ratios
need is measured in the same run, on the same claims, and its answers are compared. Before all that
a synthetic city is settled from files to files (``bench.parquet``).
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np

from bench import openfisca, parquet, plain
from bench.workload import Plans, batch_of, plans_of, version_on
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances, Claim, ClaimDates, Slot
from yibao.engines.benefits.kernel.batch import Batch, Results, Run, Wanted, empty_results
from yibao.engines.benefits.kernel.driver_code import PROFILE
from yibao.engines.benefits.kernel.program import Program, program_of
from yibao.engines.benefits.kernel.single import Kernel
from yibao.offices.actuary.policies import open_area
from yibao.storage.files.compiled import CompiledCode

AREA = "370200"
EMPLOYEES = ("employee_inpatient", date(2022, 7, 1))
RESIDENTS = ("resident_inpatient", date(2024, 7, 1))
SEED = 20_240_101
SLOTS = {Slot("eligible"): 3_000_000, Slot("prior_self_pay"): 150_000, Slot("noncovered"): 90_000}
LEFT = ("prior_self_pay", "deductible_basic", "coinsurance_basic", "coinsurance_above_ceiling",
        "over_ceiling_above_ceiling")  # fmt: skip
PLAIN_COLUMNS = (
    "benefit_basic", "benefit_above_ceiling", "benefit_large", *(f"left_{name}" for name in LEFT),
)  # fmt: skip
GOALS = {
    "claims_per_second_2_threads": 100e6,
    "claims_per_second_1_thread": 55e6,
    "single_claim_ns": -1_000,
    "explained_claim_us": -100,
    "ratio_to_plain_python": 100,
    "ratio_to_openfisca": 20,
    "parquet_claims_per_second": parquet.GOAL,
}
"""What the project wants; a negative number is the most that is wanted."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--quick", action="store_true", help="fewer claims, within 45 seconds")
    options = parser.parse_args()
    figures = measured(quick=options.quick)
    for name, goal in GOALS.items():
        value = figures.get(name)
        if value is not None:
            met = value <= -goal if goal < 0 else value >= goal
            print(f"{name}: {value:,} ({'meets' if met else 'MISSES'} the goal {abs(goal):,.0f})")
    for name, value in figures.items():
        if name not in GOALS:
            print(f"{name}: {value:,}" if isinstance(value, int | float) else f"{name}: {value}")
    if options.json:
        print(json.dumps(figures))


def measured(*, quick: bool) -> dict[str, object]:
    """All figures."""
    begun = time.perf_counter()
    # First, while this process is small: what it holds is counted to the peak of those it starts.
    say("a city from files to files", begun)
    members, runs = (parquet.QUICK_MEMBERS, 1) if quick else (parquet.MEMBERS, parquet.RUNS)
    from_files = parquet.measured(members=members, runs=runs)
    area = open_area(AREA, with_examples=True)
    versions = [version_on(area, *EMPLOYEES), version_on(area, *RESIDENTS)]
    loader = CompiledCode(tell=lambda text: print(text.en, file=sys.stderr))
    figures: dict[str, object] = {**from_files}
    count = 4_000_000 if quick else 24_000_000
    repeats = 5 if quick else 9
    say(f"{count:,} claims; compiling", begun)
    mixed = plans_of(area, program_of(versions, loader, with_lean=True), seed=SEED)
    employees = plans_of(area, program_of(versions[:1], loader, with_lean=True), seed=SEED)
    residents = plans_of(area, program_of(versions[1:], loader, with_lean=True), seed=SEED)
    anybody = plans_of(
        area, program_of(versions, loader, with_lean=True), seed=SEED, is_random=True
    )
    figures["profiles"] = mixed.program.profiles.count
    say("in memory", begun)
    headline(figures, mixed, count=count, repeats=repeats)
    say("by plan, and the worst case", begun)
    for name, plans in (("employees", employees), ("residents", residents)):
        batch = batch_of(plans, count // 2, seed=SEED)
        figures[f"claims_per_second_{name}"] = rate(plans.program, batch, Wanted(), repeats)
    worst = batch_of(anybody, count // 2, seed=SEED, is_steady=False)
    figures["profiles_worst_case"] = anybody.program.profiles.count
    figures["claims_per_second_worst_case"] = rate(anybody.program, worst, Wanted(), repeats)
    say("one claim", begun)
    one_claim(figures, Kernel(loader), versions)
    say("the same plan in plain Python and in OpenFisca", begun)
    compare(figures, employees, claims=60_000 if quick else 400_000)
    figures["seconds"] = round(time.perf_counter() - begun, 1)
    return figures


def headline(figures: dict[str, object], plans: Plans, *, count: int, repeats: int) -> None:
    """The realistic mix, on one thread and two, with less and with more written."""
    program = plans.program
    batch = batch_of(plans, count, seed=SEED)
    full = Wanted()
    figures["claims_per_second_1_thread"] = rate(program, batch, full, repeats, threads=1)
    figures["claims_per_second_2_threads"] = two = rate(program, batch, full, repeats)
    copied, moved = copy_bandwidth(repeats), bytes_of(program, batch)
    figures["bytes_per_claim"] = round(moved, 1)
    figures["copy_bytes_per_second"] = round(copied)
    figures["share_of_copy_bandwidth"] = round(two * moved / copied, 3)
    others = {
        "with_figures": Wanted(funds=True, figures=True),
        "pays_only": Wanted(left=False),
        "totals_only": Wanted(pays=False, left=False, totals=True),
    }
    for name, wanted in others.items():
        figures[f"claims_per_second_{name}"] = rate(program, batch, wanted, repeats // 2)
    begun = time.perf_counter()
    results = empty_results(program, batch, wanted=full)
    run_parts(program, batch, results, full, 2)
    figures["claims_per_second_into_new_columns"] = round(count / (time.perf_counter() - begun))


def rate(program: Program, batch: Batch, wanted: Wanted, repeats: int, *, threads: int = 2) -> int:
    """Claims a second, the fastest of some runs into columns that are there."""
    results = empty_results(program, batch, wanted=wanted)
    best = min(run_parts(program, batch, results, wanted, threads) for _ in range(repeats + 1))
    assert not results.status.any(), "a claim of the benchmark was rejected"
    return round(len(batch) / best)


def run_parts(
    program: Program, batch: Batch, results: Results, wanted: Wanted, threads: int
) -> float:
    """Seconds of one run, parts of whole members each in a thread."""
    starts = np.flatnonzero(batch.profiles < 0)
    middles = [int(starts[len(starts) * part // threads]) for part in range(1, threads)]
    edges = [0, *middles, len(batch)]
    runs = [
        Run(program, batch, results=results, wanted=wanted, part=part)
        for part in itertools.pairwise(edges)
    ]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: time.sleep(0.001), runs))  # threads are there before the clock
        begun = time.perf_counter()
        list(pool.map(Run.settle, runs))
        return time.perf_counter() - begun


def bytes_of(program: Program, batch: Batch) -> float:
    """Bytes that a claim needs read and written: its profile, its amounts, its results.

    A column of results counts by the cells that hold something.
    """
    sample = Batch(batch.profiles[:200_000].copy(), batch.amounts[:, :200_000].copy())
    results = empty_results(program, sample, wanted=Wanted())
    Run(program, sample, results=results, wanted=Wanted(), part=(0, len(sample))).settle()
    written = np.count_nonzero(results.columns) / len(sample)
    return 4 + 8 * 4 + 8 * written


def copy_bandwidth(repeats: int) -> float:
    """Bytes a second that two threads read and write when they only copy."""
    source = np.ones(24_000_000, np.int64)
    target = np.zeros_like(source)
    halves = [slice(0, len(source) // 2), slice(len(source) // 2, None)]
    best = 0.0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(repeats):
            begun = time.perf_counter()
            list(pool.map(lambda half: np.copyto(target[half], source[half]), halves))
            best = max(best, 2 * source.nbytes / (time.perf_counter() - begun))
    return best


def one_claim(figures: dict[str, object], kernel: Kernel, versions) -> None:
    """One claim: the compiled call alone, and the whole explained determination."""
    explained, calls = [], []
    for version in versions:
        facts = {name: min(test.values, key=str) for name, test in version.applies_to}
        facts |= {
            "member_category": "retired", "facility_level": "level_3", "facility_kind": "general",
            "place_of_care": "local", "filing_kind": "not_filed", "payer_tier": "tier_1",
            "is_poor": False, "assistance_identity": "no_identity",
            "rigid_cost_project": "no_project", "facility_named": "six_hospitals",
            "is_expert_reviewed": False,
        }  # fmt: skip
        day = version.span.start
        claim = Claim(
            "C1", "M1", "V1", ClaimDates(day, day, day, day), facts,
            SLOTS,
        )  # fmt: skip
        balances = after(Balances(), kernel.adjudicate(version, claim, balances=Balances()))
        second = Claim("C2", "M1", "V2", claim.dates, facts, claim.slots)
        explained.append(
            timed(
                lambda v=version, b=balances, c=second: kernel.adjudicate(v, c, balances=b), 1_000
            )
        )
        run = kernel.idle_run(version)
        calls.append(timed(run, 50_000))
    figures["explained_claim_us"] = round(explained[0] * 1e6, 1)
    figures["explained_claim_us_eight_layers"] = round(explained[1] * 1e6, 1)
    figures["single_claim_ns"] = round(calls[0] * 1e9)
    figures["single_claim_ns_eight_layers"] = round(calls[1] * 1e9)


def timed(call: Callable[[], object], times: int) -> float:
    """Seconds of one call, the fastest of five rounds."""
    best = float("inf")
    for _ in range(5):
        begun = time.perf_counter()
        for _ in range(times):
            call()
        best = min(best, (time.perf_counter() - begun) / times)
    return best


def compare(figures: dict[str, object], plans: Plans, *, claims: int) -> None:
    """The employees' plan, by the kernel on one thread, plain Python and OpenFisca-Core."""
    program = plans.program
    batch = batch_of(plans, claims, seed=SEED)
    results = empty_results(program, batch, wanted=Wanted())
    kernel = rate(program, batch, Wanted(), 20, threads=1)
    run_parts(program, batch, results, Wanted(), 1)
    profiles = (batch.profiles & PROFILE).tolist()
    begins = (batch.profiles < 0).tolist()
    amounts = batch.amounts[:2].tolist()
    rules = rules_of(program)
    begun = time.perf_counter()
    found = plain.settle(profiles, begins, amounts, rules)
    seconds = time.perf_counter() - begun
    columns = np.array(found, np.int64).T
    for name, column in zip(PLAIN_COLUMNS, columns, strict=True):
        assert np.array_equal(column, results.column(program, name)), f"{name} differs"
    figures["plain_python_claims_per_second"] = round(claims / seconds)
    figures["ratio_to_plain_python"] = round(kernel * seconds / claims, 1)
    if not openfisca.is_there():
        figures["ratio_to_openfisca"] = None
        figures["note"] = "OpenFisca-Core is not installed (requirements/bench.txt)"
        return
    tables = [[due for due, *_ in by_stay] + [*by_stay[0][1:], *above, *large]
              for by_stay, above, large in rules]  # fmt: skip
    seconds, paid = openfisca.run(
        batch.profiles < 0, batch.profiles & PROFILE, batch.amounts, np.array(tables)
    )
    for name in openfisca.COLUMNS:
        ours = results.column(program, name) / 100
        near = np.abs(paid[name] - ours) <= 0.5 + batch.amounts[0] * 1e-6
        assert near.mean() > 0.999, f"{name}: further away than OpenFisca's floats explain"
    figures["openfisca_claims_per_second"] = round(claims / seconds)
    figures["ratio_to_openfisca"] = round(kernel * seconds / claims, 1)


def rules_of(program: Program) -> list[plain.Rules]:
    """Each profile's numbers, read off the employees' blocks."""
    values, rules = program.blocks.values, []
    for row in program.profiles.rows[: program.profiles.count]:
        first, second, third = (int(place) for place in row[3:6])
        by_stay = [tuple(values[first + 6 * n + 1 : first + 6 * n + 6].tolist()) for n in range(3)]
        order = [(due, edge, low, high, ceiling) for due, edge, low, high, ceiling in by_stay]
        rules.append(
            (order, tuple(values[second : second + 2].tolist()),
             tuple(values[third : third + 3].tolist()))
        )  # fmt: skip
    return rules


def say(what: str, begun: float) -> None:
    print(f"[{time.perf_counter() - begun:5.1f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
