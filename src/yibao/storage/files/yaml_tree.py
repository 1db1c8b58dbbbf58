"""YAML as a tree that remembers where everything stands, with scalars that cannot surprise.

PyYAML composes the nodes; here is only decided what a plain scalar may be: an integer, a truth
value, or text (docs/policy-language.md §1). Whatever YAML readers disagree about (unquoted
decimals, ``010``, ``0x10``, ``12:30``, ``yes``, ``null``), and whatever hides (duplicate keys,
anchors, tags, tabs), is a fault with file and line. Nothing here knows policies, bills or schemas.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.system import system_reason
from yibao.base.trees import Branch, Sequence, Tree
from yibao.storage.files import yaml_faults

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)\Z")
_POINT = r"[-+]?(\.[0-9]+|[0-9][0-9_]*\.[0-9_]*)([eE][-+]?[0-9]+)?\Z"
_EXPONENT = r"[-+]?[0-9]+[eE][-+]?[0-9]+\Z"
_AMBIGUOUS = (
    (re.compile(f"{_POINT}|{_EXPONENT}"), "decimal"),
    (re.compile(r"[-+]?\.(inf|nan)\Z", re.IGNORECASE), "decimal"),
    (re.compile(r"[-+]?0[0-9]+\Z|[-+][0-9]+\Z|[0-9]+(_[0-9]+)+\Z"), "integer"),
    (re.compile(r"0[xob][0-9a-fA-F_]+\Z"), "integer"),
    (re.compile(r"[-+]?[0-9]+(:[0-9]{1,2})+(\.[0-9]*)?\Z"), "time"),
    (re.compile(r"(y|yes|n|no|on|off|true|false)\Z", re.IGNORECASE), "truth value"),
    (re.compile(r"(null|~|)\Z", re.IGNORECASE), "empty value"),
)
_HIDDEN = yaml.AnchorToken | yaml.AliasToken | yaml.TagToken | yaml.DirectiveToken
_OPENING = (
    yaml.BlockMappingStartToken
    | yaml.BlockSequenceStartToken
    | yaml.FlowMappingStartToken
    | yaml.FlowSequenceStartToken
)
_CLOSING = yaml.BlockEndToken | yaml.FlowMappingEndToken | yaml.FlowSequenceEndToken
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The reader in C where it is there: ten times as fast, the same nodes."""

DEPTH_LIMIT = 40


class _Reader:
    """One file being read: collects faults, builds the tree."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []

    def where(self, node: yaml.Node) -> Where:
        return Where(self.name, node.start_mark.line + 1)

    def tree(self, node: yaml.Node) -> Tree:
        if isinstance(node, yaml.MappingNode):
            return self.branch(node)
        if isinstance(node, yaml.SequenceNode):
            items = Sequence(self.where(node), (self.tree(child) for child in node.value))
            items.lines = [child.start_mark.line + 1 for child in node.value]
            return items
        return self.scalar(node)

    def branch(self, node: yaml.MappingNode) -> Branch:
        branch = Branch(self.where(node))
        for key_node, child in node.value:
            key, where = self.key(key_node), self.where(key_node)
            if key in branch:
                first = branch.where_of(key)
                self.faults.append(yaml_faults.duplicate_key(where, key, first=first))
                continue
            branch[key] = self.tree(child)
            branch.lines[key] = where.line
        return branch

    def key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.faults.append(yaml_faults.key_not_a_word(self.where(node)))
            return ""
        if not node.style and node.value not in ("true", "false"):
            self.refuse_ambiguous(node)
        return str(node.value)

    def scalar(self, node: yaml.Node) -> Tree:
        text = str(node.value)
        if not isinstance(node, yaml.ScalarNode) or node.style:  # quoted, or a block
            return text
        if _INTEGER.match(text):
            return int(text)
        if text in ("true", "false"):
            return text == "true"
        self.refuse_ambiguous(node)
        return text

    def refuse_ambiguous(self, node: yaml.Node) -> None:
        text = str(node.value)
        kind = next((kind for pattern, kind in _AMBIGUOUS if pattern.match(text)), None)
        if kind is not None:
            self.faults.append(yaml_faults.ambiguous_scalar(self.where(node), text, kind=kind))


def _tabs(text: str, name: str) -> list[Fault]:
    lines = enumerate(text.split("\n"), start=1)
    return [yaml_faults.tab(Where(name, number)) for number, line in lines if "\t" in line]


def _hidden(text: str, name: str) -> list[Fault]:
    """Faults for what a person who reads the file cannot see at once, or not at all."""
    faults: list[Fault] = []
    depth = 0
    for token in yaml.scan(text, Loader=_Loader):
        where = Where(name, token.start_mark.line + 1)
        if isinstance(token, _HIDDEN):
            faults.append(yaml_faults.hidden(where))
        depth += isinstance(token, _OPENING)
        depth -= isinstance(token, _CLOSING)
        if depth > DEPTH_LIMIT:
            return [*faults, yaml_faults.too_deep(where)]
    return faults


def _first_refused(text: str) -> int:
    """The line of the first character that YAML does not allow."""
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def parse_yaml(text: str, name: str) -> list[Tree]:
    """Read all documents of a YAML text; ``name`` is how faults call the file.

    Raises:
        FaultsFound: with every ambiguous scalar, duplicate key and anchor, or what stops YAML.
    """
    reader = _Reader(name)
    try:
        faults = _tabs(text, name) or _hidden(text, name)
        nodes = [] if faults else list(yaml.compose_all(text, Loader=_Loader))
        trees = [reader.tree(node) for node in nodes]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(name, mark.line + 1 if mark else 0)
        raise FaultsFound([yaml_faults.syntax(where, str(error.problem))]) from None
    except yaml.reader.ReaderError:
        raise FaultsFound([yaml_faults.character(Where(name, _first_refused(text)))]) from None
    if faults or reader.faults:
        raise FaultsFound([*faults, *reader.faults])
    return trees


def read_text(path: Path, name: str) -> str:
    """The text of a file in UTF-8.

    Raises:
        FaultsFound: when it is missing or not UTF-8.
    """
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FaultsFound([yaml_faults.encoding(Where(name, line))]) from None
    except OSError as error:
        raise FaultsFound([yaml_faults.unreadable(Where(name), system_reason(error))]) from None


def read_yaml(path: Path, *, name: str | None = None) -> Tree:
    """Read the one document of a YAML file as a tree with positions.

    Raises:
        FaultsFound: if it is unreadable, empty, no mapping, holds several documents or any fault.
    """
    called = name or str(path)
    trees = parse_yaml(read_text(path, called), called)
    if len(trees) != 1:
        raise FaultsFound([yaml_faults.not_one_document(Where(called), len(trees))])
    if not isinstance(trees[0], Branch):
        raise FaultsFound([yaml_faults.not_a_mapping(Where(called, 1))])
    return trees[0]
