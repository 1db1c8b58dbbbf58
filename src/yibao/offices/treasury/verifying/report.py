"""What a verification found (核验结果): each discrepancy with its place and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from yibao.base.texts import Language, Text

_MESSAGES: dict[str, Text] = {
    "chain_broken": Text(
        "封印链在此断开: 编号、范围或前一摘要不衔接",
        "the chain of seals breaks here: its id, range or previous digest does not follow",
    ),
    "seal_differs": Text(
        "账面内容与封印摘要不符，封存后有改动", "what stands in the books is not what was sealed"
    ),
    "seal_counts_differ": Text(
        "封印记载的数量或金额与账面不符", "the seal's counts or debit are not those of the books"
    ),
    "copy_differs": Text(
        "封印与外部保存的副本不一致，封印可能被重造",
        "the seal is not that of the exported copy: seals were rebuilt",
    ),
    "copy_ahead": Text(
        "副本中的封印在账簿中不存在", "the exported copy has a seal that the books do not have"
    ),
    "row_changed": Text("该行在封存后被改动", "this row was changed after it was sealed"),
    "row_inserted": Text(
        "该行不在封印之内，系事后插入", "this row was not there when it was sealed"
    ),
    "row_missing": Text("封印内的行已不存在", "rows that were sealed here are gone"),
    "entry_content_differs": Text(
        "分录内容与其内容摘要不符", "the entry's content is not what its digest says"
    ),
    "entry_unbalanced": Text(
        "分录在该基金内借贷不平", "the entry does not sum to zero in the fund"
    ),
    "pair_unbalanced": Text(
        "往来对账科目合计不为零", "the entry's clearing pair does not sum to zero"
    ),
    "entry_empty": Text("分录没有行", "the entry has no lines"),
    "line_homeless": Text(
        "行没有所属分录、科目或业务日期不符",
        "the line has no entry or account, or another day than its entry",
    ),
    "reversal_differs": Text(
        "冲正与原分录不是逐项相反", "the reversal does not mirror its original"
    ),
    "personal_balance_differs": Text(
        "个人账户余额与其分录行合计不符", "the member's balance is not the sum of their lines"
    ),
    "reserved_differs": Text(
        "预留金额与未结预留合计不符", "the reserved amount is not the sum of open reservations"
    ),
    "day_sum_differs": Text(
        "科目日合计与分录行不符", "the account's day sum is not that of its lines"
    ),
    "party_day_sum_differs": Text(
        "往来对象日合计与分录行不符", "the party's day sum is not that of its lines"
    ),
    "closed_period_entered": Text(
        "结账后未经重新开账而记入该期间", "booked into a closed day without a reopening"
    ),
    "rule_changed": Text(
        "数据库规则与迁移所建不同", "a rule of the database is not as it was made"
    ),
    "rule_missing": Text("数据库规则缺失", "a rule of the database is gone"),
    "rule_added": Text("数据库多出规则或权限", "the database has a rule or privilege nobody made"),
}

_RESTORE = Text(
    "请保全现场，与备份和外部副本比对，查明改动人；更正以冲正分录进行",
    "keep everything as it is, compare with a backup and the exported copy, find out who changed"
    " it; correct by reversals",
)
_REMEDIES: dict[str, Text] = {
    "rule_changed": Text(
        "请由数据库所有者按迁移脚本恢复，并核查期间的全部分录",
        "have the owner restore it as the migration has it, and examine what was booked since",
    ),
    "personal_balance_differs": Text(
        "余额由触发器维护: 请查明谁改动了该行，按分录行重建",
        "triggers keep it: find out who changed the row, and rebuild it from the lines",
    ),
    "entry_content_differs": Text(
        "请与报送方留存的原始内容核对", "compare with what the sender keeps under this id"
    ),
}
for _code in ("rule_missing", "rule_added"):
    _REMEDIES[_code] = _REMEDIES["rule_changed"]
for _code in ("reserved_differs", "day_sum_differs", "party_day_sum_differs"):
    _REMEDIES[_code] = _REMEDIES["personal_balance_differs"]

DISCREPANCY_CODES = tuple(_MESSAGES)
"""What a verification may find, the chain first."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that does not hold: its code, its place, and what was found there."""

    code: str
    place: Text
    found: str = ""

    @property
    def message(self) -> Text:
        """What does not hold."""
        return _MESSAGES[self.code]

    @property
    def remedy(self) -> Text:
        """What to do."""
        return _REMEDIES.get(self.code, _RESTORE)

    def told(self, language: Language) -> str:
        """The discrepancy as prose in one language."""
        found = f" ({self.found})" if self.found else ""
        arrow = "处理" if language == "zh" else "What to do"
        return (
            f"[{self.code}] {self.place.in_language(language)}: "
            f"{self.message.in_language(language)}{found}\n"
            f"    {arrow}: {self.remedy.in_language(language)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was looked at and what was found; ``unsealed_seconds`` is the age of the oldest."""

    discrepancies: tuple[Discrepancy, ...]
    seals_count: int
    rows_count: int
    entries_count: int
    lines_count: int
    sealed_up_to: int
    unsealed_count: int
    unsealed_seconds: float
    copied_seals_count: int

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.discrepancies

    @property
    def codes(self) -> frozenset[str]:
        """The codes found."""
        return frozenset(each.code for each in self.discrepancies)


def in_order(found: list[Discrepancy]) -> tuple[Discrepancy, ...]:
    """Discrepancies in the order of their codes, each once."""
    rank = {code: position for position, code in enumerate(DISCREPANCY_CODES)}
    unique = dict.fromkeys(found)
    return tuple(sorted(unique, key=lambda each: (rank[each.code], each.place.en)))


def at_entry(number: int, client_id: str = "", *, line: int = 0, account: str = "") -> Text:
    """The place of an entry, or of one of its lines."""
    client = f" ({client_id})" if client_id else ""
    line_zh = f"第 {line} 行" if line else ""
    line_en = f" line {line}" if line else ""
    where = f" {account}" if account else ""
    return Text(f"分录 {number}{client}{line_zh}{where}", f"entry {number}{client}{line_en}{where}")
