"""A small area of our own making, file by file, and what the compiler says about a change to it.

The numbers are nobody's law. The area uses every part of the language once, has no fault, and is
changed by the tests: one text replaced in one file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yibao.base.findings import Fault, FaultsFound
from yibao.engines.policy.area import AreaPolicy
from yibao.engines.policy.compiler import Options, compile_area
from yibao.storage.files.yaml_tree import parse_yaml

CODE = "999999"
LENDER = "990000"

AREA = """\
area: "999999"
name: {zh: 小城, en: Smalltown}
products:
  - {name: clinic, when: {scheme: employee, care_type: clinic}, from: 2024-01-01}
  - {name: stay, when: {care_type: stay}, from: 2024-01-01}
verified_until: 2025-12-31
funds:
  pooling: {zh: 统筹基金, en: pooling fund}
  treasury: {zh: 财政, en: treasury}
"""
FACTS = """\
facts:
  scheme: {zh: 险种, en: scheme, of: member, values: {employee: 职工, resident: 居民}}
  category: {zh: 类别, en: category, of: member, values: {working: 在职, retired: 退休}}
  is_poor: {zh: 贫困, en: poor, of: member, yes_no: true}
  age: {zh: 年龄, en: age, of: member, number: {from: 0, below: 130}}
  wage: {zh: 工资, en: wage, of: member, amount: {from: 0, below: 100000}}
  illnesses: {zh: 病种, en: illnesses, of: member, list_of: disease}
  care_type: {zh: 医疗类别, en: care type, of: encounter, values: {clinic: 门诊, stay: 住院}}
  level: {zh: 级别, en: level, of: encounter, values: {low: 一级, mid: 二级, high: 三级}}
  disease: {zh: 病种, en: disease, of: encounter, values: {cancer: 恶性肿瘤, lupus: 红斑狼疮}}
  nth_stay: {zh: 第几次, en: nth stay, of: encounter, number: {from: 1, below: 100}}
  stay_days: {zh: 天数, en: days, of: encounter, number: {from: 0, below: 400}}
  disease_limit: {zh: 限额, en: limit, of: encounter, amount: {from: 0, below: 100000}}
  drug_group: {zh: 药品组, en: drugs, of: line, values: {ordinary: 普通, rare: 罕见, home: 本地}}
sets:
  lower: {fact: level, values: [low, mid]}
"""
COUNTERS = """\
counters:
  met: {adds: deductible, per: [member, benefit_year]}
  paid: {adds: paid, per: [member, benefit_year]}
  admitted: {adds: admitted, per: [member, benefit_year]}
  covered: {adds: covered, per: [member, benefit_year, disease]}
  earlier_paid: {adds: paid, per: [member, benefit_year]}
  stays: {adds: claim_count, once_per: encounter, counts: [stay], per: [member, benefit_year]}
"""
SOURCES = """\
sources:
  S1: {title: 我们自己的规定}
questions:
  whose: {zh: 归谁, en: whose, reading: {zh: 归本市, en: ours}}
"""
NUMBERS = """\
numbers:
  limit: {zh: 限额, en: limit, unit: amount, is: 5000, source: S1, confidence: H}
  by_illness:
    zh: 病种限额
    en: limit by illness
    unit: amount
    source: S1
    confidence: M
    is: {rows: [{disease: cancer, is: 900}, {disease: lupus, is: 600}]}
indices:
  income:
    {zh: 收入, en: income, unit: amount, source: S1, confidence: H,
     years: {"2023": {is: 28753}, "2024": {is: "29988.50"}}}
"""
CLINIC = """\
plan: clinic
area: "999999"
name: {zh: 门诊, en: clinic}
source: S1
confidence: seed
applies_to: {scheme: employee, care_type: clinic}
in_force: [{from: 2024-01-01}]
chosen_by: settlement_date
benefit_year_of: settlement_date
routes:
  - {stream: rare, when: {drug_group: rare}}
  - {stream: home, when: {drug_group: home}}
layers:
  - layer: basic
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pooling, share: "90%"}, {fund: treasury, share: "10%"}]
    draws: [eligible, "eligible:rare"]
    cost_ceilings:
      before_deductible: [{name: per_day, amount: 500, per: stay_days}]
    deductible:
      counter: met
      due:
        - from: 2024-01-01
          rows: [{level: lower, is: 0}, {level: high, is: 800}]
          except: [{level: high, is_poor: true, is: 400}]
    bands:
      mode: slice
      measured: above_deductible
      position: per_claim
      list:
        - {to: 10000, rate: "60%"}
        - to: none
          rate:
            - from: 2024-01-01
              until: 2025-01-01
              is: "70%"
            - from: 2025-01-01
              is: "75%"
              then: [{when: {category: retired}, plus_points: "5pp"}]
    payment_ceilings:
      - name: yearly
        counter: paid
        amount: {rows: [{is_poor: false, is: 6000}, {is_poor: true, is: none}]}
    feeds: [met, paid, admitted]
  - layer: second
    name: {zh: 补充, en: second}
    paid_by: [{fund: pooling, share: "100%"}]
    draws: ["coinsurance@basic", "over_ceiling@basic.yearly", {slot: noncovered, share: "50%"}]
    deductible: {counter: admitted, due: {index: income, year: previous, times: "50%"}}
    bands:
      mode: whole
      measured: from_zero
      position: admitted
      list:
        - {from: 0, rate: "50%"}
        - {above: {number: limit}, rate: "60%"}
    feeds: [admitted]
