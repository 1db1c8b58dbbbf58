"""Counters are sums of deltas: replay, reversal, interim rows; and the same answer every time."""

from __future__ import annotations

from collections import Counter as Tally
from random import Random

from tests.property.random_plans import EVERYTHING, random_plan, random_year
from tests.property.seeds import blocks
from yibao.engines.benefits.balances import after, without
from yibao.engines.benefits.claim import Balances, CounterKey
from yibao.engines.benefits.reference import adjudicate


def year(seed: int):
    """The plan, the year's claims with their determinations, and the balances after each."""
    version, balances = random_plan(seed, EVERYTHING), Balances()
    settled, steps = [], [balances]
    for claim in random_year(seed, version, EVERYTHING):
        found = adjudicate(version, claim, balances=balances)
        balances = after(balances, found)
        settled.append((claim, found))
        steps.append(balances)
    return version, settled, steps


@blocks(150, 50, long=3_000)
def test_balances_are_the_sum_of_the_stored_deltas(seeds):
    for seed in seeds:
        _, settled, steps = year(seed)
        sums: Tally = Tally()
        for _, found in settled:
            sums.update(dict(found.deltas))
        assert dict(steps[-1].sums) == dict(sums), seed
        for _, found in settled:
            for layer in found.layers:
                for move in layer.counters:
                    assert move.delta >= 0, seed


@blocks(150, 50, long=3_000)
def test_reversal_last_first_restores_every_balance(seeds):
    for seed in seeds:
        _, settled, steps = year(seed)
        balances = steps[-1]
        for (_, found), before in zip(reversed(settled), reversed(steps[:-1]), strict=True):
            balances = without(balances, found)
            assert dict(balances.sums) == dict(before.sums), seed
            assert dict(balances.nth) == dict(before.nth), seed


@blocks(150, 50, long=3_000)
def test_reversal_in_any_order_leaves_the_sum_of_live_claims(seeds):
    for seed in seeds:
        _, settled, steps = year(seed)
        order = [found for _, found in settled]
        Random(seed).shuffle(order)
        balances, live = steps[-1], list(order)
        for found in order:
            balances = without(balances, found)
            live.remove(found)
            sums: Tally = Tally()
            for other in live:
                sums.update(dict(other.deltas))
            assert dict(balances.sums) == dict(sums), seed


@blocks(100, 50, long=1_000)
def test_the_same_claim_gives_the_same_answer_and_changes_nothing(seeds):
    for seed in seeds:
        version, settled, steps = year(seed)
        for (claim, found), balances in zip(settled, steps, strict=False):
            sums, nth, slots = dict(balances.sums), dict(balances.nth), dict(claim.slots)
            assert adjudicate(version, claim, balances=balances) == found, seed
            assert adjudicate(random_plan(seed, EVERYTHING), claim, balances=balances) == found, (
                seed
            )
            assert (dict(balances.sums), dict(balances.nth)) == (sums, nth), seed
            assert dict(claim.slots) == slots, seed


@blocks(300, 100, long=3_000)
def test_interim_rows_share_the_deductible_and_the_number_of_their_stay(seeds):
    """What the rows of one encounter take together never passes what the stay owes."""
    for seed in seeds:
        _, settled, _ = year(seed)
        numbers: dict[CounterKey, dict[str, set[int]]] = {}
        taken: Tally = Tally()
        for claim, found in settled:
            for key, encounter, stay in found.nth:
                numbers.setdefault(key, {}).setdefault(encounter, set()).add(stay)
            for layer in found.layers:
                use = layer.deductible
                if use is None or use.counter is None or use.counter.counter != "deductible_stay":
                    continue
                place = (claim.encounter_id, use.counter)
                assert use.balance >= taken[place], seed  # earlier rows are met, in full
                assert use.taken <= max(0, use.due - use.balance), seed
                feeds = {move.key: move.delta for move in layer.counters}
                taken[place] = use.balance + feeds.get(use.counter, 0)
        for encounters in numbers.values():  # of a member in a year
            stays = [{number} for number in range(1, len(encounters) + 1)]
            assert list(encounters.values()) == stays, seed


def test_enough_interim_rows_find_their_deductible_met_to_show_it():
    found = 0
    for seed in range(300):
        for claim, determination in year(seed)[1]:
            uses = [layer.deductible for layer in determination.layers if layer.deductible]
            found += any(use.balance for use in uses if is_of(use, claim.encounter_id))
    assert found >= 12


def is_of(use, encounter_id: str) -> bool:
    """Whether a deductible is met by the rows of one encounter."""
    return use.counter is not None and encounter_id in use.counter.keys
