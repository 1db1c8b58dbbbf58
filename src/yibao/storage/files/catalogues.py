"""Catalogues (医保目录) from CSV: dated rows by item and scheme, with faults at their line.

A folder ``catalogue/`` holds one or more CSV files that together are one catalogue
(docs/catalogue-format.md). Columns beyond the fixed ones are line facts of the area, by name.

Holds: for every item and scheme no two rows share a day and no day between rows is left out; the
content hash is that of the rows, whatever their order and files. Refuses: rates of a class that has
none, codes out of their kind's national shape, confidence below M, a fact that was not declared.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from yibao.base.dates import Span, gaps, parse_date
from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.money import FEN_PER_YUAN
from yibao.base.rates import MILLION, parse_rate
from yibao.base.texts import Text
from yibao.engines.benefits.catalogue import CATALOGUE_CLASSES, Catalogue, CatalogueRow
from yibao.engines.policy.law import FactDefinition, FactValue, Provenance
from yibao.storage.files.tables import TableRow, read_table

COLUMNS = (
    "item_code", "name_zh", "name_en", "kind", "class", "scheme", "prior_self_pay_rate",
    "price_limit", "unit", "from", "until", "source", "confidence",
)  # fmt: skip
ANY_SCHEME = "any"
CONFIDENCES = ("H", "M", "seed", "example")

CODE_SHAPES = {
    "western_drug": re.compile(r"X[A-Z0-9]{22}\Z"),
    "chinese_patent_drug": re.compile(r"Z[A-Z0-9]{19}\Z"),
    "herbal_granule": re.compile(r"T[A-Z0-9]{19}\Z"),
    "herbal_piece": re.compile(r"[A-Z0-9]{4,50}\Z"),
    "hospital_preparation": re.compile(r"[A-Z0-9]{4,50}\Z"),
    "service": re.compile(r"[A-Z0-9-]{4,50}\Z"),
    "consumable": re.compile(r"C[A-Z0-9]{19}\Z"),
}
"""Kinds of items and the shape of their national codes, where it is published."""

_PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,4})?\Z")


def read_catalogue(
    place: Path, *, facts: Mapping[str, FactDefinition], with_examples: bool = False
) -> Catalogue:
    """Read a catalogue: one CSV file, or all CSV files of a folder (none: an empty catalogue).

    ``facts`` are the area's; ``scheme`` gives the schemes, line facts may be columns.

    Raises:
        FaultsFound: every fault of every file, each at its line.
    """
    files = sorted(place.glob("*.csv")) if place.is_dir() else [place]
    faults: list[Fault] = []
    read: list[tuple[str, CatalogueRow]] = []
    for file in files:
        try:
            read += _read_file(file, facts, faults)
        except FaultsFound as found:
            faults += found.faults
    schemes = [value for value, _ in facts["scheme"].values] if "scheme" in facts else []
    rows = _by_key(read, schemes)
    faults += _time_faults(rows)
    if faults:
        raise FaultsFound(faults)
    return Catalogue(rows, _hash(read), with_examples)


def _read_file(
    file: Path, facts: Mapping[str, FactDefinition], faults: list[Fault]
) -> list[tuple[str, CatalogueRow]]:
    columns, rows = read_table(file, required=COLUMNS)
    fact_columns = [column for column in columns if column not in COLUMNS]
    faults += [
        _unknown_column(Where(str(file), 1), column)
        for column in fact_columns
        if column not in facts or facts[column].of != "line"
    ]
    known = [column for column in fact_columns if column in facts]
    read = []
    for row in rows:
        reader = _RowReader(row, facts)
        result = reader.read(known)
        faults += reader.faults
        if result is not None:
            read.append(result)
    return read


class _RowReader:
    """Types one row and collects its faults."""

    def __init__(self, row: TableRow, facts: Mapping[str, FactDefinition]) -> None:
        self.row = row
        self.facts = facts
        self.faults: list[Fault] = []

    def read(self, fact_columns: Sequence[str]) -> tuple[str, CatalogueRow] | None:
        fields = self.row.fields
        scheme = self._one_of("scheme", [ANY_SCHEME, *self._values("scheme")])
        kind = self._one_of("kind", list(CODE_SHAPES))
        catalogue_class = self._one_of("class", list(CATALOGUE_CLASSES))
        confidence = self._one_of("confidence", list(CONFIDENCES))
        self._code(kind)
        rate = self._rate(catalogue_class)
        limit = self._price_limit()
        span = self._span()
        own_facts = tuple(self._fact(name) for name in fact_columns if fields[name])
        for column in ("name_zh", "name_en", "unit", "source"):
            if not fields[column]:
                self._fault("value_missing", column, "不能为空", "may not be empty")
        if self.faults or span is None:
            return None
        return scheme, CatalogueRow(
            item_code=fields["item_code"],
            label=Text(fields["name_zh"], fields["name_en"]),
            kind=kind,
            catalogue_class=next(name for name in CATALOGUE_CLASSES if name == catalogue_class),
            prior_self_pay_rate=rate,
            price_limit=limit,
            unit=fields["unit"],
            span=span,
            provenance=Provenance((fields["source"],), "", confidence, where=self.row.where),
            facts=own_facts,
        )

    def _values(self, fact: str) -> list[str]:
        return [value for value, _ in self.facts[fact].values] if fact in self.facts else []

    def _one_of(self, column: str, allowed: Sequence[str]) -> str:
        value = self.row.fields[column]
        if value not in allowed:
            listed = ", ".join(allowed)
            self._fault(
                "value_unknown",
                column,
                f"{value!r} 不是: {listed}",
                f"{value!r} is none of: {listed}",
            )
        return value

    def _code(self, kind: str) -> None:
        code = self.row.fields["item_code"]
        if kind in CODE_SHAPES and not CODE_SHAPES[kind].match(code):
            self._fault(
                "item_code_shape",
                "item_code",
                f"{code!r} 不符合该类项目的编码结构",
                f"{code!r} does not have the shape of codes of {kind}",
            )

    def _rate(self, catalogue_class: str) -> int:
        text = self.row.fields["prior_self_pay_rate"]
        try:
            rate = parse_rate(text)
        except ValueError:
            self._fault(
                "rate_invalid", "prior_self_pay_rate", f"{text!r} 不是比例", f"{text!r} is no rate"
            )
            return 0
        expected = {"A": (0, 0), "B": (0, MILLION), "C": (MILLION, MILLION)}
        low, high = expected.get(catalogue_class, (0, MILLION))
        if not low <= rate <= high:
            self._fault(
                "rate_of_class",
                "prior_self_pay_rate",
                f"{catalogue_class} 类不能为 {text} (甲类 0%，乙类 0%–100%，丙类 100%)",
                f"class {catalogue_class} cannot have {text} (A 0%, B 0% to 100%, C 100%)",
            )
        return rate

    def _price_limit(self) -> Fraction | None:
        text = self.row.fields["price_limit"]
        if not text:
            return None
        if not _PRICE.match(text):
            self._fault(
                "price_invalid",
                "price_limit",
                f"{text!r} 不是至多四位小数的元",
                f"{text!r} is not yuan with at most four decimals",
            )
            return None
        return Fraction(text) * FEN_PER_YUAN

    def _span(self) -> Span | None:
        start, until = self._date("from"), None
        if self.row.fields["until"]:
            until = self._date("until")
            if start and until and until <= start:
                self._fault(
                    "span_empty",
                    "until",
                    "须晚于 from (不含当日)",
                    "must be after from (exclusive)",
                )
        return Span(start, until) if start else None

    def _date(self, column: str) -> date | None:
        text = self.row.fields[column]
        try:
            return parse_date(text)
        except ValueError:
            self._fault(
                "date_invalid", column, f"{text!r} 不是日期", f"{text!r} is no day (2024-01-31)"
            )
            return None

    def _fact(self, name: str) -> tuple[str, FactValue]:
        if self.facts[name].kind == "yes_no":
            return name, self._one_of(name, ["true", "false"]) == "true"
        return name, self._one_of(name, self._values(name))

    def _fault(self, code: str, column: str, zh: str, en: str) -> None:
        self.faults.append(
            Fault(
                code,
                self.row.where,
                Text(f"列 {column}: {zh}", f"column {column}: {en}"),
                Text("请对照 docs/catalogue-format.md 更正", "mend it by docs/catalogue-format.md"),
            )
        )


def _by_key(
    read: Sequence[tuple[str, CatalogueRow]], schemes: Sequence[str]
) -> dict[tuple[str, str], tuple[CatalogueRow, ...]]:
    """Rows by (item code, scheme) in order of days; a row for any scheme stands under each."""
    grouped: dict[tuple[str, str], list[CatalogueRow]] = {}
    for scheme, row in read:
        for name in schemes if scheme == ANY_SCHEME else [scheme]:
            grouped.setdefault((row.item_code, name), []).append(row)
    return {
        key: tuple(sorted(rows, key=lambda row: row.span.start)) for key, rows in grouped.items()
    }


def _time_faults(rows: Mapping[tuple[str, str], Sequence[CatalogueRow]]) -> list[Fault]:
    faults: dict[tuple[str, Where, Where], Fault] = {}
    for (item_code, scheme), dated in rows.items():
        for earlier, later in pairwise(dated):
            first, second = earlier.provenance.where, later.provenance.where
            if earlier.span.meets(later.span):
                fault = _overlap(item_code, scheme, second, first)
            elif missing := gaps(
                [earlier.span, later.span], Span(earlier.span.start, later.span.until)
            ):
                fault = _gap(item_code, scheme, missing[0], (second, first))
            else:
                continue
            faults.setdefault((fault.code, first, second), fault)
    return list(faults.values())


def _overlap(item_code: str, scheme: str, where: Where, also: Where) -> Fault:
    return Fault(
        "overlap",
        where,
        Text(
            f"项目 {item_code} (险种 {scheme}) 的两条目录日期重叠",
            f"two rows of item {item_code} (scheme {scheme}) share days",
        ),
        Text("请给前一条填写 until (不含当日)", "close the earlier row with until (exclusive)"),
        (also,),
    )


def _gap(item_code: str, scheme: str, missing: Span, places: tuple[Where, Where]) -> Fault:
    return Fault(
        "gap",
        places[0],
        Text(
            f"项目 {item_code} (险种 {scheme}) 在 {missing} 没有目录条目",
            f"item {item_code} (scheme {scheme}) has no row for {missing}",
        ),
        Text(
            "请使前一条的 until 等于后一条的 from，或补充条目",
            "let the earlier until equal the later from, or add a row",
        ),
        places[1:],
    )


def _unknown_column(where: Where, column: str) -> Fault:
    return Fault(
        "column_unknown",
        where,
        Text(f"列 {column} 不是本地区的明细事实", f"column {column} is no line fact of this area"),
        Text(
            "请更正列名，或在 facts.yaml 中声明 (of: line)",
            "mend the name, or declare it in facts.yaml (of: line)",
        ),
    )


def _hash(read: Sequence[tuple[str, CatalogueRow]]) -> str:
    lines = sorted(
        repr((scheme, row.item_code, row.catalogue_class, row.prior_self_pay_rate,
              str(row.price_limit), row.unit, str(row.span), row.facts,
              row.provenance.confidence))
        for scheme, row in read
    )  # fmt: skip
    return hashlib.sha256("\n".join(lines).encode()).hexdigest() if lines else ""
