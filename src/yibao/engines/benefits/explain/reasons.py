"""The published reasons: why a fen is not paid, why there is no answer, what a reader must know.

A reason code is stable: it is never renamed and never used for something else. The order of each
table is its order of precedence: adjustments are listed in it, and of several codes the first is
the main one. Adjustments follow the way of a bill, from the catalogue to the last ceiling.
docs/reason-codes.md shows these tables and a test holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from yibao.base.texts import Text

Group = Literal["catalogue", "no_benefit", "member_share", "ceiling"]

GROUPS: MappingProxyType[Group, Text] = MappingProxyType(
    {
        "catalogue": Text("目录与价格范围之外", "outside the catalogue or its prices"),
        "no_benefit": Text("没有待遇支付", "no benefit reached it"),
        "member_share": Text("按规定由个人负担", "the member's own share"),
        "ceiling": Text("封顶线以上", "above a ceiling"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A code, its short label and one sentence that a member understands."""

    code: str
    label: Text
    sentence: Text


@dataclass(frozen=True, slots=True)
class AdjustmentReason(Reason):
    """Why an amount is not paid by any fund (核减/自付原因), and the group it belongs to."""

    group: Group


ADJUSTMENTS: tuple[AdjustmentReason, ...] = (
    AdjustmentReason(
        "noncovered",
        Text("全自费", "not covered"),
        Text(
            "项目不在医保目录之内，费用全部由个人负担。",
            "The item is outside the insurance catalogue, so all of it is the member's.",
        ),
        "catalogue",
    ),
    AdjustmentReason(
        "over_limit",
        Text("超限价自费", "above the price limit"),
        Text(
            "项目价格高于医保规定的限价，高出的部分由个人负担。",
            "The price is above the item's price limit, and the excess is the member's.",
        ),
        "catalogue",
    ),
    AdjustmentReason(
        "prior_self_pay",
        Text("先行自付", "first share of the item"),
        Text(
            "乙类等项目须先由个人按比例负担一部分，其余部分才进入报销。",
            "The member bears a first share of items such as class B; the rest enters the benefit.",
        ),
        "member_share",
    ),
    AdjustmentReason(
        "eligible_not_relieved",
        Text("符合范围但未获支付", "in scope, not paid"),
        Text(
            "费用符合政策范围，但没有一个保障层支付到这一部分。",
            "The cost is in scope, but no layer of this plan paid this part of it.",
        ),
        "no_benefit",
    ),
    AdjustmentReason(
        "deductible",
        Text("起付线以内", "deductible"),
        Text(
            "基金开始支付之前，起付线以内的费用由个人负担。",
            "The member bears the deductible before the fund begins to pay.",
        ),
        "member_share",
    ),
    AdjustmentReason(
        "coinsurance",
        Text("按比例个人负担", "coinsurance"),
        Text(
            "基金按比例支付之后，剩余比例的费用由个人负担。",
            "The fund pays its rate, and the remaining share is the member's.",
        ),
        "member_share",
    ),
    AdjustmentReason(
        "over_ceiling",
        Text("超过封顶线", "over a ceiling"),
        Text(
            "费用超过该保障层的封顶线，超出的部分该层不再支付。",
            "The cost goes beyond a ceiling of the layer, which pays nothing above it.",
        ),
        "ceiling",
    ),
)
"""Why an amount stays on the member, in order of precedence."""

