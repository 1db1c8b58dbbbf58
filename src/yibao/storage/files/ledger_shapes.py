"""What a file of events may say of each kind of event (业务事件文件的栏目), as a table.

A kind has fields of its own, some of which may be left out, and at most one list of parts: the
shares of a settlement, the incomes of a contribution. The names are those of the event classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yibao.engines.accounting import events as ev
from yibao.engines.accounting import events_parties as parties

COMMON = ("kind", "client_id", "business_date")
REMARKS = ("source", "memo", "reservation")


@dataclass(frozen=True, slots=True)
class Shape:
    """Fields that a kind must have and may have, and those of each of its parts.

    ``parts`` is the event's own name for its list; ``as_tuples``: a part is a tuple of its fields.
    """

    event: type[ev.Event]
    needed: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    parts: str = ""
    of_part: tuple[str, ...] = ()
    of_part_optional: tuple[str, ...] = ()
    part: type[Any] | None = None
    needs_parts: bool = True

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the event itself."""
        return (*COMMON, *self.needed, *self.optional, *REMARKS)

    @property
    def part_fields(self) -> tuple[str, ...]:
        """Every field of a part."""
        return (*self.of_part, *self.of_part_optional)


_SHARE = Shape(
    ev.Settlement,
    ("provider_id",),
    ("member_id", "personal_account_amount"),
    "benefits",
    ("fund", "care_type", "amount"),
    ("layer",),
    ev.BenefitShare,
    needs_parts=False,
)
_FUND_PROVIDER = ("fund", "provider_id", "amount")
_FROM_BANK = ("fund", "bank_id", "amount")

SHAPES: Mapping[str, Shape] = {
    shape.event.kind: shape
    for shape in (
        _SHARE,
        Shape(
            ev.Contribution,
            ("fund", "bank_id"),
            parts="parts",
            of_part=("account_type", "amount"),
        ),
        Shape(ev.ContributionRefund, ("fund", "bank_id", "account_type", "amount")),
        Shape(ev.GovernmentSubsidy, _FROM_BANK),
        Shape(ev.Interest, ("fund", "bank_type", "bank_id", "amount")),
        Shape(ev.OtherIncome, ("fund", "bank_id", "account_type", "amount")),
        Shape(ev.OtherSpending, ("fund", "bank_id", "account_type", "amount")),
        Shape(ev.CashBenefit, ("fund", "member_id", "amount"), ("care_type", "account_type")),
        Shape(ev.MemberPayment, ("fund", "member_id", "bank_id", "amount")),
        Shape(
            ev.FundTransfer,
            ("from_fund", "to_fund", "spending_type", "income_type", "amount"),
        ),
        Shape(
            ev.ClearingPayment,
            ("from_fund", "to_fund", "from_bank_id", "to_bank_id", "amount"),
        ),
        Shape(
            ev.BankTransfer,
            ("fund", "from_type", "from_bank_id", "to_type", "to_bank_id", "amount"),
        ),
        Shape(
            ev.Opening,
            parts="balances",
            of_part=("fund", "account_type", "amount"),
            of_part_optional=("party_id",),
            part=ev.OpeningBalance,
        ),
        Shape(
            parties.PersonalAccountCredit,
            parts="credits",
            of_part=("member_id", "amount"),
        ),
        Shape(parties.PersonalAccountUse, ("member_id", "provider_id", "amount")),
        Shape(parties.PersonalAccountPayout, ("member_id", "bank_id", "amount")),
        Shape(parties.PersonalAccountPremium, ("member_id", "fund", "amount")),
        Shape(parties.Advance, ("fund", "holder", "party_id", "bank_id", "amount")),
        Shape(parties.AdvanceRecovery, ("fund", "holder", "party_id", "amount"), ("bank_id",)),
        Shape(parties.ProviderPayment, (*_FUND_PROVIDER, "bank_id")),
        Shape(parties.MarginWithheld, _FUND_PROVIDER),
        Shape(
            parties.MarginRelease,
            ("fund", "provider_id", "released_amount"),
            ("forfeited_amount",),
        ),
        Shape(parties.SupplierDelivery, ("fund", "supplier_id", "provider_id", "amount")),
        Shape(parties.SupplierPayment, ("fund", "supplier_id", "bank_id", "amount")),
        Shape(parties.ProcurementRecovery, _FUND_PROVIDER),
        Shape(
            parties.Recoupment,
            ("fund", "provider_id"),
            ("damages_amount",),
            "benefits",
            ("care_type", "amount"),
        ),
        Shape(parties.RecoupmentCollected, _FUND_PROVIDER, ("bank_id",)),
    )
}
"""By event kind. Every event of the engine has its shape."""

HOLDERS = ("provider", "supplier")
SIGNED = "opening"
"""The kind whose amounts may be below zero: debit above, credit below."""


def is_amount(name: str) -> bool:
    """Whether a field is an amount of yuan."""
    return name == "amount" or name.endswith("_amount")


def all_fields() -> tuple[str, ...]:
    """Every column that a CSV file of events may have."""
    names = [*COMMON, *REMARKS]
    for shape in SHAPES.values():
        names += [*shape.needed, *shape.optional, *shape.part_fields]
    return tuple(dict.fromkeys(names))
