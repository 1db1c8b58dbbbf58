"""What the document models refuse, said in our own two languages, by the kind of the error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text

_AS_DOCUMENTED = Text("请按政策语言文档的写法改写", "write it as docs/policy-language.md says")
_ADD = Text("请补充该项", "add it")
_RENAME = Text("请改名或删除", "rename or remove it")
_ONE_OF_THESE = Text("请改为所列的值之一", "write one of these")
_SHAPE = (
    Text("“{key}”的写法不对", "'{key}' is not written in a way that fits here"),
    _AS_DOCUMENTED,
)
_MAPPING = (
    Text("“{key}”应为由键和值组成的映射", "'{key}' is expected to be a mapping of keys"),
    _AS_DOCUMENTED,
)
_LIST = (
    Text("“{key}”应为列表", "'{key}' is expected to be a list"),
    Text("请写成 [ … ] 或逐行以 - 开头", "write [ … ], or one entry a line behind -"),
)
_INTEGER = (
    Text("此处应为整数，实为“{input}”", "an integer is expected here, not '{input}'"),
    Text("请写不加引号的整数", "write an integer without quotes"),
)

KINDS: Mapping[str, tuple[Text, Text]] = {
    "missing": (Text("缺少必填项“{key}”", "the entry '{key}' is missing"), _ADD),
    "extra_forbidden": (
        Text("不认识的项“{key}”", "the entry '{key}' is not known here"),
        _RENAME,
    ),
    "day": (
        Text("“{input}”不是存在的日期", "'{input}' is not a day that exists"),
        Text("请写成 2024-01-31 的形式", "write it like 2024-01-31"),
    ),
    "one_of": (
        Text("以下各项必须且只能写一个: {keys}", "write exactly one of: {keys}"),
        _AS_DOCUMENTED,
    ),
    "only_with": (
        Text("{keys} 只能与 {other} 同写", "{keys} stand only beside {other}"),
        Text("请删除，或补充 {other}", "remove them, or add {other}"),
    ),
    "target": (
        Text(
            "目标须写 share 与 of，或 amount（可加 at_most_of）",
            "a target is share with of, or amount, perhaps with at_most_of",
        ),
        _AS_DOCUMENTED,
    ),
    "literal_error": (
        Text(
            "“{input}”不是允许的值，应为 {expected}",
            "'{input}' is not allowed here, expected {expected}",
        ),
        _ONE_OF_THESE,
    ),
    "string_pattern_mismatch": (
        Text("“{input}”的写法不符合要求", "'{input}' is not written as a name of its kind"),
        Text(
            "名称用小写英文字母、数字和下划线；地区代码为六位数字并加引号",
            "names are lower-case letters, digits and _; an area code is six quoted digits",
        ),
    ),
    "string_type": (
        Text("此处应为文字，实为“{input}”", "text is expected here, not '{input}'"),
        Text("请加引号", "quote it"),
    ),
    "scalar": (
        Text("此处应为数值或文字，实为“{input}”", "a number or text is expected, not '{input}'"),
        _AS_DOCUMENTED,
    ),
    "int_type": _INTEGER,
    "greater_than_equal": (
        Text("“{input}”太小，至少为 {ge}", "'{input}' is too small, at least {ge}"),
        Text("请改大", "write a larger one"),
    ),
    "too_short": (
        Text("列表“{key}”太短", "the list '{key}' is too short"),
        Text("请至少写 {min_length} 项，或删除", "write at least {min_length}, or remove it"),
    ),
    "union_tag_invalid": _SHAPE,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "tuple_type": _LIST,
}
_OTHERWISE = (
    Text("“{key}”的写法不对（{detail}）", "'{key}' is not written as expected ({detail})"),
    _AS_DOCUMENTED,
)


def refused(
    where: Where, kind: str, *, values: Mapping[str, object], known_keys: Iterable[str]
) -> Fault:
    """One refusal of a model; ``values`` fill its words."""
    message, remedy = KINDS.get(kind, _OTHERWISE)
    if kind == "extra_forbidden":
        key = str(values["key"])
        near = difflib.get_close_matches(key, [known for known in known_keys if known != key], n=2)
        if near:
            shown = ", ".join(near)
            remedy = Text(f"是否应为 {shown}？", f"did you mean {shown}?")
    return Fault(f"policy_{kind}", where, _filled(message, values), _filled(remedy, values))


def _filled(text: Text, values: Mapping[str, object]) -> Text:
    return Text(text.zh.format(**values), text.en.format(**values))
