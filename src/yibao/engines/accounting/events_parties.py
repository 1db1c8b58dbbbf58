"""Business events with providers, suppliers and members' personal accounts.

The other half of :mod:`yibao.engines.accounting.events`, which says what an event is.

Holds: a member's, provider's or supplier's name stands on every move of an account kept by party.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from yibao.engines.accounting.events import (
    BENEFIT_ROLE,
    CLEARING_ROLE,
    PERSONAL,
    Event,
    Move,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccountCredit(Event):
    """Income is credited to members (划入个人账户); ``credits`` are amounts by member."""

    kind: ClassVar[str] = "personal_account_credit"
    credits: tuple[tuple[str, int], ...]

    def moves(self) -> Iterator[Move]:
        """One debit, a credit a member."""
        total = sum(amount for _, amount in self.credits)
        yield Move("debit", "credited", PERSONAL, total)
        for member_id, amount in self.credits:
            yield Move("credit", "personal_account", PERSONAL, amount, member_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccountUse(Event):
    """A member pays a provider from the account (个人账户支付), without a claim on a fund."""

    kind: ClassVar[str] = "personal_account_use"
    member_id: str
    provider_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Less on the account, owed to the provider."""
        yield Move("debit", "personal_account", PERSONAL, self.amount, self.member_id)
        yield Move("credit", "provider", PERSONAL, self.amount, self.provider_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccountPayout(Event):
    """An account is paid out (个人账户返还): its holder died or moved away."""

    kind: ClassVar[str] = "personal_account_payout"
    member_id: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank."""
        yield Move("debit", "personal_account", PERSONAL, self.amount, self.member_id)
        yield Move("credit", "bank", PERSONAL, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalAccountPremium(Event):
    """An account pays a contribution to another fund (个人账户代缴保费), also for a relative."""

    kind: ClassVar[str] = "personal_account_premium"
    member_id: str
    fund: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Less on the account, income there, cleared between the two."""
        yield Move("debit", "personal_account", PERSONAL, self.amount, self.member_id)
        yield Move("credit", CLEARING_ROLE, PERSONAL, self.amount, named=self.fund)
        yield Move("debit", CLEARING_ROLE, self.fund, self.amount, named=PERSONAL)
        yield Move("credit", "income", self.fund, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance(Event):
    """A provider or supplier is paid before its claims (预付)."""

    kind: ClassVar[str] = "advance"
    fund: str
    holder: Literal["provider", "supplier"]
    party_id: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank, due back."""
        named = f"{self.holder}_advance"
        yield Move("debit", "advance", self.fund, self.amount, self.party_id, named=named)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceRecovery(Event):
    """An advance comes back (预付收回): out of what is owed, or by bank where one is named."""

    kind: ClassVar[str] = "advance_recovery"
    fund: str
    holder: Literal["provider", "supplier"]
    party_id: str
    amount: int
    bank_id: str = ""

    def moves(self) -> Iterator[Move]:
        """Less owed, or money in the bank; less advanced."""
        if self.bank_id:
            yield Move("debit", "bank", self.fund, self.amount, self.bank_id)
        else:
            named = f"{self.holder}_payable"
            yield Move("debit", "payable", self.fund, self.amount, self.party_id, named=named)
        named = f"{self.holder}_advance"
        yield Move("credit", "advance", self.fund, self.amount, self.party_id, named=named)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment(Event):
    """What is owed to a provider is paid (拨付)."""

    kind: ClassVar[str] = "provider_payment"
    fund: str
    provider_id: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank."""
        yield Move("debit", "provider", self.fund, self.amount, self.provider_id)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginWithheld(Event):
    """A part of what is owed is kept back until quality is assessed (扣留质量保证金)."""

    kind: ClassVar[str] = "margin_withheld"
    fund: str
    provider_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """From owed now to owed later."""
        yield Move("debit", "provider", self.fund, self.amount, self.provider_id)
        yield Move("credit", "margin", self.fund, self.amount, self.provider_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginRelease(Event):
    """A margin is given free (质量保证金返还), less what the assessment forfeits to the fund."""

    kind: ClassVar[str] = "margin_release"
    fund: str
    provider_id: str
    released_amount: int
    forfeited_amount: int = 0

    def moves(self) -> Iterator[Move]:
        """Owed now, and what the fund keeps."""
        total = self.released_amount + self.forfeited_amount
        yield Move("debit", "margin", self.fund, total, self.provider_id)
        yield Move("credit", "provider", self.fund, self.released_amount, self.provider_id)
        yield Move("credit", "forfeited", self.fund, self.forfeited_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierDelivery(Event):
    """A provider accepts a delivery (交货验收) that the fund pays for and gets back from it."""

    kind: ClassVar[str] = "supplier_delivery"
    fund: str
    supplier_id: str
    provider_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Due from the provider, owed to the supplier."""
        yield Move("debit", "procurement", self.fund, self.amount, self.provider_id)
        yield Move("credit", "supplier", self.fund, self.amount, self.supplier_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplierPayment(Event):
    """A supplier is paid directly by the fund (支付药械企业)."""

    kind: ClassVar[str] = "supplier_payment"
    fund: str
    supplier_id: str
    bank_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Out of the bank."""
        yield Move("debit", "supplier", self.fund, self.amount, self.supplier_id)
        yield Move("credit", "bank", self.fund, self.amount, self.bank_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcurementRecovery(Event):
    """What was paid for a provider's purchases is kept from what it is owed (代付采购款扣回)."""

    kind: ClassVar[str] = "procurement_recovery"
    fund: str
    provider_id: str
    amount: int

    def moves(self) -> Iterator[Move]:
        """Less owed, less due."""
        yield Move("debit", "provider", self.fund, self.amount, self.provider_id)
        yield Move("credit", "procurement", self.fund, self.amount, self.provider_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recoupment(Event):
    """A provider must give back (追回): benefits by type of care, damages by its agreement."""

    kind: ClassVar[str] = "recoupment"
    fund: str
    provider_id: str
    benefits: tuple[tuple[str, int], ...]
    damages_amount: int = 0

    def moves(self) -> Iterator[Move]:
        """Due from the provider; less spent, and income for the damages."""
        total = self.damages_amount + sum(amount for _, amount in self.benefits)
        yield Move("debit", "receivable", self.fund, total, self.provider_id)
        for care_type, amount in self.benefits:
            yield Move("credit", BENEFIT_ROLE, self.fund, amount, care_type=care_type)
        yield Move("credit", "damages", self.fund, self.damages_amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoupmentCollected(Event):
    """A recoupment is collected (追回到账): out of what is owed, or by bank where one is named."""

    kind: ClassVar[str] = "recoupment_collected"
    fund: str
    provider_id: str
    amount: int
    bank_id: str = ""

    def moves(self) -> Iterator[Move]:
        """Less owed, or money in the bank; less due."""
        if self.bank_id:
            yield Move("debit", "bank", self.fund, self.amount, self.bank_id)
        else:
            yield Move("debit", "provider", self.fund, self.amount, self.provider_id)
        yield Move("credit", "receivable", self.fund, self.amount, self.provider_id)
