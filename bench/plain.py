"""The employees' inpatient plan in plain Python: integers and dicts, no layers, no explanation.

It is written for this one plan (three layers, a stay deductible that falls with the number of the
stay, two bands that run on through the year, two ceilings) and reads its numbers from the kernel's
blocks, so that both decide the same. It is what a careful programmer would write by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

MILLION = 1_000_000
HALF = 500_000

Rules = tuple[list[tuple[int, ...]], tuple[int, ...], tuple[int, ...]]
"""Of a profile: the numbers of the first layer by stay, of the second, of the third."""


def settle(  # noqa: PLR0915 -- one loop, as one would write it by hand
    profiles: Sequence[int], begins: Sequence[bool], amounts: Sequence[Sequence[int]], rules
) -> list[tuple[int, ...]]:
    """Benefits of three layers, then what is left: prior self-pay, deductible, coinsurance,
    over the ceiling's coinsurance and rest."""
    results = []
    stays = cost = basic_paid = above_paid = burden = large_paid = 0
    for profile, is_first, eligible, prior in zip(profiles, begins, *amounts, strict=True):
        if is_first:
            stays = cost = basic_paid = above_paid = burden = large_paid = 0
        by_stay, above_rules, large_rules = rules[profile]
        due, edge, low_rate, high_rate, ceiling = by_stay[min(stays, 2)]
        stays += 1
        taken = min(due, eligible)
        start = cost + taken
        cost += eligible
        low = max(0, min(cost, edge) - start)
        high = max(0, cost - max(start, edge))
        basic = (low * low_rate + high * high_rate + HALF) // MILLION
        room = max(0, ceiling - basic_paid)
        covered = eligible - taken
        if basic > room:
            product = room * MILLION + HALF - 1
            if low * low_rate > product:
                covered = product // low_rate
            else:
                covered = low + (product - low * low_rate) // high_rate
            basic = room
        basic_paid += basic
        own, over = covered - basic, eligible - taken - covered
        above = above_own = above_rest = 0
        if over:
            rate, ceiling = above_rules
            above = (over * rate + HALF) // MILLION
            room = max(0, ceiling - above_paid)
            covered = over
            if above > room:
                covered = (room * MILLION + HALF - 1) // rate
                above = room
            above_paid += above
            above_own, above_rest = covered - above, over - covered
        due, rate, ceiling = large_rules
        base = taken + own + prior
        met = min(max(0, due - burden), base)
        burden += base
        large = ((base - met) * rate + HALF) // MILLION
        covered = base - met
        room = max(0, ceiling - large_paid)
        if large > room:
            covered = (room * MILLION + HALF - 1) // rate
            large = room
        large_paid += large
        paid_first = (min(max(0, taken - met), covered) * rate + HALF) // MILLION
        paid_second = (min(max(0, taken + own - met), covered) * rate + HALF) // MILLION
        results.append(
            (
                basic,
                above,
                large,
                prior - (large - paid_second),
                taken - paid_first,
                own - (paid_second - paid_first),
                above_own,
                above_rest,
            )
        )
    return results
