"""Compiled law built by hand: small helpers that write a plan version in a few lines.

Amounts are yuan and rates per cent, written as in a policy file (``"12.50"``, ``"80%"``, ``none``);
numbers of days and heads are counts. Where a test needs more than this, it builds the dataclass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.money import parse_yuan
from yibao.base.rates import MILLION, parse_points, parse_rate
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Balances, Claim, ClaimDates, Slot, SplitLine
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import (
    Band,
    Bands,
    Ceiling,
    Condition,
    Counter,
    CounterChoice,
    Deductible,
    Draw,
    ExampleNeeded,
    FactNumber,
    Feed,
    Layer,
    Literal_,
    Number,
    Payer,
    PlanVersion,
    Provenance,
    Row,
    Rows,
    Step,
    Test,
    TopUp,
)

SOURCE = Provenance(("S-1",), "", "M")
PER_CLAIM = CounterChoice((((), ""),))
NONE = "none"
NEEDED = "example_needed"

_POINTS = ("plus_points", "minus_points")
_FACTORS = ("times", "own_share_times")


def yuan(text: str | int) -> int:
    """Fen of an amount in yuan."""
    return parse_yuan(str(text))


def value_of(written: str | int, unit: str) -> int | None:
    if written == NONE:
        return None
    if unit == "count":
        return int(written)
    return parse_rate(str(written)) if unit == "rate" else yuan(written)


def number(written, unit="amount", *, steps=(), source=SOURCE, truncates=False) -> Number:
    """A number: a literal, a number as it is, ``{"fact": …}`` or ``{"rows": …, "except": …}``."""
    if isinstance(written, Number):
        return written
    if isinstance(written, Mapping) and "rows" in written:
        excepts = [row(one, unit, source) for one in written.get("except", ())]
        body = Rows(tuple(row(one, unit, source) for one in written["rows"]), tuple(excepts))
    elif isinstance(written, Mapping):
        body = FactNumber(written["fact"], source)
    elif written == NEEDED:
        body = ExampleNeeded(source)
    else:
        body = Literal_(value_of(written, unit), source)
    return Number(unit, body, tuple(steps), truncates)


def row(written: Mapping, unit: str, source=SOURCE) -> Row:
    condition = {fact: value for fact, value in written.items() if fact != "is"}
    return Row(when(condition), number(written["is"], unit, source=source), Where(""))


def when(condition: Mapping) -> Condition:
    """A condition: a value, several in a list, or a half-open range as (from, below)."""
    tests = []
    for fact, value in condition.items():
        if isinstance(value, tuple):
            tests.append((fact, Test(None, *value)))
        else:
            values = value if isinstance(value, list) else [value]
            tests.append((fact, Test(frozenset(values))))
    return tuple(tests)


def step(operation: str, operand="0", *, unit="amount", **more) -> Step:
    """A step as written: points, per cent, or a literal of the number's unit."""
    if operation in _POINTS or (operation == "plus_per" and unit == "rate"):
        value = Fraction(parse_points(operand))
    elif operation in _FACTORS:
        value = Fraction(parse_rate(operand), MILLION)
    elif operation == "divide_by":
        value = Fraction(int(operand))
    else:
        value = Fraction(value_of(operand, unit) or 0)
    return Step(operation, when(more.pop("when", {})), value, provenance=SOURCE, **more)


def uses(name: str) -> CounterChoice:
    """Always that counter; ``""`` is per claim."""
    return CounterChoice((((), name),))


def ceiling(name: str, amount, counter: str = "", **more) -> Ceiling:
    return Ceiling(name, uses(counter), number(amount), **more)


def due(amount, counter: str = "", yearly_maximum: Ceiling | None = None) -> Deductible:
    return Deductible(uses(counter), number(amount), yearly_maximum)


def bands(*listed, position: str = "", measured: str = "above_deductible") -> Bands:
    """Bands by slice: a rate alone, or pairs of end and rate."""
    pairs = [(NONE, one) if not isinstance(one, tuple) else one for one in listed]
    made = [Band(number(rate, "rate"), to=number(to)) for to, rate in pairs]
    return Bands("slice", measured == "from_zero", uses(position), tuple(made))


def whole(*listed, position: str = "", measured: str = "above_deductible") -> Bands:
    """Bands by the whole amount: triples of ``from`` or ``above``, yuan and rate."""
    made = [
        Band(number(rate, "rate"), start=number(start), is_open=word == "above")
        for word, start, rate in listed
    ]
    return Bands("whole", measured == "from_zero", uses(position), tuple(made))


