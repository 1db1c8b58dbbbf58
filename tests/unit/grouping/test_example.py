"""The shipped example, every rule kind of it, worked by hand; on the walk and on the plain engine.

A case is sex, age, diagnoses, procedures (``-``: none) and what else is needed. The first diagnosis
is the principal one, the first procedure the main one.
"""

from __future__ import annotations

import polars as pl
import pytest

from tests.unit.grouping.world import (
    CITY,
    EXAMPLE,
    case_of,
    compiled_of,
    grouped,
    scheme_of,
    short,
    table,
)
from yibao.engines.grouping import reference
from yibao.engines.grouping.case import Group
from yibao.offices.actuary.grouping.running import group_file
from yibao.storage.files.grouping_cases import open_cases

BEFORE_ALL = """
1 50 XL10 YS01                     | SA19
1 50 XG01 YS10+YS11                | SB15
1 50 XG01 YS11+YS10                | SB15
1 50 XG01+XK03 YS10+YS11           | SB13
1 50 XG01+XK04 YS10+YS11           | SB11
1 50 XG01 YS10                     | GZ16
1 50 XG01 YS20 icu=95              | GZ16
1 50 XG01 YS20 icu=96              | SC19
1 50 XG01 YS20                     | GZ16
1 50 XL10 YS20 icu=95              | LQY
1 50 XL10 YG04+YS01                | LQY
"""
NEWBORNS = """
1 0 XP01 - days=3 weight=3000           | PR15
1 0 XP01+XK04 - days=3 weight=3000      | PR11
1 0 XP01 - days=28 weight=3000          | PR15
1 0 XP01 - days=29 weight=3000          | PV15
1 0 XP11 - days=3 weight=1499           | PS15
1 0 XP11 - days=3 weight=1500           | PS25
1 0 XP11 - days=3 weight=2499           | PS25
1 0 XP11 - days=3 weight=2500           | PS39
1 0 XP11 - days=3                       | PV15
1 0 XP11 - weight=1499                  | PV15
1 0 XP10+XP11 - days=3 weight=1400      | PS15
1 0 XP10+XP11+XK03 - days=3 weight=1400 | PS13
1 0 XP10+XP11+XK04 - days=3 weight=1400 | PS11
1 0 XP11 YP01 days=28 weight=1400       | PB19
1 0 XP11 YP01 days=29 weight=1400       | PV15
1 1 XP11 - days=400                     | no_mdc
"""
TRAUMA = """
1 40 XZ01+XZ02 -          | ZZ15
1 40 XZ01+XZ12 -          | ZZ11
1 40 XZ11+XZ02 -          | ZZ15
1 40 XZ01+XZ11 -          | LZ19
1 40 XZ01 -               | LZ19
1 40 XZ01+XZ02 YG04       | ZZ15
1 40 XZ01+XZ02 YZ01       | ZB15
1 40 XZ01+XZ12 YZ01       | ZB13
1 40 XZ01+XZ02 YG05       | LQY
1 40 XZ04+XZ01 YG05       | no_adrg
1 40 XK03+XZ01+XZ02 -     | no_mdc
"""
SEXES = """
1 40 XM01 YM01            | MA15
1 40 XM01+XK04 YM01       | MA11
1 40 XM01 YG04+YM01       | MR15
1 40 XM01 -               | MR15
1 40 XM01+XK03 -          | MR13
1 40 XM02 -               | MS19
2 40 XM01 -               | no_mdc
2 40 XM01 YM01            | no_adrg
2 40 XW01 YW01+YW02       | WA19
2 40 XW01 YW01+YW03+YW04  | WA19
2 40 XW01 YW01+YW03       | WB15
2 40 XW01 YW01+YW04       | WB15
2 40 XW01 YW02+YW03+YW04  | WB15
2 40 XW01+XK03 YW05       | WB13
2 40 XW01 YW03+YW01       | WR15
2 40 XW01+XW01 -          | WR15
2 40 XW01+XK06 -          | WR11
2 40 XW03 -               | WS19
1 40 XW03 -               | GZ16
"""
CHEST = """
1 50 XL01 YL01            | LA15
1 50 XL01+XL02 YL01       | LA15
1 50 XL01+XK04 YL01       | LA11
1 50 XL10 YL01            | LB15
1 50 XL10+XK05 YL01       | LB13
1 50 XL30+XK04 YL02       | LB11
1 50 XL10 YG04+YL02       | LQY
1 59 XL10 YL03            | LS15
1 60 XL10 YL03            | no_drg LC1
1 17 XL10 -               | LR15
1 18 XL10 -               | LS15
1 50 XL10+XL11 -          | LS15
1 50 XL12+XK06 -          | LS11
1 50 XL12+XK03 -          | LS13
1 50 XL20+XK01 -          | LT19
1 50 XL20 -               | no_adrg
1 50 XL21 -               | LZ19
1 50 XL21+XK02 -          | LT19
1 50 XL40 -               | LZ19
"""
BELLY = """
1 50 XG01 YG01                    | GB15
1 50 XG01+XK03 YG01               | GB13
1 50 XG01+XK04 YG01               | GB11
1 50 XG11 YG04+YG02               | GC19
1 50 XG11 YG02+YG04               | GT15
1 50 XG01 YG04+YG03 dept=E07      | GD19
1 50 XG01 YG04+YG03 dept=E08      | GZ16
1 50 XG01 YG04+YG03               | GZ16
1 50 XG10 - left=5 stay=5         | GR19
1 50 XG10 - left=5 stay=6         | GZ16
1 50 XG10 - left=1 stay=5         | GZ16
1 50 XG10 - left=1 stay=60        | GZ16
1 50 XG10 - left=1 stay=61        | GS19
1 50 XG10 YG04                    | GT15
2 50 XG10+XK03 YG04               | GT13
1 50 XG01+XK04 -                  | GZ11
1 65 XG01+XK03 -                  | GZ13
1 64 XG01+XK03 -                  | GZ14
1 6 XG01 -                        | GZ15
1 7 XG01 -                        | GZ16
1 50 XG01+XG02+XG03 -             | GZ16
1 50 XG01+XG11 YG04               | GZ14
2 50 XG10 -                       | GZ16
1 50 XG20 -                       | no_adrg
1 50 NOT-A-CODE -                 | no_mdc
"""
WORKED = table(BEFORE_ALL + NEWBORNS + TRAUMA + SEXES + CHEST + BELLY)
IN_THE_CITY = table("""
1 80 XL20 -               | LU19
1 79 XL20 -               | no_adrg
1 60 XL10 YL03            | LC19
1 50 XL10 YG04+YL02       | LS15
1 50 XL10 YG05            | LQY
1 50 XG01+XK03 -          | GZ16
1 50 XG01+XK05 -          | GZ14
""")


