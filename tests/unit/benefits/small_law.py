"""A small area for the tests of the host: words, counters and plans, numbers of our own."""

from __future__ import annotations

from datetime import date
from functools import cache

from yibao.engines.benefits.bills import Bill, GivenLine, Settle
from yibao.engines.benefits.claim import ClaimDates, Slot, SplitLine
from yibao.engines.benefits.facts import Member, Spell
from yibao.engines.benefits.rows import Law
from yibao.offices.actuary.policies import area_from_text

WORDS = """
area: "990000"
name: {zh: 示例区, en: a small area}
products: []
verified_until: 2025-12-31
---
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {employee: 职工, resident: 居民}}
  is_poor: {zh: 贫困, en: poor, of: member, yes_no: true}
  age: {zh: 年龄, en: age, of: member, number: {from: 0, below: 130}}
  income: {zh: 收入, en: income, of: member, amount: {from: 0, below: 1000}}
  special_diseases: {zh: 病种表, en: diseases, of: member, list_of: disease}
  disease: {zh: 病种, en: disease, of: encounter, values: {cancer: 癌, diabetes: 糖尿病}}
  care_type:
    {zh: 类别, en: care, of: encounter, values: {inpatient: 住院, visit: 门诊, day_care: 日间}}
  facility_level: {zh: 级别, en: level, of: encounter, values: {level_2: 二级, level_3: 三级}}
  stay_days: {zh: 天数, en: days, of: encounter, number: {from: 0, below: 1000}}
  nth_stay: {zh: 次数, en: nth, of: encounter, number: {from: 1, below: 100}}
  drug_group: {zh: 药品, en: drug, of: line, values: {ordinary: 普通, rare: 罕见}}
---
counters:
  visit_deductible:
    {zh: 门诊起付, en: visit deductible, adds: deductible, per: [member, benefit_year]}
  visit_paid: {zh: 门诊支付, en: visits paid, adds: paid, per: [member, benefit_year]}
  stays:
    {zh: 住院次数, en: stays, adds: claim_count, once_per: encounter, counts: [inpatient],
     per: [member, benefit_year]}
  stay_deductible: {zh: 次起付, en: stay deductible, adds: deductible, per: [member, encounter]}
  stay_paid: {zh: 住院支付, en: stays paid, adds: paid, per: [member, benefit_year]}
  day_deductible: {zh: 年起付, en: yearly, adds: deductible, per: [member, encounter, benefit_year]}
---
sources:
  own: {title: 自拟, publisher: yibao, period: 无}
"""

# Visits: 400 of a year, then 60 % up to 30 June 2024 and 70 % from 1 July, at most 1000 a year.
VISITS = """
plan: visits
area: "990000"
name: {zh: 门诊, en: visits}
applies_to: {scheme: employee, care_type: visit}
in_force: [{from: 2023-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: own
confidence: M
routes: [{stream: rare_drug, when: {drug_group: rare}}]
layers:
  - layer: pooling
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    deductible: {counter: visit_deductible, due: 400}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list:
        - to: none
          rate: [{from: 2023-01-01, until: 2024-07-01, is: "60%"}, {from: 2024-07-01, is: "70%"}]
    payment_ceilings: [{name: yearly, counter: visit_paid, amount: 1000}]
    feeds: [visit_deductible, visit_paid]
"""

# Stays: 1000 the first time in a year, 500 from the second; once a stay; 80 %, the poor 90 %.
STAYS = """
plan: stays
area: "990000"
name: {zh: 住院, en: stays}
applies_to: {scheme: employee, care_type: inpatient}
in_force: [{from: 2023-01-01}]
chosen_by: discharge_date
benefit_year_of: discharge_date
source: own
confidence: M
feeds: [stays]
derived: {nth_stay: {counter: stays, at_most: 2}}
layers:
  - layer: basic
    name: {zh: 基本, en: basic}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    deductible: {counter: stay_deductible, due: {is: 1000, then: [{when: {nth_stay: 2}, set: 500}]}}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: {rows: [{is_poor: false, is: "80%"}, {is_poor: true, is: "90%"}]}}]
    feeds: [stay_deductible, stay_paid]
"""

# Day care: split over the turn of the year; 300 in each year of a stay; 50 % of a bed of 100 a day.
DAY_CARE = """
plan: day_care
area: "990000"
name: {zh: 日间, en: day care}
applies_to: {scheme: employee, care_type: day_care}
in_force: [{from: 2023-01-01}]
chosen_by: charge_date
benefit_year_of: charge_date
source: own
confidence: M
layers:
  - layer: basic
    name: {zh: 基本, en: basic}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    deductible: {counter: day_deductible, due: 300}
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "50%"}]
    payment_ceilings: [{name: bed, amount: 100, per: stay_days}]
    feeds: [day_deductible]
"""


@cache
def law(*plans: str, words: str = WORDS) -> Law:
    return Law(area_from_text("\n---\n".join([words, *(plans or (VISITS, STAYS, DAY_CARE))])))


def member(*spells: Spell, birth_date: date | None = None) -> Member:
    plain = (Spell("scheme", "employee"),)
    poor = () if any(s.fact == "is_poor" for s in spells) else (Spell("is_poor", value=False),)
    return Member("M1", (*plain, *poor, *spells), birth_date)


def visit(claim_id: str, day: str, eligible: int, **facts: object) -> Settle:
    """A visit of ``eligible`` yuan."""
    dates = ClaimDates(date.fromisoformat(day))
    slots = {Slot("eligible"): eligible * 100}
    return Settle(Bill(claim_id, claim_id, dates, {"care_type": "visit", **facts}, slots=slots))


def stay(
    claim_id: str, admitted: str, ended: str, eligible: int, *, encounter: str = "", **facts: object
) -> Settle:
    """A stay, or a row of one, of ``eligible`` yuan."""
    end = date.fromisoformat(ended)
    dates = ClaimDates(end, discharge_date=end, admission_date=date.fromisoformat(admitted))
    slots = {Slot("eligible"): eligible * 100}
    facts = {"care_type": "inpatient", **facts}
    return Settle(Bill(claim_id, encounter or claim_id, dates, facts, slots=slots))


def day_care(claim_id: str, admitted: str, ended: str, *lines: tuple[str | None, int]) -> Settle:
    """A stay in day care with lines of (charge date, yuan)."""
    end = date.fromisoformat(ended)
    dates = ClaimDates(end, discharge_date=end, admission_date=date.fromisoformat(admitted))
    given = tuple(
        GivenLine(
            SplitLine(str(number), eligible_amount=yuan * 100),
            date.fromisoformat(day) if day else None,
        )
        for number, (day, yuan) in enumerate(lines, start=1)
    )
    return Settle(Bill(claim_id, claim_id, dates, {"care_type": "day_care"}, given))
