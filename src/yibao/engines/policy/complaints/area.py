"""Complaints about an area's documents: kinds, what is taken, counters, overlays, the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text
from yibao.engines.policy.complaints.nearest import known_name


def document_unknown(where: Where, key: str, *, known: Iterable[str]) -> Fault:
    """A document whose first key is no kind."""
    return Fault(
        "document_unknown",
        where,
        Text(f"首个键“{key}”不表示任何文档类型", f"the first key '{key}' is no kind of document"),
        known_name(key, known),
    )


def document_not_a_mapping(where: Where) -> Fault:
    """A document that is a list, a word, or nothing."""
    return Fault(
        "document_unknown",
        where,
        Text("文件内容不是键和值的映射", "the document is not a mapping of keys"),
        Text("请按 docs/policy-language.md §1 书写", "write it as docs/policy-language.md §1 says"),
    )


def area_twice(where: Where, *, first: Where) -> Fault:
    """Two area documents."""
    return Fault(
        "area_twice",
        where,
        Text("area 文档只能有一份", "there may be only one area document"),
        Text("请合并", "merge them"),
        also=(first,),
    )


def area_mismatch(where: Where, written: str, *, code: str) -> Fault:
    """A document of another area in this area's folder."""
    return Fault(
        "area_mismatch",
        where,
        Text(
            f"文档属于地区 {written}，而文件夹属于 {code}",
            f"area {written} in the folder of {code}",
        ),
        Text(
            f'请写 area: "{code}"，或移到 {written} 的文件夹',
            f'write `area: "{code}"`, or move it to the folder of {written}',
        ),
    )


def use_unknown(where: Where, use: str, *, kind: str) -> Fault:
    """Something to take that the other area does not have."""
    return Fault(
        "use_unknown",
        where,
        Text(f"没有可引用的 {use}（{kind}）", f"there is no {kind} {use} to take"),
        Text("请核对地区代码和名称", "check the area code and the name"),
    )


def use_circular(where: Where, use: str) -> Fault:
    """Something taken that leads back to itself."""
    return Fault(
        "use_circular",
        where,
        Text(f"引用 {use} 又回到自身", f"taking {use} leads back to itself"),
        Text("请在其中一处写出内容", "write it out at one of the places"),
    )


def use_with_more(where: Where, key: str) -> Fault:
    """A taken plan that says more than its own name."""
    return Fault(
        "use_with_more",
        where,
        Text(f"引用整个计划时不能再写“{key}”", f"'{key}' cannot stand beside the `use` of a plan"),
        Text("请删除该项；需要改动时用 overlay", "remove it; what differs belongs in an overlay"),
    )


def counter_keys(where: Where, name: str, *, periods: Iterable[str]) -> Fault:
    """A counter whose keys are not holder, period, facts."""
    shown = ", ".join(periods)
    return Fault(
        "counter_keys",
        where,
        Text(f"累计“{name}”的 per 写法不对", f"the keys of the counter '{name}' are not right"),
        Text(
            f"先写 member 或 family，再写一个期间（{shown}），然后是事实",
            f"write member or family, then one period ({shown}), then facts",
        ),
    )


def counter_once(where: Where) -> Fault:
    """A counter of claims that does not say once per what, or another that does."""
    return Fault(
        "counter_once",
        where,
        Text(
            "claim_count 须写 once_per: encounter（可写 counts），其他累计不写",
            "claim_count says `once_per: encounter` and may say `counts`; others say neither",
        ),
        Text("请补充或删除 once_per、counts", "add or remove `once_per` and `counts`"),
    )


def opens_from(where: Where, name: str, *, other: str) -> Fault:
    """A counter that opens from one of another kind."""
    return Fault(
        "opens_from",
        where,
        Text(
            f"累计“{name}”的期初取自“{other}”，两者的 adds 和 per 须一致",
            f"the counter '{name}' opens from '{other}', which must have the same adds and per",
        ),
        Text("请换用口径一致的累计", "name a counter that is kept in the same way"),
    )


def opens_from_circular(where: Where, name: str) -> Fault:
    """A counter whose opening balance leads back to itself."""
    return Fault(
        "opens_from",
        where,
        Text(f"累计“{name}”的期初又回到自身", f"the opening of '{name}' leads back to itself"),
        Text("请断开循环", "break the circle"),
    )


def reform_unknown(where: Where, name: str, *, known: Iterable[str]) -> Fault:
    """A reform that is asked for and not there."""
    return Fault(
        "reform_unknown",
        where,
        Text(f"没有名为“{name}”的改革方案", f"there is no reform named '{name}'"),
        known_name(name, known),
    )


def overlay_clash(where: Where, path: str, *, overlays: Sequence[str], first: Where) -> Fault:
    """Two overlays that change one place."""
    one, two = overlays
    return Fault(
        "overlay_clash",
        where,
        Text(
            f"叠加“{one}”与“{two}”改动同一处: {path}",
            f"the overlays '{one}' and '{two}' change one place: {path}",
        ),
        Text("不能同时启用，或请合并两者", "do not use both at once, or merge them"),
        also=(first,),
    )


def overlay_misses(where: Where, path: str, *, step: str, known: Iterable[str]) -> Fault:
    """A path that hits nothing; ``step`` is where it goes astray."""
    near = known_name(step, known)
    return Fault(
        "overlay_misses",
        where,
        Text(
            f"叠加路径没有指到任何内容: {path}（止于“{step}”）",
            f"the path hits nothing: {path} (it ends at '{step}')",
        ),
        Text(f"请核对该段；{near.zh}", f"check that step; {near.en}"),
    )


def overlay_ambiguous(where: Where, path: str, *, step: str) -> Fault:
    """A path that could mean several places."""
    return Fault(
        "overlay_ambiguous",
        where,
        Text(
            f"叠加路径可指多处: {path}（“{step}”不唯一）",
            f"the path may mean several places: {path} ('{step}' is not one)",
        ),
        Text("请在其后写出该条的 from 日期", "write the `from` date of the entry behind that step"),
    )


def product_unknown(where: Where, product: str, *, known: Iterable[str]) -> Fault:
    """A register entry about no product of the area."""
    return Fault(
        "product_unknown",
        where,
        Text(f"没有名为“{product}”的产品", f"there is no product named '{product}'"),
        known_name(product, known),
    )
