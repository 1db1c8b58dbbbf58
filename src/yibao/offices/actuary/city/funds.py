"""What each fund paid for a city's year, beside the published figures of the same months.

A fund's total is all it paid; under a fund stand the published figures of what it pays for, and
under no fund those that several funds share. Published sums are divided by the insured of their
year, the city's by its own, so that they can be compared whatever the city's size.

Holds: totals are sums of settled claims, in fen; a fund without a published figure has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from yibao.base.money import FEN_PER_YUAN
from yibao.offices.actuary.city.figures import Target, read_figures
from yibao.offices.actuary.city.measuring import (
    FUND,
    Measured,
    insured_of,
    measure_each,
    paid_by_claim,
)
from yibao.storage.files.partitions import read_manifest


@dataclass(frozen=True, slots=True)
class FundTotal:
    """What a fund paid in the year (all funds: no name), and the published figures of its parts."""

    fund: str
    benefit_amount: int
    insured_count: int
    beside: tuple[Measured, ...]

    @property
    def per_insured(self) -> float:
        """Yuan for each insured person of the city."""
        return self.benefit_amount / self.insured_count / FEN_PER_YUAN


def fund_totals(folder: Path, settled: Path) -> list[FundTotal]:
    """Every fund of the settled claims, then all of them together.

    Raises:
        FaultsFound: if the folder is not whole.
        UnableToMeasure: if it is no synthetic city, or ``settled`` has other claims.
    """
    insured = insured_of(folder, read_manifest(folder))
    figures = read_figures()
    wanted = [target for target in (*figures.beside, *figures.targets.values()) if _is_sum(target)]
    found = measure_each(wanted, folder, settled=settled)
    sums = paid_by_claim(settled).select(pl.col(f"^{FUND}.*$").sum()).collect().to_dicts()[0]
    paid = {name.removeprefix(FUND): int(amount) for name, amount in sums.items()}
    listed = [*paid.items(), ("", sum(paid.values()))]
    return [
        FundTotal(fund, amount, insured, tuple(one for one in found if _fund(one.target) == fund))
        for fund, amount in listed
    ]


def _is_sum(target: Target) -> bool:
    return target.measure.sum == "fund_amount" and target.measure.per == "insured"


def _fund(target: Target) -> str:
    paid_by = target.measure.paid_by
    return paid_by[0] if len(paid_by) == 1 else ""
