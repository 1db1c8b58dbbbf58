"""An example of a fund year (示例账目): incomes that nobody published, and what was published.

The demo posts a synthetic city's year and needs money to pay with. Its incomes, subsidies, opening
balances and transfers are example amounts for each insured person; they say so, and are told with
what is published beside them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from yibao.base.findings import FaultsFound
from yibao.engines.policy.documents import Label, Written
from yibao.engines.policy.scalars import Name
from yibao.storage.files.bill_faults import bill_faults
from yibao.storage.files.bills import Amount, Identifier
from yibao.storage.files.yaml_tree import read_yaml

Months = Annotated[tuple[Annotated[int, Field(ge=1, le=12)], ...], Field(strict=False)]


class ExampleIncome(Written):
    """Income of a fund for each insured person and year, in equal parts in some months."""

    account_type: Name
    per_insured: Amount
    months: Months


class ExampleFund(Written):
    """A fund's opening balance for each insured person, and its incomes."""

    fund: Name
    opening: Amount
    incomes: Annotated[tuple[ExampleIncome, ...], Field(strict=False)] = ()


class ExampleTransfer(Written):
    """What one fund gives another for each insured person, in one month, paid at once."""

    from_fund: Name
    to_fund: Name
    spending_type: Name
    income_type: Name
    per_insured: Amount
    month: Annotated[int, Field(ge=1, le=12)]


class PublishedFunds(Written):
    """What a city published of its funds together; ``months`` of the year, None: not told."""

    source: str
    zh: str
    en: str
    year: int
    months: int | None = None
    insured: int
    income: Amount | None = None
    spending: Amount


class ExampleBooks(Written):
    """A fund year of example: ``note`` says what the amounts are."""

    books: Name
    area: Identifier
    year: int
    note: Label
    special_bank: Identifier
    spending_bank: Identifier
    funds: Annotated[tuple[ExampleFund, ...], Field(strict=False)]
    transfers: Annotated[tuple[ExampleTransfer, ...], Field(strict=False)] = ()
    published: Annotated[tuple[PublishedFunds, ...], Field(strict=False)] = ()


def read_example_books(path: Path) -> ExampleBooks:
    """Read an example of a fund year.

    Raises:
        FaultsFound: with every fault, each at its file and line.
    """
    tree = read_yaml(path)
    try:
        return ExampleBooks.model_validate(tree)
    except ValidationError as error:
        keys = [*ExampleBooks.model_fields, *ExampleFund.model_fields]
        raise FaultsFound(bill_faults(error, tree, known_keys=keys)) from None
