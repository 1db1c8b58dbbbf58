"""Why the treasury does not do something (财务拒绝): what is no refusal of an entry.

The database says a code and the place as JSON; here they become words. An entry's refusals are data
(:mod:`yibao.engines.accounting.refusals`); a period, a chart or a budget that cannot be is one of
these, and nothing was written.
"""

from __future__ import annotations

import json
from typing import Any

import asyncpg

from yibao.base.errors import YibaoError
from yibao.base.texts import Language, Text

SQLSTATE = "YB000"

PERIOD_CODES = (
    "period_not_whole",
    "business_date_before_opening",
    "period_not_over",
    "period_closed_already",
    "period_parts_open",
    "period_before_open",
    "reason_missing",
    "second_person_missing",
    "period_not_closed",
    "period_within_closed",
)
"""Why a period is not closed or not reopened, in order of precedence."""

_TEXTS: dict[str, tuple[Text, Text]] = {
    "book_unknown": (
        Text("该地区尚未建账", "no book was opened for the area"),
        Text("请先为该地区建账", "open its book first"),
    ),
    "fund_unknown": (
        Text("账簿中没有该基金", "the book has no such fund"),
        Text("请核对基金名称", "check the fund's name"),
    ),
    "entry_unknown": (
        Text("没有该记账号的分录", "no entry has this number"),
        Text("请核对记账号", "check the booking number"),
    ),
    "period_not_whole": (
        Text("月结须为整月，年结须为整年", "a month or a year is closed as a whole"),
        Text("请写该期间的首日和末日", "give its first and last day"),
    ),
    "business_date_before_opening": (
        Text("期间早于建账日期", "the period lies before the book was opened"),
        Text("请核对日期", "check the days"),
    ),
    "period_not_over": (
        Text("期间尚未结束", "the period is not over yet"),
        Text("请在期末日当天或之后结账", "close it on its last day or later"),
    ),
    "period_closed_already": (
        Text("期间内有已结账的日期", "a part of the period is closed already"),
        Text("请只结未结的期间", "close only what is open"),
    ),
    "period_parts_open": (
        Text("期间内仍有未结的日或月", "days or months within the period are open"),
        Text("请先结清其中各日、各月", "close its days, or months, first"),
    ),
    "period_before_open": (
        Text("上一期间尚未结账", "the period before is open"),
        Text("结账须按顺序，不得跳过", "periods are closed in order, without gaps"),
    ),
    "reason_missing": (
        Text("重新开账须写明原因", "a reopening has a reason"),
        Text("请写明原因", "write the reason"),
    ),
    "second_person_missing": (
        Text(
            "重新开账须由第二人批准，且批准人不得为结账人",
            "a second person approves a reopening, and not the one who closed",
        ),
        Text("请由他人批准", "have somebody else approve it"),
    ),
    "period_not_closed": (
        Text("期间并未结账", "the period is not closed"),
        Text("请核对日期", "check the days"),
    ),
    "period_within_closed": (
        Text("所在月份或年度已结账", "the month or year around it is closed"),
        Text("请先重新开账其所在年度、月份", "reopen the year, then the month, first"),
    ),
    "reservation_unknown": (
        Text("没有该预留", "there is no such reservation"),
        Text("请核对预留号", "check the reservation's number"),
    ),
    "reservation_ended": (
        Text("该预留已使用、已释放或已到期", "the reservation is used up, released or expired"),
        Text("请重新预留", "reserve again"),
    ),
    "account_in_use": (
        Text("停用日期之后该科目仍有账", "business is booked on the account after its end"),
        Text("请改用更晚的停用日期", "let it end later"),
    ),
    "isolation_refused": (
        Text("事务隔离级别不是 READ COMMITTED", "the transaction is not READ COMMITTED"),
        Text("请以默认隔离级别记账", "book at the default isolation level"),
    ),
    "arrays_unfit": (
        Text("记账参数长短不一", "the arrays of a call do not fit each other"),
        Text("请报告此问题", "report this"),
    ),
    "append_only": (
        Text("账簿只增不改", "the books only grow"),
        Text("请用冲正分录更正", "correct it by a reversal"),
    ),
    "value_unfit": (
        Text("有一项内容不可入账", "something given cannot be booked"),
        Text("请核对文字长度、控制字符和金额", "check lengths, control characters and amounts"),
    ),
}
KEEPING_CODES = ("chart_changed", *_TEXTS)
"""Every code of an :class:`UnableToKeepBooks`."""


class UnableToKeepBooks(YibaoError):
    """Something that the books do not take; ``code`` has a row in docs/errors.md."""

    def __init__(self, code: str, message: Text, *, remedy: Text) -> None:
        super().__init__(message, remedy)
        self.code = code

    def told(self, language: Language) -> str:
        """The error as prose in one language, with its code."""
        return f"[{self.code}] {super().told(language)}"


def unable(code: str, place: str = "") -> UnableToKeepBooks:
    """The error of a code, with the place where it arose."""
    message, remedy = _TEXTS[code]
    shown = f": {place}" if place else ""
    return UnableToKeepBooks(
        code, Text(f"{message.zh}{shown}", f"{message.en}{shown}"), remedy=remedy
    )


def judgement(error: asyncpg.PostgresError) -> tuple[str, dict[str, Any]] | None:
    """The code and the details of what the ledger said; None: the error is none of the ledger's."""
    if error.sqlstate != SQLSTATE:
        return None
    return str(error.args[0]), json.loads(error.detail or "{}")


def told(error: asyncpg.PostgresError) -> Exception:
    """What the ledger said, as an error of ours; any other error as it is."""
    judged = judgement(error)
    if judged is None:
        unfit = asyncpg.IntegrityConstraintViolationError | asyncpg.DataError
        return unable("value_unfit", str(error)) if isinstance(error, unfit) else error
    code, detail = judged
    place = ", ".join(f"{value}" for value in detail.values() if value not in ("", None))
    return unable(code, place) if code in _TEXTS else error
