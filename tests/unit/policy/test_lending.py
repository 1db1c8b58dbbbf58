"""What an area takes from another by name, and that nothing comes by silence."""

from __future__ import annotations

import pytest

from tests.unit.policy.small_area import FILES, changed, compiled, faults_in, told
from yibao.engines.policy.law import Bands, Index, Literal_

LENT = {
    "facts.yaml": """\
facts:
  climate: {zh: 气候, en: climate, of: member, values: {warm: 暖, cold: 冷}}
""",
    "counters.yaml": "counters:\n  province_paid: {adds: paid, per: [member, benefit_year]}\n",
    "sources.yaml": "sources:\n  P1: {title: 省里的规定}\n",
    "numbers.yaml": """\
numbers:
  limit: {zh: 限额, en: limit, unit: amount, is: 1234, source: P1, confidence: H}
  other: {zh: 另一个, en: other, unit: amount, is: {number: limit}, source: P1, confidence: H}
indices:
  income:
    {zh: 收入, en: income, unit: amount, source: P1, confidence: H,
     years: {"2023": {is: 1}, "2024": {is: 2}}}
""",
    "layer.yaml": """\
layer: shared
area: "990000"
name: {zh: 共用层, en: shared layer}
source: P1
confidence: H
paid_by: [{fund: pooling, share: "100%"}]
draws: ["coinsurance@basic"]
deductible: {counter: per_claim, due: {number: limit}}
bands:
  mode: slice
  measured: above_deductible
  position: per_claim
  list: [{to: {index: income, year: previous}, rate: "50%"}]
""",
    "plan.yaml": FILES["stay.yaml"]
    .replace("plan: stay", "plan: shared_stay")
    .replace("source: S1", "source: P1")
    .replace('area: "999999"', 'area: "990000"')
    .replace("amount: 2000", "amount: {number: limit}")
    .replace("{number: by_illness,", "{number: other,"),
}
LAYER = "  - use: 990000/shared\n"
PLAN = 'plan: stay\narea: "999999"\nuse: 990000/shared_stay\n'


def with_layer(layer: str) -> dict[str, str]:
    return {**FILES, "stay.yaml": FILES["stay.yaml"] + layer}


def due_of(policy, layer: str) -> Literal_:
    one = next(it for v in policy.plans for it in v.layers if it.name == layer)
    body = one.deductible.due.body
    assert isinstance(body, Literal_)
    return body


def test_a_layer_comes_with_its_lenders_numbers_and_sources():
    policy = compiled(with_layer(LAYER), lent=LENT)
    due = due_of(policy, "shared")
    assert (due.value, due.provenance.source_ids) == (123_400, ("P1",))
    assert due.provenance.where.file == "990000/numbers.yaml"
    assert policy.sources["P1"].title == "省里的规定"
    layer = next(it for v in policy.plans for it in v.layers if it.name == "shared")
    assert isinstance(layer.pays, Bands)
    index = layer.pays.bands[0].to.body
    assert isinstance(index, Index)
    assert [(year, amount) for year, amount, _ in index.by_year] == [(2023, 100), (2024, 200)]


def test_what_stands_beside_the_use_of_a_layer_replaces():
    layer = (
        LAYER
        + "    layer: ours\n    from: 2024-07-01\n    deductible: {counter: per_claim, due: 7}\n"
    )
    policy = compiled(with_layer(layer), lent=LENT)
    assert due_of(policy, "ours").value == 700
    assert [v.span.start.isoformat() for v in policy.plans if "stay" in v.plan_id] == [
        "2024-01-01",
        "2024-07-01",
    ]


def test_a_plan_is_taken_whole_under_a_name_and_area_of_ones_own():
    policy = compiled({**FILES, "stay.yaml": PLAN}, lent=LENT)
    (stay,) = [v for v in policy.plans if v.plan_id.endswith("stay")]
    assert (stay.plan_id, stay.area) == ("999999/stay", "999999")
    maximum = stay.layers[0].deductible.yearly_maximum.amount.body
    assert isinstance(maximum, Literal_)
    assert maximum.value == 123_400


def test_a_number_is_taken_by_its_full_name():
    files = changed("stay.yaml", "amount: 2000", "amount: {use: 990000/other}").files
    policy = compiled(files, lent=LENT)
    stay = next(v for v in policy.plans if v.plan_id.endswith("stay"))
    maximum = stay.layers[0].deductible.yearly_maximum.amount.body
    assert isinstance(maximum, Literal_)
    assert maximum.value == 123_400


def test_words_are_taken_whole_by_name():
    files = changed("facts.yaml", "facts:\n", 'use: "990000"\nfacts:\n').files
    assert "climate" in compiled(files, lent=LENT).facts
    files = changed("counters.yaml", "counters:\n", 'use: "990000"\ncounters:\n').files
    assert "province_paid" in compiled(files, lent=LENT).counters


