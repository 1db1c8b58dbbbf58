"""What the two runs of a what-if rest on, summed over their answers: examples, questions, findings.

A what-if is as sound as the answers under it, so the counts are told side by side with the amounts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from yibao.base.texts import Text
from yibao.engines.policy.area import AreaPolicy
from yibao.offices.actuary.whatif.shapes import Comparison, Grounds

CANNOT_SEE = (
    Text(
        "就医行为不变：待遇提高后多去的、提前去的、以前不报的就诊，都不在内",
        "people behave alike: visits that a better benefit brings, earlier or for the first time,"
        " are not in it",
    ),
    Text(
        "机构不变：不会因起付线和比例改到别的级别就医，也没有住院与门诊之间的转移",
        "places stay alike: nobody moves to another level, or between ward and outpatient care,"
        " because a deductible or a rate changed",
    ),
    Text(
        "收费不变：机构的价格、项目和分解方式照旧",
        "bills stay alike: prices, items and the way that bills are split up",
    ),
    Text(
        "只含文件中的结算单：没有报销记录的人、筹资和基金收入不在内",
        "only the claims of the file: people without a claim, contributions and the funds' income"
        " are not in it",
    ),
)
"""What a static what-if leaves out."""
_EXAMPLE_ITEM = "example_item"
_LONG = 20  # a content hash is for programs


def grounds_of(tables: Sequence[Path]) -> Grounds:
    """What the answers of a run's tables of claims rest on."""
    scan = pl.scan_parquet(list(tables))
    sums = scan.select(
        pl.len().alias("answers"),
        (pl.col("examples_count") > 0).sum().alias("with_examples"),
        pl.col("values_count").sum(),
        pl.col("examples_count").sum(),
    ).collect()
    versions = scan.select(pl.col("engine_version").unique().sort()).collect()
    told = sums.to_dicts()[0]
    return Grounds(
        tuple(versions["engine_version"]),
        answers_count=told["answers"],
        answers_with_examples_count=told["with_examples"],
        values_count=told["values_count"],
        examples_count=told["examples_count"],
        questions=_counted(scan, "open_questions"),
        findings=_counted(scan, "findings"),
    )


def _counted(scan: pl.LazyFrame, name: str) -> Mapping[str, int]:
    """How many answers carry each name of a column of lists with ``;`` between."""
    parts = scan.select(pl.col(name).drop_nulls().str.split(";")).explode(name)
    found = parts.group_by(name).len().sort(name).collect()
    return dict(found.iter_rows())


def question_texts(
    grounds: tuple[Grounds, Grounds], *areas: AreaPolicy
) -> Mapping[str, tuple[Text, Text]]:
    """Every open question that an answer rests on, with the reading taken."""
    known = {name: one for area in areas for name, one in area.questions.items()}
    asked = sorted({*grounds[0].questions, *grounds[1].questions})
    nothing = Text("", "")
    return {
        name: (known[name].question, known[name].reading) if name in known else (nothing, nothing)
        for name in asked
    }


def grounds_told(comparison: Comparison) -> Iterator[Text]:
    """The grounds as sentences: what nothing touched, what was rejected, examples, questions."""
    yield from touch_told(comparison)
    yield from _rejects_told(comparison)
    yield from _examples_told(comparison)
    if comparison.questions:
        names = ", ".join(comparison.questions)
        yield Text(f"规定尚不明确：{names}", f"The law is not settled: {names}")
    unverified = max(
        grounds.findings.get("unverified_year", 0)
        for grounds in (comparison.base_grounds, comparison.reform_grounds)
    )
    if unverified:
        yield Text(
            f"{unverified} 条结果用到尚未核实年份的规定",
            f"{unverified} answers are of years whose law was not verified",
        )


def touch_told(comparison: Comparison) -> Iterator[Text]:
    """Whether the reform touches these claims at all, where it does not."""
    counts = comparison.counts
    if not counts.compared:
        yield Text(
            "没有一张结算单在两边都能结算，无从比较",
            "No claim was settled on both sides: there is nothing to compare",
        )
    elif not counts.rules_changed:
        yield Text(
            "改革没有触及这些结算单适用的任何规定：两边逐分相同",
            "The reform touches no rule under which these claims were settled: both sides are"
            " equal to the fen",
        )
    elif not counts.answer_changed:
        yield Text(
            f"{counts.rules_changed} 张结算单适用的规定有改动，但没有一张的结果因此改变",
            f"The rules of {counts.rules_changed} claims are changed, and yet no answer is",
        )


def _rejects_told(comparison: Comparison) -> Iterator[Text]:
    counts = comparison.counts
    one_sided = counts.rejected_in_base_only + counts.rejected_in_reform_only
    if one_sided:
        yield Text(
            f"{one_sided} 张结算单只有一边能结算（基准拒绝 {counts.rejected_in_base_only}，"
            f"改革拒绝 {counts.rejected_in_reform_only}），不计入比较；"
            f"涉及的 {counts.touched_members_count} 人，累计因此也不同",
            f"{one_sided} claims were settled on one side only (rejected by the base"
            f" {counts.rejected_in_base_only}, by the reform {counts.rejected_in_reform_only})"
            f" and are in no sum; the counters of their {counts.touched_members_count} members"
            " differ for that reason too",
        )
    if counts.rejected_in_both:
        yield Text(
            f"{counts.rejected_in_both} 张结算单两边都未能结算，不计入比较",
            f"{counts.rejected_in_both} claims were settled on neither side and are in no sum",
        )


def _examples_told(comparison: Comparison) -> Iterator[Text]:
    sides = (
        (Text("基准", "Base"), comparison.base_grounds),
        (Text("改革", "Reform"), comparison.reform_grounds),
    )
    for side, grounds in sides:
        if grounds.examples_count:
            yield Text(
                f"{side.zh}：所用 {grounds.values_count} 个政策数值中有 {grounds.examples_count}"
                f" 个是示例值，涉及 {grounds.answers_with_examples_count} 条结果，只供演示",
                f"{side.en}: {grounds.examples_count} of {grounds.values_count} values used are"
                f" examples, in {grounds.answers_with_examples_count} answers: a demonstration",
            )
    if not any(grounds.examples_count for _, grounds in sides):
        values = [grounds.values_count for _, grounds in sides]
        yield Text(
            f"所用政策数值（基准 {values[0]} 个、改革 {values[1]} 个）中没有示例值",
            f"None of the values used ({values[0]} in the base, {values[1]} in the reform) is an"
            " example",
        )
    if comparison.made:
        short = {n: value for n, value in comparison.made.items() if len(str(value)) < _LONG}
        told = ", ".join(f"{name}={value}" for name, value in short.items())
        yield Text(
            f"结算单是合成的（{told}），不是真实的人群：金额只说明规定，不说明这座城市",
            f"The claims are made up ({told}), not of real people: the amounts show the rules at"
            " work, they are no evidence of the city",
        )
    items = max(grounds.findings.get(_EXAMPLE_ITEM, 0) for _, grounds in sides)
    if items:
        yield Text(
            f"{items} 张结算单的明细按示例目录切分，本身就是示例",
            f"The lines of {items} claims were split by an example catalogue: they are examples"
            " themselves",
        )
