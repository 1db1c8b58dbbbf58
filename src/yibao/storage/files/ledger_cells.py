"""Cells of the books' files (账务文件): text into days, amounts and ids, each fault at its place.

Amounts are yuan as people write them, two decimals at most, and become fen here, once.
"""

from __future__ import annotations

import re
from datetime import date

from yibao.base.dates import parse_date
from yibao.base.findings import Fault, Where
from yibao.base.money import parse_yuan
from yibao.base.texts import Text

_WHOLE = re.compile(r"[0-9]{1,18}\Z")
_SHOWN = 40


class Cells:
    """Reads cells and collects what is wrong with them; a wrong cell is answered with None."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def amount(self, where: Where, name: str, *, text: str, signed: bool = False) -> int | None:
        """Fen; below zero only where ``signed``."""
        try:
            found = parse_yuan(text)
        except ValueError:
            self.faults.append(_amount_invalid(where, name, text))
            return None
        if found < 0 and not signed:
            self.faults.append(_amount_negative(where, name, text))
            return None
        return found

    def day(self, where: Where, name: str, *, text: str) -> date | None:
        """A day that exists."""
        try:
            return parse_date(text)
        except ValueError:
            self.faults.append(_date_invalid(where, name, text))
            return None

    def number(self, where: Where, name: str, *, text: str) -> int | None:
        """A number of the books."""
        if _WHOLE.match(text):
            return int(text)
        self.faults.append(_number_invalid(where, name, text))
        return None


def value_missing(where: Where, name: str) -> Fault:
    """A cell that must be filled is empty."""
    return Fault(
        "value_missing",
        where,
        Text(f"{name} 为空", f"{name} is empty"),
        Text(f"请填写 {name}", f"fill in {name}"),
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _amount_invalid(where: Where, name: str, text: str) -> Fault:
    return Fault(
        "amount_invalid",
        where,
        Text(f"{name} 不是金额: “{_shown(text)}”", f"{name} is not an amount: '{_shown(text)}'"),
        Text(
            "以元填写，最多两位小数，不带千分位和单位，如 1234.50",
            "write yuan with two decimals at most, no separators and no unit: 1234.50",
        ),
    )


def _amount_negative(where: Where, name: str, text: str) -> Fault:
    return Fault(
        "amount_negative",
        where,
        Text(f"{name} 小于零: {_shown(text)}", f"{name} is below zero: {_shown(text)}"),
        Text(
            "减少金额请用冲正或相应的退回事件", "take back by a reversal or the event made for it"
        ),
    )


def _date_invalid(where: Where, name: str, text: str) -> Fault:
    return Fault(
        "date_invalid",
        where,
        Text(f"{name} 不是日期: “{_shown(text)}”", f"{name} is not a day: '{_shown(text)}'"),
        Text("写作 2024-01-31", "write it as 2024-01-31"),
    )


def _number_invalid(where: Where, name: str, text: str) -> Fault:
    return Fault(
        "integer_invalid",
        where,
        Text(f"{name} 不是编号: “{_shown(text)}”", f"{name} is not a number: '{_shown(text)}'"),
        Text("请填写记账号或预留号", "write the number that the books gave"),
    )
