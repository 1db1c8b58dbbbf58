"""Random laws and random member-years, small enough to be walked fen by fen.

A plan is made as the compiled dataclasses that the engine reads, not through YAML: whatever the
dataclasses can say and the compiler does not refuse may come. Amounts are a few yuan, thresholds
too, and bills like to stand on a threshold or one fen beside it. One seed, one world.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from yibao.base.dates import Span
from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.benefits.claim import CLASSES, Claim, ClaimDates, Slot, SplitLine
from yibao.engines.policy.law import (
    Band,
    Bands,
    Ceiling,
    Counter,
    CounterChoice,
    Deductible,
    Draw,
    Feed,
    Layer,
    Literal_,
    NthStay,
    Number,
    Payer,
    PlanVersion,
    Provenance,
    Route,
    Row,
    Rows,
    Step,
    TopUp,
)
from yibao.engines.policy.law import (
    Test as FactTest,
)

MILLION = 1_000_000
HERE = Provenance(("T1",), "", "H")
NOWHERE = Where("random.yaml", 1)
YEAR = 2024
SCALE = 2_000  # fen: the usual size of a threshold

COUNTERS = (
    ("deductible_year", "deductible", "member", "benefit_year", ()),
    ("deductible_stay", "deductible", "member", "encounter", ()),
    ("deductible_stay_year", "deductible", "member", "encounter_benefit_year", ()),
    ("deductible_disease", "deductible", "member", "benefit_year", ("disease",)),
    ("deductible_family", "deductible", "family", "benefit_year", ()),
    ("admitted_year", "admitted", "member", "benefit_year", ()),
    ("admitted_stay", "admitted", "member", "encounter", ()),
    ("admitted_month", "admitted", "member", "month", ()),
    ("drawn_year", "drawn", "member", "benefit_year", ()),
    ("covered_year", "covered", "member", "benefit_year", ()),
    ("covered_disease", "covered", "member", "lifetime", ("disease",)),
    ("covered_day", "covered", "member", "day", ()),
    ("paid_year", "paid", "member", "benefit_year", ()),
    ("paid_month", "paid", "member", "month", ()),
    ("paid_disease", "paid", "member", "benefit_year", ("disease",)),
    ("paid_family", "paid", "family", "benefit_year", ()),
    ("paid_life", "paid", "member", "lifetime", ()),
    ("paid_stay", "paid", "member", "encounter", ()),
    ("paid_episode", "paid", "member", "episode", ()),
)
STAYS = Counter(
    "stays",
    Text("住院次数", "stays"),
    "claim_count",
    "member",
    "benefit_year",
    once_per_encounter=True,
    counts=frozenset({"inpatient"}),
)


@dataclass(frozen=True)
class Taste:
    """What a random plan may contain; the defaults allow everything."""

    layers: int = 6
    shares: bool = True
    whole: bool = True
    top_up: bool = True
    conditions: bool = True
    shared_counters: bool = True
    glued: bool = False  # draw what an earlier layer left as a whole, share one payment counter
    scale: int = SCALE


EVERYTHING = Taste()


def number(value: int | None, unit: str = "amount") -> Number:
    return Number(unit, Literal_(value, HERE))  # type: ignore[arg-type]


def always(counter: str) -> CounterChoice:
    return CounterChoice((((), counter),))


def equals(fact: str, *values: object) -> tuple[tuple[str, FactTest], ...]:
    return ((fact, FactTest(frozenset(values))),)  # type: ignore[arg-type]


def counters(*, shared: bool = True) -> tuple[Counter, ...]:
    del shared
    made = [
        Counter(name, Text(name, name), adds, holder, period, facts)  # type: ignore[arg-type]
        for name, adds, holder, period, facts in COUNTERS
    ]
    return (*made, STAYS)


class _Maker:
    """One plan in the making."""

    def __init__(self, seed: int | str, taste: Taste) -> None:
        self.random = Random(f"plan {seed}")
        self.taste = taste
        self.streams = [
            "general",
            *self.random.sample(["rare", "implant"], self.pick((0, 0, 1, 2))),
        ]
        self.available = [
            name if stream == "general" else f"{name}:{stream}"
            for stream in self.streams
            for name in CLASSES
        ]
        self.used_counters: set[str] = set()
        self.made: list[Layer] = []

    def pick(self, options):
        return self.random.choice(options)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # ----------------------------------------------------------------------------- numbers

    def amount(self, *, low: int = 0, part: int = 1) -> Number:
        """An amount: a literal, a table by level, or steps by the nth stay or by age."""
        value = max(low, self.random.randrange(self.taste.scale // part))
        if self.chance(0.7):
            return number(value)
        if self.chance(0.5):
            rows = tuple(
                Row(equals("level", level), number(max(low, value * level // 3)), NOWHERE)
                for level in (1, 2, 3)
            )
            excepts = (
                (Row((*equals("level", 3), *equals("is_poor", True)), number(low + 7), NOWHERE),)
                if self.chance(0.4)
                else ()
            )
            return Number("amount", Rows(rows, excepts))
        steps = (
            Step("times", equals("nth_stay", 2), Fraction(1, 2)),
            Step("set", equals("nth_stay", 3), Fraction(low + 10)),
            Step("plus_per", (), Fraction(3, 2 * part), "age", 40),
        )
        return Number("amount", Literal_(value, HERE), steps, truncates=self.chance(0.3))

    def rate(self) -> Number:
        """A rate in [0, 1]; whole tens of a per cent, odd millionths, 0 and 1 all come."""
        value = self.pick((0, 200_000, 500_000, 600_000, 800_000, 850_000, 950_000, 1_000_000, -1))
        if value < 0:
            value = self.random.randrange(MILLION + 1)
        if value > 900_000 or self.chance(0.7):
            return number(value, "rate")
        steps = (Step("plus_points", equals("is_poor", True), Fraction(50_000)),)
        if self.chance(0.5):
            steps += (Step("own_share_times", equals("level", 1), Fraction(4, 5)),)
        return Number("rate", Literal_(value, HERE), steps)

    # ----------------------------------------------------------------------------- counters

    def counter(self, *measures: str) -> str:
        """A counter that adds one of the measures; not one used before, unless sharing is liked."""
        if self.taste.glued and measures == ("paid",) and self.chance(0.5):
            return "paid_year"
        names = [name for name, adds, *_ in COUNTERS if adds in measures]
        if not self.taste.shared_counters or self.chance(0.6):
            names = [name for name in names if name not in self.used_counters]
        if not names:
            return ""
        name = self.pick(names)
        self.used_counters.add(name)
        return name

    def choice(self, *measures: str, per_claim: float = 0.3) -> CounterChoice:
        if self.chance(per_claim):
            return always("")
        first = self.counter(*measures)
        if self.chance(0.15):
            second = self.counter(*measures)
            return CounterChoice(
                ((equals("disease", "a"), first), (equals("disease", "b", ""), second))
            )
        return always(first)

    def ceilings(self, prefix: str, count: int, *measures: str) -> tuple[Ceiling, ...]:
        made = []
        for index in range(count):
            is_per_day = self.chance(0.15)
            amount = number(None) if self.chance(0.08) else self.amount()
            made.append(
                Ceiling(
                    f"{prefix}{index + 1}",
                    self.choice(*measures),
                    number(self.random.randrange(1, 400)) if is_per_day else amount,
                    "stay_days" if is_per_day else None,
                )
            )
        if len(made) == 2 and self.chance(0.3):  # a tie
            made[1] = replace(made[1], amount=made[0].amount, per_fact=made[0].per_fact)
        return tuple(made)

    # ----------------------------------------------------------------------------- one layer

    def layer(self, index: int, names: list[str]) -> Layer:
        name = f"l{index + 1}"
        pays = self.top_up(names) if self.taste.top_up and self.chance(0.12) else self.bands()
        before = self.ceilings("admit", self.pick((0, 0, 0, 1)), "admitted", "drawn")
        after = self.ceilings("cover", self.pick((0, 0, 0, 1, 2)), "covered")
        payment = self.ceilings("limit", self.pick((0, 1, 1, 2)), "paid")
        deductible = self.deductible() if self.chance(0.6) else None
        leaves = tuple(
            (outcome, self.pick(("rename", "keep")))
            for outcome in ("deductible", "coinsurance", "over_ceiling")
            if self.chance(0.4)
        )
        condition = ()
        if self.taste.conditions and index and self.chance(0.3):
            condition = self.pick((equals("is_poor", True), equals("level", 2, 3)))
        made = Layer(
            name=name,
            label=Text(name, name),
            condition=condition,
            paid_by=self.payers(),
            draws=self.whole_draws() if names and self.taste.glued else self.draws(),
            pays=pays,
            deductible=deductible,
            ceilings_before_deductible=before,
            ceilings_after_deductible=after,
            payment_ceilings=payment,
            leaves=leaves,  # type: ignore[arg-type]
            feeds=(),
            structure=HERE,
            where=NOWHERE,
        )
        self.leave(made)
        self.made.append(made)
        return replace(made, feeds=self.feeds(made))

    def draws(self) -> tuple[Draw, ...]:
        fresh = ["eligible"] if len(self.available) == 4 * len(self.streams) else []
        likely = self.available + 3 * self.available[4 * len(self.streams) :]
        sampled = self.random.sample(likely, self.pick((1, 2, 3, 4)))
        listed = list(dict.fromkeys(fresh + sampled))
        return tuple(
            Draw(slot, number(self.random.randrange(1, MILLION), "rate"))
            if self.taste.shares and self.chance(0.1)
            else Draw(slot)
            for slot in listed
        )

    def whole_draws(self) -> tuple[Draw, ...]:
        """Everything that one or two earlier layers may have left, and perhaps another class."""
        listed: list[str] = []
        for layer in self.random.sample(self.made, min(len(self.made), self.pick((1, 1, 2)))):
            outcomes = ("deductible", "coinsurance", "over_ceiling")
            listed += [f"{outcome}@{layer.name}" for outcome in outcomes if self.chance(0.9)]
            listed += [draw.slot for draw in layer.draws if self.chance(0.95)]
        if self.chance(0.3):
            listed.append(self.pick(self.available[: 4 * len(self.streams)]))
        listed = list(dict.fromkeys(listed)) or ["noncovered"]
        self.random.shuffle(listed)
        return tuple(Draw(slot) for slot in listed)

    def leave(self, layer: Layer) -> None:
        """Make what the layer may leave drawable by later ones."""
        patterns = [f"{outcome}@{layer.name}" for outcome in ("deductible", "coinsurance")]
        if layer.payment_ceilings and self.chance(0.3):
            patterns.append(f"over_ceiling@{layer.name}.{layer.payment_ceilings[0].name}")
        else:
            patterns.append(f"over_ceiling@{layer.name}")
        if len(self.streams) > 1 and self.chance(0.2):
            patterns[1] += f":{self.streams[1]}"
        self.available += patterns

    def deductible(self) -> Deductible:
        maximum = None
        if self.chance(0.3):
            maximum = Ceiling("maximum", always(self.counter("deductible")), self.amount(part=2))
        return Deductible(self.choice("deductible", "admitted"), self.amount(part=5), maximum)

    def bands(self) -> Bands:
        edges = sorted(
            self.random.sample(range(1, 2 * self.taste.scale), self.pick((0, 0, 1, 2, 3)))
        )
        if self.taste.whole and self.chance(0.15):
            starts = [0, *edges]
            made = [
                Band(self.rate(), start=number(start), is_open=start > 0 and self.chance(0.5))
                for start in starts
            ]
            return Bands("whole", self.chance(0.5), always(""), tuple(made))
        tops: list[int | None] = [*edges]
        if not tops or self.chance(0.8):
            tops.append(None)
        from_zero = self.chance(0.4)
        position = self.choice("admitted" if from_zero else "covered", per_claim=0.6)
        return Bands(
            "slice", from_zero, position, tuple(Band(self.rate(), to=number(top)) for top in tops)
        )

    def top_up(self, names: list[str]) -> TopUp:
        counting = tuple(name for name in names if self.chance(0.8))
        of = ("eligible",) if self.chance(0.7) else ("eligible", "prior_self_pay")
        if self.chance(0.5):
            return TopUp(of, counting, share=self.rate())
        return TopUp(of, counting, amount=self.amount(low=50))

    def payers(self) -> tuple[Payer, ...]:
        if self.chance(0.6):
            return (Payer("pool", number(MILLION, "rate")),)
        first = self.pick((500_000, 333_333, 900_000))
        return (
            Payer("pool", number(first, "rate")),
            Payer("treasury", number(MILLION - first, "rate")),
        )

    def feeds(self, layer: Layer) -> tuple[Feed, ...]:
        read = list(dict.fromkeys(name for choice in choices_of(layer) for name in choice if name))
        fed = [Feed(name) for name in read if self.chance(0.93)]
        if self.taste.shared_counters and self.chance(0.3):
            extra = self.pick(COUNTERS)[0]
            if extra not in read:
                condition = equals("is_poor", False) if self.chance(0.4) else ()
                fed.append(Feed(extra, condition))
        return tuple(fed)


def choices_of(layer: Layer) -> list[list[str]]:
    """The counter names that a layer may read, by place."""
    places: list[CounterChoice] = []
    if layer.deductible:
        places.append(layer.deductible.counter)
        if layer.deductible.yearly_maximum:
            places.append(layer.deductible.yearly_maximum.counter)
    ceilings = layer.ceilings_before_deductible + layer.ceilings_after_deductible
    places += [ceiling.counter for ceiling in ceilings + layer.payment_ceilings]
    if isinstance(layer.pays, Bands):
        places.append(layer.pays.position)
    return [[name for _, name in choice.rows + choice.excepts] for choice in places]


def random_plan(seed: int | str, taste: Taste = EVERYTHING) -> PlanVersion:
    """The plan of a seed."""
    maker = _Maker(seed, taste)
    layers: list[Layer] = []
    for index in range(maker.random.randint(1, taste.layers)):
        layers.append(maker.layer(index, [layer.name for layer in layers]))
    routes = tuple(Route(stream, equals("drug_group", stream)) for stream in maker.streams[1:])
    return PlanVersion(
        plan_id=f"999999/random_{seed}",
        area="999999",
        label=Text("随机", "random"),
        span=Span(date(YEAR - 1, 1, 1)),
        applies_to=(),
        chosen_by="settlement_date",
        benefit_year_of="settlement_date",
        layers=tuple(layers),
        counters=counters(),
        feeds=(Feed("stays"),),
        routes=routes,
        derived=(NthStay("nth_stay", "stays", 3),),
        policy_hash=f"random-{seed}",
    )


def thresholds(version: PlanVersion) -> list[int]:
    """Every amount that the plan's literals name: bills like to stand near them."""
    found: set[int] = set()

    def look(value: object) -> None:
        if isinstance(value, Literal_) and value.value is not None:
            found.add(value.value)
        elif isinstance(value, Number) and value.unit == "amount":
            look(value.body)
        elif isinstance(value, Rows):
            for row in value.rows + value.excepts:
                look(row.number)
        elif isinstance(value, Layer | Deductible | Ceiling | Band | Bands | TopUp):
            for name in type(value).__dataclass_fields__:
                look(getattr(value, name))
        elif isinstance(value, tuple):
            for item in value:
                look(item)

    look(version.layers)
    return sorted(found)


