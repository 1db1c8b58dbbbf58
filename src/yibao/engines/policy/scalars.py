"""The small words of the policy language as pydantic types: days, names, sources, marks.

Values arrive as text, integers or truth values (storage reads them so); these types say which text
is meant. Units of numbers are checked later, where the place of a number is known.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from yibao.base.dates import parse_date

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
USE_PATTERN = r"^[0-9]{6}/[a-z][a-z0-9_]*$"


def _day(value: object) -> date:
    if isinstance(value, str):
        try:
            return parse_date(value)
        except ValueError:
            pass
    raise PydanticCustomError("day", "not a day that exists, like 2024-01-31")


def _scalar(value: object) -> int | str:
    if isinstance(value, int | str) and not isinstance(value, bool):
        return value
    raise PydanticCustomError("scalar", "an integer or text")


Day = Annotated[date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Use = Annotated[str, StringConstraints(pattern=USE_PATTERN)]
Scalar = Annotated[
    int | str,
    BeforeValidator(_scalar),
    Field(description="amount, rate, points or count, by its place"),
]
FactScalar = bool | int | str
Confidence = Literal["H", "M", "seed", "example", "open"]
DateName = Literal["discharge_date", "settlement_date", "charge_date"]
Measure = Literal["drawn", "admitted", "deductible", "covered", "paid", "claim_count"]
Unit = Literal["amount", "rate", "count"]
LeaveRule = Literal["rename", "keep"]
