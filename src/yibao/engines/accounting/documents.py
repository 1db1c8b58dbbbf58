"""The documents of a chart of accounts as written: charts, account types, events, sources.

The same machinery as the policy language's: models are frozen, refuse unknown keys, and remember
file and line (docs/accounts.md is the prose). Meaning is the compiler's
(:mod:`yibao.engines.accounting.charts`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from yibao.engines.accounting.chart import AccountClass, Guard, Holder
from yibao.engines.policy.documents import Label, Spanned, Written
from yibao.engines.policy.documents_area import Sources
from yibao.engines.policy.scalars import AreaCode, Name

Words = Annotated[tuple[str, ...], Field(strict=False)]


class FundWritten(Spanned):
    """A fund: the base names it in both languages, an area says that it has it."""

    zh: str = ""
    en: str = ""
    clears_with: Words | None = None
    source: str = ""
    note: str = ""


class PayerWritten(Written):
    """In whose books a policy's fund is paid from."""

    fund: Name
    benefit: str = ""
    cash: str = ""
    source: str = ""
    note: str = ""


class WarningWritten(Written):
    """A warning of budgets, at a share of the budget."""

    at: str
    label: Label


class ChartWritten(Written):
    """chart.yaml: the funds of an area, and how policies' funds and care types are booked."""

    chart: AreaCode
    use: AreaCode | None = None
    name: Label
    time_zone: str = ""
    funds: dict[Name, FundWritten] = Field(default_factory=dict)
    pays: dict[Name, PayerWritten] = Field(default_factory=dict)
    care_types: dict[Name, str] = Field(default_factory=dict)
    groups: dict[Name, Label] = Field(default_factory=dict)
    warnings: Annotated[tuple[WarningWritten, ...], Field(strict=False)] = ()


class AccountTypeWritten(Spanned):
    """An account type: which funds have it, what it is, who may be owed or owe in it."""

    zh: str
    en: str
    account_class: Annotated[AccountClass, Field(alias="class")]
    group: str
    funds: Literal["all"] | Words = "all"
    holder: Holder = "none"
    guard: Guard = "none"
    official: str = ""
    own: Literal[True] | None = None
    source: str = ""
    note: str = ""


class AccountTypes(Written):
    """account_types.yaml."""

    account_types: dict[Name, AccountTypeWritten]


class EventWritten(Written):
    """A business event: by side, which account types play which role."""

    zh: str
    en: str
    debit: dict[Name, Words] = Field(default_factory=dict)
    credit: dict[Name, Words] = Field(default_factory=dict)
    clearing: Literal[True] | None = None
    source: str = ""
    note: str = ""


class Events(Written):
    """events.yaml."""

    events: dict[Name, EventWritten]


KINDS: Mapping[str, type[Written]] = {
    "chart": ChartWritten,
    "account_types": AccountTypes,
    "events": Events,
    "sources": Sources,
}
"""What a document is, by its first key."""

_MODELS: tuple[type[Written], ...] = (
    *KINDS.values(),
    *(FundWritten, PayerWritten, WarningWritten, AccountTypeWritten, EventWritten),
)
KNOWN_KEYS = sorted(
    {str(entry.alias or name) for model in _MODELS for name, entry in model.model_fields.items()}
)
