"""A worked case, every figure by hand: a resident's third-level stay, two paying layers of four.

Charged 107 000: in scope 100 000, prior self-pay 5 000, not covered 2 000.
basic: 100 000 − 1 000 deductible = 99 000 × 70 % = 69 300; own share 29 700; no ceiling binds.
large: 1 000 + 29 700 + 5 000 = 35 700 − 18 000 deductible = 17 700 × 65 % = 11 505. Its deductible
takes the 1 000 and 17 000 of the own share; 12 700 × 65 % = 8 255 relieve the own share and
5 000 × 65 % = 3 250 the prior self-pay. assistance does not apply: the member is not poor.
Left: 1 000 + (29 700 − 8 255 = 21 445) + (5 000 − 3 250 = 1 750) + 2 000 = 26 195.
"""

from datetime import date

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.benefits.claim import CounterKey, Slot
from yibao.engines.benefits.determination import (
    BandUse,
    CeilingUse,
    CounterMove,
    DeductibleUse,
    Determination,
    LayerResult,
    LineResult,
    NumberUsed,
    SlotOutcome,
)
from yibao.engines.policy.law import Provenance, Unit

YUAN = 100
PER_CENT = 10_000


def provenance(*source_ids: str, confidence: str = "H", opens: tuple[str, ...] = ()) -> Provenance:
    return Provenance(source_ids, "", confidence, opens, Where("plans/resident.yaml", 7))


def number(name: str, unit: Unit, value: int | None, *made_of: Provenance) -> NumberUsed:
    return NumberUsed(name, unit, value, (), (), made_of)


def slot_outcome(slot: str, drawn: int, **outcomes: int) -> SlotOutcome:
    return SlotOutcome(
        slot=Slot.parse(slot),
        drawn=drawn * YUAN,
        kept=0,
        deductible=outcomes.get("deductible", 0) * YUAN,
        benefit=outcomes.get("benefit", 0) * YUAN,
        coinsurance=outcomes.get("coinsurance", 0) * YUAN,
        over_ceiling=(),
    )


def layer(name: str, zh: str, en: str, **fields: object) -> LayerResult:
    """A layer with nothing in it but what is said."""
    empty: dict[str, object] = {
        "applied": True,
        "unmet_condition": (),
        "base_amount": 0,
        "admitted_amount": 0,
        "deductible": None,
        "covered_before_payment_ceiling": 0,
        "covered_amount": 0,
        "bands": (),
        "top_up": None,
        "uncapped_benefit_amount": 0,
        "benefit_amount": 0,
        "coinsurance_amount": 0,
        "over_ceiling": (),
        "ceilings_before_deductible": (),
        "ceilings_after_deductible": (),
        "payment_ceilings": (),
        "slots": (),
        "paid_by": (),
        "counters": (),
        "numbers": (),
        "structure": provenance("S1"),
    }
    return LayerResult(layer=name, label=Text(zh, en), **(empty | fields))


def yearly(counter: str) -> CounterKey:
    return CounterKey(counter, ("M1", "2020"))


BASIC = layer(
    "basic",
    "居民基本医保",
    "resident basic insurance",
    base_amount=100_000 * YUAN,
    admitted_amount=100_000 * YUAN,
    deductible=DeductibleUse(
        CounterKey("stay_deductible", ("M1", "E1")), 1000 * YUAN, 0, 1000 * YUAN, 1000 * YUAN
    ),
    covered_before_payment_ceiling=99_000 * YUAN,
    covered_amount=99_000 * YUAN,
    bands=(BandUse(0, None, 70 * PER_CENT, 99_000 * YUAN),),
    uncapped_benefit_amount=69_300 * YUAN,
    benefit_amount=69_300 * YUAN,
    coinsurance_amount=29_700 * YUAN,
    payment_ceilings=(
        CeilingUse(
            "basic_ceiling", yearly("basic_paid"), 180_000 * YUAN, 0, 180_000 * YUAN, binds=False
        ),
    ),
    slots=(slot_outcome("eligible", 100_000, deductible=1000, benefit=69_300, coinsurance=29_700),),
    paid_by=(("resident", 69_300 * YUAN),),
    counters=(
        CounterMove(CounterKey("stay_deductible", ("M1", "E1")), 0, 1000 * YUAN),
        CounterMove(yearly("basic_paid"), 0, 69_300 * YUAN),
    ),
    numbers=(
        number(
            "basic/deductible/due", "amount", 1000 * YUAN, provenance("S2", confidence="example")
        ),
        number("basic/bands/list/1/rate", "rate", 70 * PER_CENT, provenance("S3")),
        number(
            "basic/payment_ceilings/basic_ceiling/amount",
            "amount",
            180_000 * YUAN,
            provenance("S4"),
        ),
    ),
)

