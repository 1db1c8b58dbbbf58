"""A small law with reforms, and claims to try them on.

By hand: a visit pays half of what is in scope, at most 100.00 a member and year, 60 % of it from
the pool and 40 % from the treasury. `higher` lifts the limit to 300.00; `shift` lets the pool bear
all; `closed` leaves residents without a plan; `idle` changes a plan that only stays have, `unfelt`
a rate that no visit of a level known here has.
"""

from __future__ import annotations

import polars as pl
from polars import selectors as cs

from yibao.offices.actuary.whatif.compare import what_if
from yibao.offices.actuary.whatif.runs import Asked, reforms_named, sample_of

LAW = """
area: "999001"
name: {zh: 示例市, en: Example}
---
facts:
  scheme:
    zh: 险种
    en: scheme
    of: member
    values: {employee: {zh: 职工, en: employees}, resident: {zh: 居民, en: residents}}
  care_type: {zh: 类别, en: care type, of: encounter, values: {visit: 门诊, stay: 住院}}
  is_poor: {zh: 贫困, en: poor, of: member, yes_no: true}
---
counters:
  yearly_paid: {zh: 支付, en: paid, adds: paid, per: [member, benefit_year]}
---
sources:
  S: {title: 示例文件}
---
plan: visit
area: "999001"
name: {zh: 门诊, en: visits}
applies_to: {scheme: [employee, resident], care_type: visit}
in_force: [{from: 2020-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: S
confidence: H
layers:
  - layer: pooling
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pool, share: "60%"}, {fund: treasury, share: "40%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: 10000, rate: "50%"}, {to: none, rate: "50%"}]
    payment_ceilings: [{name: limit, counter: yearly_paid, amount: 100}]
    feeds: [yearly_paid]
---
plan: stay
area: "999001"
name: {zh: 住院, en: stays}
applies_to: {scheme: [employee, resident], care_type: stay}
in_force: [{from: 2020-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
source: S
confidence: H
layers:
  - layer: ward
    name: {zh: 住院统筹, en: ward}
    paid_by: [{fund: pool, share: "100%"}]
    draws: [eligible]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list: [{to: none, rate: "80%"}]
---
overlay: higher
kind: reform
area: "999001"
name: {zh: 限额提高, en: a higher limit}
changes: [{at: visit/pooling/payment_ceilings/limit/amount, replace: 300}]
---
overlay: shift
kind: reform
area: "999001"
name: {zh: 全由统筹支付, en: all from the pool}
changes: [{at: visit/pooling/paid_by, replace: [{fund: pool, share: "100%"}]}]
---
overlay: closed
kind: reform
area: "999001"
name: {zh: 只限职工, en: employees only}
changes: [{at: visit/applies_to/scheme, replace: employee}]
---
overlay: idle
kind: reform
area: "999001"
name: {zh: 住院比例, en: rate of stays}
changes: [{at: stay/ward/bands/list/1/rate, replace: "90%"}]
---
overlay: unfelt
kind: reform
area: "999001"
name: {zh: 一万元以上, en: above ten thousand}
changes: [{at: visit/pooling/bands/list/2/rate, replace: "70%"}]
"""


def visit(number, member, eligible, **more):
    """One visit; ``eligible`` in fen."""
    return {
        "claim_id": f"C{number}",
        "member_id": member,
        "entry_sequence": number,
        "settlement_date": "2024-05-01",
        "scheme": "employee",
        "care_type": "visit",
        "eligible_amount": eligible,
        "prior_self_pay_amount": 0,
        "over_limit_amount": 0,
        "noncovered_amount": 0,
        **more,
    }


def law_folder(folder):
    """The small law as a folder of policies."""
    place = folder / "999001"
    place.mkdir(exist_ok=True)
    (place / "policy.yaml").write_text(LAW, encoding="utf-8")
    return place


def claims_file(folder, rows, name="claims.parquet"):
    """Claims as a file; a key that only some rows have is empty in the others."""
    place = folder / name
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        cs.by_dtype(pl.Null).cast(str)
    )
    if place.suffix == ".csv":
        frame.write_csv(place)
    else:
        frame.write_parquet(place)
    return place


def asked_of(folder, rows, reform="higher", *, base="law", **more):
    """The answer to a what-if under the small law."""
    asked = Asked(str(law_folder(folder)), reforms_named(reform), reforms_named(base))
    return what_if(asked, sample_of(claims_file(folder, rows)), **more)
