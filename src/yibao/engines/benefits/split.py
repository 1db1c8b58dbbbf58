"""The split (费用切分): a bill's lines against dated catalogue rows, before any layer.

A line's charge falls into four parts, in this order: outside the catalogue (class C, all of it),
above the price limit, the member's first share of the rest, and what is left, the eligible part.
The last is a difference, so that every line closes by itself; sums over lines come after rounding.
Each line goes to exactly one stream by the plan's routes. A negative line (退费) is netted against
the line it names before the split, and what is netted is split at the named line's day:
OPEN(refund-line).

Rounding: ``price limit × quantity`` and ``rest × rate``, half up, once a line each.
Refuses: a negative line that names no line or takes back more than was charged, an item without a
row (:class:`UnableToSplit`, with the codes of :data:`SPLIT_CODES`); a line whose stream hangs on a
fact of the member or the encounter that nobody stated (``fact_missing``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from yibao.base.checks import check
from yibao.base.money import round_fraction, round_half_up
from yibao.base.rates import MILLION
from yibao.base.texts import Text
from yibao.engines.benefits.catalogue import Catalogue, CatalogueRow, UnableToSplit
from yibao.engines.benefits.claim import GENERAL, SplitLine
from yibao.engines.policy.law import FactDefinition, FactValue, Route
from yibao.engines.policy.numbers import failing
from yibao.engines.policy.unable import fact_missing


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line as charged: fen, an exact quantity in the catalogue's unit, facts of the line.

    ``refunds_line_id`` names the line that a negative line takes back.
    """

    line_id: str
    item_code: str
    quantity: Fraction
    submitted_amount: int
    charge_date: date | None = None
    refunds_line_id: str = ""
    facts: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Split:
    """The lines after the split, the catalogue rows they took, one a line, refunds netted."""

    lines: tuple[SplitLine, ...]
    rows: tuple[CatalogueRow, ...]
    refunds_count: int = 0

    @property
    def examples_count(self) -> int:
        """How many of the rows are example values."""
        return sum(row.provenance.confidence == "example" for row in self.rows)


@dataclass(frozen=True, slots=True)
class Routing:
    """A plan's routes, with the facts that they may ask about.

    A line need not have every fact ``of`` lines; the others must be stated where they decide.
    """

    routes: tuple[Route, ...] = ()
    facts: Mapping[str, FactDefinition] = field(default_factory=dict)

    def need_not_be_stated(self, fact: str) -> bool:
        """Whether a fact is one of lines."""
        return fact in self.facts and self.facts[fact].of == "line"


def split_lines(
    lines: Sequence[BillLine],
    catalogue: Catalogue,
    *,
    routing: Routing,
    facts: Mapping[str, FactValue],
    on: date,
) -> Split:
    """Split a bill's lines; ``facts`` are the claim's (with ``scheme``), ``on`` its chosen date.

    A line is read on its charge date, else on ``on``.

    Raises:
        UnableToSplit: at the first line that cannot be split.
        UnableToDetermine: ``fact_missing``, as :func:`stream_of`.
    """
    scheme = str(facts.get("scheme", ""))
    split: list[SplitLine] = []
    rows: list[CatalogueRow] = []
    for line in net_refunds(lines):
        row = catalogue.row(
            line.item_code, scheme=scheme, on=line.charge_date or on, line_id=line.line_id
        )
        stream = stream_of({**facts, **line.facts, **dict(row.facts)}, routing)
        split.append(split_line(line, row, stream=stream))
        rows.append(row)
    refunds_count = sum(bool(line.refunds_line_id) for line in lines)
    return Split(tuple(split), tuple(rows), refunds_count)


def split_line(line: BillLine, row: CatalogueRow, *, stream: str = GENERAL) -> SplitLine:
    """Split one line (amount ≥ 0) by its row.

    Holds: the four parts are ≥ 0 and sum to the charge.
    """
    charged = line.submitted_amount
    if row.catalogue_class == "C":
        return SplitLine(line.line_id, stream, noncovered_amount=charged)
    over_limit = 0
    if row.price_limit is not None:
        over_limit = max(0, charged - round_fraction(row.price_limit * line.quantity))
    rest = charged - over_limit
    prior_self_pay = round_half_up(rest * row.prior_self_pay_rate, MILLION)
    result = SplitLine(
        line.line_id,
        stream,
        eligible_amount=rest - prior_self_pay,
        prior_self_pay_amount=prior_self_pay,
        over_limit_amount=over_limit,
    )
    check(
        result.submitted_amount == charged and min(result.slots().values(), default=0) >= 0,
        f"line {line.line_id}: {charged} fen split into {result}",
    )
    return result


