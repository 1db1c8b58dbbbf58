"""A stream is told by its name for people, in every place of a statement and a picture."""

from datetime import date
from functools import cache

import pytest

from yibao.base.findings import FaultsFound
from yibao.base.texts import Text
from yibao.engines.benefits.claim import Balances, Claim, ClaimDates, SplitLine
from yibao.engines.benefits.explain.data import explanation
from yibao.engines.benefits.explain.rows import less
from yibao.engines.benefits.explain.shapes import Explanation
from yibao.engines.benefits.explain.text import statement
from yibao.engines.benefits.explain.vocabulary import Vocabulary
from yibao.engines.benefits.reference import adjudicate
from yibao.offices.actuary.drawing.waterfall import waterfall_steps
from yibao.offices.actuary.policies import area_from_text

STREAMS = """
area: "990000"
name: {zh: 通道示例统筹区, en: area of streams}
products: []
---
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {resident: 居民}}
  group: {zh: 药品组, en: drug group, of: line, values: {rare: 罕见病用药, home: 院内制剂}}
---
sources:
  law-7: {title: 示例办法第七条, publisher: 示例市医保局}
---
plan: drugs
area: "990000"
name: {zh: 特药, en: drugs}
applies_to: {scheme: resident}
in_force: [{from: 2024-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: law-7
confidence: H
routes:
  - {stream: rare_drug, name: {zh: 罕见病用药, en: rare-disease drugs}, when: {group: rare}}
  - {stream: home_drug, when: {group: home}}
layers:
  - layer: basic
    name: {zh: 特药统筹, en: drug pooling}
    paid_by: [{fund: resident, share: "100%"}]
    draws: ["eligible:rare_drug", "eligible:home_drug"]
    bands: {mode: slice, measured: above_deductible, position: per_claim,
      list: [{to: none, rate: "80%"}]}
"""


@cache
def told() -> Explanation:
    """One bill: 100 yuan of rare drugs, 10 yuan of the hospital's own; the fund pays 80 %."""
    rare = SplitLine("L1", "rare_drug", eligible_amount=10_000)
    home = SplitLine("L2", "home_drug", eligible_amount=1_000)
    claim = Claim(
        claim_id="C1",
        member_id="M1",
        encounter_id="E1",
        dates=ClaimDates(date(2024, 5, 6)),
        facts={"scheme": "resident"},
        slots={**rare.slots(), **home.slots()},
        lines=(rare, home),
    )
    area = area_from_text(STREAMS)
    answer = adjudicate(area.plans[0], claim, balances=Balances())
    return explanation(answer, Vocabulary.of(area))


@pytest.mark.parametrize(
    ("language", "rows"),
    [
        (
            "zh",
            [
                ("符合政策范围（罕见病用药）", "100.00"),
                ("其中 符合政策范围（罕见病用药）", "100.00"),
                ("特药统筹·按比例个人负担（罕见病用药）", "20.00"),
            ],
        ),
        (
            "en",
            [
                ("In scope (rare-disease drugs)", "100.00"),
                ("Of it, in scope (rare-disease drugs)", "100.00"),
                ("Drug pooling: coinsurance (rare-disease drugs)", "20.00"),
            ],
        ),
    ],
    ids=["zh", "en"],
)
def test_the_statement_calls_a_stream_by_the_name_that_its_plan_gives(language, rows):
    page = statement(told(), language)
    named = [
        (row.label, row.amount) for row in page.rows if "罕见" in row.label or "rare" in row.label
    ]
    assert named == rows


def test_the_picture_calls_it_by_that_name_too():
    details = {step.detail for step in waterfall_steps(told()) if step.kind == "reason"}
    assert details == {
        Text("特药统筹 · 罕见病用药", "drug pooling · rare-disease drugs"),
        Text("特药统筹 · home_drug", "drug pooling · home_drug"),
    }


def test_a_document_keeps_the_letters_of_its_name():
    assert "law-7 示例办法第七条 示例市医保局 (well sourced)" in [
        row.label for row in statement(told(), "en").rows
    ]


def test_nothing_taken_off_has_no_sign():
    assert (less(0), less(1)) == ("0.00", "−0.01")


def test_a_stream_that_nobody_named_is_called_by_its_identifier():
    left = [one for one in told().adjustments if one.stream == "home_drug"]
    assert [(one.stream_label, one.amount) for one in left] == [
        (Text("home_drug", "home_drug"), 200)
    ]


def test_a_stream_has_one_name_in_its_plan():
    again = "  - {stream: home_drug, when: {group: home}}"
    named = "stream: rare_drug, name: {zh: 别名, en: other}"
    other = f"  - {{{named}, until: 2024-01-01, when: {{group: home}}}}"
    assert again in STREAMS
    with pytest.raises(FaultsFound) as raised:
        area_from_text(STREAMS.replace(again, f"{again}\n{other}"))
    assert [fault.code for fault in raised.value.faults] == ["stream_names_differ"]
