"""The employees' inpatient plan in OpenFisca-Core: the same stays, a month each, its own floats.

OpenFisca knows no claims. A counter that runs through a year is a variable that looks back at the
month before, so a member's stays stand in months one to twelve in their order, and months without a
stay hold zeros. Formulas are written over arrays of members, as its users write them; the numbers
are taken by profile, as its parameters are taken by a member's status.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable

import numpy as np

COLUMNS = (
    "benefit_basic", "benefit_above_ceiling", "benefit_large", "left_prior_self_pay",
    "left_deductible_basic", "left_coinsurance_basic", "left_coinsurance_above_ceiling",
    "left_over_ceiling_above_ceiling",
)  # fmt: skip
INPUTS = ("profile", "has_stay", "eligible", "prior")
DUE, EDGE, LOW_RATE, HIGH_RATE, CEILING = 0, 3, 4, 5, 6
ABOVE_RATE, ABOVE_CEILING, LARGE_DUE, LARGE_RATE, LARGE_CEILING = range(7, 12)
AMOUNT_PLACES = [0, 1, 2, EDGE, CEILING, ABOVE_CEILING, LARGE_DUE, LARGE_CEILING]
MONTHS = 12

Array = np.ndarray
Of = Callable[[str], Array]
Number = Callable[[int], Array]


def is_there() -> bool:
    """Whether OpenFisca-Core is installed (requirements/bench.txt)."""
    return importlib.util.find_spec("openfisca_core") is not None


def run(
    begins: Array, profiles: Array, amounts: Array, tables: Array
) -> tuple[float, dict[str, Array]]:
    """Seconds, and the columns of the stays. ``tables`` has each profile's numbers in a row: the
    due of three stays, edge, two rates, ceiling; rate, ceiling; due, rate, ceiling."""
    from openfisca_core.simulations import SimulationBuilder

    member = np.cumsum(begins) - 1
    starts = np.flatnonzero(begins)
    month = np.arange(len(begins)) - starts[member]
    inputs = _by_month(member, month, profiles, amounts)
    system = _system(tables)
    begun = time.perf_counter()
    simulation = SimulationBuilder().build_default_simulation(system, len(starts))
    found: dict[str, list[Array]] = {name: [] for name in COLUMNS}
    for number in range(MONTHS):
        period = f"2022-{number + 1:02d}"
        for name in INPUTS:
            simulation.set_input(name, period, inputs[name][number])
        for name in COLUMNS:
            found[name].append(simulation.calculate(name, period))
    seconds = time.perf_counter() - begun
    return seconds, {name: np.stack(months)[month, member] for name, months in found.items()}


def _by_month(member: Array, month: Array, profiles: Array, amounts: Array) -> dict[str, Array]:
    members = int(member[-1]) + 1
    stays = {name: np.zeros((MONTHS, members), np.float32) for name in INPUTS}
    stays["profile"] = np.zeros((MONTHS, members), np.int32)
    stays["profile"][month, member] = profiles
    stays["has_stay"][month, member] = 1
    stays["eligible"][month, member] = amounts[0] / 100
    stays["prior"][month, member] = amounts[1] / 100
    return stays


# Formulas: `of` is a variable of this month, `before` one of the month before.


def stays(of: Of, before: Of, number: Number) -> Array:
    return before("stays") + of("has_stay")


def deductible(of: Of, before: Of, number: Number) -> Array:
    stay = np.minimum(before("stays"), 2)
    due = np.where(stay == 0, number(DUE), np.where(stay == 1, number(DUE + 1), number(DUE + 2)))
    return np.minimum(due, of("eligible"))


def cost(of: Of, before: Of, number: Number) -> Array:
    return before("cost") + of("eligible")


def low(of: Of, before: Of, number: Number) -> Array:
    start = before("cost") + of("deductible")
    return np.maximum(np.minimum(of("cost"), number(EDGE)) - start, 0)


def high(of: Of, before: Of, number: Number) -> Array:
    start = before("cost") + of("deductible")
    return np.maximum(of("cost") - np.maximum(start, number(EDGE)), 0)


def benefit_basic(of: Of, before: Of, number: Number) -> Array:
    pay = of("low") * number(LOW_RATE) + of("high") * number(HIGH_RATE)
    return np.minimum(pay, np.maximum(number(CEILING) - before("basic_paid"), 0))


def basic_paid(of: Of, before: Of, number: Number) -> Array:
    return before("basic_paid") + of("benefit_basic")


def covered(of: Of, before: Of, number: Number) -> Array:
    low_pay = of("low") * number(LOW_RATE)
    pay, whole = of("benefit_basic"), low_pay + of("high") * number(HIGH_RATE)
    in_low = pay / number(LOW_RATE)
    in_high = of("low") + (pay - low_pay) / number(HIGH_RATE)
    held = np.where(pay < low_pay, in_low, in_high)
    return np.where(pay < whole, held, of("low") + of("high"))


def own(of: Of, before: Of, number: Number) -> Array:
    return of("covered") - of("benefit_basic")


def over(of: Of, before: Of, number: Number) -> Array:
    return np.maximum(of("eligible") - of("deductible") - of("covered"), 0)


def benefit_above_ceiling(of: Of, before: Of, number: Number) -> Array:
    room = np.maximum(number(ABOVE_CEILING) - before("above_paid"), 0)
    return np.minimum(of("over") * number(ABOVE_RATE), room)


def above_paid(of: Of, before: Of, number: Number) -> Array:
    return before("above_paid") + of("benefit_above_ceiling")


def left_coinsurance_above_ceiling(of: Of, before: Of, number: Number) -> Array:
    pay = of("benefit_above_ceiling")
    return np.minimum(pay / number(ABOVE_RATE), of("over")) - pay


def left_over_ceiling_above_ceiling(of: Of, before: Of, number: Number) -> Array:
    paid = of("benefit_above_ceiling") + of("left_coinsurance_above_ceiling")
    return of("over") - paid


def base(of: Of, before: Of, number: Number) -> Array:
    return of("deductible") + of("own") + of("prior")


def burden(of: Of, before: Of, number: Number) -> Array:
    return before("burden") + of("base")


def met(of: Of, before: Of, number: Number) -> Array:
    return np.minimum(np.maximum(number(LARGE_DUE) - before("burden"), 0), of("base"))


def benefit_large(of: Of, before: Of, number: Number) -> Array:
    room = np.maximum(number(LARGE_CEILING) - before("large_paid"), 0)
    return np.minimum((of("base") - of("met")) * number(LARGE_RATE), room)


def large_paid(of: Of, before: Of, number: Number) -> Array:
    return before("large_paid") + of("benefit_large")


def large_on_deductible(of: Of, before: Of, number: Number) -> Array:
    part = np.maximum(of("deductible") - of("met"), 0)
    return np.minimum(part * number(LARGE_RATE), of("benefit_large"))


def large_on_own(of: Of, before: Of, number: Number) -> Array:
    part = np.maximum(of("deductible") + of("own") - of("met"), 0)
    return np.minimum(part * number(LARGE_RATE), of("benefit_large"))


def left_deductible_basic(of: Of, before: Of, number: Number) -> Array:
    return of("deductible") - of("large_on_deductible")


def left_coinsurance_basic(of: Of, before: Of, number: Number) -> Array:
    return of("own") - (of("large_on_own") - of("large_on_deductible"))


def left_prior_self_pay(of: Of, before: Of, number: Number) -> Array:
    return of("prior") - (of("benefit_large") - of("large_on_own"))


FORMULAS = (
    stays, deductible, cost, low, high, benefit_basic, basic_paid, covered, own, over,
    benefit_above_ceiling, above_paid, left_coinsurance_above_ceiling,
    left_over_ceiling_above_ceiling, base, burden, met, benefit_large, large_paid,
    large_on_deductible, large_on_own, left_deductible_basic, left_coinsurance_basic,
    left_prior_self_pay,
)  # fmt: skip


def _system(tables: Array):
    from openfisca_core.entities import Entity
    from openfisca_core.periods import DateUnit
    from openfisca_core.taxbenefitsystems import TaxBenefitSystem
    from openfisca_core.variables import Variable

    person = Entity("person", "persons", "A member", "")
    numbers = tables.astype(np.float32) / 1_000_000
    numbers[:, AMOUNT_PLACES] = tables[:, AMOUNT_PLACES] / 100

    def variable(name: str, written=None):
        body = {
            "value_type": int if name == "profile" else float,
            "entity": person,
            "definition_period": DateUnit.MONTH,
            "label": name,
        }
        if written is not None:
            body["formula"] = _formula(written, numbers)
        return type(name, (Variable,), body)

    system = TaxBenefitSystem([person])
    written = [variable(formula.__name__, formula) for formula in FORMULAS]
    system.add_variables(*map(variable, INPUTS), *written)
    return system


def _formula(written, numbers: Array):
    def formula(members, period):
        def before(name: str) -> Array:
            if period.start.month == 1:
                return np.zeros(members.count, np.float32)
            return members(name, period.last_month)

        return written(
            lambda name: members(name, period),
            before,
            lambda place: numbers[members("profile", period), place],
        )

    return formula