ABOVE = layer("above_ceiling", "居民大病·超限补助", "above-ceiling aid")

LARGE = layer(
    "large",
    "居民大病·大额补助",
    "large amount aid",
    base_amount=35_700 * YUAN,
    admitted_amount=35_700 * YUAN,
    deductible=DeductibleUse(
        yearly("large_burden"), 18_000 * YUAN, 0, 18_000 * YUAN, 18_000 * YUAN
    ),
    covered_before_payment_ceiling=17_700 * YUAN,
    covered_amount=17_700 * YUAN,
    bands=(BandUse(0, None, 65 * PER_CENT, 17_700 * YUAN),),
    uncapped_benefit_amount=11_505 * YUAN,
    benefit_amount=11_505 * YUAN,
    coinsurance_amount=6195 * YUAN,
    slots=(
        slot_outcome("deductible@basic", 1000, deductible=1000),
        slot_outcome(
            "coinsurance@basic", 29_700, deductible=17_000, benefit=8255, coinsurance=4445
        ),
        slot_outcome("prior_self_pay", 5000, benefit=3250, coinsurance=1750),
    ),
    paid_by=(("critical_illness", 11_505 * YUAN),),
    counters=(CounterMove(yearly("large_burden"), 0, 35_700 * YUAN),),
    numbers=(
        number(
            "large/deductible/due",
            "amount",
            18_000 * YUAN,
            provenance("S5", opens=("large-order",)),
        ),
        number("large/bands/list/1/rate", "rate", 65 * PER_CENT, provenance("S5", confidence="M")),
    ),
    structure=provenance("S5", opens=("large-order",)),
)

ASSISTANCE = layer(
    "assistance",
    "医疗救助",
    "medical assistance",
    applied=False,
    unmet_condition=(("is_poor", False),),
)

STAY = Determination(
    claim_id="C1",
    member_id="M1",
    encounter_id="E1",
    plan_id="370200/resident_inpatient",
    policy_hash="9f2c4be07d11",
    engine_version="reference/1",
    chosen_on=date(2020, 6, 1),
    benefit_year=2020,
    submitted_amount=107_000 * YUAN,
    opening=(
        (Slot("eligible"), 100_000 * YUAN),
        (Slot("prior_self_pay"), 5000 * YUAN),
        (Slot("noncovered"), 2000 * YUAN),
    ),
    layers=(BASIC, ABOVE, LARGE, ASSISTANCE),
    left=(
        (Slot("deductible", "basic"), 1000 * YUAN),
        (Slot("coinsurance", "basic"), 21_445 * YUAN),
        (Slot("prior_self_pay"), 1750 * YUAN),
        (Slot("noncovered"), 2000 * YUAN),
    ),
    lines=(
        LineResult(
            "L1",
            105_000 * YUAN,
            (("basic", 69_300 * YUAN), ("large", 11_505 * YUAN)),
            (
                (Slot("deductible", "basic"), 1000 * YUAN),
                (Slot("coinsurance", "basic"), 21_445 * YUAN),
                (Slot("prior_self_pay"), 1750 * YUAN),
            ),
        ),
        LineResult("L2", 2000 * YUAN, (), ((Slot("noncovered"), 2000 * YUAN),)),
    ),
    deltas=(
        (yearly("stays"), 1),
        (CounterKey("stay_deductible", ("M1", "E1")), 1000 * YUAN),
        (yearly("basic_paid"), 69_300 * YUAN),
        (yearly("large_burden"), 35_700 * YUAN),
    ),
    nth=((yearly("stays"), "E1", 1),),
    reads=(),
)
