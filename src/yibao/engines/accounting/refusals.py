"""Why an entry is refused (拒绝记账): stable codes, in a published order of precedence.

A refusal is data and no exception: a batch goes on behind it. Its message names the entry, the
account or fund and the rule that holds; its remedy says what to do. Those that only the books can
know (an id used before, a closed day) are found by the treasury office and said in the same shape.

Holds: :data:`REFUSAL_CODES` is the order; the first code of an entry is the one that is answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from yibao.base.texts import Language, Text

REFUSAL_CODES = (
    "book_unknown",
    "client_id_reused",
    "text_invalid",
    "entry_empty",
    "entry_too_long",
    "amount_zero",
    "amount_too_large",
    "account_unknown",
    "account_not_open",
    "party_missing",
    "party_unexpected",
    "event_unknown",
    "facing_refused",
    "unbalanced",
    "wall_crossed",
    "clearing_unpaired",
    "business_date_in_future",
    "business_date_before_opening",
    "period_closed",
    "reversal_unknown",
    "reversal_repeated",
    "reversal_differs",
    "reservation_unknown",
    "reservation_ended",
    "reservation_exceeded",
    "personal_account_overdrawn",
    "fund_overdrawn",
    "append_only",
)
"""Why an entry is not booked, in order of precedence."""

_RULES: dict[str, Text] = {
    "book_unknown": Text("该地区尚未建账", "no book was opened for the area"),
    "client_id_reused": Text(
        "同一编号已经记过不同内容的分录", "this client id stands in the books with other content"
    ),
    "text_invalid": Text(
        "编号不得为空；文字不得含控制字符或反斜杠，且不超过 400 字",
        "an id is not empty; a text has no control character, no backslash, at most 400 letters",
    ),
    "entry_empty": Text("分录没有任何行", "the entry has no lines"),
    "entry_too_long": Text("分录行数过多", "the entry has more lines than one may have"),
    "amount_zero": Text("金额不得为零", "a line's amount is not zero"),
    "amount_too_large": Text("金额超出系统上限", "the amount is beyond what is read as one"),
    "account_unknown": Text("科目表中没有该科目", "the chart has no such account"),
    "account_not_open": Text("该科目在业务日期未启用", "the account is not open on that day"),
    "party_missing": Text(
        "该科目须写明往来对象", "the account is kept by party, and none is named"
    ),
    "party_unexpected": Text("该科目不按往来对象核算", "the account is not kept by party"),
    "event_unknown": Text("科目表中没有该业务事件", "the chart has no such event"),
    "facing_refused": Text(
        "该事件不得在此方向使用该科目", "the event may not face the account on this side"
    ),
    "unbalanced": Text("借贷不平，合计应为零", "debits and credits do not sum to zero"),
    "wall_crossed": Text(
        "基金之间须各自平衡，该基金合计不为零", "a fund's lines sum to zero by themselves"
    ),
    "clearing_unpaired": Text(
        "基金往来科目须成对且合计为零", "the lines of a clearing pair sum to zero"
    ),
    "business_date_in_future": Text(
        "业务日期晚于入账日期", "the business date lies behind the booking date"
    ),
    "business_date_before_opening": Text(
        "业务日期早于建账日期", "the business date lies before the book was opened"
    ),
    "period_closed": Text("该业务日期所在期间已结账", "the period of the business date is closed"),
    "reversal_unknown": Text("没有要冲正的分录", "there is no entry to reverse"),
    "reversal_repeated": Text("该分录已被冲正", "the entry is reversed already"),
    "reversal_differs": Text(
        "冲正须与原分录逐行相反", "a reversal has the original's lines with the other sign"
    ),
    "reservation_unknown": Text("没有该预留", "there is no such reservation"),
    "reservation_ended": Text(
        "该预留已使用、已释放或已到期", "the reservation is used up, released, or its time is over"
    ),
    "reservation_exceeded": Text("金额超出预留", "the amount is beyond what was reserved"),
    "personal_account_overdrawn": Text(
        "个人账户余额不得为负", "a personal account does not go below zero"
    ),
    "fund_overdrawn": Text(
        "基金存款不得透支，且无有效透支许可", "a fund is not overdrawn without a dated permission"
    ),
    "append_only": Text("账簿只增不改", "the books only grow"),
}

_REMEDIES: dict[str, Text] = {
    "book_unknown": Text(
        "请先为该地区建账，或核对地区代码", "open its book first, or check the area's code"
    ),
    "client_id_reused": Text("请换用新的编号，或核对重发内容", "use a new id, or send the same"),
    "text_invalid": Text("请更正该文字", "mend the text"),
    "entry_empty": Text("请补充分录行", "add its lines"),
    "entry_too_long": Text("请拆分为多笔分录", "split it into several entries"),
    "amount_zero": Text("请删除零金额行", "leave the line out"),
    "amount_too_large": Text("请核对单位，金额以分计", "check the unit: amounts are fen"),
    "account_unknown": Text(
        "请核对科目编码（基金/科目类型），或在科目表中补充",
        "check the code (fund/account type), or add it to the chart",
    ),
    "account_not_open": Text(
        "请改用当日有效的科目，或核对业务日期", "use an account that is open, or check the day"
    ),
    "party_missing": Text(
        "请写明人员、机构、企业或银行账户编号",
        "name the member, provider, supplier or bank account",
    ),
    "party_unexpected": Text("请删除往来对象", "leave the party out"),
    "event_unknown": Text(
        "请核对事件名称，或在科目表中补充", "check its name, or add it to the chart"
    ),
    "facing_refused": Text(
        "请核对借贷方向和科目；允许的对应关系见 docs/accounts.md",
        "check side and account; docs/accounts.md has what each event may face",
    ),
    "unbalanced": Text(
        "请核对各行金额后整笔重报", "check the amounts and send the whole entry again"
    ),
    "wall_crossed": Text(
        "跨基金资金须经基金往来科目划转", "money between funds passes through clearing accounts"
    ),
    "clearing_unpaired": Text(
        "请在对方基金补记同额反向的往来行",
        "add the opposite line in the other fund's clearing account",
    ),
    "business_date_in_future": Text("请核对业务日期", "check the business date"),
    "business_date_before_opening": Text(
        "建账前的业务只以期初余额入账", "what came before enters as opening balances only"
    ),
    "period_closed": Text(
        "请记入未结账期间，或由第二人批准后重新开账",
        "book it in an open period, or have a second person reopen the period",
    ),
    "reversal_unknown": Text("请核对原分录的记账号", "check the booking number of the original"),
    "reversal_repeated": Text("请核对已有的冲正分录", "look at the reversal that stands"),
    "reversal_differs": Text("请整笔冲正后另行补记", "reverse the whole, then book what is right"),
    "reservation_unknown": Text("请核对预留号", "check the reservation's number"),
    "reservation_ended": Text(
        "请重新预留，到期时刻须晚于现在", "reserve again, up to a moment that is still to come"
    ),
    "reservation_exceeded": Text("请减少金额或另行预留", "lower the amount, or reserve more"),
    "personal_account_overdrawn": Text(
        "请减少个人账户支付，其余由本人现金支付", "pay less from the account, the rest in cash"
    ),
    "fund_overdrawn": Text(
        "请先补足存款，或由有权人签发限期透支许可",
        "fund the bank account first, or have a dated permission issued",
    ),
    "append_only": Text("请用冲正分录更正", "correct it by a reversal"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one entry is refused: ``line_number`` from 1, 0 where the whole entry is concerned.

    ``subject`` is the account, fund, event or number concerned, ``found`` what was found there.
    """

    code: str
    client_id: str
    line_number: int = 0
    subject: str = ""
    found: str = ""

    @property
    def message(self) -> Text:
        """Which entry, line and account; which rule does not hold."""
        rule = _RULES[self.code]
        found_zh = f"，实为 {self.found}" if self.found else ""
        found_en = f" (found: {self.found})" if self.found else ""
        line_zh = f"第 {self.line_number} 行" if self.line_number else ""
        line_en = f" line {self.line_number}" if self.line_number else ""
        subject_zh = f" {self.subject}" if self.subject else ""
        return Text(
            f"分录 {self.client_id} {line_zh}{subject_zh}: {rule.zh}{found_zh}".replace("  ", " "),
            f"entry {self.client_id}{line_en}{subject_zh}: {rule.en}{found_en}",
        )

    @property
    def remedy(self) -> Text:
        """What to do."""
        return _REMEDIES[self.code]

    def told(self, language: Language) -> str:
        """The refusal as two lines of prose in one language."""
        arrow = "处理" if language == "zh" else "What to do"
        message, remedy = self.message.in_language(language), self.remedy.in_language(language)
        return f"[{self.code}] {message}\n    {arrow}: {remedy}"


def ordered(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """Refusals in order of precedence, then of line, each once."""
    rank = {code: position for position, code in enumerate(REFUSAL_CODES)}
    unique = dict.fromkeys(refusals)
    return tuple(sorted(unique, key=lambda refusal: (rank[refusal.code], refusal.line_number)))