UNABLE: tuple[Reason, ...] = (
    Reason(
        "no_plan",
        Text("没有适用的方案", "no plan applies"),
        Text(
            "没有一个方案适用于这些事实，请核对险种、就诊类别和医疗机构级别。",
            "No plan applies to these facts; check scheme, care type and facility level.",
        ),
    ),
    Reason(
        "several_plans",
        Text("多个方案同时适用", "several plans apply"),
        Text(
            "不止一个方案适用于同一张结算单，须先在政策中消除冲突。",
            "More than one plan applies to one bill; the policy must part them first.",
        ),
    ),
    Reason(
        "no_rule_on_date",
        Text("当日没有规则", "no rule on that day"),
        Text(
            "方案在该日期没有已收录的规则，没有规定就不作任何推断。",
            "The plan holds no rule for that day, and silence decides nothing.",
        ),
    ),
    Reason(
        "index_missing",
        Text("缺少公布指标", "a published figure is missing"),
        Text(
            "规则要用到的公布指标没有收录该年度的数值。",
            "A rule asks for a published yearly figure that is not recorded for that year.",
        ),
    ),
    Reason(
        "charge_date_missing",
        Text("缺少费用发生日期", "a charge date is missing"),
        Text(
            "方案按费用发生日期适用规则，但有明细没有写明日期。",
            "The plan reads the law of the charge date, and a line does not state it.",
        ),
    ),
    Reason(
        "fact_missing",
        Text("缺少事实", "a fact is missing"),
        Text(
            "规则要用到的一项事实没有填写，请补充后再试。",
            "A rule asks for a fact that nobody stated; add it and try again.",
        ),
    ),
    Reason(
        "fact_unknown",
        Text("事实无法对应规则", "a fact without a rule"),
        Text(
            "一项事实没有定义，或规则对它的取值没有规定，请先核对。",
            "A fact is not defined, or the rule has nothing for its value; check it first.",
        ),
    ),
    Reason(
        "value_unknown",
        Text("取值未定义", "a value is not defined"),
        Text(
            "一项事实的取值不在本统筹区的定义之内，请改为已定义的值。",
            "A fact has a value that the area does not define; use one that it defines.",
        ),
    ),
    Reason(
        "example_needed",
        Text("需要示例值", "an example value is needed"),
        Text(
            "所需数值没有可靠来源，只有启用示例值才能试算。",
            "No source gives a number that is needed; only example values allow a trial.",
        ),
    ),
)
"""Why there is no determination, in order of precedence: the first that holds is the answer."""

FINDINGS: tuple[Reason, ...] = (
    Reason(
        "unverified_year",
        Text("超出已核实的年度", "beyond the verified years"),
        Text(
            "该日期晚于本统筹区政策已核实的年度，规则可能已经变化，请人工核对。",
            "The day is later than the area's law was verified for; the rules may have changed.",
        ),
    ),
    Reason(
        "example_item",
        Text("使用了示例目录项目", "an item of the example catalogue"),
        Text(
            "有明细按示例目录拆分，不是真实目录，结果只供演示。",
            "A line was split by the example catalogue, not a real one; it is a demonstration.",
        ),
    ),
    Reason(
        "examples_used",
        Text("使用了示例值", "example values were used"),
        Text(
            "部分政策数值是示例而不是法规，结果只供演示。",
            "Some values of the policy are examples and not law; the result is a demonstration.",
        ),
    ),
    Reason(
        "open_questions",
        Text("规定尚不明确", "the law is not settled"),
        Text(
            "结果依赖尚未明确的规定，所采用的理解已逐条列出。",
            "The result rests on law that is not settled; the readings taken are listed.",
        ),
    ),
)
"""What a reader of a determination must know, in order of precedence."""

PRECEDENCE: MappingProxyType[str, int] = MappingProxyType(
    {reason.code: place for place, reason in enumerate(ADJUSTMENTS)}
)
"""An adjustment reason's place in the published order, from 0."""

_BY_CODE = {reason.code: reason for reason in (*ADJUSTMENTS, *UNABLE, *FINDINGS)}
_ADJUSTMENT_BY_CODE = {reason.code: reason for reason in ADJUSTMENTS}
_CODE_OF_SLOT_REASON = {"eligible": "eligible_not_relieved"}


def reason_of(code: str) -> Reason:
    """The reason of a code; a code that no table lists is shown as itself."""
    known = _BY_CODE.get(code)
    return known or Reason(code, Text(code, code), Text(code, code))


def adjustment_reason(slot_reason: str) -> AdjustmentReason:
    """Why an amount in a left slot is not paid, from the slot's reason.

    Raises:
        KeyError: if the slot's reason is none that a claim can have.
    """
    return _ADJUSTMENT_BY_CODE[_CODE_OF_SLOT_REASON.get(slot_reason, slot_reason)]
