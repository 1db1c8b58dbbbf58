"""Business events (业务事件): what happened to the funds' money, before it is an entry.

Every event is frozen, has the ``client_id`` and ``business_date`` of the entry it becomes, and
amounts in fen. It answers its :class:`Move`s: which role, in which fund, on which side, of what
amount. Which account plays a role is data of the chart (``events.yaml``), so no account is named
here; :data:`ROLES` says which roles the events ask for, and a chart that has an event without one
is at fault when it is read, not when money moves.

Funds are named as policies name them: what a policy pays from ``maternity`` is booked where the
chart says. Refuses: nothing by itself; :func:`yibao.engines.accounting.postings.entry_of` refuses
amounts below zero and events that move nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from yibao.engines.accounting.chart import CLEARING, Side

CLEARING_ROLE = "clearing"
BENEFIT_ROLE = "benefit"


@dataclass(frozen=True, slots=True)
class Move:
    """One side of an event: ``amount`` fen > 0 in the account that plays ``role`` in ``fund``.

    ``named`` chooses among the account types of a role, or names the other fund of a clearing;
    ``care_type`` chooses a benefit's account; ``is_cash``: the benefit is paid to the member.
    """

    side: Side
    role: str
    fund: str
    amount: int
    party_id: str = ""
    named: str = ""
    care_type: str = ""
    is_cash: bool = False


PERSONAL = ""
"""The fund of a move on a member's account: the chart knows which one keeps them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every event has; ``source`` says what caused it, ``reservation`` what it uses up."""

    kind: ClassVar[str]
    client_id: str
    business_date: date
    source: str = ""
    memo: str = ""
    reservation: int | None = None

    def moves(self) -> Iterator[Move]:
        """What moves, debits and credits."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class BenefitShare:
    """What one layer pays from one fund for a type of care, fen."""

    fund: str
    care_type: str
    amount: int
    layer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Event):
    """A claim is settled (结算): the funds and the member's account come to owe the provider."""

    kind: ClassVar[str] = "settlement"
    provider_id: str
    benefits: tuple[BenefitShare, ...]
    member_id: str = ""
    personal_account_amount: int = 0

    def moves(self) -> Iterator[Move]:
        """Each fund's benefit and payable, then the personal account's."""
        for share in self.benefits:
            fund, amount = share.fund, share.amount
            yield Move("debit", BENEFIT_ROLE, fund, amount, care_type=share.care_type)
            yield Move("credit", "provider", fund, amount, self.provider_id)
        if self.personal_account_amount:
            amount = self.personal_account_amount
            yield Move("debit", "personal_account", PERSONAL, amount, self.member_id)
            yield Move("credit", "provider", PERSONAL, amount, self.provider_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution(Event):
    """Contributions are received (征缴入账); ``parts`` are amounts by income account type."""

    kind: ClassVar[str] = "contribution"
    fund: str
    bank_id: str
    parts: tuple[tuple[str, int], ...]

    def moves(self) -> Iterator[Move]:
        """Into the bank, by kind of income."""
        yield Move(
            "debit", "bank", self.fund, sum(amount for _, amount in self.parts), self.bank_id
        )
        for account_type, amount in self.parts:
            yield Move("credit", "income", self.fund, amount, named=account_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionRefund(Event):
    """A contribution paid in error or twice is given back (退费)."""

    kind: ClassVar[str] = "contribution_refund"
    fund: str
    bank_id: str
    account_type: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Less income, out of the bank."""
        yield Move("debit", "income", self.fund, self.amount, named=self.account_type)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class GovernmentSubsidy(Event):
    """The treasury's subsidy arrives (财政补贴入账)."""

    kind: ClassVar[str] = "government_subsidy"
    fund: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Into the bank."""
        yield Move("debit", "bank", self.fund, self.amount, self.bank_id)
        yield Move("credit", "income", self.fund, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest(Event):
    """A bank pays interest (利息入账) on one of the fund's accounts there."""

    kind: ClassVar[str] = "interest"
    fund: str
    bank_type: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Into that bank account."""
        yield Move("debit", "bank", self.fund, self.amount, self.bank_id, named=self.bank_type)
        yield Move("credit", "income", self.fund, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherIncome(Event):
    """Any other income (其他收入入账): of members moving in, from above or below, damages."""

    kind: ClassVar[str] = "other_income"
    fund: str
    bank_id: str
    account_type: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Into the bank."""
        yield Move("debit", "bank", self.fund, self.amount, self.bank_id)
        yield Move("credit", "income", self.fund, self.amount, named=self.account_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSpending(Event):
    """Any other spending (其他支出): of members moving away, upward or downward."""

    kind: ClassVar[str] = "other_spending"
    fund: str
    bank_id: str
    account_type: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank."""
        yield Move("debit", "spending", self.fund, self.amount, named=self.account_type)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashBenefit(Event):
    """A benefit is granted to a member in money (现金待遇核定): an allowance, a reimbursement.

    ``care_type`` chooses the account as a claim's does; ``account_type`` names it outright.
    """

    kind: ClassVar[str] = "cash_benefit"
    fund: str
    member_id: str
    amount: int
    care_type: str = ""
    account_type: str = ""

    def moves(self) -> Iterator[Move]:
        """Spent, and owed to the member."""
        yield Move(
            "debit", BENEFIT_ROLE, self.fund, self.amount,
            named=self.account_type, care_type=self.care_type, is_cash=True,
        )  # fmt: skip
        yield Move("credit", "member", self.fund, self.amount, self.member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPayment(Event):
    """What is owed to a member is paid (现金待遇支付)."""

    kind: ClassVar[str] = "member_payment"
    fund: str
    member_id: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank."""
        yield Move("debit", "member", self.fund, self.amount, self.member_id)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class FundTransfer(Event):
    """One fund comes to owe another (基金间划转), each in its own books, by the clearing pair."""

    kind: ClassVar[str] = "fund_transfer"
    from_fund: str
    to_fund: str
    spending_type: str
    income_type: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Spending and clearing here, clearing and income there."""
        giver, taker, amount = self.from_fund, self.to_fund, self.amount
        yield Move("debit", "spending", giver, amount, named=self.spending_type)
        yield Move("credit", CLEARING_ROLE, giver, amount, named=taker)
        yield Move("debit", CLEARING_ROLE, taker, amount, named=giver)
        yield Move("credit", "income", taker, amount, named=self.income_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingPayment(Event):
    """What one fund owes another is paid from bank to bank (基金间往来清付)."""

    kind: ClassVar[str] = "clearing_payment"
    from_fund: str
    to_fund: str
    from_bank_id: str
    to_bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the one's bank, into the other's."""
        giver, taker, amount = self.from_fund, self.to_fund, self.amount
        yield Move("debit", CLEARING_ROLE, giver, amount, named=taker)
        yield Move("credit", "bank", giver, amount, self.from_bank_id)
        yield Move("debit", "bank", taker, amount, self.to_bank_id)
        yield Move("credit", CLEARING_ROLE, taker, amount, named=giver)


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTransfer(Event):
    """Money goes from one bank account of a fund to another (账户间拨转).

    ``source_account`` and ``target_account`` are (account type, id of the bank account).
    """

    kind: ClassVar[str] = "bank_transfer"
    fund: str
    source_account: tuple[str, str]
    target_account: tuple[str, str]
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the one, into the other."""
        (source_type, source_id), (target_type, target_id) = (
            self.source_account,
            self.target_account,
        )
        yield Move("debit", "bank", self.fund, self.amount, target_id, named=target_type)
        yield Move("credit", "bank", self.fund, self.amount, source_id, named=source_type)


@dataclass(frozen=True, slots=True)
class OpeningBalance:
    """A balance brought forward, fen: debit above zero, credit below."""

    fund: str
    account_type: str
    amount: int
    party_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Event):
    """Balances are brought forward (期初余额); what is left of each fund is its balance.

    Its day is the one before the first fund year, so that no statement takes it for business.
    """

    kind: ClassVar[str] = "opening"
    balances: tuple[OpeningBalance, ...]

    def moves(self) -> Iterator[Move]:
        """The balances, then each fund's own."""
        left: dict[str, int] = {}
        for one in self.balances:
            left[one.fund] = left.get(one.fund, 0) - one.amount
            side, amount = _signed(one.amount)
            other = one.account_type.removeprefix(CLEARING)
            if other != one.account_type:
                yield Move(side, CLEARING_ROLE, one.fund, amount, named=other)
                continue
            yield Move(side, "opening", one.fund, amount, one.party_id, named=one.account_type)
        for fund, amount in left.items():
            yield Move(_signed(amount)[0], "balance", fund, abs(amount))


def _signed(amount: int) -> tuple[Side, int]:
    return ("debit" if amount > 0 else "credit", abs(amount))


ROLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "settlement": (("benefit", "personal_account"), ("provider",)),
    "contribution": (("bank",), ("income",)),
    "contribution_refund": (("income",), ("bank",)),
    "government_subsidy": (("bank",), ("income",)),
    "interest": (("bank",), ("income",)),
    "other_income": (("bank",), ("income",)),
    "other_spending": (("spending",), ("bank",)),
    "personal_account_credit": (("credited",), ("personal_account",)),
    "personal_account_use": (("personal_account",), ("provider",)),
    "personal_account_payout": (("personal_account",), ("bank",)),
    "personal_account_premium": (("personal_account",), ("income",)),
    "advance": (("advance",), ("bank",)),
    "advance_recovery": (("payable", "bank"), ("advance",)),
    "provider_payment": (("provider",), ("bank",)),
    "margin_withheld": (("provider",), ("margin",)),
    "margin_release": (("margin",), ("provider", "forfeited")),
    "supplier_delivery": (("procurement",), ("supplier",)),
    "supplier_payment": (("supplier",), ("bank",)),
    "procurement_recovery": (("provider",), ("procurement",)),
    "recoupment": (("receivable",), ("benefit", "damages")),
    "recoupment_collected": (("provider", "bank"), ("receivable",)),
    "cash_benefit": (("benefit",), ("member",)),
    "member_payment": (("member",), ("bank",)),
    "fund_transfer": (("spending",), ("income",)),
    "clearing_payment": (("bank",), ("bank",)),
    "bank_transfer": (("bank",), ("bank",)),
    "opening": (("opening", "balance"), ("opening", "balance")),
}
"""By event kind: the roles of its debit and of its credit side."""
