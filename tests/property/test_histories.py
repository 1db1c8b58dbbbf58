"""Whatever happens to a member's claims, balances are the sum of what stands."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.benefits.small_law import law, member, stay, visit
from yibao.base.dates import Span
from yibao.engines.benefits.bills import Learn, Presettle, Refund, Resettle, Reverse, Settle
from yibao.engines.benefits.facts import Spell
from yibao.engines.benefits.history import HistoryInvalid, replay

DAYS = st.integers(0, 730).map(lambda days: date(2023, 1, 1) + timedelta(days=days))
YUAN = st.integers(0, 3000)
NAMES = st.sampled_from([f"C{number}" for number in range(8)])


def a_visit(name: str, day: date, yuan: int) -> Settle:
    return visit(name, day.isoformat(), yuan)


def a_stay(name: str, day: date, yuan: int) -> Settle:
    """Names in pairs share an encounter: the second is a later row of the stay."""
    encounter = f"E{int(name[1:]) // 2}"
    return stay(name, "2023-01-01", day.isoformat(), yuan, encounter=encounter)


SETTLED = st.one_of(st.builds(a_visit, NAMES, DAYS, YUAN), st.builds(a_stay, NAMES, DAYS, YUAN))
EVENTS = st.lists(
    st.one_of(
        SETTLED,
        SETTLED,
        st.builds(Reverse, NAMES),
        st.builds(lambda name, event: Refund(name, event.bill), NAMES, SETTLED),
        st.builds(lambda event: Presettle(event.bill), SETTLED),
        st.builds(lambda day: Learn((Spell("is_poor", value=True, span=Span(day)),)), DAYS),
        st.builds(Resettle, st.sampled_from([2023, 2024])),
    ),
    max_size=14,
)


def what_can_happen(events: list) -> list:
    """The events, less those that are refused where they stand."""
    happened: list = []
    for event in events:
        try:
            replay(law(), member(), events=[*happened, event])
        except HistoryInvalid:
            continue
        happened.append(event)
    return happened


@given(EVENTS)
def test_balances_are_the_deltas_of_what_is_live(events: list):
    done = replay(law(), member(), events=what_can_happen(events))
    sums: dict = {}
    for entry in done.live():
        for key, delta in entry.determination.deltas:
            sums[key] = sums.get(key, 0) + delta
    assert {key: value for key, value in done.balances.sums.items() if value} == {
        key: value for key, value in sums.items() if value
    }
    assert all(value >= 0 for value in done.balances.sums.values())


@given(EVENTS)
def test_resettling_twice_changes_nothing_more(events: list):
    years = [Resettle(2023), Resettle(2024)]
    done = replay(law(), member(), events=[*what_can_happen(events), *years, *years])
    for again in done.resettlements[-2:]:
        assert [difference.benefit_amount for difference in again.differences] == [0] * len(
            again.differences
        )
    assert all(entry.status == "live" for entry in done.live())


@given(EVENTS)
def test_reversing_all_that_stands_leaves_nothing(events: list):
    happened = what_can_happen(events)
    standing = replay(law(), member(), events=happened).live()
    names = dict.fromkeys(entry.bill.claim_id for entry in reversed(standing))
    done = replay(law(), member(), events=[*happened, *(Reverse(name) for name in names)])
    assert done.live() == []
    assert not any(done.balances.sums.values())
    assert done.balances.nth == {}
