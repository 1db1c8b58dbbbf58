"""Charts, and one event of each kind with the entry it becomes, worked by hand."""

from __future__ import annotations

from datetime import date
from functools import cache

from yibao.base.money import parse_yuan
from yibao.engines.accounting import events as ev
from yibao.engines.accounting import events_parties as parties
from yibao.engines.accounting.chart import Chart
from yibao.engines.accounting.entry import Entry, Line
from yibao.storage.files.charts import read_chart
from yibao.storage.files.shipped import policies_root

DAY = date(2024, 3, 15)


@cache
def chart(code: str = "370200") -> Chart:
    return read_chart(policies_root(), code).chart


def lines(table: str) -> tuple[Line, ...]:
    """Lines of a table: account, party or –, debit or –, credit or –; amounts in yuan."""
    found = []
    for row in filter(None, (row.strip() for row in table.splitlines())):
        account, party, debit, credit = row.split()
        amount = parse_yuan(debit) if debit != "–" else -parse_yuan(credit)
        found.append(Line(account, amount, "" if party == "–" else party))
    return tuple(found)


def entry(table: str, *, kind: str = "settlement", **other: object) -> Entry:
    return Entry("e1", kind, DAY, lines(table), **other)  # type: ignore[arg-type]


_ANY = {"client_id": "e1", "business_date": DAY}
BY_HAND: list[tuple[ev.Event, str]] = [
    (
        # A stay: three layers pay, and the member's account takes a part of what is left.
        ev.Settlement(
            **_ANY,
            provider_id="H1",
            member_id="M1",
            benefits=(
                ev.BenefitShare("employee_pooling", "inpatient", 100_000, "basic"),
                ev.BenefitShare("large_amount", "inpatient", 20_050, "large_amount"),
                ev.BenefitShare("employee_pooling", "inpatient", 7, "again"),
                ev.BenefitShare("assistance", "inpatient", 0, "assistance"),
            ),
            personal_account_amount=30_000,
        ),
        """
        employee_pooling/benefit_inpatient          –  1000.07 –
        employee_pooling/provider_payable           H1 –       1000.07
        large_amount/benefit_inpatient              –  200.50  –
        large_amount/provider_payable               H1 –       200.50
        personal_account/personal_account_liability M1 300     –
        personal_account/provider_payable           H1 –       300
        """,
    ),
    (
        # A delivery: maternity is spent by the pooling fund, in an account of its own.
        ev.Settlement(
            **_ANY,
            provider_id="H1",
            benefits=(ev.BenefitShare("maternity", "delivery", 350_000, "basic"),),
        ),
        """
        employee_pooling/benefit_maternity_medical –  3500 –
        employee_pooling/provider_payable          H1 –    3500
        """,
    ),
    (
        ev.Contribution(
            **_ANY,
            fund="large_amount",
            bank_id="B1",
            parts=(("contribution_employer", 300), ("contribution_personal", 100)),
        ),
        """
        large_amount/bank_special          B1 4 –
        large_amount/contribution_employer –  – 3
        large_amount/contribution_personal –  – 1
        """,
    ),
    (
        ev.ContributionRefund(
            **_ANY,
            fund="resident",
            bank_id="B2",
            account_type="contribution_personal",
            amount=41_500,
        ),
        """
        resident/contribution_personal –  415 –
        resident/bank_spending         B2 –   415
        """,
    ),
    (
        ev.GovernmentSubsidy(**_ANY, fund="resident", bank_id="B1", amount=69_800),
        """
        resident/bank_special   B1 698 –
        resident/subsidy_income –  –   698
        """,
    ),
    (
        ev.Interest(**_ANY, fund="resident", bank_type="bank_spending", bank_id="B2", amount=9),
        """
        resident/bank_spending   B2 0.09 –
        resident/interest_income –  –    0.09
        """,
    ),
    (
        ev.OtherIncome(
            **_ANY,
            fund="personal_account",
            bank_id="B1",
            account_type="transfer_income",
            amount=50_000,
        ),
        """
        personal_account/bank_special    B1 500 –
        personal_account/transfer_income –  –   500
        """,
    ),
    (
        ev.OtherSpending(
            **_ANY,
            fund="employee_pooling",
            bank_id="B2",
            account_type="superior_spending",
            amount=100,
        ),
        """
        employee_pooling/superior_spending –  1 –
        employee_pooling/bank_spending     B2 – 1
        """,
    ),
    (
        parties.PersonalAccountCredit(**_ANY, credits=(("M1", 10_000), ("M2", 12_500))),
        """
        personal_account/personal_account_credited  –  225 –
        personal_account/personal_account_liability M1 –   100
        personal_account/personal_account_liability M2 –   125
        """,
    ),
    (
        parties.PersonalAccountUse(**_ANY, member_id="M1", provider_id="P9", amount=2_580),
        """
        personal_account/personal_account_liability M1 25.80 –
        personal_account/provider_payable           P9 –     25.80
        """,
    ),
    (
        parties.PersonalAccountPayout(**_ANY, member_id="M1", bank_id="B2", amount=7_420),
        """
        personal_account/personal_account_liability M1 74.20 –
        personal_account/bank_spending              B2 –     74.20
        """,
    ),
    (
        parties.PersonalAccountPremium(**_ANY, member_id="M1", fund="resident", amount=41_500),
        """
        personal_account/personal_account_liability M1 415 –
        personal_account/clearing_resident          –  –   415
        resident/clearing_personal_account          –  415 –
        resident/contribution_personal              –  –   415
        """,
    ),
    (
        parties.Advance(
            **_ANY, fund="resident", holder="provider", party_id="H1", bank_id="B2", amount=500_000
        ),
        """
        resident/provider_advance H1 5000 –
        resident/bank_spending    B2 –    5000
        """,
    ),
    (
        parties.AdvanceRecovery(
            **_ANY, fund="resident", holder="provider", party_id="H1", amount=200_000
        ),
        """
        resident/provider_payable H1 2000 –
        resident/provider_advance H1 –    2000
        """,
    ),
    (
        parties.AdvanceRecovery(
            **_ANY, fund="resident", holder="supplier", party_id="S1", amount=100, bank_id="B1"
        ),
        """
        resident/bank_special     B1 1 –
        resident/supplier_advance S1 – 1
        """,
    ),
    (
        parties.ProviderPayment(
            **_ANY, fund="resident", provider_id="H1", bank_id="B2", amount=95_000
        ),
        """
        resident/provider_payable H1 950 –
        resident/bank_spending    B2 –   950
        """,
    ),
    (
        parties.MarginWithheld(**_ANY, fund="resident", provider_id="H1", amount=5_000),
        """
        resident/provider_payable       H1 50 –
        resident/quality_margin_payable H1 –  50
        """,
    ),
    (
        parties.MarginRelease(
            **_ANY,
            fund="resident",
            provider_id="H1",
            released_amount=4_500,
            forfeited_amount=500,
        ),
        """
        resident/quality_margin_payable H1 50 –
        resident/provider_payable       H1 –  45
        resident/other_income           –  –  5
        """,
    ),
    (
        parties.SupplierDelivery(
            **_ANY, fund="resident", supplier_id="S1", provider_id="H1", amount=1_500
        ),
        """
        resident/procurement_receivable H1 15 –
        resident/supplier_payable       S1 –  15
        """,
    ),
    (
        parties.SupplierPayment(
            **_ANY, fund="resident", supplier_id="S1", bank_id="B2", amount=1_500
        ),
        """
        resident/supplier_payable S1 15 –
        resident/bank_spending    B2 –  15
        """,
    ),
    (
        parties.ProcurementRecovery(**_ANY, fund="resident", provider_id="H1", amount=1_500),
        """
        resident/provider_payable       H1 15 –
        resident/procurement_receivable H1 –  15
        """,
    ),
    (
        parties.Recoupment(
            **_ANY,
            fund="resident",
            provider_id="H1",
            benefits=(("inpatient", 80_000), ("general_outpatient", 20_000)),
            damages_amount=30_000,
        ),
        """
        resident/provider_receivable H1 1300 –
        resident/benefit_inpatient   –  –    800
        resident/benefit_outpatient  –  –    200
        resident/other_income        –  –    300
        """,
    ),
    (
        parties.RecoupmentCollected(**_ANY, fund="resident", provider_id="H1", amount=130_000),
        """
        resident/provider_payable    H1 1300 –
        resident/provider_receivable H1 –    1300
        """,
    ),
    (
        parties.RecoupmentCollected(
            **_ANY, fund="resident", provider_id="H1", amount=1, bank_id="B1"
        ),
        """
        resident/bank_special        B1 0.01 –
        resident/provider_receivable H1 –    0.01
        """,
    ),
    (
        # A birth allowance: the cash side of maternity.
        ev.CashBenefit(**_ANY, fund="maternity", member_id="M1", amount=160_000),
        """
        employee_pooling/benefit_maternity_allowance –  1600 –
        employee_pooling/member_payable              M1 –    1600
        """,
    ),
    (
        # The residents' delivery subsidy names its account.
        ev.CashBenefit(
            **_ANY,
            fund="resident",
            member_id="M2",
            amount=300_000,
            account_type="benefit_maternity_allowance",
        ),
        """
        resident/benefit_maternity_allowance –  3000 –
        resident/member_payable              M2 –    3000
        """,
    ),
    (
        # A bill paid by hand is booked by its care.
        ev.CashBenefit(
            **_ANY, fund="resident", member_id="M2", amount=100, care_type="special_outpatient"
        ),
        """
        resident/benefit_special_outpatient –  1 –
        resident/member_payable             M2 – 1
        """,
    ),
    (
        ev.MemberPayment(**_ANY, fund="maternity", member_id="M1", bank_id="B2", amount=160_000),
        """
        employee_pooling/member_payable M1 1600 –
        employee_pooling/bank_spending  B2 –    1600
        """,
    ),
    (
        ev.FundTransfer(
            **_ANY,
            from_fund="resident",
            to_fund="critical_illness",
            spending_type="critical_illness_spending",
            income_type="fund_transfer_income",
            amount=9_000,
        ),
        """
        resident/critical_illness_spending    – 90 –
        resident/clearing_critical_illness    – –  90
        critical_illness/clearing_resident    – 90 –
        critical_illness/fund_transfer_income – –  90
        """,
    ),
    (
        # Assistance pays the contribution of the poor.
        ev.FundTransfer(
            **_ANY,
            from_fund="assistance",
            to_fund="resident",
            spending_type="benefit_enrolment_aid",
            income_type="contribution_aided",
            amount=41_500,
        ),
        """
        assistance/benefit_enrolment_aid – 415 –
        assistance/clearing_resident     – –   415
        resident/clearing_assistance     – 415 –
        resident/contribution_aided      – –   415
        """,
    ),
    (
        ev.ClearingPayment(
            **_ANY,
            from_fund="resident",
            to_fund="critical_illness",
            from_bank_id="B1",
            to_bank_id="B3",
            amount=9_000,
        ),
        """
        resident/clearing_critical_illness –  90 –
        resident/bank_special              B1 –  90
        critical_illness/bank_special      B3 90 –
        critical_illness/clearing_resident –  –  90
        """,
    ),
    (
        ev.BankTransfer(
            **_ANY,
            fund="resident",
            source_account=("bank_special", "B1"),
            target_account=("bank_spending", "B2"),
            amount=1_000_000,
        ),
        """
        resident/bank_spending B2 10000 –
        resident/bank_special  B1 –     10000
        """,
    ),
    (
        ev.Opening(
            **_ANY,
            balances=(
                ev.OpeningBalance("resident", "bank_special", 1_000_000, "B1"),
                ev.OpeningBalance("resident", "provider_payable", -300_000, "H1"),
                ev.OpeningBalance("resident", "clearing_critical_illness", -9_000),
                ev.OpeningBalance("critical_illness", "clearing_resident", 9_000),
            ),
        ),
        """
        resident/bank_special              B1 10000 –
        resident/provider_payable          H1 –     3000
        resident/clearing_critical_illness –  –     90
        critical_illness/clearing_resident –  90    –
        resident/fund_balance              –  –     6910
        critical_illness/fund_balance      –  –     90
        """,
    ),
]