def test_a_file_that_only_takes_is_of_the_kind_that_its_name_says():
    lent = {"facts.yaml": 'use: "999998"\n', **{k: v for k, v in LENT.items() if k != "facts.yaml"}}
    assert faults_in(FILES, lent=lent) == []
    files = {**FILES, "more/counters.yaml": 'use: "990000"\n'}
    assert "province_paid" in compiled(files, lent=LENT).counters


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("stay.yaml", "set: 100}", "set: 100}, {when: {climate: warm}, set: 5}", "fact_unknown"),
        (
            "stay.yaml",
            "feeds: [covered, met]",
            "feeds: [covered, met, province_paid]",
            "name_unknown",
        ),
        ("stay.yaml", "amount: 2000", "amount: {number: other}", "number_unknown"),
        ("stay.yaml", "amount: 2000", "amount: {use: 990000/others}", "number_unknown"),
        (
            "stay.yaml",
            "  - layer: floor",
            "  - use: 990000/sharing\n  - layer: floor",
            "use_unknown",
        ),
        (
            "stay.yaml",
            "  - layer: floor",
            "  - use: 980000/shared\n  - layer: floor",
            "use_unknown",
        ),
    ],
)
def test_nothing_comes_by_silence(file: str, old: str, new: str, code: str):
    found = faults_in(changed(file, old, new).files, lent=LENT)
    assert [fault.code for fault in found] == [code]


def test_a_name_of_ones_own_may_not_repeat_a_taken_one():
    files = changed("counters.yaml", "counters:\n", 'use: "990000"\ncounters:\n').files
    lent = {**LENT, "counters.yaml": "counters:\n  met: {adds: paid, per: [member, month]}\n"}
    (fault,) = faults_in(files, lent=lent)
    assert told(fault) == "999999/counters.yaml:3 name_twice"
    assert str(fault.also[0]) == "990000/counters.yaml:2"


def test_a_plan_that_is_not_there_is_one_fault_and_brings_no_echo():
    files = {**FILES, "stay.yaml": PLAN.replace("shared_stay", "shared_stays")}
    (fault,) = faults_in(files, lent=LENT)
    assert told(fault) == "999999/stay.yaml:3 use_unknown"
    assert "there is no plan 990000/shared_stays to take" in fault.told("en")
    assert "没有可引用的 990000/shared_stays" in fault.told("zh")


def test_a_taken_plan_says_nothing_more():
    (fault,) = faults_in({**FILES, "stay.yaml": PLAN + "confidence: H\n"}, lent=LENT)
    assert told(fault) == "999999/stay.yaml:4 use_with_more"
    assert "belongs in an overlay" in fault.told("en")
    assert "需要改动时用 overlay" in fault.told("zh")


def test_a_plan_that_leads_back_to_itself_is_a_fault():
    lent = {**LENT, "plan.yaml": 'plan: shared_stay\narea: "990000"\nuse: 990000/shared_stay\n'}
    (fault,) = faults_in({**FILES, "stay.yaml": PLAN}, lent=lent)
    assert fault.code == "use_circular"
    assert "leads back to itself" in fault.told("en")
    assert "又回到自身" in fault.told("zh")


def test_a_lenders_overlay_stays_at_home():
    head = 'overlay: home\nkind: law\narea: "990000"\nname: {zh: 改, en: change}\nchanges:\n'
    law = f"{head}  - {{at: numbers/limit/is, replace: 9}}\n"
    policy = compiled(with_layer(LAYER), lent={**LENT, "overlay.yaml": law})
    assert due_of(policy, "shared").value == 123_400


def test_ones_own_shared_layer_follows_ones_own_overlays():
    own = LENT["layer.yaml"].replace('"990000"', '"999999"').replace("source: P1", "source: S1")
    files = {**with_layer("  - use: 999999/shared\n"), "layer.yaml": own}
    assert due_of(compiled(files), "shared").value == 500_000  # our own limit
    head = 'overlay: x\nkind: law\narea: "999999"\nname: {zh: 改, en: change}\nchanges:\n'
    shared = f"{head}  - {{at: layers/shared/deductible/due, replace: 8}}\n"
    assert due_of(compiled({**files, "o.yaml": shared}), "shared").value == 800
    taken = f"{head}  - {{at: stay/shared/deductible/due, replace: 9}}\n"
    assert due_of(compiled({**files, "o.yaml": taken}), "shared").value == 900
    number = f"{head}  - {{at: numbers/limit/is, replace: 10}}\n"
    assert due_of(compiled({**files, "o.yaml": number}), "shared").value == 1_000
