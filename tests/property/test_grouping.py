"""The walk and the plain engine agree on schemes and cases that nobody would write."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yibao.base.findings import Where
from yibao.base.texts import Text
from yibao.engines.grouping import reference
from yibao.engines.grouping.batch import columns_of, group_cases, groups_of
from yibao.engines.grouping.case import Case
from yibao.engines.grouping.compiler import compile_scheme
from yibao.engines.grouping.conditions import (
    COMPARISONS,
    FIELDS,
    SUBJECTS,
    THOUSAND,
    Compare,
    Complication,
    Constant,
    Either,
    Every,
    HasProcedure,
    InList,
    Negated,
    condition_text,
    read_condition,
)
from yibao.engines.grouping.explaining import explain_cases
from yibao.engines.grouping.scheme import Diagnosis, GroupingScheme, Identity, Procedure, Rule

WHERE, NO_NAME = Where("random"), Text("", "")
IDENTITY = Identity("random", "1", "", "", NO_NAME)
DX_LISTS = ["MDCA", "MDCB", "A1", "A2", "B1", "B1:x"]
PROC_LISTS = ["A1", "A2", "B1", "B1:x", "A11"]
DX_CODES = [f"D{number}" for number in range(7)]
PROC_CODES = [f"P{number}" for number in range(5)]
NUMBERS = [0, 1, 2, 28, 29, 1500, 2500]

in_list = st.one_of(
    st.builds(InList, st.sampled_from(["pdx", "dx", "sdx"]), st.sampled_from(DX_LISTS)),
    st.builds(
        InList,
        st.sampled_from([word for word, (kind, _) in SUBJECTS.items() if kind == "proc"]),
        st.sampled_from([*PROC_LISTS, "@OR"]),
    ),
)
compares = st.one_of(
    st.builds(
        Compare,
        st.sampled_from([name for name in FIELDS if name != "dept"]),
        st.sampled_from(COMPARISONS),
        st.sampled_from([number * THOUSAND for number in NUMBERS] + [500, -THOUSAND]),
    ),
    st.builds(
        Compare, st.just("dept"), st.sampled_from(["==", "!="]), st.sampled_from(["E1", "E2"])
    ),
)
leaf = st.one_of(
    in_list, in_list, compares, st.builds(Complication, st.sampled_from(["mcc", "cc"])),
    st.just(HasProcedure()), st.builds(Constant, holds=st.booleans()),
)  # fmt: skip
condition = st.recursive(
    leaf,
    lambda part: st.one_of(
        st.builds(Every, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Either, st.lists(part, min_size=1, max_size=3).map(tuple)),
        st.builds(Negated, part),
    ),
    max_leaves=6,
)


@st.composite
def schemes(draw) -> GroupingScheme:
    def rule(kind: str, key: str, children: tuple[str, ...] = ()) -> Rule:
        return Rule(kind, key, draw(condition), children, NO_NAME, WHERE)

    drgs = {key: rule("drg", key) for key in ("A11", "A13", "A19", "B11", "B19")}
    adrgs = {
        "A1": rule("adrg", "A1", ("A11", "A13")),
        "A2": rule("adrg", "A2", ("A19",)),
        "B1": rule("adrg", "B1", ("B11", "B19")),
        "B2": rule("adrg", "B2"),
    }
    if draw(st.booleans()):
        adrgs["AQY"] = rule("qy", "AQY")
    mdcs = [rule("mdc", "A", ("A1", "AQY", "A2")), rule("mdc", "B", ("B1", "BQY", "B2"))]
    subset = st.lists(st.sampled_from(DX_LISTS), unique=True, max_size=3).map(tuple)
    numbers = st.sampled_from(["", "1", "2"])
    diagnoses = {
        code: Diagnosis(
            code, draw(subset), draw(st.integers(0, 2)), draw(numbers), draw(numbers),
            draw(st.sampled_from(["", "head", "chest"])),
        )
        for code in DX_CODES
    }  # fmt: skip
    of_procedures = st.lists(st.sampled_from(PROC_LISTS), unique=True, max_size=3).map(tuple)
    procedures = {
        code: Procedure(code, draw(of_procedures), draw(st.booleans())) for code in PROC_CODES
    }
    order = draw(st.permutations(mdcs))
    return GroupingScheme(IDENTITY, tuple(order), adrgs, drgs, diagnoses, procedures)


number = st.sampled_from(NUMBERS)
maybe = st.one_of(st.none(), number)
cases = st.builds(
    Case,
    st.just("x"),
    st.sampled_from([1, 2]),
    st.sampled_from([0, 1, 2, 28, 29]),
    st.lists(st.sampled_from([*DX_CODES, "NO"]), min_size=1, max_size=5).map(tuple),
    st.lists(st.sampled_from([*PROC_CODES, "NO"]), max_size=4).map(tuple),
    age_days=maybe, weight=maybe, stay_days=maybe, icu_hours=maybe, leaving_type=maybe,
    department=st.sampled_from(["", "E1", "E2", "E3"]),
)  # fmt: skip


@given(schemes(), st.lists(cases, min_size=1, max_size=12))
def test_the_walk_is_the_plain_engine(scheme, drawn):
    compiled = compile_scheme(scheme)
    expected = [reference.group_case(scheme, case) for case in drawn]
    assert groups_of(compiled, group_cases(compiled, columns_of(compiled, drawn))) == expected
    assert [one.group for one in explain_cases(compiled, drawn)] == expected


@given(condition)
@settings(max_examples=300)
def test_a_condition_is_read_back_as_it_was_written(drawn):
    text = condition_text(drawn)
    assert condition_text(read_condition(text, owner="other")) == text
