"""An explanation tells the way that was taken: what held by which codes, and what did not."""

from __future__ import annotations

import pytest

from tests.unit.grouping.test_example import WORKED
from tests.unit.grouping.world import EXAMPLE, case_of, compiled_of, grouped, scheme_of, short
from yibao.engines.grouping import reference
from yibao.engines.grouping.changes import moves_of
from yibao.engines.grouping.conditions import Complication, InList
from yibao.engines.grouping.explaining import explain_cases
from yibao.engines.grouping.telling import explanation_data, explanation_lines
from yibao.offices.actuary.grouping.explaining import UnableToExplain, explain_written


def explained_of(text: str):
    (explained,) = explain_cases(compiled_of(EXAMPLE), [case_of(text)])
    return explained


def moves(text: str) -> dict[tuple[str, str], str]:
    compiled, case = compiled_of(EXAMPLE), case_of(text)
    found = moves_of(compiled, case, explained=explained_of(text))
    return {(move.kind, move.code): short(move.group) for move in found}


def test_the_codes_that_answered_each_question():
    explained = explained_of("2 40 XW01+XK03 YW01+YW03+YW04")
    said = {(ground.rule.shown, ground.leaf): ground.codes for ground in explained.grounds}
    assert said[("MDCW", InList("pdx", "MDCW"))] == ("XW01",)
    # the formula's sets are told apart; set 2 did not hold and is not told
    assert said[("WA1", InList("proc", "WA1:1"))] == ("YW01",)
    assert said[("WA1", InList("proc", "WA1:3"))] == ("YW03",)
    assert said[("WA1", InList("proc", "WA1:4"))] == ("YW04",)
    assert ("WA1", InList("proc", "WA1:2")) not in said


def test_what_was_tried_before_and_why_it_did_not_hold():
    explained = explained_of("1 50 XL10+XK03 -")
    steps = {step.rule.shown: step for step in explained.steps}
    assert [step.rule.shown for step in explained.steps] == [
        "MDCS", "MDCP", "MDCZ", "MDCM", "MDCW", "MDCL",
        "LA1", "LB1", "LC1", "LQY", "LR1", "LS1", "LS11", "LS13",
    ]  # fmt: skip
    assert steps["MDCM"].unmet == (InList("pdx", "MDCM"),)  # the sex would have done
    assert [type(leaf).__name__ for leaf in steps["LR1"].unmet] == ["Compare"]
    assert steps["LS11"].unmet == (Complication("mcc"),)
    assert steps["LS13"].held


def test_which_complications_count_and_which_the_principal_excludes():
    explained = explained_of("1 50 XL10+XL11+XK03+XK02+XG01 -")
    found = [tuple(one) for one in explained.complications]
    assert found == [
        ("XL11", "mcc", False, "2"), ("XK03", "cc", True, ""), ("XK02", "mcc", True, ""),
    ]  # fmt: skip
    assert explained.group.level == "mcc"


def test_single_changes_that_move_a_case():
    assert moves("1 50 XG01+XK03 -") == {
        ("without_diagnosis", "XK03"): "GZ16",
        ("other_principal", "XK03"): "no_mdc",
        ("with_procedure", "YG01"): "GB13",
        ("with_complication", "XL02"): "GZ11",
    }


def test_changes_of_procedures_and_of_the_principal_diagnosis():
    found = moves("2 40 XW01+XW02 YW03+YW01+YW02")
    assert found[("without_procedure", "YW01")] == "WR15"
    assert found[("without_procedure", "YW02")] == "WR15"
    assert ("without_procedure", "YW03") not in found
    # the procedures of the formula may stand anywhere, and XW02 is in its list too
    assert not any(kind == "other_principal" for kind, _ in found)
    assert moves("1 50 XL10 YG04+YL02")[("other_main_procedure", "YL02")] == "LB15"


@pytest.mark.parametrize("text", [text for text, _ in WORKED])
def test_every_move_is_what_the_plain_engine_says(text: str):
    compiled, scheme, case = compiled_of(EXAMPLE), scheme_of(EXAMPLE), case_of(text)
    explained = explained_of(text)
    assert explained.group == reference.group_case(scheme, case)
    for move in moves_of(compiled, case, explained=explained):
        assert move.group != explained.group


