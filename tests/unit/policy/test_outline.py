"""How rules are put into words: long lists by what they leave out, a shared table once."""

from __future__ import annotations

import pytest

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.policy import law
from yibao.engines.policy.outline import Teller

LEVELS = ("community", "level_1", "level_2", "level_3", "pharmacy")
MANY = tuple("abcdefgh")


def fact(name: str, values: tuple[str, ...]) -> law.FactDefinition:
    labels = tuple((value, Text(f"值{value}", value)) for value in values)
    return law.FactDefinition(name, Text(f"词{name}", name), "encounter", "values", labels)


TELLER = Teller({"level": fact("level", LEVELS), "many": fact("many", MANY)})


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("level", ("level_3",), "level=level_3"),
        ("level", ("level_1", "community"), "level=community or level_1"),
        ("level", LEVELS[:3], "level=community or level_1 or level_2"),
        ("level", LEVELS[:4], "level other than pharmacy"),
        ("level", LEVELS, "level=community or level_1 or level_2 or level_3 or pharmacy"),
        ("many", MANY[2:7], "many=c or d or e or f or g"),
        ("many", MANY[2:], "many other than a or b"),
        ("many", MANY[1:], "many other than a"),
        ("unknown", ("x", "y"), "unknown=x or y"),
    ],
)
def test_a_test_lists_its_values_in_order_or_the_few_that_it_leaves_out(
    name: str, values: tuple[str, ...], told: str
) -> None:
    assert TELLER.test(name, law.Test(frozenset(values))).en == told


def test_what_is_left_out_is_told_in_chinese_too() -> None:
    assert TELLER.test("level", law.Test(frozenset(LEVELS[:4]))).zh == "词level≠值pharmacy"


def rate(value: int) -> law.Number:
    provenance = law.Provenance(("s",), "", "H")
    return law.Number("rate", law.Literal_(value, provenance))


def rows(*entries: tuple[str, law.Number]) -> law.Number:
    made = [
        law.Row((("level", law.Test(frozenset({v}))),), number, Where("")) for v, number in entries
    ]
    return law.Number("rate", law.Rows(tuple(made)))


def test_a_table_that_rows_share_is_told_once_below_all_of_them() -> None:
    inner = rows(("level_1", rate(800_000)), ("level_2", rate(700_000)))
    outer = rows(("community", inner), ("pharmacy", rate(0)), ("level_3", inner))
    assert [line.en for line in TELLER.number(outer)] == [
        "level=community; or level=level_3:",
        "  level=level_1: 80%",
        "  level=level_2: 70%",
        "level=pharmacy: 0%",
    ]
