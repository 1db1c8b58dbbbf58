"""A what-if on the terminal: tables in exact yuan and fen, then what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table

from yibao.base.money import format_yuan
from yibao.base.texts import Language, Text
from yibao.doors.cli.statements import console_for_people
from yibao.offices.actuary.whatif.grounds import CANNOT_SEE, grounds_told, touch_told
from yibao.offices.actuary.whatif.shapes import Change, Comparison, Moved
from yibao.offices.actuary.whatif.units import range_told, rate_told, sign_of

_BASE, _REFORM = Text("基准", "base"), Text("改革", "reform")
_CHANGE, _RATE = Text("变化", "change"), Text("变化率", "in %")
_MEMBERS, _CHANGED = Text("人数", "members"), Text("受影响人数", "affected")
_CLAIMS, _SUBMITTED = Text("结算单", "claims"), Text("医疗费总额", "submitted")


def print_comparison(
    comparison: Comparison, language: Language, *, policy: str, is_brief: bool = False
) -> None:
    """Everything but the single claims; in brief, without the groups of members.

    In brief, open questions are named, and it is told where ``policy`` says them in full.
    """
    teller = _Teller(console_for_people(), language)
    teller.head(comparison)
    teller.totals(comparison)
    for title, changes in (
        (Text("按基金", "by fund"), comparison.funds),
        (Text("按保障层", "by layer"), comparison.layers),
    ):
        rows = [(label, change) for _, label, change in changes]
        teller.changes(title, rows)
    if comparison.counts.answer_changed:
        if not is_brief:
            teller.groups(comparison)
            teller.deciles(comparison)
        teller.bands(comparison)
    if comparison.counts.answer_changed and not is_brief:
        teller.moved(Text("减轻最多的人", "largest gains"), comparison.gains)
        teller.moved(Text("加重最多的人", "largest losses"), comparison.losses)
    teller.grounds(comparison, policy=policy, is_brief=is_brief)


class _Teller:
    """Prints the parts of a comparison in one language."""

    def __init__(self, console: Console, language: Language) -> None:
        self._console, self._language = console, language

    def _say(self, text: Text) -> str:
        return text.in_language(self._language)

    def _print(self, text: Text) -> None:
        self._console.print(self._say(text), markup=False)

    def _table(
        self, title: Text, first: Text, heads: Sequence[Text], rows: Iterable[Sequence[str]]
    ) -> None:
        table = Table(title=self._say(title), title_justify="left")
        table.add_column(self._say(first))
        for head in heads:
            table.add_column(self._say(head), justify="right")
        for row in rows:
            table.add_row(*row)
        self._console.print(table)

    def head(self, comparison: Comparison) -> None:
        """What is compared with what, and on how many claims."""
        sides, counts = comparison.sides, comparison.counts
        self._print(
            Text(
                f"{sides.area.zh}　如果：{sides.reform.zh}　对照：{sides.base.zh}",
                f"{sides.area.en}. What if: {sides.reform.en}. Against: {sides.base.en}",
            )
        )
        self._print(
            Text(
                f"读取 {counts.read} 张结算单，比较 {counts.compared}；"
                f"适用规定有改动 {counts.rules_changed}，换了待遇方案 {counts.plan_changed}，"
                f"结果改变 {counts.answer_changed}",
                f"{counts.read} claims read, {counts.compared} compared;"
                f" rules changed for {counts.rules_changed}, plan for {counts.plan_changed},"
                f" answer for {counts.answer_changed}",
            )
        )
        for text in touch_told(comparison):
            self._print(text)

    def totals(self, comparison: Comparison) -> None:
        """Funds and members in all."""
        total = comparison.total
        rows = [
            (Text("基金支付", "paid by funds"), total.benefit),
            (Text("个人负担", "out of pocket"), total.out_of_pocket),
        ]
        self.changes(Text("合计", "in all"), rows)
        self._print(
            Text(
                f"{total.members_count} 人中 {total.changed_members_count} 人的基金支付有变化，"
                f"{comparison.winners_count} 人负担减轻，{comparison.losers_count} 人负担加重",
                f"Of {total.members_count} members the funds pay otherwise for"
                f" {total.changed_members_count}; {comparison.winners_count} bear less,"
                f" {comparison.losers_count} bear more",
            )
        )

    def changes(self, title: Text, rows: Sequence[tuple[Text, Change]]) -> None:
        """Amounts before and after."""
        if rows:
            heads = (_BASE, _REFORM, _CHANGE, _RATE)
            told = [(self._say(label), *_change(change)) for label, change in rows]
            self._table(title, Text("元", "yuan"), heads, told)

    def groups(self, comparison: Comparison) -> None:
        """One table a grouping; groupings that part nothing in one line."""
        whole = [one for one in comparison.groupings if len(one.groups) == 1]
        if whole:
            zh = "，".join(f"{one.label.zh}：{one.groups[0][1].zh}" for one in whole)
            en = "; ".join(f"{one.label.en}: {one.groups[0][1].en}" for one in whole)
            self._print(Text(f"全部结算单的{zh}", f"All claims: {en}"))
        heads = (_CLAIMS, _MEMBERS, _CHANGED, _SUBMITTED, _BASE, _REFORM, _CHANGE, _RATE)
        for grouping in comparison.groupings:
            if len(grouping.groups) == 1:
                continue
            label = grouping.label
            title = Text(f"基金支付，按{label.zh}", f"paid by funds, by {label.en}")
            rows = [
                (
                    self._say(text),
                    str(effect.claims_count),
                    str(effect.members_count),
                    str(effect.changed_members_count),
                    _yuan(effect.submitted_amount),
                    *_change(effect.benefit),
                )
                for _, text, effect in grouping.groups
            ]
            self._table(title, label, heads, rows)

    def deciles(self, comparison: Comparison) -> None:
        """Tenths of the members by what they bore before."""
        title = Text(
            "个人负担，按基准负担十等分（1 为最轻）", "out of pocket, by tenths of it (1 least)"
        )
        span = Text("负担区间", "who bore")
        heads = (_MEMBERS, _CHANGED, span, _BASE, _REFORM, _CHANGE, _RATE)
        rows = [
            (
                str(decile.number),
                str(decile.members_count),
                str(decile.changed_members_count),
                f"{_yuan(decile.lowest_amount)} – {_yuan(decile.highest_amount)}",
                *_change(decile.out_of_pocket),
            )
            for decile in comparison.deciles
        ]
        self._table(title, Text("等分", "tenth"), heads, rows)

    def bands(self, comparison: Comparison) -> None:
        """Winners and losers by amount."""
        heads = (
            Text("减轻人数", "bear less"),
            Text("减轻金额", "by"),
            Text("加重人数", "bear more"),
            Text("加重金额", "by"),
        )
        rows = [
            (
                self._say(range_told(band.above_amount, band.most_amount)),
                str(band.winners_count),
                _yuan(band.winners_amount),
                str(band.losers_count),
                _yuan(band.losers_amount),
            )
            for band in comparison.bands
        ]
        title = Text("负担减轻与加重的人", "winners and losers")
        self._table(title, Text("人均变化", "a member's change"), heads, rows)

    def moved(self, title: Text, moved: Sequence[Moved]) -> None:
        """The members whose burden changes most."""
        if not moved:
            return
        rows = [
            (
                one.member_id,
                str(one.claims_count),
                _yuan(one.submitted_amount),
                *_change(one.out_of_pocket),
            )
            for one in moved
        ]
        member = Text("参保人", "member")
        heads = (_CLAIMS, _SUBMITTED, _BASE, _REFORM, _CHANGE, _RATE)
        self._table(title, member, heads, rows)

    def grounds(self, comparison: Comparison, *, policy: str, is_brief: bool) -> None:
        """What the answer rests on, and what it cannot see."""
        told_above = set(touch_told(comparison))
        for text in grounds_told(comparison):
            if text not in told_above:
                self._print(text)
        self._questions(comparison, policy=policy, is_brief=is_brief)
        for row in comparison.one_sided_claims.head(10).iter_rows(named=True):
            settled_in = _BASE if row["settled_in"] == "base" else _REFORM
            self._print(
                Text(
                    f"  {row['claim_id']}：只在{settled_in.zh}结算；另一边 [{row['code']}]"
                    f" {row['message_zh']}",
                    f"  {row['claim_id']}: settled in the {settled_in.en} only; else"
                    f" [{row['code']}] {row['message_en']}",
                )
            )
        self._print(Text("静态测算看不到：", "What a static what-if cannot see:"))
        for text in CANNOT_SEE:
            self._print(Text(f"  - {text.zh}", f"  - {text.en}"))

    def _questions(self, comparison: Comparison, *, policy: str, is_brief: bool) -> None:
        """The open questions in full; in brief, where to read what was named above."""
        asked = {name: told for name, told in comparison.questions.items() if told[0].zh}
        if asked and is_brief:
            self._print(
                Text(
                    f"  各问题与采用的理解: yibao policy sources {policy}",
                    f"  the questions, and how each is read: yibao policy sources {policy}",
                )
            )
            return
        for name, (question, reading) in asked.items():
            self._print(
                Text(
                    f"  {name}：{question.zh} 采用的理解：{reading.zh}",
                    f"  {name}: {question.en} Read as: {reading.en}",
                )
            )


def _yuan(amount: int) -> str:
    return format_yuan(amount, grouped=True)


def _change(change: Change) -> tuple[str, str, str, str]:
    amount = change.change_amount
    return (
        _yuan(change.base_amount),
        _yuan(change.reform_amount),
        f"{sign_of(amount, signed=True)}{_yuan(abs(amount))}",
        rate_told(change.change_rate),
    )