def stream_of(facts: Mapping[str, FactValue], routing: Routing) -> str:
    """The stream of a line with these facts: the one route that takes it, else ``general``.

    A fact of lines that this line does not have keeps it out of a route that asks about it.

    Raises:
        UnableToDetermine: ``fact_missing`` where nothing else decides a route that asks about a
            fact of the member or the encounter.
    """
    open_routes = [route for route in routing.routes if not failing(route.condition, facts)]
    missing = [[fact for fact, _ in route.condition if fact not in facts] for route in open_routes]
    taken = {r.stream for r, absent in zip(open_routes, missing, strict=True) if not absent}
    check(len(taken) <= 1, f"a line is taken by several routes: {sorted(taken)}")
    if taken:
        return taken.pop()
    for route, absent in zip(open_routes, missing, strict=True):
        if not any(routing.need_not_be_stated(fact) for fact in absent):
            raise fact_missing(absent[0], asked_by=f"routes/{route.stream}")
    return GENERAL


def net_refunds(lines: Sequence[BillLine]) -> list[BillLine]:
    """The charged lines in their order, each less the negative lines that name it.

    Raises:
        UnableToSplit: ``line_amount_invalid``, ``refund_without_line``, ``refund_beyond_line``.
    """
    refuse_repeated(line.line_id for line in lines)
    charged: dict[str, BillLine] = {}
    for line in lines:
        if not line.refunds_line_id:
            if line.submitted_amount < 0 or line.quantity < 0:
                raise _refund_without_line(line)
            charged[line.line_id] = line
    for line in lines:
        if line.refunds_line_id:
            charged[line.refunds_line_id] = _netted(charged.get(line.refunds_line_id), line)
    return list(charged.values())


def refuse_repeated(line_ids: Iterable[str]) -> None:
    """Stop at a line id that stands twice, charged, split or taking back.

    Raises:
        UnableToSplit: ``line_amount_invalid``.
    """
    seen: set[str] = set()
    for line_id in line_ids:
        if line_id in seen:
            raise _invalid(line_id, "行号重复", "its line id is there twice")
        seen.add(line_id)


def _netted(original: BillLine | None, refund: BillLine) -> BillLine:
    if refund.submitted_amount > 0 or refund.quantity > 0:
        raise _invalid(
            refund.line_id,
            "退费行的金额与数量应为负数或零",
            "a refund's amount and quantity are not above zero",
        )
    if original is None or original.item_code != refund.item_code:
        raise _refund_without_line(refund)
    amount = original.submitted_amount + refund.submitted_amount
    quantity = original.quantity + refund.quantity
    if amount < 0 or quantity < 0:
        raise UnableToSplit(
            "refund_beyond_line",
            refund.line_id,
            message=Text(
                f"退费行 {refund.line_id} 超过了原明细 {original.line_id} 的金额或数量",
                f"refund {refund.line_id} takes back more than line {original.line_id} charged",
            ),
            remedy=Text("请核对退费金额与数量", "check the refund's amount and quantity"),
        )
    return replace(original, submitted_amount=amount, quantity=quantity)


def _refund_without_line(line: BillLine) -> UnableToSplit:
    return UnableToSplit(
        "refund_without_line",
        line.line_id,
        message=Text(
            f"负数明细 {line.line_id} 没有指明同一项目的原明细",
            f"negative line {line.line_id} names no line of the same item that it takes back",
        ),
        remedy=Text(
            "请在 refunds_line_id 中填写原明细的行号",
            "name the line it takes back in refunds_line_id",
        ),
    )


def _invalid(line_id: str, why_zh: str, why_en: str) -> UnableToSplit:
    return UnableToSplit(
        "line_amount_invalid",
        line_id,
        message=Text(f"明细 {line_id}: {why_zh}", f"line {line_id}: {why_en}"),
        remedy=Text("请更正该行", "mend the line"),
    )
