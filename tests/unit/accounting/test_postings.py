"""Every business event becomes the entry that a bookkeeper writes, to the fen."""

from __future__ import annotations

import re

import pytest

from tests.health.checkers import ROOT
from tests.unit.accounting.books import BY_HAND, DAY, chart, lines
from yibao.engines.accounting import events as ev
from yibao.engines.accounting import events_parties as parties
from yibao.engines.accounting.chart import UnableToBook
from yibao.engines.accounting.checking import refusals
from yibao.engines.accounting.entry import Line
from yibao.engines.accounting.postings import benefit_shares, entry_of, shared

NAMES = [f"{position}-{event.kind}" for position, (event, _) in enumerate(BY_HAND)]


@pytest.mark.parametrize(("event", "table"), BY_HAND, ids=NAMES)
def test_an_event_is_booked_as_worked_by_hand(event: ev.Event, table: str):
    entry = entry_of(event, chart())
    assert entry.lines == lines(table)
    assert (entry.client_id, entry.event_kind, entry.business_date) == ("e1", event.kind, DAY)


@pytest.mark.parametrize(("event", "table"), BY_HAND, ids=NAMES)
def test_what_is_booked_has_no_refusals(event: ev.Event, table: str):
    assert refusals(entry_of(event, chart()), chart()) == ()


def test_every_kind_of_event_is_worked_by_hand_and_known_to_every_chart():
    kinds = {event.kind for event, _ in BY_HAND}
    assert kinds == set(ev.ROLES)
    for code in ("000000", "370200", "370100", "360400"):
        assert set(chart(code).facing) == kinds


def settled(fund: str = "resident", care_type: str = "inpatient", amount: int = 1) -> ev.Event:
    share = ev.BenefitShare(fund, care_type, amount)
    return ev.Settlement(client_id="e1", business_date=DAY, provider_id="H1", benefits=(share,))


@pytest.mark.parametrize(
    ("event", "code", "named"),
    [
        (settled(fund="pension"), "fund_unknown", "pension"),
        (settled(care_type="spa"), "care_type_unknown", "spa"),
        (settled(care_type="home_care"), "account_unknown", "resident/benefit_care"),
        (settled(amount=-1), "amount_negative", "-0.01"),
        (settled(amount=0), "nothing_to_book", "e1"),
        (
            ev.Interest(
                client_id="e1",
                business_date=DAY,
                fund="resident",
                bank_type="",
                bank_id="B",
                amount=1,
            ),
            "event_role_ambiguous",
            "bank",
        ),
        (
            ev.OtherIncome(
                client_id="e1",
                business_date=DAY,
                fund="resident",
                bank_id="B",
                account_type="contribution_personal",
                amount=1,
            ),
            "event_role_refused",
            "contribution_personal",
        ),
        (
            ev.FundTransfer(
                client_id="e1",
                business_date=DAY,
                from_fund="supplementary",
                to_fund="resident",
                spending_type="fund_transfer_spending",
                income_type="fund_transfer_income",
                amount=1,
            ),
            "account_unknown",
            "supplementary/clearing_resident",
        ),
    ],
)  # fmt: skip
def test_what_the_chart_has_no_place_for_is_refused(event: ev.Event, code: str, named: str):
    with pytest.raises(UnableToBook) as caught:
        entry_of(event, chart())
    assert caught.value.code == code
    assert named in caught.value.message.en
    assert named in caught.value.message.zh
    assert caught.value.remedy.zh
    assert caught.value.remedy.en


def test_an_area_without_a_fund_books_nothing_there():
    with pytest.raises(UnableToBook, match="long_term_care"):
        entry_of(settled(fund="long_term_care", care_type="home_care"), chart("360400"))


def test_a_policy_fund_may_receive_what_its_payer_owes():
    paid = parties.ProviderPayment(
        client_id="e1", business_date=DAY, fund="maternity", provider_id="H1", bank_id="B", amount=5
    )
    first = entry_of(paid, chart()).lines[0]
    assert first == Line("employee_pooling/provider_payable", 5, "H1")


def test_a_source_a_memo_and_a_reservation_go_with_the_entry():
    used = parties.PersonalAccountUse(
        client_id="e1",
        business_date=DAY,
        member_id="M1",
        provider_id="P1",
        amount=5,
        source="claim 7",
        memo="药店",
        reservation=12,
    )
    entry = entry_of(used, chart())
    assert (entry.source, entry.memo, entry.reservation) == ("claim 7", "药店", 12)


def test_a_total_is_shared_by_largest_remainder():
    # 100 fen over 1 : 1 : 1 leaves one fen, which goes to the first written.
    assert shared(100, {"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}
    # 10 over 6 : 3 : 1 is exact; 11 is 6.6, 3.3, 1.1: the largest rest is a's.
    assert shared(11, {"a": 6, "b": 3, "c": 1}) == {"a": 7, "b": 3, "c": 1}
    with pytest.raises(ValueError, match="cannot share"):
        shared(1, {"a": 0})


def test_layers_that_pay_nothing_leave_no_share():
    paid = [("basic", "resident", 100), ("critical_illness", "critical_illness", 0)]
    shares = benefit_shares(paid, care_type="inpatient")
    assert shares == (ev.BenefitShare("resident", "inpatient", 100, "basic"),)


def test_the_page_about_accounts_lists_every_event():
    page = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \| [一-鿿]+ \|", page, re.MULTILINE)
    assert rows == list(ev.ROLES)
    for kind in ev.ROLES:
        assert f"| {chart().facing[kind].label.zh} |" in page
