"""Whatever happens to the funds' money, no fen is made or lost, and no wall is crossed."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.accounting.books import BY_HAND, DAY, chart
from yibao.base.money import allocate
from yibao.engines.accounting import events as ev
from yibao.engines.accounting.checking import refusals
from yibao.engines.accounting.entry import Entry, content_digest, merged, reversal_of
from yibao.engines.accounting.postings import entry_of, shared
from yibao.engines.accounting.reconciling import Record, reconcile, reconcile_bank
from yibao.engines.accounting.statements import Movement, fund_statements

AMOUNTS = st.integers(1, 10**11)


def test_ten_thousand_random_splits_lose_and_make_no_fen():
    drawn = random.Random(20240315)
    for _ in range(10_000):
        weights = [drawn.randrange(10 ** drawn.randrange(1, 9)) for _ in range(drawn.randint(1, 9))]
        weights[drawn.randrange(len(weights))] += 1
        amount = drawn.randrange(10 ** drawn.randrange(1, 13))
        parts = allocate(amount, weights)
        assert sum(parts) == amount
        exact = [Fraction(amount * weight, sum(weights)) for weight in weights]
        floors = [share.numerator // share.denominator for share in exact]
        raised = [index for index, part in enumerate(parts) if part != floors[index]]
        assert all(parts[index] == floors[index] + 1 for index in raised)
        # whoever was raised has a rest at least as large as whoever was not
        rests = [share - floor for share, floor in zip(exact, floors, strict=True)]
        kept = [index for index in range(len(parts)) if index not in raised]
        assert not raised or not kept or min(rests[i] for i in raised) >= max(
            rests[i] for i in kept
        )  # fmt: skip


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 10**9), min_size=1), AMOUNTS)
def test_named_parts_sum_to_the_whole(weights: dict[str, int], amount: int):
    weights["rest"] = 1
    assert sum(shared(amount, weights).values()) == amount


@st.composite
def _events(draw: st.DrawFn) -> ev.Event:
    """An event worked by hand, with other amounts; lists of shares grow and shrink."""
    event, _ = draw(st.sampled_from(BY_HAND))
    changes: dict[str, object] = {"client_id": draw(st.sampled_from(["a", "b", "c-1"]))}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name.endswith("amount") and value:
            changes[field.name] = draw(AMOUNTS)
        elif field.name in ("benefits", "parts", "credits", "balances"):
            kept = draw(st.lists(st.sampled_from(value), min_size=1, max_size=6))
            changes[field.name] = tuple(_with_amount(one, draw(AMOUNTS)) for one in kept)
    if isinstance(event, ev.Opening):  # pairs stay pairs
        changes["balances"] = event.balances
    return replace(event, **changes)


def _with_amount(part: object, amount: int) -> object:
    if isinstance(part, tuple):
        return (part[0], amount)
    return replace(part, amount=amount)  # type: ignore[type-var]


def _sums(entry: Entry) -> tuple[Counter[str], Counter[str]]:
    """By fund and by clearing pair, added up without the house's own help."""
    funds: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for line in entry.lines:
        fund, _, account_type = line.account_code.partition("/")
        funds[fund] += line.amount
        if account_type.startswith("clearing_"):
            pairs["+".join(sorted((fund, account_type.removeprefix("clearing_"))))] += line.amount
    return funds, pairs


@given(_events())
def test_every_event_closes_in_each_fund_and_pair_and_is_not_refused(event: ev.Event):
    entry = entry_of(event, chart())
    assert refusals(entry, chart()) == ()
    funds, pairs = _sums(entry)
    assert not any(funds.values())
    assert not any(pairs.values())
    assert entry_of(event, chart()) == entry


@given(_events())
def test_an_entry_and_its_reversal_leave_nothing(event: ev.Event):
    entry = entry_of(event, chart())
    undone = reversal_of(entry, booking_number=1, client_id="r", business_date=DAY)
    assert refusals(undone, chart()) == ()
    left: Counter[tuple[str, str]] = Counter()
    for line in (*entry.lines, *undone.lines):
        left[line.account_code, line.party_id] += line.amount
    assert not any(left.values())
    assert content_digest(undone) != content_digest(entry)


