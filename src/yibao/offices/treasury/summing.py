"""Settled claims in sums (结算汇总入账): what a result of `yibao settle` brings to the books.

One event a day and kind of provider, with what each fund pays for each type of care. A bureau posts
claim by claim as it settles; sums are for years that were settled in bulk.

Holds: the events' benefits sum to what the funds paid in the file, fund by fund, to the fen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from yibao.base.checks import check
from yibao.engines.accounting.events import BenefitShare, Settlement

_FUND = "fund_"


@dataclass(frozen=True, slots=True)
class SettledYear:
    """Where a settled year lies: the result, its claims, and the claims' column to sum by."""

    settled: Path
    claims: Sequence[Path]
    provider_column: str


def summed_settlements(year: SettledYear) -> tuple[Settlement, ...]:
    """The events of a settled year, by day and provider, in order.

    The business date is the day of settlement.
    """
    result = pl.scan_parquet(year.settled)
    funds = [name for name in result.collect_schema().names() if name.startswith(_FUND)]
    whose = pl.col("claim_id").cast(pl.String).str.split("/").list.first()
    claims = pl.scan_parquet(list(year.claims)).select(
        pl.col("claim_id").cast(pl.String),
        pl.col("settlement_date"),
        pl.col(year.provider_column).cast(pl.String).alias("provider_id"),
        pl.col("care_type").cast(pl.String),
    )
    keys = ["settlement_date", "provider_id", "care_type"]
    sums = (
        result.select(whose.alias("claim_id"), *funds)
        .join(claims, on="claim_id", how="left")
        .group_by(keys)
        .agg(pl.col(funds).sum())
        .sort(keys)
        .collect()
    )
    events = tuple(_events(sums, funds))
    _check_whole(events, sums.select(pl.col(funds).sum()).row(0, named=True))
    return events


def _events(sums: pl.DataFrame, funds: Sequence[str]) -> Iterator[Settlement]:
    shares: dict[tuple[date, str], list[BenefitShare]] = defaultdict(list)
    for row in sums.iter_rows(named=True):
        paid = [(name.removeprefix(_FUND), int(row[name])) for name in funds if row[name]]
        place = (row["settlement_date"], row["provider_id"])
        shares[place] += [BenefitShare(fund, row["care_type"], amount) for fund, amount in paid]
    for (day, provider), benefits in shares.items():
        if benefits:
            yield Settlement(
                client_id=f"settled-{day}-{provider}",
                business_date=day,
                provider_id=provider,
                benefits=tuple(benefits),
            )


def _check_whole(events: Sequence[Settlement], paid: dict[str, int]) -> None:
    booked: dict[str, int] = defaultdict(int)
    for event in events:
        for share in event.benefits:
            booked[f"{_FUND}{share.fund}"] += share.amount
    wanted = {name: int(amount) for name, amount in paid.items() if amount}
    check(booked == wanted, f"the events hold what the funds paid: {dict(booked)} = {wanted}")