"""
STAY = """\
plan: stay
area: "999999"
name: {zh: 住院, en: stay}
source: S1
confidence: M
applies_to: {care_type: stay}
in_force: [{from: 2024-01-01}]
chosen_by: discharge_date
benefit_year_of: discharge_date
feeds: [stays]
derived:
  nth_stay: {counter: stays, at_most: 3}
  disease_limit:
    ranked_sum: {number: by_illness, over: illnesses, as: disease, shares: ["100%", "50%"]}
layers:
  - layer: basic
    name: {zh: 统筹, en: pooling}
    paid_by: [{fund: pooling, share: "100%"}]
    draws: [eligible]
    deductible:
      counter: per_claim
      due: {is: 900, then: [{when: {nth_stay: 2}, times: "50%"}, {when: {nth_stay: 3}, set: 100}]}
      yearly_maximum: {counter: met, amount: 2000}
    bands:
      mode: slice
      measured: above_deductible
      position: {rows: [{disease: cancer, is: covered}, {disease: lupus, is: per_claim}]}
      list:
        - {to: {fact: disease_limit}, rate: "80%"}
        - to: none
          rate: {is: "50%", then: [{plus_per: {fact: age, amount: "0.2pp", beyond: 60}}]}
    feeds: [covered, met]
  - layer: floor
    name: {zh: 保底, en: floor}
    paid_by: [{fund: treasury, share: "100%"}]
    draws: ["deductible@basic", "coinsurance@basic"]
    top_up: {target: {share: "50%", of: [eligible]}, counting: [basic]}
"""
FORMULA = """\
entitlement: allowance
area: "999999"
name: {zh: 津贴, en: allowance}
source: S1
confidence: M
applies_to: {scheme: employee}
in_force: [{from: 2024-01-01}]
chosen_by: event_date
paid_by: [{fund: pooling, share: "100%"}]
pays: money
lines:
  - {line: days, name: {zh: 天数, en: days}, unit: count,
     is: {is: 98, then: [{when: {is_poor: true}, plus: 15}]}}
  - {line: whole, name: {zh: 全额, en: whole}, unit: amount,
     is: {fact: wage, then: [{divide_by: 30}, {times_fact: days}]}}
  - {line: part, name: {zh: 部分, en: part}, unit: amount,
     is: {fact: whole, then: [{times: "40%"}]}}
  - {line: money, name: {zh: 金额, en: money}, unit: amount,
     is: {fact: whole, then: [{minus_fact: part}]}}
"""
REGISTER = """\
register:
  - {product: clinic, from: 2024-01-01, sourced: {zh: 全部, en: all}, checked_on: 2025-06-30}
"""
EXAMPLES = """\
overlay: examples
kind: examples
area: "999999"
name: {zh: 示例值, en: example values}
changes:
  - {at: clinic/basic/bands/list/1/rate, replace: {is: "65%", source: S1, confidence: example}}
"""
FILES: Mapping[str, str] = {
    "area.yaml": AREA,
    "facts.yaml": FACTS,
    "counters.yaml": COUNTERS,
    "sources.yaml": SOURCES,
    "numbers.yaml": NUMBERS,
    "clinic.yaml": CLINIC,
    "stay.yaml": STAY,
    "formula.yaml": FORMULA,
    "register.yaml": REGISTER,
    "examples.yaml": EXAMPLES,
}


@dataclass(frozen=True)
class Changed:
    """The files with one text replaced, and the line that the replacement begins on."""

    files: Mapping[str, str]
    file: str
    line: int

    def line_of(self, text: str) -> int:
        """The line of a text that stands once in the changed file."""
        return line_of(self.files[self.file], text)


def line_of(whole: str, text: str) -> int:
    assert whole.count(text) == 1, f"{text!r} stands {whole.count(text)} times"
    return whole[: whole.index(text)].count("\n") + 1


def changed(file: str, old: str, new: str, *, files: Mapping[str, str] = FILES) -> Changed:
    text = files[file]
    line = line_of(text, old)
    return Changed({**files, file: text.replace(old, new)}, file, line)


def compiled(
    files: Mapping[str, str] = FILES,
    *,
    lent: Mapping[str, str] | None = None,
    options: Options | None = None,
) -> AreaPolicy:
    """The law of the files; ``lent`` are those of an area that things are taken from."""
    books = {
        code: [tree for name, text in named.items() for tree in parse_yaml(text, f"{code}/{name}")]
        for code, named in {CODE: files, LENDER: lent or {}}.items()
    }
    return compile_area(books, CODE, options=options or Options())


def faults_in(files: Mapping[str, str], **more) -> list[Fault]:
    try:
        compiled(files, **more)
    except FaultsFound as found:
        return list(found.faults)
    return []


def told(fault: Fault) -> str:
    """A fault as ``file:line code``."""
    return f"{fault.where} {fault.code}"