@given(_events(), st.data())
def test_one_fen_on_any_line_is_refused(event: ev.Event, data: st.DataObject):
    entry = entry_of(event, chart())
    place = data.draw(st.integers(0, len(entry.lines) - 1))
    lines = list(entry.lines)
    lines[place] = replace(lines[place], amount=lines[place].amount + 1)
    found = [one.code for one in refusals(replace(entry, lines=tuple(lines)), chart())]
    assert "unbalanced" in found


@given(_events(), st.data())
def test_a_line_moved_to_another_fund_is_refused(event: ev.Event, data: st.DataObject):
    entry = entry_of(event, chart())
    place = data.draw(st.integers(0, len(entry.lines) - 1))
    lines = list(entry.lines)
    fund, _, account_type = lines[place].account_code.partition("/")
    other = data.draw(st.sampled_from([name for name in chart().funds if name != fund]))
    lines[place] = replace(lines[place], account_code=f"{other}/{account_type}")
    found = {one.code for one in refusals(replace(entry, lines=tuple(lines)), chart())}
    assert found & {"wall_crossed", "account_unknown"}


@given(st.lists(_events(), min_size=1, max_size=30), st.integers(0, 30))
@settings(max_examples=50)
def test_any_stream_of_events_closes_in_every_statement(events: list[ev.Event], before: int):
    opening: Counter[str] = Counter()
    debit: Counter[str] = Counter()
    credit: Counter[str] = Counter()
    for position, event in enumerate(events):
        for line in entry_of(event, chart()).lines:
            if position < before:
                opening[line.account_code] += line.amount
            elif line.amount > 0:
                debit[line.account_code] += line.amount
            else:
                credit[line.account_code] -= line.amount
    codes = {*opening, *debit, *credit}
    movements = [Movement(code, opening[code], debit[code], credit[code]) for code in codes]
    statements = fund_statements(movements, chart())
    assert {one.fund for one in statements} == {code.partition("/")[0] for code in codes}
    income = {"income"}
    booked = sum(
        credit[code] - debit[code]
        for code in codes
        if chart().account(code).account_class in income
    )
    assert sum(one.income_amount for one in statements) == booked


@given(st.lists(_events(), min_size=1, max_size=5))
def test_lines_made_one_keep_every_sum(events: list[ev.Event]):
    lines = [line for event in events for line in entry_of(event, chart()).lines]
    whole, apart = Counter(), Counter()
    for line in merged(lines):
        whole[line.account_code, line.party_id, line.amount > 0] += line.amount
    for line in lines:
        apart[line.account_code, line.party_id, line.amount > 0] += line.amount
    assert whole == apart
    assert len(merged(lines)) == len(apart)


RECORDS = st.lists(
    st.builds(
        Record,
        st.just("r"),
        st.integers(-3, 3),
        st.sampled_from(["", "a", "b"]),
        st.sampled_from([None, date(2024, 3, 1), date(2024, 3, 2), date(2024, 3, 4)]),
    ),
    max_size=12,
)


@given(RECORDS, RECORDS, st.integers(0, 3))
def test_reconciling_places_every_record_once(ours: list[Record], theirs: list[Record], days: int):
    for found in (reconcile(ours, theirs), reconcile_bank(ours, theirs, within_days=days)):
        met = (*found.matched, *found.differing)
        assert Counter([*(one.ours for one in met), *found.only_ours]) == Counter(ours)
        assert Counter([*(one.theirs for one in met), *found.only_theirs]) == Counter(theirs)
        assert all(one.ours.amount == one.theirs.amount for one in found.matched)
        assert all(one.ours.amount != one.theirs.amount for one in found.differing)
        whole = sum(one.amount for one in ours) - sum(one.amount for one in theirs)
        assert found.difference_amount == whole
