"""Ways of paying (支付方式): how a member settles what the funds left, from accounts, then in cash.

A personal account (个人账户) is the member's own money: using it changes who hands the money over,
never what a fund pays, so it stands outside the waterfall and after it. The order is: the
member's own account, the accounts that others have authorised (家庭共济) in the order that was set,
cash for the rest.

Holds: the parts and the cash sum to what was to be paid; no account gives more than it has, and
no account is touched while an earlier one still has money. Checked by raising.

Refuses: an account below zero, one account named twice, and to pay less than nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from yibao.base.checks import check


@dataclass(frozen=True, slots=True)
class Account:
    """A personal account (个人账户): whose it is, and what it may give now, fen."""

    holder_id: str
    balance_amount: int


@dataclass(frozen=True, slots=True)
class Payment:
    """How a sum was settled: what each account gave, in order of use (all are listed), and cash."""

    accounts: tuple[tuple[str, int], ...]
    cash_amount: int

    @property
    def paid_amount(self) -> int:
        """Everything that was handed over, fen."""
        return sum(amount for _, amount in self.accounts) + self.cash_amount


def pay(out_of_pocket_amount: int, own: Account, *, authorised: Sequence[Account] = ()) -> Payment:
    """Settle what is left on a member: own account, authorised accounts in order, then cash.

    Raises:
        InvariantBroken: if an amount is below zero or an account stands twice.
    """
    ordered = (own, *authorised)
    holders = [account.holder_id for account in ordered]
    check(len(set(holders)) == len(holders), f"an account stands once: {', '.join(holders)}")
    check(
        out_of_pocket_amount >= 0, f"what is to be paid is not below zero: {out_of_pocket_amount}"
    )
    rest = out_of_pocket_amount
    given: list[tuple[str, int]] = []
    for account in ordered:
        balance = account.balance_amount
        check(balance >= 0, f"the account of {account.holder_id} is below zero: {balance}")
        part = min(rest, balance)
        given.append((account.holder_id, part))
        rest -= part
    payment = Payment(tuple(given), rest)
    check(
        payment.paid_amount == out_of_pocket_amount,
        f"{payment.paid_amount} fen settle {out_of_pocket_amount}",
    )
    return payment