def test_an_explanation_agrees_with_its_group():
    cases = [case_of(text) for text, _ in WORKED] * 30  # more than one piece
    explained = explain_cases(compiled_of(EXAMPLE), cases)
    assert [one.group for one in explained] == grouped(compiled_of(EXAMPLE), cases)
    for one in explained:
        held = [step.rule.shown for step in one.steps if step.held]
        if one.group.status == "grouped":
            assert held[-3:] == [one.group.mdc, one.group.adrg, one.group.drg]
        highest = max((c.level for c in one.complications if c.counts), key=len, default="")
        assert highest == one.group.level


def test_the_words_of_an_explanation():
    text = "1 50 XL10+XL11 YG05"
    explained = explained_of(text)
    found = moves_of(compiled_of(EXAMPLE), case_of(text), explained=explained)
    lines = {
        language: "\n".join(explanation_lines(explained, found, language=language))
        for language in ("zh", "en")
    }
    assert "LQY: any procedure is an operating-room procedure (YG05)" in lines["en"]
    assert "LQY: 任一手术操作属于手术室手术 (YG05)" in lines["zh"]
    assert (
        "XL11: MCC, not counted: excluded by the principal diagnosis XL10"
        " (both in exclusion table 2)" in lines["en"]
    )
    assert "MDCs that were entered and left, since none of their ADRGs fits: MDCS" in lines["en"]
    assert "with the principal diagnosis XL11" not in lines["en"]  # the same slot
    data = explanation_data(explained)
    assert (data["adrg"], data["complications"][0]["excluded_by"]) == ("LQY", "XL10")


def prose(text: str, language: str = "en") -> str:
    found = moves_of(compiled_of(EXAMPLE), case_of(text), explained=explained_of(text))
    return "\n".join(explanation_lines(explained_of(text), found, language=language))


def test_a_level_names_the_diagnoses_that_count():
    told = prose("1 50 XL10+XL11+XK03+XG01 -")
    assert "LS13: there is an MCC or CC (XK03)" in told  # XL11 is excluded, XG01 is none
    assert "XK03: counts as CC" in told
    told = prose("1 50 XL10+XK03+XK02 -")
    assert "LS11: there is an MCC (XK02)" in told
    assert "LS11: 有严重并发症或合并症 (MCC) (XK02)" in prose("1 50 XL10+XK03+XK02 -", "zh")


def test_complications_that_no_drg_asks_for_are_told_so():
    told = prose("2 40 XW01+XK03 YW01+YW03+YW04")
    assert "complications (this ADRG does not ask for them):\n    XK03: counts as CC" in told
    assert "complications:" in prose("1 50 XL10+XK03 -")
    assert "complications:" in prose("1 50 XX99+XK03 -")  # without an ADRG nothing is asked


def test_rules_that_ask_for_their_own_list_are_told_in_one_line():
    told = prose("1 50 XL10+XK03 -")
    (line,) = [line for line in told.splitlines() if "in no list of these" in line]
    assert line.startswith("    the main procedure is in no list of these: ")
    keys = line.split(": ")[1].split()
    assert "LB1" in keys
    assert not any(f"    {key}: " in told for key in keys)


def test_additions_stand_together_with_the_own_major_category_first():
    told = prose("1 50 XL10+XL11 YG05").splitlines()
    place = told.index("    with another main procedure, such as:")
    assert told[place + 1] == "        YL01 → LB15 · YS01 → SA19"


def test_an_invalid_case_is_told_and_not_grouped():
    (one,) = explain_written(compiled_of(EXAMPLE), ["gender=9;age=50;zdList=XG01"])
    assert one.explanation.invalid == ("sex_invalid",)
    assert "sex" in "\n".join(explanation_lines(one.explanation, one.moves, language="en"))


@pytest.mark.parametrize("text", ["", "gender", "sex=1;age=3"])
def test_a_case_that_is_none_is_refused(text: str):
    with pytest.raises(UnableToExplain):
        explain_written(compiled_of(EXAMPLE), [text])