def random_amount(random: Random, near: list[int], scale: int) -> int:
    """An amount in fen: nothing, a threshold or a fen beside it, or anything."""
    kind = random.random()
    if kind < 0.15:
        return 0
    if kind < 0.65 and near:
        return max(0, random.choice(near) + random.choice((-1, 0, 1)))
    return random.randrange(scale * 2)


def random_year(seed: int | str, version: PlanVersion, taste: Taste = EVERYTHING) -> list[Claim]:
    """A family's year under a plan: encounters in order of entry, some in interim rows.

    Mostly of one member; the year may turn on the way, within a stay too.
    """
    random = Random(f"year {seed}")
    near = thresholds(version)
    day = date(YEAR, *random.choice(((1, 1), (1, 1), (11, 20), (12, 15))))
    claims: list[Claim] = []
    encounter = 0
    while len(claims) < random.randint(2, 6):
        encounter += 1
        facts = {
            "care_type": random.choice(("inpatient", "outpatient")),
            "level": random.choice((1, 2, 3)),
            "is_poor": random.random() < 0.4,
            "disease": random.choice(("a", "b", "")),
            "age": random.randrange(20, 90),
            "stay_days": random.randrange(1, 9),
        }
        episode = random.choice(("E1", "E2"))
        member = random.choice(("M1", "M1", "M1", "M2"))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            day += timedelta(days=random.choice((0, 3, 20)))
            lines = random_lines(random, version, near, taste.scale)
            with_lines = random.random() < 0.5
            slots: dict[Slot, int] = {}
            for line in lines:
                for slot, amount in line.slots().items():
                    slots[slot] = slots.get(slot, 0) + amount
            claims.append(
                Claim(
                    claim_id=f"C{len(claims) + 1}",
                    member_id=member,
                    encounter_id=f"V{encounter}",
                    dates=ClaimDates(day, day, day, day),
                    facts=facts,
                    slots=slots,
                    lines=tuple(lines) if with_lines else (),
                    family_id="F1",
                    episode_id=episode,
                    entry_sequence=len(claims) + 1,
                )
            )
    return claims


def random_lines(
    random: Random, version: PlanVersion, near: list[int], scale: int
) -> list[SplitLine]:
    count = random.choice((1, 1, 2, 3))
    return [
        SplitLine(
            f"L{index + 1}",
            random.choice(version.streams),
            random_amount(random, near, scale),
            random_amount(random, near, scale // 4) if random.random() < 0.6 else 0,
            random_amount(random, near, scale // 8) if random.random() < 0.3 else 0,
            random_amount(random, near, scale // 4) if random.random() < 0.5 else 0,
        )
        for index in range(count)
    ]
