"""Complaints about DIP parameters and catalogues (DIP 校验提示): one small function a fault.

Each is given the place and what was found there. Codes are stable; docs/errors.md lists them.

Refuses: to judge. Whether something is a fault is decided where it is compiled or read.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name


def document_unknown(where: Where, key: str, *, known: Iterable[str]) -> Fault:
    """A document whose first key is no kind."""
    return Fault(
        "dip_document_unknown",
        where,
        Text(f"首个键“{key}”不表示任何文档类型", f"the first key '{key}' is no kind of document"),
        known_name(key, known),
    )


def parameters_missing(where: Where, code: str) -> Fault:
    """An area without DIP parameters."""
    return Fault(
        "dip_parameters_missing",
        where,
        Text(f"地区 {code} 没有 DIP 参数", f"the area {code} has no DIP parameters"),
        Text(
            f"请补充 {code}/grouping/dip.yaml（写法见 docs/dip.md），或使用 --parameters 000000",
            f"add {code}/grouping/dip.yaml (docs/dip.md), or use --parameters 000000",
        ),
    )


def area_mismatch(where: Where, written: str, *, code: str) -> Fault:
    """Parameters of another area in this area's folder."""
    return Fault(
        "dip_area_mismatch",
        where,
        Text(f"参数属于 {written}，而文件夹属于 {code}", f"parameters of {written} in {code}"),
        Text(f'请写 dip: "{code}"', f'write `dip: "{code}"`'),
    )


def name_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A name that nobody declared: a parameter, a condition, a list of codes, a source."""
    return Fault(
        "dip_name_unknown",
        where,
        Text(f"没有名为“{name}”的参数、合并症、编码表或来源", f"nothing is named '{name}' here"),
        known_name(name, known),
    )


def name_twice(where: Where, name: str, *, first: Where) -> Fault:
    """A name or prefix that stands twice."""
    return Fault(
        "dip_name_twice",
        where,
        Text(f"“{name}”重复", f"'{name}' stands twice"),
        Text("只保留一处", "keep one of them"),
        also=(first,),
    )


def value_missing(where: Where, name: str, *, day: date) -> Fault:
    """A parameter that has no value on the day."""
    return Fault(
        "dip_value_missing",
        where,
        Text(f"参数 {name} 在 {day} 没有取值", f"the parameter {name} has no value on {day}"),
        Text("请补充该日有效的取值，或换一个日期 (--on)", "add one, or choose another day (--on)"),
    )


def value_twice(where: Where, name: str, *, day: date, first: Where) -> Fault:
    """A parameter that has two values on the day."""
    return Fault(
        "dip_value_twice",
        where,
        Text(f"参数 {name} 在 {day} 有两个取值", f"the parameter {name} has two values on {day}"),
        Text("请用 from 与 until 分清各自的期间", "part their days by `from` and `until`"),
        also=(first,),
    )


def value_invalid(where: Where, name: str, *, written: object, expected: Text) -> Fault:
    """A value of the wrong kind."""
    shown = str(written)
    return Fault(
        "dip_value_invalid",
        where,
        Text(
            f"{name} 的值“{shown}”应为{expected.zh}",
            f"{name} is '{shown}' where {expected.en} belongs",
        ),
        Text("请按 docs/dip.md 改写", "write it as docs/dip.md says"),
    )


def unsourced(where: Where, name: str) -> Fault:
    """A value that cites nothing and is not marked as an example."""
    return Fault(
        "dip_unsourced",
        where,
        Text(f"{name} 没有来源，也未标明为示例", f"{name} cites no source and is no example"),
        Text("请注明 source，或写 confidence: example", "cite one, or write `confidence: example`"),
    )


def catalogue_invalid(where: Where, why: Text) -> Fault:
    """A catalogue whose rows do not make one."""
    return Fault(
        "dip_catalogue_invalid",
        where,
        Text(f"病种目录有误: {why.zh}", f"the catalogue is not right: {why.en}"),
        Text(
            "请用 yibao dip build 重新生成，或按 docs/dip.md 更正",
            "build it again by `yibao dip build`, or correct it as docs/dip.md says",
        ),
    )
