"""What is judged cell by cell in a claims table, on whole batches at once, and how it is told.

A cell is right or has one code; a row carries all codes of its cells in the order of the contract's
columns, and the first of them is why its claim is rejected. Cells that are right become typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from yibao.base.money import AMOUNT_LIMIT
from yibao.base.texts import Text
from yibao.engines.benefits.facts import admitted_values
from yibao.engines.policy.law import FactDefinition
from yibao.storage.files.claim_columns import Column
from yibao.storage.files.claim_tables import LIST_SEPARATOR, ROW

FAULTS = "#faults"
_PARTS = "\t"
_SHAPES = {
    "identifier": r"^[^\s/\x00-\x1f]{1,64}$",
    "text": "",
    "integer": r"^[0-9]{1,18}$",
    "decimal": r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$",
}


@dataclass(frozen=True, slots=True)
class CellFault:
    """One wrong cell: column, code, the text that was found."""

    column: str
    code: str
    found: str = ""


def judged(frame: pl.DataFrame, known: Sequence[Column]) -> pl.DataFrame:
    """A batch of text as typed columns of the whole contract, with the faults of each row."""
    present = set(frame.columns)
    codes, typed = [], []
    for column in known:
        text = pl.col(column.name) if column.name in present else pl.lit(None, pl.String)
        if column.name in present:
            shown = text.str.slice(0, 80).str.replace_all(r"[\t\r\n]", " ").fill_null("")
            code = _code(column, text)
            told = pl.concat_str(
                [pl.lit(column.name), code, shown], separator=_PARTS, ignore_nulls=False
            )
            codes.append(told)
        typed.append(_typed(column, text).alias(column.name))
    faults = pl.concat_list(codes).list.drop_nulls().alias(FAULTS)
    return frame.select(pl.col(ROW), *typed, faults)


def cell_faults(written: Sequence[str]) -> list[CellFault]:
    """The faults of a row, from the column :data:`FAULTS`."""
    return [CellFault(*text.split(_PARTS, 2)) for text in written]


def _code(column: Column, text: pl.Expr) -> pl.Expr:
    lit = pl.lit
    missing = "value_missing" if column.filled else None
    return (
        pl.when(text.is_null())
        .then(lit(missing, pl.String))
        .otherwise(_code_of_filled(column, text))
    )


def _code_of_filled(column: Column, text: pl.Expr) -> pl.Expr:
    if column.kind in ("amount", "signed_amount"):
        return _code_of_amount(text, signed=column.kind == "signed_amount")
    if column.fact is not None:
        is_right, code = _admitted(column.fact, column.items, text), "value_unknown"
    elif column.kind == "date":
        is_right, code = _day(text).is_not_null(), "date_invalid"
    else:
        is_right, code = text.str.contains(_SHAPES[column.kind]), f"{column.kind}_invalid"
    return pl.when(is_right).then(pl.lit(None, pl.String)).otherwise(pl.lit(code))


def _code_of_amount(text: pl.Expr, *, signed: bool) -> pl.Expr:
    lit = pl.lit
    is_negative = lit(value=False) if signed else text.str.starts_with("-")
    too_large = text.cast(pl.Int64, strict=False).abs() > AMOUNT_LIMIT
    return (
        pl.when(text.str.contains(r"^-?[0-9]+\.[0-9]*$"))
        .then(lit("amount_not_fen"))
        .when(~text.str.contains(r"^-?[0-9]{1,18}$"))
        .then(lit("amount_invalid"))
        .when(is_negative)
        .then(lit("amount_negative"))
        .when(too_large)
        .then(lit("amount_too_large"))
        .otherwise(lit(None, pl.String))
    )


def _admitted(fact: FactDefinition, items: Sequence[str], text: pl.Expr) -> pl.Expr:
    match fact.kind:
        case "values":
            return text.is_in([value for value, _ in fact.values])
        case "yes_no":
            return text.is_in(["true", "false"])
        case "list":
            parts = text.str.split(LIST_SEPARATOR)
            known = parts.list.eval(pl.element().is_in(list(items))).list.all()
            return known & (parts.list.n_unique() == parts.list.len())
        case _:
            number = text.cast(pl.Int64, strict=False)
            is_whole = text.str.contains(r"^-?[0-9]{1,18}$")
            return is_whole & (number >= fact.start) & (number < fact.below)


def _typed(column: Column, text: pl.Expr) -> pl.Expr:
    match column.kind:
        case "date":
            return _day(text)
        case "integer" | "amount" | "signed_amount":
            return text.cast(pl.Int64, strict=False)
        case _:
            return text.cast(pl.String)


def _day(text: pl.Expr) -> pl.Expr:
    is_shaped = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return pl.when(is_shaped).then(text.str.to_date("%Y-%m-%d", strict=False))


def told(fault: CellFault, column: Column | None) -> tuple[Text, Text]:
    """Message and remedy of a wrong cell, for a clerk."""
    message, remedy = _TEXTS[fault.code]
    shown = Text(
        f"列 {fault.column}: {message.zh.format(fault.found)}",
        f"column {fault.column}: {message.en.format(fault.found)}",
    )
    if fault.code == "value_unknown" and column is not None and column.fact is not None:
        remedy = _values(column.fact)
    return shown, remedy


def _values(fact: FactDefinition) -> Text:
    if fact.kind == "amount":
        return Text(
            f"应为整数分，不小于 {fact.start} 且小于 {fact.below}",
            f"it is an integer of fen from {fact.start} to below {fact.below}",
        )
    values = admitted_values(fact)
    return Text(f"应为: {values.zh}", f"it may be: {values.en}")


_BY_FORMAT = Text("请对照 docs/claims-format.md 更正", "mend it by docs/claims-format.md")
_TEXTS = {
    "value_missing": (Text("不能为空", "it may not be empty"), _BY_FORMAT),
    "identifier_invalid": (
        Text("“{}” 不能用作编号", "'{}' cannot be an identifier"),
        Text(
            "编号为 1 至 64 个字符，不含空格和斜线",
            "identifiers have 1 to 64 characters without spaces and slashes",
        ),
    ),
    "date_invalid": (
        Text("“{}” 不是存在的日期", "'{}' is not a day that exists"),
        Text("请写为 2024-01-31", "write it as 2024-01-31"),
    ),
    "integer_invalid": (Text("“{}” 不是整数", "'{}' is no integer ≥ 0"), _BY_FORMAT),
    "decimal_invalid": (
        Text("“{}” 不是至多六位小数的数量", "'{}' is no quantity of at most six decimals"),
        _BY_FORMAT,
    ),
    "amount_not_fen": (
        Text("“{}” 不是整数分", "'{}' is not an integer of fen"),
        Text("金额以分为单位填写整数: 12.50 元写 1250", "amounts are fen: 12.50 yuan is 1250"),
    ),
    "amount_invalid": (
        Text("“{}” 不是金额", "'{}' is no amount"),
        Text("金额以分为单位填写整数: 12.50 元写 1250", "amounts are fen: 12.50 yuan is 1250"),
    ),
    "amount_negative": (
        Text("金额为负: {}", "a negative amount: {}"),
        Text(
            "结算单金额不能为负；退费请在费用明细中以负数行填写 refunds_line_id",
            "a claim's amounts are ≥ 0; a refund is a negative line with refunds_line_id",
        ),
    ),
    "amount_too_large": (
        Text("金额过大: {}", "an amount too large to be one: {}"),
        Text("请核对单位是否为分", "check that the unit is fen"),
    ),
    "value_unknown": (Text("“{}” 不是有效取值", "'{}' is not one of its values"), _BY_FORMAT),
}
