"""Bill files (结算单文件): one member, what is known of them, and what happened, as YAML.

docs/bill-format.md is the prose; the models here are the syntax, and docs/schema/bill.schema.json
is made from them. Whether a fact or a counter exists is the area's business and is asked later
(:mod:`yibao.offices.actuary.bills`).

Holds: every document knows its file and line. Amounts are yuan as written (an integer or a quoted
decimal) and become fen here, once.

Refuses: unknown keys, fractions of a fen, negative amounts but in a refund line, dates that do not
exist, and to read half a file: all faults are collected and raised together.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    InstanceOf,
    StringConstraints,
    Tag,
    ValidationError,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from yibao.base.findings import FaultsFound, Where
from yibao.base.money import AMOUNT_LIMIT, FEN_PER_YUAN, parse_yuan
from yibao.base.trees import Tree, where_at
from yibao.engines.policy.documents import Label, Written
from yibao.engines.policy.scalars import Day, FactScalar, Name
from yibao.storage.files.bill_faults import bill_faults
from yibao.storage.files.yaml_tree import read_yaml

_DECIMAL = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,4})?\Z")
_YUAN_OF_ANY_SIZE = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?\Z")
_IDENTIFIER = re.compile(r"(?! )[^/\x00-\x1f]{1,64}(?<! )\Z")
_WRITTEN_AMOUNT = {"anyOf": [{"type": "integer"}, {"type": "string"}]}


def _yuan(value: object) -> int:
    """Yuan as written, in fen; below zero too."""
    if isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return parse_yuan(str(value))
        except ValueError:
            if _YUAN_OF_ANY_SIZE.match(str(value)):
                limit = {"limit": AMOUNT_LIMIT // FEN_PER_YUAN}
                raise PydanticCustomError("amount_too_large", "beyond the limit", limit) from None
    raise PydanticCustomError("amount", "not an amount of yuan")


def _amount(value: object) -> int:
    amount = _yuan(value)
    if amount < 0:
        raise PydanticCustomError("negative_amount", "a negative amount")
    return amount


def _exact(value: object) -> Fraction:
    if isinstance(value, int | str) and not isinstance(value, bool):
        text = str(value)
        if _DECIMAL.match(text):
            return Fraction(text)
    raise PydanticCustomError("decimal", "not a decimal of at most four places")


def _identifier(value: object) -> str:
    is_written = isinstance(value, int | str) and not isinstance(value, bool)
    if is_written and _IDENTIFIER.match(str(value)):
        return str(value)
    raise PydanticCustomError("identifier", "not an identifier")


_as_amount = WithJsonSchema({**_WRITTEN_AMOUNT, "description": "yuan, two decimals at most"})
Amount = Annotated[int, BeforeValidator(_amount), _as_amount]
SignedAmount = Annotated[int, BeforeValidator(_yuan), _as_amount]
Exact = Annotated[
    InstanceOf[Fraction],
    BeforeValidator(_exact),
    WithJsonSchema({**_WRITTEN_AMOUNT, "description": "four decimals at most"}),
]
Identifier = Annotated[str, BeforeValidator(_identifier), WithJsonSchema(_WRITTEN_AMOUNT)]
SlotText = Annotated[
    str,
    StringConstraints(
        pattern=r"^(eligible|prior_self_pay|over_limit|noncovered)(:[a-z][a-z0-9_]*)?$"
        r"|^(deductible|coinsurance|over_ceiling)@[a-z][a-z0-9_]*"
        r"(\.[a-z][a-z0-9_]*)?(:[a-z][a-z0-9_]*)?$"
    ),
]
FactList = Annotated[tuple[FactScalar, ...], Field(strict=False)]


class SpellDocument(Written):
    """A value of a fact from a day up to another."""

    start: Day | None = Field(default=None, alias="from")
    until: Day | None = None
    value: FactScalar | FactList = Field(alias="is")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.start and self.until and self.until <= self.start:
            raise PydanticCustomError("empty_span", "until is not behind from")
        return self


Spells = Annotated[tuple[SpellDocument, ...], Field(strict=False, min_length=1)]


def _fact_tag(value: object) -> str:
    if isinstance(value, list | tuple):
        is_dated = any(isinstance(item, dict | SpellDocument) for item in value)
        return "<spells>" if is_dated else "<list>"
    return "<value>"


MemberFact = Annotated[
    Annotated[FactScalar, Tag("<value>")]
    | Annotated[Spells, Tag("<spells>")]
    | Annotated[FactList, Tag("<list>")],
    Discriminator(_fact_tag),
]


class MemberDocument(Written):
    """The member: id, birth date, family, and facts, plain or dated."""

    id: Identifier
    birth_date: Day | None = None
    family: Identifier | None = None
    facts: dict[str, MemberFact] = Field(default_factory=dict)


class OpeningDocument(Written):
    """A counter's balance before the first event, by the keys that the counter is kept by."""

    counter: Name
    year: Annotated[int, Field(ge=1, le=9999)] | None = None
    month: Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")] | None = None
    day: Day | None = None
    encounter: Identifier | None = None
    episode: Identifier | None = None
    facts: dict[str, FactScalar] = Field(default_factory=dict)
    restarts: Annotated[int, Field(ge=0)] = 0
    amount: Amount | None = None
    count: Annotated[int, Field(ge=0)] | None = None

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if (self.amount is None) == (self.count is None):
            raise PydanticCustomError("one_of", "one of", {"keys": "amount, count"})
        return self


