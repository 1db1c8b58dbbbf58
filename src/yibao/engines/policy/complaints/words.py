"""Complaints about facts, their values, sets and conditions."""

from __future__ import annotations

from collections.abc import Iterable

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name


def fact_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A rule asks about a word that facts.yaml does not declare, or that holds a list."""
    return Fault(
        "fact_unknown",
        where,
        Text(f"未声明的事实“{name}”", f"the fact '{name}' is not declared"),
        known_name(name, known),
    )


def fact_not_numeric(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A number is made of a fact that is none."""
    return Fault(
        "fact_not_numeric",
        where,
        Text(f"“{name}”不是数值事实", f"'{name}' is not a numeric fact"),
        known_name(name, known),
    )


def fact_value_unknown(where: Where, name: str, *, value: object, known: Iterable[str]) -> Fault:
    """A value that the fact does not have."""
    return Fault(
        "fact_value_unknown",
        where,
        Text(f"事实“{name}”没有“{value}”这个值", f"the fact '{name}' has no value '{value}'"),
        known_name(str(value), known),
    )


def bound_invalid(where: Where, value: object) -> Fault:
    """A bound of a range that is no number of the fact's kind."""
    return Fault(
        "bound_invalid",
        where,
        Text(f"界限“{value}”写法不对", f"the bound '{value}' is not written as one"),
        Text(
            "计数写整数；金额写整数元或加引号的两位小数",
            "a count is an integer; an amount is yuan, decimals quoted",
        ),
    )


def range_empty(where: Where, name: str) -> Fault:
    """A range that no value lies in."""
    return Fault(
        "range_empty",
        where,
        Text(f"事实“{name}”的范围为空", f"the range of the fact '{name}' holds no value"),
        Text("below 须大于 from（不含 below）", "`below` is exclusive and lies above `from`"),
    )


def condition_dead(where: Where, name: str, *, reached: str) -> Fault:
    """A condition that no claim can meet where it stands."""
    return Fault(
        "condition_dead",
        where,
        Text(
            f"此处关于“{name}”的条件永远不会成立",
            f"the condition on '{name}' can never hold here",
        ),
        Text(
            f"此处 {name} 只可能是 {reached}；请更正条件或删除这一条",
            f"here {name} can only be {reached}; mend the condition, or leave it out",
        ),
    )


def name_twice(where: Where, name: str, *, first: Where) -> Fault:
    """Two declarations of one name."""
    return Fault(
        "name_twice",
        where,
        Text(f"名称“{name}”重复声明", f"the name '{name}' is declared twice"),
        Text("请改名，或只保留一处", "rename one, or keep only one"),
        also=(first,),
    )


def set_named_as_value(where: Where, name: str) -> Fault:
    """A set that cannot be told from a value."""
    return Fault(
        "name_twice",
        where,
        Text(f"集合“{name}”与某个取值同名", f"the set '{name}' has the name of a value"),
        Text("请为集合改名", "rename the set"),
    )