def top_up(of: Sequence[str], *, share=None, amount=None, counting: Sequence[str] = ()) -> TopUp:
    return TopUp(
        tuple(of),
        tuple(counting),
        None if share is None else number(share, "rate"),
        None if amount is None else number(amount),
    )


def layer(name: str, draws: Sequence, pays, **more) -> Layer:
    """A layer with the fields that a test names; one fund, named like the layer."""
    funds = more.get("paid_by", {f"{name}_fund": "100%"})
    leaves = more.get("leaves", {})
    return Layer(
        name=name,
        label=Text(name, name),
        condition=when(more.get("when", {})),
        paid_by=tuple(Payer(fund, number(share, "rate")) for fund, share in funds.items()),
        draws=tuple(
            Draw(one) if isinstance(one, str) else Draw(one[0], number(one[1], "rate"))
            for one in draws
        ),
        pays=bands(pays) if isinstance(pays, str) else pays,
        deductible=more.get("deductible"),
        ceilings_before_deductible=tuple(more.get("before", ())),
        ceilings_after_deductible=tuple(more.get("after", ())),
        payment_ceilings=tuple(more.get("ceilings", ())),
        leaves=tuple(leaves.items()),
        feeds=tuple(one if isinstance(one, Feed) else Feed(one) for one in more.get("feeds", ())),
        structure=SOURCE,
    )


def counter(name: str, adds: str, period: str = "benefit_year", **more) -> Counter:
    return Counter(name, Text(name, name), adds, more.pop("holder", "member"), period, **more)


def plan(*layers: Layer, counters: Sequence[Counter] = (), **more) -> PlanVersion:
    """A plan version in force from 2020 on; law and year by the settlement date."""
    made = PlanVersion(
        plan_id="000000/test",
        area="000000",
        label=Text("测试", "test"),
        span=more.pop("span", Span(date(2020, 1, 1))),
        applies_to=when(more.pop("applies_to", {})),
        chosen_by=more.pop("chosen_by", "settlement_date"),
        benefit_year_of=more.pop("benefit_year_of", "settlement_date"),
        layers=layers,
        counters=tuple(counters),
        feeds=tuple(Feed(one) for one in more.pop("feeds", ())),
        **more,
    )
    assert made.policy_hash == ""
    return made


def claim(slots: Mapping[str, object] | str | int = 0, **more) -> Claim:
    """A claim of slots in yuan; a number alone is ``eligible``."""
    if not isinstance(slots, Mapping):
        slots = {"eligible": slots}
    day = more.pop("on", date(2024, 6, 1))
    name = more.pop("claim_id", "C1")
    return Claim(
        claim_id=name,
        member_id=more.pop("member_id", "M1"),
        encounter_id=more.pop("encounter_id", name),
        dates=more.pop("dates", ClaimDates(day)),
        facts=more.pop("facts", {}),
        slots={Slot.parse(slot): yuan(amount) for slot, amount in slots.items()},
        **more,
    )


def claim_of_lines(*lines: SplitLine, **more) -> Claim:
    """A claim whose slots are the sums of its lines."""
    sums: dict[Slot, int] = {}
    for one in lines:
        for slot, amount in one.slots().items():
            sums[slot] = sums.get(slot, 0) + amount
    made = claim({}, **more)
    return Claim(
        **{name: getattr(made, name) for name in made.__slots__} | {"slots": sums, "lines": lines}
    )


def line(line_id: str, eligible=0, **more) -> SplitLine:
    """A line in yuan."""
    stream = {"stream": more.pop("stream")} if "stream" in more else {}
    amounts = {f"{name}_amount": yuan(amount) for name, amount in more.items()}
    return SplitLine(line_id, eligible_amount=yuan(eligible), **amounts, **stream)


def pays(version: PlanVersion, made: Claim, balances: Balances | None = None) -> list[str]:
    """Yuan paid by each layer, as text."""
    done = adjudicate(version, made, balances=balances or Balances())
    return [money(one.benefit_amount) for one in done.layers]


def left(done: Determination) -> dict[str, str]:
    """Yuan left by slot, as text."""
    return {str(slot): money(amount) for slot, amount in done.left}


def money(amount: int) -> str:
    """Yuan without idle decimals."""
    whole, fen = divmod(amount, 100)
    return f"{whole}.{fen:02d}" if fen else str(whole)
