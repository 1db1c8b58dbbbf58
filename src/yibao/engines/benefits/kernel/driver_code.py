"""The code that runs claims through their plans: one loop over the functions of all plans.

Claims stand in the order in which they are settled. A profile's highest bit says that a member-year
begins. Its sums are those that the host numbered; when nobody asks for them, the next row of a few
that are emptied together whenever all were used. A claim that cannot be determined leaves its
reason in STATUS and no trace in any sum.
"""

from __future__ import annotations

from collections.abc import Sequence

from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.plan_code import HEAD, OPTIONS
from yibao.engines.benefits.kernel.text import Lines

BEGINS = 1 << 31
"""Bit of a profile: a member-year begins with this claim."""

NARROW = 1 << 30
"""Bit of a profile: the claim has amounts in the general stream alone, others need no look."""

PROFILE = NARROW - 1
"""The bits of a profile that are its number."""

YEARS_AT_ONCE = 64
"""Rows of sums that are used in turn where nobody asks for them; few enough for a near cache."""


def driver_source(modules: Sequence[str], *, year_width: int, totals_width: int) -> str:
    """The source of ``settle_claims``; ``modules`` hold the plans' functions, in their order."""
    lines = Lines()
    for number, module in enumerate(modules, start=1):
        lines.add(f"from {module} import settle_claim as plan_{number}")
    lines.add("", "", f'@njit("int64(int64)", {OPTIONS})')
    with lines.under("def settle_claims(c):"):
        _loop(lines, len(modules), year_width=year_width, totals_width=totals_width)
    return HEAD.format(title="Claims through the plans of an area (generated).") + str(lines)


def _loop(lines: Lines, plans: int, *, year_width: int, totals_width: int) -> None:
    lines.add(
        f"profiles = load(c, {layout.PROFILES})",
        f"rows = load(c, {layout.ROWS})",
        f"width = 4 * load(c, {layout.ROW_WIDTH})",
        f"sums = load(c, {layout.YEAR_SUMS})",
        f"years = load(c, {layout.YEARS})",
        f"all_totals = load(c, {layout.TOTALS})",
        f"cells = load(c, {layout.CELLS})",
        f"end = sums + {8 * year_width * YEARS_AT_ONCE}",
        "year = end",
        "rejected = 0",
    )
    with lines.under(f"for i in range(load(c, {layout.FIRST}), load(c, {layout.LAST})):"):
        lines.add("p = load32(profiles, i)")
        with lines.under("if years != 0:"):
            lines.add(f"year = sums + {8 * year_width} * load32(years, i)")
        with lines.under("else:"):
            lines.add(f"year += (p >> 31 & 1) * {8 * year_width}")
            with lines.under("if year >= end:"):
                lines.add("year = sums")
                with lines.under(f"for place in range({year_width * YEARS_AT_ONCE}):"):
                    lines.add("store(sums, place, 0)")
        lines.add(f"narrow = p & {NARROW}", f"p = p & {PROFILE}")
        lines.add("row = rows + width * p", "cell = p")
        with lines.under("if cells != 0:"):
            lines.add("cell = load32(cells, i)")
        lines.add(f"totals = all_totals + {8 * totals_width} * cell")
        lines.add(
            f"plan = load32(row, (narrow >> {NARROW.bit_length() - 1}) * {layout.NARROW_PLAN})"
        )
        for number in range(1, plans + 1):
            with lines.under(f"{'if' if number == 1 else 'elif'} plan == {number}:"):
                lines.add(f"reason = plan_{number}(c, i, row, year, totals, narrow)")
        with lines.under("else:"):
            lines.add(f"reason = -load32(row, {layout.FLAGS})")
        with lines.under("if reason != 0:"):
            _reject(lines)
    lines.add("return rejected")


def _reject(lines: Lines) -> None:
    lines.add("rejected += 1", f"status = load(c, {layout.STATUS})")
    with lines.under("if reason < 0:"):
        lines.add("store32(status, i, -reason)")
    with lines.under("else:"):
        lines.add("store32(status, i, reason)", f"undo = load(c, {layout.UNDO})")
        with lines.under("for place in range(load(undo, 0)):"):
            lines.add("store(load(undo, 1 + 2 * place), 0, load(undo, 2 + 2 * place))")