class DatesDocument(Written):
    """The dates on the bill. ``care`` stands for the settlement of a late or manual claim."""

    settlement: Day | None = None
    care: Day | None = None
    admission: Day | None = None
    discharge: Day | None = None
    charge: Day | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.settlement is None and self.care is None and self.discharge is None:
            keys = {"key": "settlement"}
            raise PydanticCustomError("date_missing", "no date to settle on", keys)
        end = self.discharge or self.settlement or self.care
        if self.admission and end and end < self.admission:
            raise PydanticCustomError("dates_order", "discharge before admission")
        return self


class LineDocument(Written):
    """A line: as charged (``item`` …), or already split (``eligible`` …)."""

    line: Identifier
    charge_date: Day | None = None
    facts: dict[str, FactScalar] = Field(default_factory=dict)
    item: str | None = None
    quantity: Exact | None = None
    unit_price: Exact | None = None
    amount: SignedAmount | None = None
    refunds: Identifier | None = None
    stream: Name | None = None
    eligible: Amount | None = None
    prior_self_pay: Amount | None = None
    over_limit: Amount | None = None
    noncovered: Amount | None = None

    @property
    def parts(self) -> tuple[int | None, ...]:
        """The four classes as written."""
        return (self.eligible, self.prior_self_pay, self.over_limit, self.noncovered)

    @model_validator(mode="after")
    def _charged_or_split(self) -> Self:
        is_split = any(part is not None for part in self.parts) or self.stream is not None
        charged = (self.item, self.quantity, self.unit_price, self.amount, self.refunds)
        if is_split == any(value is not None for value in charged):
            raise PydanticCustomError("charged_or_split", "charged or split")
        if not is_split:
            if self.item is None or self.quantity is None:
                keys = {"keys": "item, quantity"}
                raise PydanticCustomError("charged_lacks", "a charged line lacks", keys)
            self._priced()
        return self

    def _priced(self) -> None:
        if self.amount is None and self.unit_price is None:
            keys = {"keys": "unit_price, amount"}
            raise PydanticCustomError("charged_lacks", "a charged line lacks", keys)
        if self.amount is not None and self.unit_price is not None:
            product = (self.quantity or Fraction()) * self.unit_price * 100
            if abs(product - self.amount) >= 1:
                raise PydanticCustomError("amount_against_price", "amount is not price × quantity")
        value = self.amount if self.amount is not None else (self.quantity or 0)
        if self.refunds is None and value < 0:
            raise PydanticCustomError("refund_without_line", "a negative line names no line")


