"""From rows to a scheme: everything that can be wrong in the tables is found, and told together.

Holds: a scheme that passes has no name without a row, no list that a condition asks for and no code
has, no code twice, no position twice. What is odd but may be meant (an ADRG without DRG, a rule
that nobody tries) is a remark of :func:`remarks` and not a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from yibao.base.findings import Fault, FaultsFound, Where
from yibao.base.texts import Text
from yibao.engines.grouping.conditions import (
    BODY_SITES,
    NEVER,
    OPERATING_ROOM,
    SUBJECTS,
    Compare,
    Condition,
    ConditionInvalid,
    InList,
    leaves,
    read_condition,
)
from yibao.engines.grouping.rows import KEYS, SchemeSource, TableRow, key_twice
from yibao.engines.grouping.scheme import (
    ADRG,
    BOTH_SEXES,
    DRG,
    LEVELS,
    MDC,
    QY,
    QY_SLOT,
    Diagnosis,
    GroupingScheme,
    Identity,
    Limits,
    Procedure,
    Rule,
    mdc_name,
    qy_key,
)

SITES_LIMIT = 60
AGE_LIMIT = 200
_SEXES = {"": BOTH_SEXES, "1": 1, "2": 2}
_FLAGS = {"": False, "0": False, "1": True}
T = TypeVar("T")


def check_scheme(source: SchemeSource) -> GroupingScheme:
    """The scheme that rows make.

    Raises:
        FaultsFound: with every fault of every table.
    """
    return _Checker(source).scheme()


class _Checker:
    """One scheme being checked; collects faults."""

    def __init__(self, source: SchemeSource) -> None:
        self.source = source
        self.faults: list[Fault] = []

    def scheme(self) -> GroupingScheme:
        keyed = {table: self._keyed(table) for table in KEYS}
        drgs = {key: self._rule(DRG, key, row, ()) for key, row in keyed["drg"].items()}
        adrgs = {
            key: self._rule(ADRG, key, row, self._names(row, "drgs", drgs))
            for key, row in keyed["adrg"].items()
        }
        mdcs = self._mdcs(keyed["mdc"], adrgs)
        diagnoses = self._each(keyed["dx"], self._diagnosis)
        procedures = self._each(keyed["proc"], self._procedure)
        self._lists_exist((*mdcs, *adrgs.values(), *drgs.values()), diagnoses, procedures)
        self._owners_exist(keyed, {*map(mdc_name, keyed["mdc"]), *adrgs, *drgs})
        self._sites(diagnoses)
        limits = self._limits()
        identity = self._identity()
        if self.faults:
            raise FaultsFound(self.faults)
        return GroupingScheme(identity, mdcs, adrgs, drgs, diagnoses, procedures, limits)

    def fault(self, code: str, where: Where, message: Text, remedy: Text) -> None:
        self.faults.append(Fault(code, where, message, remedy))

    # -- rules -------------------------------------------------------------------------------------

    def _keyed(self, table: str) -> dict[str, TableRow]:
        found: dict[str, TableRow] = {}
        for row in self.source.tables.get(table, []):
            key = row.cells[KEYS[table]]
            if not key:
                self.fault(
                    "scheme_key_missing",
                    row.where,
                    Text(f"{KEYS[table]} 为空", f"{KEYS[table]} is empty"),
                    Text("请填写，或删除本行", "fill it in, or strike the row out"),
                )
            elif key in found:
                self.faults.append(key_twice(row, found[key], name=key))
            else:
                found[key] = row
        if not found:
            self.fault(
                "scheme_table_empty",
                self.source.where,
                Text(f"表 {table} 没有内容", f"the table {table} is empty"),
                Text(
                    "每个方案都需要五张表的内容", "a scheme needs rows in each of the five tables"
                ),
            )
        return found

    def _rule(self, kind: str, key: str, row: TableRow, children: tuple[str, ...]) -> Rule:
        owner = mdc_name(key) if kind == MDC else key
        condition = self._condition(row, "condition", owner)
        name = Text(row.cells.get("name_zh", ""), row.cells.get("name_en", ""))
        return Rule(kind, key, condition, children, name, row.where)

    def _condition(self, row: TableRow, column: str, owner: str) -> Condition:
        try:
            return read_condition(row.cells[column], owner=owner)
        except ConditionInvalid as error:
            self.fault("scheme_condition_invalid", row.where, error.message, error.remedy)
            return NEVER

    def _mdcs(self, rows: Mapping[str, TableRow], adrgs: dict[str, Rule]) -> tuple[Rule, ...]:
        """The MDCs in their order; their QY slots join the ADRGs."""
        placed: dict[int, TableRow] = {}
        for row in rows.values():
            position = self._whole(row, "position", limit=10**9)
            other = placed.setdefault(position, row)
            if other is not row:
                self.faults.append(key_twice(row, other, name=f"position {position}"))
        ordered: list[Rule] = []
        for _, row in sorted(placed.items()):
            key = row.cells["mdc"]
            slot = qy_key(key)
            if row.cells.get("qy"):
                condition = self._condition(row, "qy", mdc_name(key))
                name = Text("歧义病例", "ambiguous cases")
                adrgs[slot] = Rule(QY, slot, condition, (), name, row.where)
            named = [slot if one == QY_SLOT else one for one in row.cells["adrgs"].split()]
            known = {**adrgs, slot: None}
            children = self._names(row, "adrgs", known, named)
            ordered.append(self._rule(MDC, key, row, children))
        self._one_mdc_each(ordered)
        return tuple(ordered)

    def _one_mdc_each(self, mdcs: Iterable[Rule]) -> None:
        """An ADRG belongs to one MDC, so that no case meets a rule twice."""
        owners: dict[str, Rule] = {}
        for mdc in mdcs:
            for name in mdc.children:
                owner = owners.setdefault(name, mdc)
                if owner is not mdc:
                    self.faults.append(
                        Fault(
                            "scheme_adrg_shared",
                            mdc.where,
                            Text(
                                f"{name} 已属于 MDC {owner.key}",
                                f"{name} belongs to MDC {owner.key} already",
                            ),
                            Text("一个 ADRG 只能属于一个 MDC", "an ADRG belongs to one MDC"),
                            (owner.where,),
                        )
                    )

    def _names(
        self,
        row: TableRow,
        column: str,
        known: Mapping[str, object],
        named: Iterable[str] | None = None,
    ) -> tuple[str, ...]:
        """The names that a cell lists, each of them known and said once."""
        names = row.cells[column].split() if named is None else list(named)
        for name in dict.fromkeys(names):
            if name not in known:
                self.fault(
                    "scheme_name_unknown",
                    row.where,
                    Text(f"{column} 中的 {name} 没有对应的行", f"{name} in {column} has no row"),
                    Text("请补充该行，或改正名称", "add the row, or mend the name"),
                )
            elif names.count(name) > 1:
                self.fault(
                    "scheme_name_twice",
                    row.where,
                    Text(f"{column} 中 {name} 重复", f"{column} says {name} twice"),
                    Text("请只保留一次", "say it once"),
                )
        return tuple(name for name in names if name in known)

    # -- codes -------------------------------------------------------------------------------------

    def _each(self, rows: Mapping[str, TableRow], made: Callable[[TableRow], T]) -> dict[str, T]:
        return {code: made(row) for code, row in rows.items()}

    def _diagnosis(self, row: TableRow) -> Diagnosis:
        cells = row.cells
        lists = (*map(mdc_name, _split(cells["mdcs"])), *_split(cells["lists"]))
        return Diagnosis(
            cells["code"],
            lists,
            self._word(row, "level", LEVELS),
            cells["exclusion"],
            cells["principal_exclusion"],
            cells["site"],
            self._word(row, "sex", _SEXES),
            self._whole(row, "age_from", limit=AGE_LIMIT),
            self._whole(row, "age_until", limit=AGE_LIMIT),
            cells.get("name", ""),
        )

    def _procedure(self, row: TableRow) -> Procedure:
        cells = row.cells
        return Procedure(
            cells["code"],
            tuple(_split(cells["lists"])),
            self._word(row, "operating_room", _FLAGS),
            self._word(row, "sex", _SEXES),
            cells.get("name", ""),
        )

    def _word(self, row: TableRow, column: str, words: Mapping[str, T]) -> T:
        found = words.get(row.cells.get(column, ""))
        if found is None:
            known = ", ".join(repr(word) for word in words)
            shown = row.cells[column]
            self.fault(
                "scheme_word_unknown",
                row.where,
                Text(f"{column} 的值不对: {shown}", f"{shown} is no {column}"),
                Text(f"可用的值: {known}", f"the values are {known}"),
            )
            return words[""]
        return found

    def _whole(self, row: TableRow, column: str, *, limit: int) -> int:
        text = row.cells.get(column, "") or "0"
        if text.isascii() and text.isdigit() and int(text) <= limit:
            return int(text)
        self.fault(
            "scheme_number_invalid",
            row.where,
            Text(
                f"{column} 不是 0 到 {limit} 的整数: {text}", f"{column} is {text}, no whole number"
            ),
            Text(f"请填写 0 到 {limit} 的整数", f"write a whole number from 0 to {limit}"),
        )
        return 0

    # -- what joins the tables ---------------------------------------------------------------------

    def _lists_exist(
        self,
        rules: Iterable[Rule],
        diagnoses: Mapping[str, Diagnosis],
        procedures: Mapping[str, Procedure],
    ) -> None:
        """No condition asks for a list of another rule that no code has.

        A rule's own list may be empty: a city may have no code for it. A remark tells.
        """
        have = {("dx", name) for code in diagnoses.values() for name in code.lists}
        have |= {("proc", name) for code in procedures.values() for name in code.lists}
        have.add(("proc", OPERATING_ROOM))
        for rule in rules:
            own = mdc_name(rule.key) if rule.kind == MDC else rule.key
            for leaf in leaves(rule.condition):
                if not isinstance(leaf, InList):
                    continue
                kind, _ = SUBJECTS[leaf.subject]
                if (kind, leaf.list_name) not in have and leaf.list_name != own:
                    self.fault(
                        "scheme_list_unknown",
                        rule.where,
                        Text(
                            f"没有代码属于列表 {leaf.list_name}",
                            f"no code is in the list {leaf.list_name}",
                        ),
                        Text(
                            f"请在 {kind} 表的 lists 列中列出，或改正条件",
                            f"name it in the column lists of {kind}, or mend the condition",
                        ),
                    )

    def _owners_exist(self, keyed: Mapping[str, Mapping[str, TableRow]], known: set[str]) -> None:
        """Every list that a code names belongs to a rule."""
        for table in ("dx", "proc"):
            for row in keyed[table].values():
                names = [*_split(row.cells["lists"])]
                names += [mdc_name(key) for key in _split(row.cells.get("mdcs", ""))]
                for name in names:
                    if name.partition(":")[0] not in known:
                        self.fault(
                            "scheme_list_without_rule",
                            row.where,
                            Text(f"列表 {name} 不属于任何规则", f"the list {name} has no rule"),
                            Text("请改正列表名", "mend the name of the list"),
                        )

    def _sites(self, diagnoses: Mapping[str, Diagnosis]) -> None:
        sites = {code.site for code in diagnoses.values()} - {""}
        if len(sites) > SITES_LIMIT:
            self.fault(
                "scheme_sites_many",
                self.source.where,
                Text(f"部位超过 {SITES_LIMIT} 个", f"there are more than {SITES_LIMIT} body sites"),
                Text("请合并部位", "join some of them"),
            )

    # -- the manifest ------------------------------------------------------------------------------

    def _identity(self) -> Identity:
        texts = self.source.manifest
        days = {name: self._day(name) for name in ("valid_from", "valid_until")}
        first, last = days["valid_from"], days["valid_until"]
        if first and last and last <= first:
            self._manifest_fault("valid_until", texts["valid_until"])
        return Identity(
            texts.get("scheme", ""),
            texts.get("version", ""),
            texts.get("code_set", ""),
            self.source.checksum,
            Text(texts.get("name_zh", ""), texts.get("name_en", "")),
            first,
            last,
            texts.get("base", ""),
        )

    def _day(self, name: str) -> date | None:
        text = self.source.manifest.get(name, "")
        if not text:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._manifest_fault(name, text)
            return None

    def _limits(self) -> Limits:
        names = ("newborn_days_until", "weight_from", "weight_until")
        given: dict[str, int] = {}
        for name in names:
            text = self.source.manifest.get(name, "")
            if text.isascii() and text.isdigit():
                given[name] = int(text)
            elif text:
                self._manifest_fault(name, text)
        return Limits(**given)

    def _manifest_fault(self, name: str, text: str) -> None:
        self.fault(
            "scheme_manifest_invalid",
            self.source.where,
            Text(f"{name} 的值不对: {text}", f"{name} cannot be {text}"),
            Text("写法见 docs/grouping-scheme.md", "docs/grouping-scheme.md says what it may be"),
        )


def _split(cell: str) -> list[str]:
    return cell.split(",") if cell else []


def remarks(scheme: GroupingScheme) -> Iterator[tuple[Where, Text]]:
    """What is odd in a scheme but may be meant."""
    tried = {name for mdc in scheme.mdcs for name in mdc.children}
    have = {name for code in scheme.diagnoses.values() for name in code.lists}
    have |= {name for code in scheme.procedures.values() for name in code.lists}
    for adrg in scheme.adrgs.values():
        if adrg.key not in tried:
            yield adrg.where, Text(f"没有 MDC 尝试 {adrg.key}", f"no MDC tries {adrg.key}")
        if adrg.kind == ADRG and not adrg.children:
            yield (
                adrg.where,
                Text(
                    f"{adrg.key} 没有 DRG，进入的病例不入组",
                    f"{adrg.key} has no DRG: its cases stay ungrouped",
                ),
            )
    used = {name for adrg in scheme.adrgs.values() for name in adrg.children}
    for drg in scheme.drgs.values():
        if drg.key not in used:
            yield drg.where, Text(f"没有 ADRG 尝试 {drg.key}", f"no ADRG tries {drg.key}")
    for rule in (*scheme.mdcs, *scheme.adrgs.values(), *scheme.drgs.values()):
        for leaf in leaves(rule.condition):
            if isinstance(leaf, InList) and leaf.list_name not in {*have, OPERATING_ROOM}:
                yield (
                    rule.where,
                    Text(
                        f"{rule.key} 的列表 {leaf.list_name} 是空的",
                        f"the list {leaf.list_name} of {rule.key} is empty",
                    ),
                )
    if _asks_sites(scheme) and not any(code.site for code in scheme.diagnoses.values()):
        place = scheme.mdcs[0].where
        yield place, Text("没有代码有部位", "conditions ask for body sites, and no code has one")


def _asks_sites(scheme: GroupingScheme) -> bool:
    rules = (*scheme.mdcs, *scheme.adrgs.values(), *scheme.drgs.values())
    return any(
        isinstance(leaf, Compare) and leaf.field == BODY_SITES
        for rule in rules
        for leaf in leaves(rule.condition)
    )
