"""A second opinion: the layer as a walk along the line, one fen at a time.

The engine computes with intervals and cumulative payments. This one lays every fen of the bill in a
row, asks of each what becomes of it, adds up its rate, and pays a fen whenever the exact sum passes
the next half. It knows nothing of the engine but the dataclasses of law and claim, keeps its own
counters, and is far too slow for anything but a few yuan.
"""

from __future__ import annotations

from collections import Counter as Tally
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import count

from yibao.engines.benefits.claim import Claim
from yibao.engines.policy.law import Bands, FactNumber, Layer, Literal_, PlanVersion, Rows

MILLION = 1_000_000


@dataclass
class Walked:
    """One layer as walked: how many fen met which end, by slot, and what the counters gained."""

    base: int = 0
    admitted: int = 0
    taken: int = 0
    covered: int = 0
    paid: int = 0
    ends: dict[str, Tally] = field(default_factory=dict)  # slot -> end -> fen
    funds: dict[str, int] = field(default_factory=dict)


@dataclass
class Settled:
    """One claim as walked."""

    layers: dict[str, Walked]
    left: dict[str, int]
    deltas: dict[str, int]
    lines: list[dict[str, int]]  # by what is left, and by the layer that paid


class FenWalk:
    """A member's year under one plan, walked."""

    def __init__(self, version: PlanVersion) -> None:
        self.version = version
        self.totals: Tally = Tally()
        self.stays: Tally = Tally()  # of a member in a year
        self.numbered: dict[str, int] = {}

    # ------------------------------------------------------------------- words and numbers

    def true(self, condition, facts) -> bool:
        for fact, test in condition:
            value = facts[fact]
            if test.values is not None:
                if value not in test.values:
                    return False
            elif not (test.start is None or value >= test.start) or not (
                test.below is None or value < test.below
            ):
                return False
        return True

    def value(self, number, facts):
        body = number.body
        if isinstance(body, Rows):
            rows = [row for row in body.excepts if self.true(row.condition, facts)] or [
                row for row in body.rows if self.true(row.condition, facts)
            ]
            exact = self.value(rows[0].number, facts)
        elif isinstance(body, FactNumber):
            exact = facts[body.fact]
        else:
            assert isinstance(body, Literal_)
            exact = body.value
        if exact is None:
            return None
        exact = Fraction(exact)
        for step in number.steps:
            if self.true(step.condition, facts):
                exact = self.after(step, exact, facts)
        whole = exact.numerator // exact.denominator
        if number.truncates:
            return whole
        return whole + (1 if exact - whole >= Fraction(1, 2) else 0)

    def after(self, step, exact, facts):
        match step.operation:
            case "times":
                return exact * step.operand
            case "set":
                return step.operand
            case "plus_per":
                return exact + step.operand * max(0, facts[step.fact] - step.beyond)
            case "plus_points":
                return exact + step.operand
            case "own_share_times":
                return MILLION - (MILLION - exact) * step.operand
        raise NotImplementedError(step.operation)

    # ----------------------------------------------------------------------------- counters

    def key(self, name: str, claim: Claim, facts):
        counter = next(c for c in self.version.counters if c.name == name)
        day = claim.dates.settlement_date
        period = {
            "benefit_year": f"{day:%Y}",
            "month": f"{day:%Y-%m}",
            "day": f"{day}",
            "encounter": claim.encounter_id,
            "episode": claim.episode_id,
            "lifetime": "",
            "encounter_benefit_year": f"{claim.encounter_id} {day:%Y}",
        }[counter.period]
        holder = claim.member_id if counter.holder == "member" else claim.family_id
        return (name, holder, period, tuple(str(facts[fact]) for fact in counter.facts))

    def named(self, choice, facts) -> str:
        for rows in (choice.excepts, choice.rows):
            for condition, name in rows:
                if self.true(condition, facts):
                    return name
        raise LookupError

    def balance(self, choice, claim, facts) -> int:
        name = self.named(choice, facts)
        return self.totals[self.key(name, claim, facts)] if name else 0

    def room(self, ceiling, claim, facts):
        amount = self.value(ceiling.amount, facts)
        if amount is None:
            return None
        if ceiling.per_fact:
            amount *= facts[ceiling.per_fact]
        return max(0, amount - self.balance(ceiling.counter, claim, facts))

    def tightest(self, ceilings, claim, facts):
        """(room, name); the first listed of the tightest; room None: without bound."""
        best, name = None, ""
        for ceiling in ceilings:
            room = self.room(ceiling, claim, facts)
            if room is not None and (best is None or room < best):
                best, name = room, ceiling.name
        return best, name

    # ------------------------------------------------------------------------------- a claim

    def settle(self, claim: Claim) -> Settled:
        facts = dict(claim.facts)
        facts["nth_stay"] = min(3, self.stay(claim))
        originals = {str(slot): amount for slot, amount in claim.slots.items() if amount}
        self.originals = originals
        state = dict(originals)
        self.lines = [{str(slot): a for slot, a in one.slots().items()} for one in claim.lines]
        before = Tally(self.totals)
        layers: dict[str, Walked] = {}
        for layer in self.version.layers:
            if self.true(layer.condition, facts):
                layers[layer.name] = self.walk(layer, claim, facts, state, layers)
        deltas = {
            key[0]: self.totals[key] - before[key]
            for key in self.totals
            if self.totals[key] != before[key]
        }
        lines = [{place: a for place, a in line.items() if a} for line in self.lines]
        return Settled(layers, {s: a for s, a in state.items() if a}, deltas, lines)

    def stay(self, claim) -> int:
        """Which stay of its year this is; all rows of a stay are the one that its first row was."""
        place = (claim.member_id, claim.dates.settlement_date.year)
        if claim.encounter_id in self.numbered:
            return self.numbered[claim.encounter_id]
        number = self.stays[place] + 1
        if claim.facts["care_type"] == "inpatient":
            self.stays[place] += 1
            self.numbered[claim.encounter_id] = number
        return number

    def draw(self, layer: Layer, facts, state) -> list[tuple[str, int]]:
        """The line: (slot, fen drawn) end to end; what is drawn leaves the state."""
        line: list[tuple[str, int]] = []
        for draw in layer.draws:
            for slot in self.meant(draw.slot, state):
                fen = state[slot]
                if draw.share is not None:
                    half_up = 2 * fen * self.value(draw.share, facts) + MILLION
                    fen = half_up // (2 * MILLION)
                state[slot] -= fen
                line.append((slot, fen))
        return line

    def meant(self, pattern: str, state) -> list[str]:
        if "@" not in pattern:
            return [slot for slot in state if slot == pattern and state[slot]]
        wanted, _, wanted_stream = pattern.partition(":")
        found = []
        for slot in state:
            head, _, stream = slot.partition(":")
            is_meant = head == wanted or ("." not in wanted and head.startswith(f"{wanted}."))
            if state[slot] and is_meant and wanted_stream in ("", stream or "general"):
                found.append(slot)
        return sorted(found, key=self.place)

    def place(self, slot: str):
        """Streams in the plan's order, then ceilings as their layer meets them."""
        head, _, stream = slot.partition(":")
        layer_name, _, ceiling = head.partition("@")[2].partition(".")
        layer = next(one for one in self.version.layers if one.name == layer_name)
        met = [c.name for c in layer.ceilings_before_deductible + layer.ceilings_after_deductible]
        met += ["bands", *(c.name for c in layer.payment_ceilings)]
        order = met.index(ceiling) if ceiling else -1
        return (self.version.streams.index(stream or "general"), order)

    def walk(self, layer: Layer, claim, facts, state, earlier) -> Walked:
        line = self.draw(layer, facts, state)
        owners = [slot for slot, fen in line for _ in range(fen)]
        found = Walked(base=len(owners), ends={slot: Tally() for slot, _ in line})
        before, before_name = self.tightest(layer.ceilings_before_deductible, claim, facts)
        after, after_name = self.tightest(layer.ceilings_after_deductible, claim, facts)
        limit, limit_name = self.tightest(layer.payment_ceilings, claim, facts)
        unmet = self.unmet(layer, claim, facts)
        ends: list[str] = []
        for index in range(len(owners)):  # ceilings on cost and the deductible, fen by fen
            if before is not None and index >= before:
                ends.append(f"over {before_name}")
            elif found.taken < unmet:
                found.taken += 1
                ends.append("deductible")
            elif after is not None and index - found.taken >= after:
                ends.append(f"over {after_name}")
            else:
                ends.append("candidate")
            found.admitted += before is None or index < before
        rate_at = self.rates(layer, claim, facts, found, ends.count("candidate"), earlier)
        self.pay(found, owners, ends, rate_at, limit, limit_name)
        self.share_lines(layer, found, state)
        self.leave(layer, owners, ends, state)
        self.share(layer, facts, found)
        self.feed(layer, claim, facts, found)
        return found

    def unmet(self, layer, claim, facts) -> int:
        deductible = layer.deductible
        if deductible is None:
            return 0
        due = self.value(deductible.due, facts)
        unmet = max(0, due - self.balance(deductible.counter, claim, facts))
        if deductible.yearly_maximum is not None:
            room = self.room(deductible.yearly_maximum, claim, facts)
            unmet = unmet if room is None else min(unmet, room)
        return unmet

    def rates(self, layer, claim, facts, found, candidates, earlier):
        """A function: the n-th candidate fen's rate, or None beyond the last band."""
        pays = layer.pays
        if not isinstance(pays, Bands):
            target = sum(a for slot, a in self.originals.items() if slot in pays.of)
            if pays.share is not None:
                target = (2 * target * self.value(pays.share, facts) + MILLION) // (2 * MILLION)
            else:
                amount = self.value(pays.amount, facts)
                target = target if amount is None else min(target, amount)
            counted = sum(earlier[name].paid for name in pays.counting if name in earlier)
            missing = max(0, target - counted)
            return lambda index: MILLION if index < missing else 0
        start = self.balance(pays.position, claim, facts)
        start += found.taken if pays.is_measured_from_zero else 0
        rates = [self.value(band.rate, facts) for band in pays.bands]
        if pays.mode == "whole":
            chosen = rates[0]
            for band, rate in zip(pays.bands, rates, strict=True):
                first = self.value(band.start, facts) + (1 if band.is_open else 0)
                if start + candidates >= first:
                    chosen = rate
            return lambda _: chosen
        tops = [self.value(band.to, facts) for band in pays.bands]

        def rate_at(index: int):
            for top, rate in zip(tops, rates, strict=True):
                if top is None or start + index < top:
                    return rate
            return None

        return rate_at

    def pay(self, found, owners, ends, rate_at, limit, limit_name) -> None:
        """Give every candidate fen its end: paid, own share, beyond the bands, over the limit."""
        exact = 0
        number = count()
        is_over = False
        for index, end in enumerate(ends):
            if end != "candidate":
                continue
            rate = rate_at(next(number))
            if rate is None:
                ends[index] = "over bands"
                continue
            exact += rate
            paid = (exact + MILLION // 2) // MILLION
            if is_over or (limit is not None and paid > limit):
                is_over = True
                ends[index] = f"over {limit_name}"
                continue
            found.covered += 1
            ends[index] = "benefit" if paid > found.paid else "coinsurance"
            found.paid = paid
        for owner, end in zip(owners, ends, strict=True):
            found.ends[owner][end] += 1

    def leave(self, layer, owners, ends, state) -> None:
        for owner, end in zip(owners, ends, strict=True):
            if end != "benefit":
                target = self.target(layer, owner, end)
                state[target] = state.get(target, 0) + 1

    def target(self, layer, owner: str, end: str) -> str:
        """The slot that an end is left in."""
        outcome, _, ceiling = end.replace("over ", "over_ceiling ").partition(" ")
        reason, _, stream = owner.partition(":")
        default = "rename" if reason == "eligible" else "keep"
        if dict(layer.leaves).get(outcome, default) == "keep":
            return owner
        target = f"{outcome}@{layer.name}" + (f".{ceiling}" if ceiling else "")
        return target + (f":{stream}" if stream else "")

    def share_lines(self, layer, found, state) -> None:
        """Every line takes of what is unassigned in its slot, in the order of the lines."""
        pools = {}
        for slot, tally in found.ends.items():
            overs = [end for end in tally if end.startswith("over")]
            order = ["deductible", "benefit", "coinsurance", *overs]
            places = [
                layer.name if end == "benefit" else self.target(layer, slot, end) for end in order
            ]
            pool = [tally[end] for end in order]
            if sum(pool):
                pools[slot] = ([*places, slot], [*pool, state[slot]])
        for line in self.lines:
            drawn = {slot: line.pop(slot, 0) for slot in pools}
            for slot, amount in drawn.items():
                places, pool = pools[slot]
                for place, part in zip(places, self.portions(amount, pool), strict=True):
                    line[place] = line.get(place, 0) + part

    def portions(self, amount: int, pool: list[int]) -> list[int]:
        """``amount`` by largest remainder over what is left in the pool; the pool shrinks."""
        exact = [Fraction(amount * part, sum(pool) or 1) for part in pool]
        parts = [int(part) for part in exact]
        while sum(parts) < amount:
            gaps = [whole - part for whole, part in zip(exact, parts, strict=True)]
            parts[gaps.index(max(gaps))] += 1
        for index, part in enumerate(parts):
            pool[index] -= part
        return parts

    def share(self, layer, facts, found) -> None:
        weights = [self.value(payer.share, facts) for payer in layer.paid_by]
        exact = [Fraction(found.paid * weight, MILLION) for weight in weights]
        parts = [int(part) for part in exact]
        while sum(parts) < found.paid:
            gaps = [whole - part for whole, part in zip(exact, parts, strict=True)]
            parts[gaps.index(max(gaps))] += 1
        funds = [payer.fund for payer in layer.paid_by]
        found.funds = dict(zip(funds, parts, strict=True))

    def feed(self, layer, claim, facts, found) -> None:
        measures = {
            "drawn": found.base,
            "admitted": found.admitted,
            "deductible": found.taken,
            "covered": found.covered,
            "paid": found.paid,
        }
        for feed in layer.feeds:
            if self.true(feed.condition, facts):
                counter = next(c for c in self.version.counters if c.name == feed.counter)
                self.totals[self.key(feed.counter, claim, facts)] += measures[counter.adds]
