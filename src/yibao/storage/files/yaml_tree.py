"""YAML as a tree that remembers where everything stands, with scalars that cannot surprise.

PyYAML composes the nodes; we only decide what a plain scalar may be (docs/policy-language.md §1):
an integer, a truth value, or text. Whatever YAML readers disagree about (unquoted decimals, ``010``,
``0x10``, ``12:30``, ``yes``, ``null``), and whatever hides (duplicate keys, anchors, tags), is a fault
with file and line. Nothing here knows policies, bills or any schema.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import yaml

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.base.trees import Branch, Sequence, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_AMBIGUOUS = (
    (re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*\.[0-9_]*)([eE][-+]?[0-9]+)?\Z|[-+]?[0-9]+[eE][-+]?[0-9]+\Z"), "decimal"),
    (re.compile(r"[-+]?0[0-9]+\Z|[-+][0-9]+\Z|[0-9]+(_[0-9]+)+\Z"), "integer"),
    (re.compile(r"0[xob][0-9a-fA-F_]+\Z"), "integer"),
    (re.compile(r"[-+]?[0-9]+(:[0-9]{1,2})+(\.[0-9]*)?\Z"), "time"),
    (re.compile(r"(y|yes|n|no|on|off|TRUE|FALSE|True|False)\Z", re.IGNORECASE), "truth value"),
    (re.compile(r"(null|~|)\Z", re.IGNORECASE), "empty value"),
    (re.compile(r"[-+]?\.(inf|nan)\Z", re.IGNORECASE), "decimal"),
)
_KINDS_ZH = {"decimal": "小数", "integer": "整数写法", "time": "时间", "truth value": "逻辑值", "empty value": "空值"}
DEPTH_LIMIT = 40


class _Reader:
    """One file being read: collects faults, builds the tree."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []

    def fault(self, code: str, mark: yaml.Mark | None, message: Text, remedy: Text) -> None:
        line = mark.line + 1 if mark is not None else 0
        self.faults.append(Fault(code, Where(self.name, line), message, remedy))

    def tree(self, node: yaml.Node, depth: int = 0) -> Tree:
        if depth > DEPTH_LIMIT:
            self.fault(
                "yaml_depth", node.start_mark,
                Text("嵌套层数过多", "nested too deeply"), Text("请减少嵌套", "nest less"),
            )
            return ""
        if isinstance(node, yaml.MappingNode):
            return self.branch(node, depth)
        if isinstance(node, yaml.SequenceNode):
            items = Sequence(Where(self.name, node.start_mark.line + 1))
            for child in node.value:
                items.append(self.tree(child, depth + 1))
                items.lines.append(child.start_mark.line + 1)
            return items
        return self.scalar(node)

    def branch(self, node: yaml.MappingNode, depth: int) -> Branch:
        branch = Branch(Where(self.name, node.start_mark.line + 1))
        for key_node, child in node.value:
            key = self.key(key_node)
            if key in branch:
                self.fault(
                    "yaml_duplicate_key", key_node.start_mark,
                    Text(f"键“{key}”重复", f"the key '{key}' stands twice"),
                    Text("只保留一处", "keep one of them"),
                )
                continue
            branch[key] = self.tree(child, depth + 1)
            branch.lines[key] = key_node.start_mark.line + 1
        return branch

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.fault(
                "yaml_key", node.start_mark,
                Text("键必须是一个词", "a key must be one word"), Text("请改写该键", "write a plain key"),
            )
            return ""
        return str(node.value)

    def scalar(self, node: yaml.Node) -> Tree:
        text = str(node.value)
        if isinstance(node, yaml.ScalarNode) and node.style is None:
            if _INTEGER.match(text):
                return int(text)
            if text in ("true", "false"):
                return text == "true"
            for pattern, kind in _AMBIGUOUS:
                if pattern.match(text):
                    self.fault(
                        "yaml_scalar", node.start_mark,
                        Text(f"“{text}”写法有歧义（{_KINDS_ZH[kind]}）", f"'{text}' is an ambiguous {kind}"),
                        Text(
                            f'是文字或小数请加引号（"{text}"）；逻辑值写 true 或 false',
                            f'quote it ("{text}") if it is text or a decimal; write true or false for truth values',
                        ),
                    )
                    break
        return text


def _refuse_hidden(text: str, name: str) -> list[Fault]:
    """Faults for anchors, aliases and explicit tags: what a reader of the file cannot see at once."""
    faults = []
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken | yaml.DirectiveToken):
            faults.append(
                Fault(
                    "yaml_hidden",
                    Where(name, token.start_mark.line + 1),
                    Text("不允许使用锚点、别名、标签或指令", "anchors, aliases, tags and directives are refused"),
                    Text("请把内容直接写在此处", "write the content out where it stands"),
                )
            )
    return faults


def _refuse(name: str, line: int, message: Text, remedy: Text, *, code: str = "yaml_syntax") -> NoReturn:
    raise FaultsFound([Fault(code, Where(name, line), message, remedy)])


def _guarded(name: str, read: Callable[[], list[Tree]]) -> list[Tree]:
    try:
        return read()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        _refuse(
            name, mark.line + 1 if mark else 0,
            Text(f"YAML 语法错误: {error.problem}", f"YAML syntax: {error.problem}"),
            Text("请检查该行的缩进、冒号和引号", "look at the indentation, colons and quotes of that line"),
        )
    except yaml.reader.ReaderError as error:
        _refuse(
            name, 0,
            Text(f"含有不允许的字符（位置 {error.position}）", f"a character that YAML does not allow at {error.position}"),
            Text("请删除该字符", "remove it"),
        )


def parse_yaml(text: str, name: str) -> list[Tree]:
    """Read all documents of a YAML text; ``name`` is how faults call the file.

    Raises:
        FaultsFound: with every ambiguous scalar, duplicate key, anchor or the first syntax fault.
    """

    def read() -> list[Tree]:
        hidden = _refuse_hidden(text, name)
        if hidden:
            raise FaultsFound(hidden)
        reader = _Reader(name)
        trees = [reader.tree(node) for node in yaml.compose_all(text, Loader=yaml.SafeLoader)]
        if reader.faults:
            raise FaultsFound(reader.faults)
        return trees

    return _guarded(name, read)


def read_text(path: Path, name: str) -> str:
    """The text of a file in UTF-8. Raises FaultsFound when it is missing or not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        _refuse(
            name, 0, Text("文件不是 UTF-8 编码", "the file is not UTF-8"),
            Text("请另存为 UTF-8", "save it as UTF-8"), code="file_encoding",
        )
    except OSError as error:
        _refuse(
            name, 0, Text(f"无法读取文件: {error.strerror}", f"cannot read the file: {error.strerror}"),
            Text("请检查路径和权限", "check the path and its permissions"), code="file_unreadable",
        )


def read_yaml(path: Path, *, name: str | None = None) -> Tree:
    """Read the one document of a YAML file as a tree with positions.

    Raises:
        FaultsFound: if it is unreadable, empty, holds several documents or any fault.
    """
    called = name or str(path)
    trees = parse_yaml(read_text(path, called), called)
    if len(trees) != 1:
        _refuse(
            called, 0,
            Text(f"应有一个文档，实有 {len(trees)} 个", f"one document expected, {len(trees)} found"),
            Text("请检查文件是否为空或含多余的 ---", "is the file empty, or is there a stray '---'?"),
        )
    return trees[0]