@pytest.mark.parametrize(("folder", "rows"), [(EXAMPLE, WORKED), (CITY, IN_THE_CITY)])
def test_the_walk_gives_what_was_worked_by_hand(folder, rows):
    found = grouped(compiled_of(folder), [case_of(text) for text, _ in rows])
    answers = [(text, short(group)) for (text, _), group in zip(rows, found, strict=True)]
    assert answers == rows


@pytest.mark.parametrize(("folder", "rows"), [(EXAMPLE, WORKED), (CITY, IN_THE_CITY)])
def test_so_does_the_plain_engine(folder, rows):
    scheme = scheme_of(folder)
    found = [reference.group_case(scheme, case_of(text)) for text, _ in rows]
    assert [short(group) for group in found] == [group for _, group in rows]


def test_a_group_names_its_way():
    (group,) = grouped(compiled_of(EXAMPLE), [case_of("1 40 XM01+XK03 -")])
    assert (group.status, group.mdc, group.adrg, group.drg) == ("grouped", "MDCM", "MR1", "MR13")
    assert group.level == "cc"


def test_an_ambiguous_case_and_no_group_have_keys_of_their_own():
    texts = ["1 50 XL10 YG05", "1 60 XL10 YL03", "1 50 XG20 -"]
    ambiguous, without_drg, nothing = grouped(compiled_of(EXAMPLE), [case_of(t) for t in texts])
    assert (ambiguous.status, ambiguous.mdc, ambiguous.adrg) == ("qy", "MDCL", "LQY")
    assert (without_drg.status, without_drg.adrg, without_drg.drg) == ("ungrouped", "LC1", "0000")
    assert (nothing.status, nothing.mdc, nothing.adrg, nothing.drg) == (
        "ungrouped", "0000", "00", "0000",
    )  # fmt: skip


def test_the_example_has_every_word_of_the_vocabulary():
    rows = scheme_of(EXAMPLE)
    rules = (*rows.mdcs, *rows.adrgs.values(), *rows.drgs.values())
    written = " ".join(repr(rule.condition) for rule in rules)
    for word in (
        "'pdx'", "'dx'", "'sdx'", "'pproc'", "'proc'", "'sproc'", "'procset'", "'@OR'",
        "HasProcedure", "'mcc'", "'cc'", "Every", "Either", "Negated", "holds=True", "holds=False",
        "'age'", "'ageDay'", "'weight'", "'inHospitalTime'", "'gender'", "'icuHours'", "'dept'",
        "'leavingType'", "'bodySites'", "'!='",
    ):  # fmt: skip
        assert word in written, word


def test_the_file_of_cases_beside_the_scheme_is_these_cases(tmp_path):
    out = tmp_path / "groups.csv"
    summary = group_file(compiled_of(EXAMPLE), open_cases(EXAMPLE.parent / "cases.csv"), out=out)
    assert summary.cases_count == len(WORKED)
    rows = pl.read_csv(out, infer_schema=False).fill_null("")
    answers = [
        short(Group(row["status"], row["mdc"], row["adrg"], row["drg"], row["reason"]))
        for row in rows.iter_rows(named=True)
    ]
    assert answers == [group for _, group in WORKED]