class BillDocument(Written):
    """What a settlement needs: encounter, dates, facts of the encounter, lines or slots."""

    encounter: Identifier | None = None
    episode: Identifier | None = None
    dates: DatesDocument
    facts: dict[str, FactScalar | FactList] = Field(default_factory=dict)
    lines: Annotated[tuple[LineDocument, ...], Field(strict=False, min_length=1)] | None = None
    slots: dict[SlotText, Amount] | None = None

    @model_validator(mode="after")
    def _lines_or_slots(self) -> Self:
        if self.lines is not None and self.slots is not None:
            raise PydanticCustomError("lines_and_slots", "lines and slots together")
        if self.lines is None and self.slots is None:
            raise PydanticCustomError("no_amounts", "neither lines nor slots")
        return self


class SettleDocument(BillDocument):
    """``settle: <claim id>``."""

    settle: Identifier


class PresettleDocument(BillDocument):
    """``presettle: <claim id>``: the answer, and nothing is stored."""

    presettle: Identifier


class RefundDocument(BillDocument):
    """``refund: <claim id>``: reverse it and settle what remains, under ``as`` or the same id."""

    refund: Identifier
    renamed: Identifier | None = Field(default=None, alias="as")


class ReverseDocument(Written):
    """``reverse: <claim id>``."""

    reverse: Identifier


class LearnDocument(Written):
    """``learn: {fact: spells}``: facts of the member that became known now."""

    learn: dict[str, Spells]


class ResettleDocument(Written):
    """``resettle: <benefit year>``."""

    resettle: Annotated[int, Field(ge=1, le=9999)]


def _event_tag(value: object) -> str | None:
    if isinstance(value, dict):
        for kind in EVENT_KINDS:
            if kind in value:
                return f"<{kind}>"
    return None


EVENT_KINDS = ("settle", "presettle", "refund", "reverse", "learn", "resettle")
EventDocument = Annotated[
    Annotated[SettleDocument, Tag("<settle>")]
    | Annotated[PresettleDocument, Tag("<presettle>")]
    | Annotated[RefundDocument, Tag("<refund>")]
    | Annotated[ReverseDocument, Tag("<reverse>")]
    | Annotated[LearnDocument, Tag("<learn>")]
    | Annotated[ResettleDocument, Tag("<resettle>")],
    Discriminator(
        _event_tag,
        custom_error_type="event_kind",
        custom_error_message="an event of no known kind",
    ),
]


class BillFile(Written):
    """The whole file. ``policy`` names an area code, or a folder beside the file."""

    bill: Identifier
    title: Label | None = None
    source: str | None = None
    policy: str | None = None
    member: MemberDocument
    opening: Annotated[tuple[OpeningDocument, ...], Field(strict=False)] = ()
    events: Annotated[tuple[EventDocument, ...], Field(strict=False, min_length=1)]


@dataclass(frozen=True, slots=True)
class WrittenBill:
    """A bill as written: the document, and its tree with the place of every entry."""

    document: BillFile
    tree: Tree

    def place(self, *path: str | int) -> Where:
        """The file and line of an entry."""
        return where_at(self.tree, path)


def read_bill(path: Path, *, name: str | None = None) -> WrittenBill:
    """Read a bill file.

    Raises:
        FaultsFound: with every fault of syntax, each at its file and line.
    """
    return bill_from_tree(read_yaml(path, name=name))


def bill_from_tree(tree: Tree) -> WrittenBill:
    """A bill from a tree with positions.

    Raises:
        FaultsFound: as :func:`read_bill`.
    """
    try:
        return WrittenBill(BillFile.model_validate(tree), tree)
    except ValidationError as error:
        raise FaultsFound(bill_faults(error, tree, known_keys=_known_keys())) from None


def bill_schema() -> dict[str, Any]:
    """The JSON Schema of bill files, for editors (docs/schema/bill.schema.json)."""
    schema = BillFile.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "yibao bill",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _known_keys() -> list[str]:
    models = (BillFile, MemberDocument, SpellDocument, OpeningDocument, DatesDocument, LineDocument)
    events = (SettleDocument, RefundDocument, PresettleDocument)
    fields = [item for model in (*models, *events) for item in model.model_fields.items()]
    return list(dict.fromkeys(field.alias or name for name, field in fields))
