"""A settled year in sums, and the example year around it: no fen is lost, no bank below zero."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from tests.unit.accounting.books import chart
from yibao.base.findings import FaultsFound
from yibao.engines.accounting import events as ev
from yibao.engines.accounting.checking import refusals
from yibao.engines.accounting.entry import Entry
from yibao.engines.accounting.postings import entry_of
from yibao.offices.treasury.example_year import example_events
from yibao.offices.treasury.summing import SettledYear, summed_settlements
from yibao.storage.files.example_books import ExampleBooks, read_example_books
from yibao.storage.files.shipped import examples_root

DAY, NEXT = date(2024, 2, 3), date(2024, 2, 4)


def settled(tmp_path: Path) -> SettledYear:
    """Four claims, one of them a stay that was settled in two parts."""
    claims, result = tmp_path / "claims.parquet", tmp_path / "settled.parquet"
    pl.DataFrame(
        {
            "claim_id": [1, 2, 3, 4],
            "settlement_date": [DAY, DAY, NEXT, DAY],
            "facility_level": ["level_1", "level_1", "level_3", "level_3"],
            "care_type": ["inpatient", "general_outpatient", "inpatient", "inpatient"],
        }
    ).write_parquet(claims)
    pl.DataFrame(
        {
            "claim_id": ["1", "2", "3/2023", "3/2024", "4"],
            "fund_resident": [100, 20, 7, 8, 0],
            "fund_assistance": [3, 0, 0, 1, 0],
        }
    ).write_parquet(result)
    return SettledYear(result, [claims], "facility_level")


def test_a_settled_year_is_summed_by_day_provider_fund_and_care(tmp_path: Path):
    first, second = summed_settlements(settled(tmp_path))
    assert (first.business_date, first.provider_id) == (DAY, "level_1")
    assert {(one.fund, one.care_type, one.amount) for one in first.benefits} == {
        ("resident", "inpatient", 100),
        ("assistance", "inpatient", 3),
        ("resident", "general_outpatient", 20),
    }
    assert (second.business_date, second.provider_id) == (NEXT, "level_3")
    assert {(one.fund, one.amount) for one in second.benefits} == {
        ("resident", 15),
        ("assistance", 1),
    }
    assert len({first.client_id, second.client_id}) == 2


def example() -> ExampleBooks:
    return read_example_books(examples_root() / "books" / "qingdao_2024.yaml")


def booked(settlements: list[ev.Settlement], insured: int) -> list[Entry]:
    events = example_events(example(), settlements, insured=insured, chart=chart())
    return [entry_of(event, chart()) for event in events]


def settlement(month: int, fen: int, *, provider: str = "level_1") -> ev.Settlement:
    return ev.Settlement(
        client_id=f"s{month}{provider}",
        business_date=date(2024, month, 28),
        provider_id=provider,
        benefits=(ev.BenefitShare("resident", "inpatient", fen),),
    )


def sums(entries: list[Entry], account: str) -> int:
    lines = [line for entry in entries for line in entry.lines]
    return sum(line.amount for line in lines if line.account_code == account)


def test_the_example_year_is_worked_by_hand():
    # A city of 10: 1200.00 in the resident fund, 2400.00 + 5200.00 come in, 460.00 are passed on.
    found = booked([settlement(1, 30_000), settlement(12, 7)], 10)
    assert sums(found, "resident/fund_balance") == -120_000
    assert sums(found, "resident/contribution_personal") == -240_000
    assert sums(found, "resident/subsidy_income") == -520_000
    assert sums(found, "resident/critical_illness_spending") == 46_000
    assert sums(found, "critical_illness/fund_transfer_income") == -46_000
    assert sums(found, "resident/clearing_critical_illness") == 0
    assert sums(found, "resident/benefit_inpatient") == 30_007
    assert sums(found, "resident/provider_payable") == -7  # December's is paid in January
    assert sums(found, "resident/bank_spending") == 0
    assert sums(found, "resident/bank_special") == 120_000 + 760_000 - 46_000 - 30_000


def test_every_entry_may_stand_and_days_are_of_the_year():
    found = booked([settlement(month, 1_000 * month) for month in range(1, 13)], 1_000)
    assert [refusals(entry, chart()) for entry in found] == [()] * len(found)
    assert {entry.business_date.year for entry in found[1:]} == {2024}
    assert found[0].business_date == date(2023, 12, 31)
    assert len({entry.client_id for entry in found}) == len(found)


@pytest.mark.parametrize("fen", [834_000, 834_001, 900_000])
def test_nothing_is_paid_beyond_a_fund_s_money(fen: int):
    # 8340.00 is all that the resident fund of 10 ever has.
    due = [settlement(1, fen // 3), settlement(1, fen - fen // 3, provider="level_3")]
    found = booked(due, 10)
    balance: dict[str, int] = defaultdict(int)
    for entry in found:
        for line in entry.lines:
            if "/bank_" in line.account_code:
                balance[line.fund] += line.amount
        assert all(amount >= 0 for amount in balance.values()), entry.client_id
    assert sums(found, "resident/provider_payable") == -max(0, fen - 834_000)


def test_an_example_that_is_not_one_is_told(tmp_path: Path):
    place = tmp_path / "odd.yaml"
    place.write_text("books: x\nfunds: []\nprize: 5\n", "utf-8")
    with pytest.raises(FaultsFound):
        read_example_books(place)
