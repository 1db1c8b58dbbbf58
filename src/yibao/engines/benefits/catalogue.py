"""The catalogue (医保目录) as the split reads it: dated rows by item and scheme.

An item (drug, service, consumable) has a class: A (甲类) enters whole, B (乙类) after the
member's first share, C (丙类) not at all. A row holds for one scheme over a half-open span of days;
the key is (item code, scheme), and for a key no two rows share a day. Price limits are exact
fractions of fen a unit, because unit prices may have four decimals of a yuan.

Holds: a lookup answers exactly one row or a typed reason. Refuses: to treat an unknown item as
self-paid in silence (what is outside the catalogue says so by a row of class C), and to use an
example row unless examples were asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from yibao.base.dates import Span
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.policy.law import FactValue, Provenance

CatalogueClass = Literal["A", "B", "C"]
CATALOGUE_CLASSES: tuple[CatalogueClass, ...] = ("A", "B", "C")

SPLIT_CODES = (
    "line_amount_invalid",
    "refund_without_line",
    "refund_beyond_line",
    "item_unknown",
    "item_not_on_date",
    "example_needed",
)
"""Why lines cannot be split, in order of precedence (docs/settle-output.md)."""


class UnableToSplit(YibaoError):
    """A line of a bill cannot be split: a published code, the line, what to do."""

    def __init__(self, code: str, line_id: str, *, message: Text, remedy: Text) -> None:
        super().__init__(message, remedy)
        self.code = code
        self.line_id = line_id


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One dated row. ``price_limit`` is fen a unit, exact; None: no limit. Rates are millionths.

    ``facts`` are the line facts that routes ask for (drug group, item class), by name.
    """

    item_code: str
    label: Text
    kind: str
    catalogue_class: CatalogueClass
    prior_self_pay_rate: int
    price_limit: Fraction | None
    unit: str
    span: Span
    provenance: Provenance
    facts: tuple[tuple[str, FactValue], ...] = ()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All rows by (item code, scheme), in order of days; ``content_hash`` names the content."""

    rows: Mapping[tuple[str, str], tuple[CatalogueRow, ...]] = field(default_factory=dict)
    content_hash: str = ""
    with_examples: bool = False

    def row(self, item_code: str, *, scheme: str, on: date, line_id: str = "") -> CatalogueRow:
        """The row of an item for a scheme on a day.

        Raises:
            UnableToSplit: ``item_unknown``, ``item_not_on_date`` or ``example_needed``.
        """
        dated = self.rows.get((item_code, scheme))
        if not dated:
            raise _unknown(item_code, scheme, line_id)
        for row in dated:
            if on in row.span:
                if row.provenance.confidence == "example" and not self.with_examples:
                    raise _example(item_code, line_id)
                return row
        raise _not_on(item_code, on, dated, line_id)


def _unknown(item_code: str, scheme: str, line_id: str) -> UnableToSplit:
    return UnableToSplit(
        "item_unknown",
        line_id,
        message=Text(
            f"明细 {line_id} 的项目编码 {item_code} 不在目录中 (险种 {scheme})",
            f"line {line_id}: item {item_code} is not in the catalogue for scheme {scheme}",
        ),
        remedy=Text(
            "请核对编码；确属目录外的项目，请在目录中以丙类 (C) 列明",
            "check the code; an item that is truly outside is stated by a row of class C",
        ),
    )


def _not_on(
    item_code: str, on: date, dated: tuple[CatalogueRow, ...], line_id: str
) -> UnableToSplit:
    known = ", ".join(str(row.span) for row in dated)
    return UnableToSplit(
        "item_not_on_date",
        line_id,
        message=Text(
            f"明细 {line_id} 的项目 {item_code} 在 {on} 没有目录条目，已有: {known}",
            f"line {line_id}: item {item_code} has no catalogue row on {on}; there are: {known}",
        ),
        remedy=Text(
            "请核对费用日期，或补充该日的目录条目",
            "check the charge date, or add a row for the day",
        ),
    )


def _example(item_code: str, line_id: str) -> UnableToSplit:
    return UnableToSplit(
        "example_needed",
        line_id,
        message=Text(
            f"明细 {line_id} 的项目 {item_code} 只有示例目录条目",
            f"line {line_id}: item {item_code} has an example row only",
        ),
        remedy=Text(
            "请提供正式目录，或明确使用示例 (--with-examples)",
            "bring a catalogue of your own, or ask for examples (--with-examples)",
        ),
    )
