"""A fund year of example (示例年度): the events around a city's settled claims, month by month.

Money comes in first, then claims of the month are booked, and what the month before came to owe is
paid on the twentieth, as far as the fund's money goes; the rest stays owed. Nobody's law: the demo
and tests post it, and a bureau posts what really happened.

Holds: no payment takes a fund's banks below zero; a share of a payment loses nothing.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import date

from yibao.base.dates import day_before
from yibao.base.money import allocate
from yibao.engines.accounting import events as ev
from yibao.engines.accounting.chart import Chart
from yibao.engines.accounting.events_parties import ProviderPayment
from yibao.storage.files.example_books import ExampleBooks, ExampleIncome

PAID_ON = 20
"""The day of the month on which the month before is paid."""
MONTHS = range(1, 13)
Owed = tuple[str, str]
"""By whose books something is owed, and to which provider."""
_SUBSIDY = "subsidy_income"


def example_events(
    books: ExampleBooks, settled: Sequence[ev.Settlement], *, insured: int, chart: Chart
) -> Iterator[ev.Event]:
    """Every event of the year in the order in which it can be posted."""
    by_month: dict[int, list[ev.Settlement]] = defaultdict(list)
    for event in settled:
        by_month[event.business_date.month].append(event)
    year = _Year(books, insured, chart)
    yield year.opening()
    owed: dict[Owed, int] = {}
    for month in MONTHS:
        yield from year.incomes(month)
        yield from year.transfers(month)
        owed = yield from year.payments(month, owed)
        yield from by_month[month]
        for place, amount in year.came_to_owe(by_month[month]).items():
            owed[place] = owed.get(place, 0) + amount


class _Year:
    """The example at work: what is in each fund's banks."""

    def __init__(self, books: ExampleBooks, insured: int, chart: Chart) -> None:
        self.books, self.insured, self.chart = books, insured, chart
        self.money: dict[str, int] = defaultdict(int)

    def day(self, month: int, day: int) -> date:
        """A day of the year, the last of its month at most."""
        last = calendar.monthrange(self.books.year, month)[1]
        return date(self.books.year, month, min(day, last))

    def opening(self) -> ev.Opening:
        """Each fund's balance, in the special account, on the day before the year."""
        balances = []
        for fund in self.books.funds:
            amount = fund.opening * self.insured
            self.money[fund.fund] += amount
            balances.append(
                ev.OpeningBalance(fund.fund, "bank_special", amount, self.books.special_bank)
            )
        before = day_before(self.day(1, 1))
        return ev.Opening(
            client_id="opening", business_date=before, balances=tuple(balances), memo="example"
        )

    def incomes(self, month: int) -> Iterator[ev.Event]:
        """Contributions and subsidies of a month, on its fifth."""
        for fund in self.books.funds:
            for income in fund.incomes:
                if month in income.months:
                    amount = self._part(income, month)
                    self.money[fund.fund] += amount
                    yield self._income(fund.fund, income, month=month, amount=amount)

    def _part(self, income: ExampleIncome, month: int) -> int:
        parts = allocate(income.per_insured * self.insured, [1] * len(income.months))
        return parts[income.months.index(month)]

    def _income(
        self, fund: str, income: ExampleIncome, *, month: int, amount: int
    ) -> ev.Contribution | ev.GovernmentSubsidy:
        client_id = f"{income.account_type}-{fund}-{month:02d}"
        day, bank = self.day(month, 5), self.books.special_bank
        if income.account_type == _SUBSIDY:
            return ev.GovernmentSubsidy(
                client_id=client_id, business_date=day, fund=fund, bank_id=bank, amount=amount,
                memo="example",
            )  # fmt: skip
        return ev.Contribution(
            client_id=client_id, business_date=day, fund=fund, bank_id=bank, memo="example",
            parts=((income.account_type, amount),),
        )  # fmt: skip

    def transfers(self, month: int) -> Iterator[ev.Event]:
        """What funds give each other, owed and paid on the sixth."""
        day, bank = self.day(month, 6), self.books.special_bank
        for one in self.books.transfers:
            amount = one.per_insured * self.insured
            if one.month != month or amount > self.money[one.from_fund]:
                continue
            self.money[one.from_fund] -= amount
            self.money[one.to_fund] += amount
            name = f"{one.from_fund}-{one.to_fund}-{month:02d}"
            yield ev.FundTransfer(
                client_id=f"transfer-{name}", business_date=day, from_fund=one.from_fund,
                to_fund=one.to_fund, spending_type=one.spending_type, amount=amount,
                income_type=one.income_type, memo="example",
            )  # fmt: skip
            yield ev.ClearingPayment(
                client_id=f"clearing-{name}", business_date=day, from_fund=one.from_fund,
                to_fund=one.to_fund, from_bank_id=bank, to_bank_id=bank, amount=amount,
                memo="example",
            )  # fmt: skip

    def payments(
        self, month: int, owed: Mapping[Owed, int]
    ) -> Generator[ev.Event, None, dict[Owed, int]]:
        """Pay what is owed, as far as each fund's money goes; answers what stays owed."""
        left: dict[Owed, int] = {}
        for fund in sorted({fund for fund, _ in owed}):
            due = {provider: amount for (one, provider), amount in owed.items() if one == fund}
            paying = min(sum(due.values()), self.money[fund])
            paid = dict(zip(due, allocate(paying, list(due.values())), strict=True))
            self.money[fund] -= paying
            yield from self._paid(fund, month, paid)
            left |= {(fund, name): due[name] - paid[name] for name in due if due[name] > paid[name]}
        return left

    def _paid(self, fund: str, month: int, paid: Mapping[str, int]) -> Iterator[ev.Event]:
        day, books = self.day(month, PAID_ON), self.books
        if sum(paid.values()):
            yield ev.BankTransfer(
                client_id=f"transfer-{fund}-{month:02d}", business_date=day, fund=fund,
                source_account=("bank_special", books.special_bank),
                target_account=("bank_spending", books.spending_bank), amount=sum(paid.values()),
            )  # fmt: skip
        for provider, amount in paid.items():
            if amount:
                yield ProviderPayment(
                    client_id=f"payment-{fund}-{provider}-{month:02d}", business_date=day,
                    fund=fund, provider_id=provider, bank_id=books.spending_bank, amount=amount,
                )  # fmt: skip

    def came_to_owe(self, settled: Sequence[ev.Settlement]) -> dict[Owed, int]:
        """What the claims of a month add, by the fund whose books pay and the provider."""
        owed: dict[Owed, int] = defaultdict(int)
        for event in settled:
            for share in event.benefits:
                owed[self.chart.payer(share.fund).fund, event.provider_id] += share.amount
        return owed
