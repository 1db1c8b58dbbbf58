"""What can be wrong with a YAML file before anybody asks what it means: one function a fault."""

from __future__ import annotations

from yibao.base.findings import Fault, Where
from yibao.base.texts import Text

_KINDS_ZH = {
    "decimal": "小数",
    "integer": "整数写法",
    "time": "时间",
    "truth value": "逻辑值",
    "empty value": "空值",
}
_PROBLEMS_ZH = {
    "did not find expected ',' or '}'": "花括号 {} 没有闭合，或两项之间缺少逗号",
    "did not find expected ',' or ']'": "方括号 [] 没有闭合，或两项之间缺少逗号",
    "could not find expected ':'": "缺少冒号（冒号后要有空格），或文件不完整",
    "mapping values are not allowed in this context": "此处不应有冒号；含冒号的文字请加引号",
    "did not find expected key": "此处应为一个键；请检查缩进",
    "did not find expected '-' indicator": "此处应为以 - 开头的一项；请检查缩进",
    "block sequence entries are not allowed in this context": "此处不应有 - 开头的一项",
    "found unexpected end of stream": "引号没有闭合，或文件不完整",
    "did not find expected node content": "此处缺少内容",
    "found character that cannot start any token": "此处有不能开头的字符；文字请加引号",
}
"""What the reader in C says, for readers of Chinese; anything else is passed on in its words."""


def ambiguous_scalar(where: Where, text: str, *, kind: str) -> Fault:
    """A plain scalar that YAML readers disagree about."""
    return Fault(
        "yaml_scalar",
        where,
        Text(f"“{text}”写法有歧义（{_KINDS_ZH[kind]}）", f"'{text}' is an ambiguous {kind}"),
        Text(
            f'是文字或小数请加引号（"{text}"）；逻辑值写 true 或 false',
            f'quote it ("{text}") if it is text or a decimal; a truth value is true or false',
        ),
    )


def duplicate_key(where: Where, key: str, *, first: Where) -> Fault:
    """A key that stands twice in one mapping."""
    return Fault(
        "yaml_duplicate_key",
        where,
        Text(f"键“{key}”重复", f"the key '{key}' stands twice"),
        Text("只保留一处", "keep one of them"),
        also=(first,),
    )


def key_not_a_word(where: Where) -> Fault:
    """A key that is a mapping or a list."""
    return Fault(
        "yaml_key",
        where,
        Text("键必须是一个词", "a key must be one word"),
        Text("请改写该键", "write a plain key"),
    )


def hidden(where: Where) -> Fault:
    """An anchor, an alias, a tag or a directive: what a reader cannot see at once."""
    return Fault(
        "yaml_hidden",
        where,
        Text(
            "不允许使用锚点、别名、标签或指令", "anchors, aliases, tags and directives are refused"
        ),
        Text("请把内容直接写在此处", "write the content out where it stands"),
    )


def tab(where: Where) -> Fault:
    """A tab, which looks like blanks and is not."""
    return Fault(
        "yaml_tab",
        where,
        Text("含有制表符", "there is a tab on this line"),
        Text("请改用空格", "use blanks instead"),
    )


def too_deep(where: Where) -> Fault:
    """Nested beyond what any document needs."""
    return Fault(
        "yaml_depth",
        where,
        Text("嵌套层数过多", "nested too deeply"),
        Text("请减少嵌套", "nest less"),
    )


def syntax(where: Where, problem: str) -> Fault:
    """What the YAML reader itself refuses."""
    return Fault(
        "yaml_syntax",
        where,
        Text(f"YAML 语法错误: {_PROBLEMS_ZH.get(problem, problem)}", f"YAML syntax: {problem}"),
        Text(
            "请检查该行的缩进、冒号和引号",
            "look at the indentation, colons and quotes of that line",
        ),
    )


def character(where: Where) -> Fault:
    """A control character."""
    return Fault(
        "yaml_syntax",
        where,
        Text("含有不允许的字符", "there is a character that YAML does not allow"),
        Text("请删除该字符", "remove it"),
    )


def not_one_document(where: Where, count: int) -> Fault:
    """A file that should hold one document."""
    return Fault(
        "yaml_syntax",
        where,
        Text(f"应有一个文档，实有 {count} 个", f"one document expected, {count} found"),
        Text("请检查文件是否为空或含多余的 ---", "is the file empty, or is there a stray '---'?"),
    )


def not_a_mapping(where: Where) -> Fault:
    """A file whose content is a list or a word."""
    return Fault(
        "yaml_mapping",
        where,
        Text("文件内容应为若干“键: 值”", "the file should hold keys with values, `key: value`"),
        Text("请按该类文件的格式说明书写", "write it as the description of its format says"),
    )


def encoding(where: Where) -> Fault:
    """Bytes that are not UTF-8."""
    return Fault(
        "file_encoding",
        where,
        Text("文件不是 UTF-8 编码", "the file is not UTF-8"),
        Text("请另存为 UTF-8（不要用 GBK 或 UTF-16）", "save it as UTF-8 (not GBK or UTF-16)"),
    )


def unreadable(where: Where, reason: Text) -> Fault:
    """A file that the system does not give."""
    return Fault(
        "file_unreadable",
        where,
        Text(f"无法读取文件: {reason.zh}", f"cannot read the file: {reason.en}"),
        Text("请检查路径和权限", "check the path and its permissions"),
    )


def no_policy_files(where: Where) -> Fault:
    """A folder without a single policy file."""
    return Fault(
        "folder_empty",
        where,
        Text("没有找到政策文件", "no policy files were found"),
        Text(
            "请检查路径，以及文件是否以 .yaml 结尾",
            "check the path, and that files end in .yaml",
        ),
    )
