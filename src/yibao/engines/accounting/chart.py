"""The chart of accounts (会计科目表) of one area, compiled: funds, accounts, who may face whom.

Key: an account's code is ``<fund>/<account type>``, so an account outside a fund cannot be written.
Money between two funds passes through a pair of clearing accounts that name each other. A chart
says which types an event may debit and credit, and by which type a role of the event is played.

Holds: everything is frozen; pairs are mutual; every facing names types that some fund has.

Refuses: to answer for an account, fund, event or role it does not have (:class:`UnableToBook`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from yibao.base.dates import Span
from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text

AccountClass = Literal["asset", "liability", "income", "expense", "balance"]
Holder = Literal["none", "member", "provider", "supplier", "bank"]
Guard = Literal["none", "personal", "bank"]
Side = Literal["debit", "credit"]

CLEARING = "clearing_"
"""How the account types between funds begin: ``clearing_<the other fund>``."""


class UnableToBook(YibaoError):
    """The chart has no place for what is to be booked: ``code``, then message and remedy."""

    def __init__(self, code: str, *told: Text) -> None:
        message, remedy = told
        super().__init__(message, remedy)
        self.code = code

    def told(self, language: Language) -> str:
        """The refusal as prose in one language, with its code."""
        return f"[{self.code}] {super().told(language)}"


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund (基金) with books of its own; ``clears_with`` are the funds it may face."""

    name: str
    label: Text
    span: Span
    clears_with: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account (科目) of one fund.

    ``group`` is the row of statements and budgets it belongs to; ``official`` the name of the
    national accounting system, empty for an account that is our own addition.
    """

    code: str
    fund: str
    account_type: str
    account_class: AccountClass
    holder: Holder
    guard: Guard
    label: Text
    group: str
    span: Span
    clearing_pair: str | None = None
    official: str = ""
    source: str = ""

    @property
    def pair_name(self) -> str:
        """One name for both accounts of a clearing pair; empty for any other account."""
        return "=".join(sorted((self.code, self.clearing_pair))) if self.clearing_pair else ""


@dataclass(frozen=True, slots=True)
class Facing:
    """What an event may face: account types by side, and by the role they play there.

    ``debit`` and ``credit`` are the sides of the event itself; a reversal has them changed over.
    """

    event_kind: str
    label: Text
    debit: frozenset[str]
    credit: frozenset[str]
    debit_roles: Mapping[str, tuple[str, ...]]
    credit_roles: Mapping[str, tuple[str, ...]]
    source: str = ""

    def allows(self, account_type: str, *, side: Side, is_reversal: bool = False) -> bool:
        """Whether a type may stand on a side of an entry, of a reversal on the other side."""
        is_debit = (side == "debit") is not is_reversal
        return account_type in (self.debit if is_debit else self.credit)


@dataclass(frozen=True, slots=True)
class Payer:
    """The fund whose books a policy's fund is paid from, and its own benefit types there.

    ``benefit`` is for what providers are paid, ``cash`` for what members are paid; empty: by care.
    """

    fund: str
    benefit: str = ""
    cash: str = ""


@dataclass(frozen=True, slots=True)
class BudgetWarning:
    """A warning of a budget at a share of it, in millionths."""

    at_rate: int
    label: Text


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of accounts: ``digest`` is the SHA-256 of its content in 64 hexadecimal digits.

    ``keeps_personal_accounts`` is the fund with members' accounts, empty where the area has none.
    """

    area_code: str
    label: Text
    time_zone: str
    funds: Mapping[str, Fund]
    accounts: Mapping[str, Account]
    facing: Mapping[str, Facing]
    payers: Mapping[str, Payer]
    care_types: Mapping[str, str]
    warnings: tuple[BudgetWarning, ...] = ()
    groups: Mapping[str, Text] = field(default_factory=dict)
    keeps_personal_accounts: str = ""
    digest: str = ""

    def fund(self, name: str) -> Fund:
        """The fund of a name.

        Raises:
            UnableToBook: ``fund_unknown``.
        """
        found = self.funds.get(name)
        if found is None:
            raise _unknown("fund_unknown", "基金", "fund", name)
        return found

    def account(self, code: str) -> Account:
        """The account of a code.

        Raises:
            UnableToBook: ``account_unknown``.
        """
        found = self.accounts.get(code)
        if found is None:
            raise _unknown("account_unknown", "科目", "account", code)
        return found

    def code_of(self, fund: str, account_type: str) -> str:
        """The code of a fund's account.

        Raises:
            UnableToBook: ``account_unknown``: the fund has no such account.
        """
        return self.account(f"{fund}/{account_type}").code

    def clearing_code(self, fund: str, *, facing: str) -> str:
        """The code of the account in which ``fund`` faces another fund.

        Raises:
            UnableToBook: ``account_unknown``: the two may not face each other.
        """
        return self.code_of(fund, CLEARING + facing)

    @property
    def personal_fund(self) -> str:
        """The fund that keeps members' accounts.

        Raises:
            UnableToBook: ``fund_unknown``: the area has none.
        """
        if not self.keeps_personal_accounts:
            raise _unknown("fund_unknown", "基金", "fund", "personal_account")
        return self.keeps_personal_accounts

    def payer(self, fund: str) -> Payer:
        """Where what a policy's layer pays from ``fund`` is booked.

        Raises:
            UnableToBook: ``fund_unknown``.
        """
        found = self.payers.get(fund)
        if found is None:
            raise _unknown("fund_unknown", "基金", "fund", fund)
        return found

    def benefit_code(self, fund: str, *, care_type: str) -> str:
        """The account of a benefit that a policy's fund pays for a type of care (医疗类别).

        Raises:
            UnableToBook: ``fund_unknown``, ``care_type_unknown``, ``account_unknown``.
        """
        payer = self.payer(fund)
        account_type = payer.benefit or self.care_types.get(care_type)
        if account_type is None:
            raise _unknown("care_type_unknown", "医疗类别", "care type", care_type)
        return self.code_of(payer.fund, account_type)

    def faced(self, event_kind: str) -> Facing:
        """What an event may face.

        Raises:
            UnableToBook: ``event_unknown``.
        """
        found = self.facing.get(event_kind)
        if found is None:
            raise _unknown("event_unknown", "业务事件", "event", event_kind)
        return found

    def type_for(self, event_kind: str, role: str, *, side: Side, named: str = "") -> str:
        """The account type that plays a role of an event: the only one, or the one named.

        Raises:
            UnableToBook: ``event_unknown``, ``event_role_unknown``, ``event_role_ambiguous``,
                ``event_role_refused`` (the type named may not play it).
        """
        facing = self.faced(event_kind)
        types = (facing.debit_roles if side == "debit" else facing.credit_roles).get(role)
        if types is None:
            raise _unknown("event_role_unknown", f"事件 {event_kind} 的角色", "role", role)
        if not named and len(types) == 1:
            return types[0]
        if named in types:
            return named
        told = _no_type(f"{event_kind}: {role}", named, types)
        if named:
            raise UnableToBook("event_role_refused", *told)
        raise UnableToBook("event_role_ambiguous", *told)


def _no_type(place: str, named: str, types: tuple[str, ...]) -> tuple[Text, Text]:
    shown = ", ".join(types)
    return (
        Text(
            f"事件角色“{place}”不能确定科目: “{named}”",
            f"no account type is settled for '{place}': '{named}'",
        ),
        Text(f"请写明其中之一: {shown}", f"name one of these: {shown}"),
    )


def _unknown(code: str, kind: str, kind_en: str, name: str) -> UnableToBook:
    return UnableToBook(
        code,
        Text(f"科目表中没有{kind}“{name}”", f"the chart has no {kind_en} '{name}'"),
        Text(
            "请核对名称，或在本地区 accounts 目录的科目表中补充",
            "check the name, or add it to the chart in the area's accounts folder",
        ),
    )
