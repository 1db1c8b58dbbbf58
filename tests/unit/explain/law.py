"""A small area of its own, compiled and adjudicated for real: what the engine says is explained."""

from datetime import date
from functools import cache

from yibao.base.money import parse_yuan
from yibao.engines.benefits.claim import Balances, Claim, ClaimDates, CounterKey, SplitLine
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.area import AreaPolicy
from yibao.offices.actuary.policies import area_from_text

POLICY = """
area: "990000"
name: {zh: 说明示例统筹区, en: area of the explained cases}
products: []
funds:
  resident: {zh: 居民医保基金, en: resident fund}
  aid: {zh: 医疗救助资金, en: assistance fund}
  treasury: {zh: 财政资金, en: treasury}
---
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {resident: 居民}}
  is_poor: {zh: 贫困人口, en: poor person, of: member, yes_no: true}
  nth_stay: {zh: 第几次住院, en: nth stay, of: encounter, number: {from: 1, below: 100}}
---
counters:
  stays: {zh: 住院次数, en: stays, adds: claim_count, once_per: encounter,
    per: [member, benefit_year]}
  deductibles: {zh: 起付线年度累计, en: deductibles of the year, adds: deductible,
    per: [member, benefit_year]}
  admitted: {zh: 年度准入费用, en: cost admitted in the year, adds: admitted,
    per: [member, benefit_year]}
  covered: {zh: 年度计入费用, en: cost covered in the year, adds: covered,
    per: [member, benefit_year]}
  paid: {zh: 基本医保年度支付, en: basic paid in the year, adds: paid, per: [member, benefit_year]}
---
sources:
  law-7: {title: 示例办法第七条, publisher: 示例市医保局, period: "2024", url: "https://example.org/7"}
  law-9: {title: 示例办法第九条, publisher: 示例市医保局, period: "2024"}
questions:
  aid-order: {zh: 救助先减哪一部分。, en: "Which part does assistance relieve first?",
    reading: {zh: 按所列顺序。, en: In the order listed.}}
---
plan: resident_inpatient
area: "990000"
name: {zh: 居民住院, en: resident inpatient}
applies_to: {scheme: resident}
in_force: [{from: 2024-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
feeds: [stays]
derived: {nth_stay: {counter: stays, at_most: 3}}
source: law-7
confidence: H
layers:
  - layer: basic
    name: {zh: 居民基本医保, en: resident basic insurance}
    paid_by: [{fund: resident, share: "100%"}]
    draws: [eligible]
    cost_ceilings:
      before_deductible: [{name: yearly_admitted, counter: admitted, amount: 120000}]
      after_deductible: [{name: yearly_covered, counter: covered, amount: 110000}]
    deductible:
      counter: per_claim
      due: {is: 800, then: [{when: {nth_stay: 2}, times: "50%"}], source: law-9}
      yearly_maximum: {counter: deductibles, amount: 1000}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list:
        - {to: 10000, rate: {is: "60%", source: law-9}}
        - {to: 100000, rate: {is: "75.55%", source: law-7, confidence: example}}
    payment_ceilings: [{name: yearly_paid, counter: paid, amount: 30000}]
    feeds: [deductibles, admitted, covered, paid]
  - layer: assistance
    name: {zh: 医疗救助, en: medical assistance}
    when: {is_poor: true}
    paid_by: [{fund: aid, share: "80%"}, {fund: treasury, share: "20%"}]
    draws: [coinsurance@basic, {slot: noncovered, share: "50%"}]
    bands: {mode: slice, measured: above_deductible, position: per_claim,
      list: [{to: none, rate: "70%"}]}
    open: [aid-order]
"""


NOTHING_BEFORE = Balances()


@cache
def area() -> AreaPolicy:
    return area_from_text(POLICY)


def yearly(counter: str) -> CounterKey:
    return CounterKey(counter, ("M1", "2024"))


def settled(
    *,
    eligible: str,
    noncovered: str = "0",
    is_poor: bool = False,
    balances: Balances = NOTHING_BEFORE,
) -> Determination:
    """One stay of 2024 in one line, amounts in yuan."""
    line = SplitLine(
        "L1", eligible_amount=parse_yuan(eligible), noncovered_amount=parse_yuan(noncovered)
    )
    claim = Claim(
        claim_id="C1",
        member_id="M1",
        encounter_id="E1",
        dates=ClaimDates(date(2024, 5, 6)),
        facts={"scheme": "resident", "is_poor": is_poor},
        slots=line.slots(),
        lines=(line,),
    )
    return adjudicate(area().plans[0], claim, balances=balances)


def used(**counters: str) -> Balances:
    """Balances of the year, in yuan."""
    return Balances({yearly(name): parse_yuan(text) for name, text in counters.items()})
