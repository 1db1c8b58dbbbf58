"""What-ifs worked by hand: totals, groups, deciles, winners and losers, and what is left out."""

from __future__ import annotations

import hashlib
import json

import polars as pl
import pytest

from tests.unit.actuary.what_if_law import asked_of, claims_file, law_folder, visit
from yibao.base.findings import FaultsFound
from yibao.base.texts import Text
from yibao.offices.actuary.city.making import make_city
from yibao.offices.actuary.city.tables import Contract
from yibao.offices.actuary.city.writing import Order
from yibao.offices.actuary.laws import open_law
from yibao.offices.actuary.settling import UnableToSettle
from yibao.offices.actuary.whatif import pairs
from yibao.offices.actuary.whatif.compare import UnableToCompare, what_if
from yibao.offices.actuary.whatif.grounds import grounds_told
from yibao.offices.actuary.whatif.groups import AGE_BAND
from yibao.offices.actuary.whatif.output import as_data, write_tables
from yibao.offices.actuary.whatif.pairs import Sums, Tables, add_tables
from yibao.offices.actuary.whatif.runs import Asked, sample_of
from yibao.offices.actuary.whatif.shapes import Change, share_rate
from yibao.offices.actuary.whatif.summing import bands_of, deciles_of, moved_most

# 200.00 in scope pays 100.00, the limit; one more fen in scope pays half a fen, rounded up.
BELOW, AT, ABOVE = 19_998, 20_000, 20_002
FOUR = [
    visit(1, "M1", BELOW),
    visit(1, "M2", AT) | {"claim_id": "C2"},
    visit(1, "M3", ABOVE) | {"claim_id": "C3"},
    visit(1, "M4", 40_000, scheme="resident") | {"claim_id": "C4"},
    visit(2, "M4", 60_000, scheme="resident") | {"claim_id": "C5"},
]


def groups(comparison, name):
    (found,) = [one for one in comparison.groupings if one.name == name]
    return {group: effect for group, _, effect in found.groups}


def notes(comparison):
    return "\n".join(text.en for text in grounds_told(comparison))


# -- totals ----------------------------------------------------------------------------------------


def test_a_higher_limit_below_at_and_above(tmp_path):
    answer = asked_of(tmp_path, FOUR)
    # base 99.99, 100.00, 100.00, then 100.00 and nothing for M4;
    # reform 99.99, 100.00, 100.01, then 200.00 and 100.00 for M4, who reaches 300.00
    assert answer.total.benefit == Change(9_999 + 3 * 10_000, 9_999 + 10_000 + 10_001 + 30_000)
    assert answer.total.benefit.change_amount == 20_001
    assert answer.total.submitted_amount == BELOW + AT + ABOVE + 100_000
    assert answer.total.out_of_pocket == Change(160_000 - 39_999, 160_000 - 60_000)
    assert (answer.total.members_count, answer.total.changed_members_count) == (4, 2)
    assert (answer.winners_count, answer.losers_count) == (2, 0)
    assert (answer.counts.read, answer.counts.compared) == (5, 5)
    assert (answer.counts.rules_changed, answer.counts.plan_changed) == (5, 0)
    assert answer.counts.answer_changed == 3  # C3, C4, C5
    assert [(name, change.change_amount) for name, _, change in answer.layers] == [
        ("pooling", 20_001)
    ]


def test_funds_by_their_shares_to_the_fen(tmp_path):
    answer = asked_of(tmp_path, FOUR)
    # 60 % of 99.99 is 59.994, so 59.99 and 40.00 by largest remainder; of 100.01 60.006, so 60.01
    funds = {name: change for name, _, change in answer.funds}
    assert funds["pool"] == Change(5_999 + 3 * 6_000, 5_999 + 6_000 + 6_001 + 18_000)
    assert funds["treasury"] == Change(4_000 + 3 * 4_000, 4_000 + 4_000 + 4_000 + 12_000)
    assert sum(c.change_amount for c in funds.values()) == answer.total.benefit.change_amount


def test_the_other_way_round_is_the_same_with_the_signs_turned(tmp_path):
    there = asked_of(tmp_path, FOUR)
    back = asked_of(tmp_path, FOUR, "law", base="higher")
    assert back.total.benefit == Change(
        there.total.benefit.reform_amount, there.total.benefit.base_amount
    )
    assert (back.winners_count, back.losers_count) == (0, 2)
    assert [one.member_id for one in back.losses] == ["M4", "M3"]
    assert [one.member_id for one in there.gains] == ["M4", "M3"]
    assert there.gains[0].out_of_pocket == Change(90_000, 70_000)


def test_who_pays_may_change_while_nobody_gains(tmp_path):
    answer = asked_of(tmp_path, FOUR, "shift")
    # the treasury's 40.00 of 99.99 and 3 × 40.00 go to the pool
    assert [(name, c.change_amount) for name, _, c in answer.funds] == [
        ("pool", 16_000),
        ("treasury", -16_000),
    ]
    assert answer.total.benefit.change_amount == 0
    assert answer.total.changed_members_count == answer.winners_count == answer.losers_count == 0
    assert answer.counts.answer_changed == 4  # C5 pays nothing on either side
    assert answer.changed_claims["claim_id"].to_list() == ["C1", "C2", "C3", "C4"]


def test_reforms_hold_together(tmp_path):
    both = asked_of(tmp_path, FOUR, "higher+shift")
    funds = {name: change for name, _, change in both.funds}
    assert funds["pool"] == Change(23_999, 60_000)
    assert funds["treasury"] == Change(16_000, 0)
    assert both.sides.reform == Text("限额提高，全由统筹支付", "a higher limit; all from the pool")
    onto = asked_of(tmp_path, FOUR, "higher+shift", base="shift")
    assert onto.total.benefit.change_amount == 20_001
    assert {name: c.change_amount for name, _, c in onto.funds} == {"pool": 20_001}


@pytest.mark.parametrize(
    ("eligible", "category", "gain"),
    [
        (200_000, "working", 0),  # 80 % is 1600.00
        (212_500, "working", 0),  # 1700.00, at the limit of 2023
        (212_501, "working", 1),  # 1700.008, half up 1700.01
        (749_999, "working", 429_999),  # 5999.992, half up 5999.99
        (750_000, "working", 430_000),  # 6000.00, at the limit of 2024
        (1_000_000, "working", 430_000),
        (823_529, "retired", 530_000),  # 85 % is 6999.9965, half up 7000.00
        (1_000_000, "retired", 530_000),
    ],
)
def test_the_employees_outpatient_limit_of_1700_against_6000(tmp_path, eligible, category, gain):
    row = visit(1, "M1", eligible) | {
        "care_type": "general_outpatient",
        "facility_level": "community",
        "member_category": category,
    }
    asked = Asked("370200", (), ("outpatient_limit_2023",))
    answer = what_if(asked, sample_of(claims_file(tmp_path, [row])))
    assert answer.total.benefit.change_amount == gain
    assert {name for name, _, _ in answer.funds} == {"employee_pooling"}
    assert set(answer.questions) == {"outpatient-deductible-shared"}
    assert answer.base_grounds.examples_count == answer.reform_grounds.examples_count == 0


# -- groups, tenths, winners -----------------------------------------------------------------------


def test_groups_sum_to_all_and_a_member_is_counted_in_each(tmp_path):
    rows = [
        visit(1, "M1", 40_000, is_poor="true", extra_sex="female"),
        visit(2, "M1", 40_000, scheme="resident", is_poor="true", extra_sex="female"),
        visit(3, "M2", 10_000, is_poor=None, extra_sex="male"),
    ]
    answer = asked_of(tmp_path, rows)
    by_scheme = groups(answer, "scheme")
    # 400.00 pays 100.00 then 200.00; the second pays nothing, then the 100.00 left of 300.00
    assert by_scheme["employee"].benefit == Change(10_000 + 5_000, 20_000 + 5_000)
    assert by_scheme["resident"].benefit == Change(0, 10_000)
    assert [by_scheme[name].members_count for name in ("employee", "resident")] == [2, 1]
    assert [by_scheme[name].changed_members_count for name in ("employee", "resident")] == [1, 1]
    assert answer.total.members_count == 2
    poor = groups(answer, "is_poor")
    assert list(poor) == ["true", ""]
    assert poor["true"].claims_count == 2
    assert poor[""].benefit.change_amount == 0
    assert groups(answer, "extra_sex")["female"].benefit.change_amount == 20_000
    assert [one.name for one in answer.groupings] == ["scheme", "extra_sex", "care_type", "is_poor"]


@pytest.mark.parametrize(
    ("born", "band"),
    [
        ("2006-05-02", "0–17"),
        ("2006-05-01", "18–34"),
        ("1964-05-02", "45–59"),
        ("1964-05-01", "60–74"),
        ("1964-04-30", "60–74"),
        ("1949-05-01", "75+"),
        ("2024-05-02", ""),
        (None, ""),
    ],
)
def test_ages_are_those_of_the_day_that_the_law_is_read_on(tmp_path, born, band):
    answer = asked_of(tmp_path, [visit(1, "M1", 100, birth_date=born)])
    assert list(groups(answer, AGE_BAND)) == [band]


def members(burdens, changes=None):
    changes = changes or [0] * len(burdens)
    return pl.DataFrame(
        {
            "member_id": [f"M{number:03}" for number in range(len(burdens))],
            "claims_count": [1] * len(burdens),
            "submitted_amount": [10**6] * len(burdens),
            "base_benefit_amount": [10**6 - burden for burden in burdens],
            "reform_benefit_amount": [
                10**6 - burden - change for burden, change in zip(burdens, changes, strict=True)
            ],
            "base_out_of_pocket_amount": burdens,
            "reform_out_of_pocket_amount": [
                burden + change for burden, change in zip(burdens, changes, strict=True)
            ],
            "change_amount": changes,
        }
    )


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (1, [1]),
        (3, [1, 1, 1]),
        (10, [1] * 10),
        (11, [2] + [1] * 9),
        (25, [3, 2, 3, 2, 3, 2, 3, 2, 3, 2]),
    ],
)
def test_deciles_are_as_equal_as_members_allow(count, sizes):
    found = deciles_of(members(list(range(count))))
    assert [decile.members_count for decile in found] == sizes
    assert [decile.number for decile in found] == list(range(1, len(sizes) + 1))
    assert found[0].lowest_amount == 0
    assert found[-1].highest_amount == count - 1
    assert sum(decile.out_of_pocket.base_amount for decile in found) == count * (count - 1) // 2


def test_a_decile_tells_the_mean_change_of_its_members():
    found = deciles_of(members([10] * 20, [0, 5] * 10))
    assert {decile.mean_change_amount for decile in found} == {3}  # 5 over 2, half up
    assert {decile.changed_members_count for decile in found} == {1}


@pytest.mark.parametrize(
    ("change", "band"),
    [
        (1, 0),
        (10_000, 0),
        (10_001, 1),
        (50_000, 1),
        (50_001, 2),
        (100_000, 2),
        (100_001, 3),
        (500_001, 4),
        (1_000_000, 4),
        (1_000_001, 5),
    ],
)
def test_bands_take_their_upper_end_in(change, band):
    found = bands_of(members([0, 0, 0], [change, -change, 0]))
    assert [one.losers_count for one in found] == [int(place == band) for place in range(6)]
    assert [one.winners_count for one in found] == [int(place == band) for place in range(6)]
    assert (found[band].losers_amount, found[band].winners_amount) == (change, change)


def test_the_largest_come_first_and_ties_by_id():
    gains, losses = moved_most(members([100] * 14, [-3, 5, -9, 5, -3] + [-1] * 9))
    assert [one.member_id for one in gains[:4]] == ["M002", "M000", "M004", "M005"]
    assert len(gains) == 10
    assert [one.member_id for one in losses] == ["M001", "M003"]


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [
        (1, 3, 333_333),
        (2, 3, 666_667),
        (-1, 3, -333_333),
        (-2, -3, 666_667),
        (0, 5, 0),
        (5, 0, None),
        (10**18, 10**18 + 1, 1_000_000),
    ],
)
def test_shares_are_exact_integers(part, whole, rate):
    assert share_rate(part, whole) == rate


# -- what is left out, and what is not touched -----------------------------------------------------


def test_claims_that_one_side_rejects_are_counted_and_listed_and_in_no_sum(tmp_path):
    answer = asked_of(tmp_path, FOUR, "closed")
    counts = answer.counts
    assert (counts.read, counts.compared) == (5, 3)
    assert (counts.rejected_in_reform_only, counts.rejected_in_base_only) == (2, 0)
    assert (counts.rejected_in_both, counts.touched_members_count) == (0, 1)
    assert answer.total.benefit == Change(29_999, 29_999)
    listed = answer.one_sided_claims
    assert listed["claim_id"].to_list() == ["C4", "C5"]
    assert listed["settled_in"].unique().to_list() == ["base"]
    assert listed["code"].unique().to_list() == ["no_plan"]
    assert listed["benefit_amount"].to_list() == [10_000, 0]
    assert "2 claims were settled on one side only (rejected by the base 0, by the reform 2)" in (
        notes(answer)
    )
    turned = asked_of(tmp_path, FOUR, "law", base="closed")
    assert (turned.counts.rejected_in_reform_only, turned.counts.rejected_in_base_only) == (0, 2)
    assert turned.one_sided_claims["settled_in"].unique().to_list() == ["reform"]


def test_claims_that_both_sides_reject_are_counted(tmp_path):
    rows = [*FOUR, visit(3, "M9", -5) | {"claim_id": "C9"}, visit(10, "M9", 20_000)]
    answer = asked_of(tmp_path, rows)
    assert (answer.counts.read, answer.counts.compared, answer.counts.rejected_in_both) == (7, 6, 1)
    assert answer.base_grounds.findings == {"earlier_claim_rejected": 1}
    assert "1 claims were settled on neither side" in notes(answer)


def test_nothing_to_compare_is_said(tmp_path):
    answer = asked_of(tmp_path, [visit(1, "M1", -5)])
    assert (answer.counts.compared, answer.counts.rejected_in_both) == (0, 1)
    assert answer.deciles == ()
    assert answer.total.benefit == Change(0, 0)
    assert "nothing to compare" in notes(answer)


def test_a_reform_that_touches_nothing_here_is_said(tmp_path):
    answer = asked_of(tmp_path, FOUR, "idle")
    assert answer.counts.rules_changed == answer.counts.answer_changed == 0
    assert "touches no rule under which these claims were settled" in notes(answer)


def test_a_reform_of_rules_that_nobody_feels_is_said(tmp_path):
    answer = asked_of(tmp_path, FOUR, "unfelt")
    assert (answer.counts.rules_changed, answer.counts.answer_changed) == (5, 0)
    assert "The rules of 5 claims are changed, and yet no answer is" in notes(answer)


@pytest.mark.parametrize(("reform", "base"), [("law", "law"), ("higher", "higher"), ("", "law")])
def test_a_law_is_not_compared_with_itself(tmp_path, reform, base):
    with pytest.raises(UnableToCompare, match="same law"):
        asked_of(tmp_path, FOUR, reform, base=base)


@pytest.mark.parametrize(
    ("reform", "base", "remedy"),
    [
        ("hihger", "law", "higher"),
        ("higher", "nowhere", "closed, higher, idle, shift, unfelt"),
    ],
)
def test_an_unknown_reform_is_told_with_those_there_are(tmp_path, reform, base, remedy):
    with pytest.raises(FaultsFound) as caught:
        asked_of(tmp_path, FOUR, reform, base=base)
    (fault,) = caught.value.faults
    assert fault.code == "reform_unknown"
    assert remedy in fault.remedy.en


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(UnableToSettle, match="there is no engine abacus"):
        asked_of(tmp_path, FOUR, engine="abacus")


# -- files, parts, tables --------------------------------------------------------------------------


def test_csv_and_parquet_give_the_same(tmp_path):
    rows = [row | {"birth_date": "1964-05-01", "extra_sex": "female"} for row in FOUR]
    asked = Asked(str(law_folder(tmp_path)), ("higher",))
    told = [
        as_data(what_if(asked, sample_of(claims_file(tmp_path, rows, name))))
        for name in ("claims.csv", "claims.parquet")
    ]
    assert told[0] == told[1]


def test_many_parts_give_what_one_does(tmp_path, monkeypatch):
    rows = [visit(n, f"M{n % 7}", 9_000 + 1_001 * n) | {"claim_id": f"C{n}"} for n in range(1, 40)]
    whole = asked_of(tmp_path, rows)
    monkeypatch.setattr(pairs, "PART_ROWS", 5)
    parted = asked_of(tmp_path, rows)
    assert as_data(parted) == as_data(whole)
    assert parted.changed_claims.equals(whole.changed_claims)


def partitioned(folder, parts, made):
    entries = []
    for number, rows in enumerate(parts):
        part = folder / f"part-{number:04d}"
        part.mkdir(parents=True)
        file = claims_file(part, rows)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        path = f"{part.name}/{file.name}"
        entries.append({"claims": {"path": path, "rows": len(rows), "sha256": digest}})
    manifest = {
        "format": "yibao-claims-1",
        "partitioned_by": "family",
        "parts": entries,
        "made": made,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_city_in_partitions_is_summed_and_said_to_be_made_up(tmp_path):
    asked = Asked(str(law_folder(tmp_path)), ("higher",))
    city = partitioned(
        tmp_path / "city", [FOUR[:2], FOUR[2:]], {"seed": 7, "members": 4, "figures_hash": "0" * 64}
    )
    seen = []
    answer = what_if(asked, sample_of(city), progress=lambda *told: seen.append(told))
    whole = asked_of(tmp_path, FOUR)
    assert answer.total == whole.total
    assert answer.groupings == whole.groupings
    assert answer.deciles == whole.deciles
    assert "The claims are made up (seed=7, members=4)" in notes(answer)
    assert "made up" not in notes(whole)
    assert seen[-1] == ("reform", 5, 5)
    assert ("base", 5, 5) in seen


def test_a_city_without_one_of_its_partitions_is_refused(tmp_path):
    city = partitioned(tmp_path / "city", [FOUR[:2], FOUR[2:]], {"seed": 7})
    (city / "part-0001" / "claims.parquet").unlink()
    with pytest.raises(FaultsFound) as caught:
        sample_of(city)
    assert [fault.code for fault in caught.value.faults] == ["partition_missing"]


def rows_table(folder, name, rows):
    fixed = {
        "member_id": "M1",
        "plan_id": "p",
        "policy_hash": "h",
        "is_annual": False,
        "values_count": 1,
        "examples_count": 0,
    }
    place = folder / f"{name}.parquet"
    frame = pl.DataFrame([{**fixed, **row} for row in rows], infer_schema_length=None)
    days = pl.col("chosen_on").str.to_date()
    frame.with_columns(days).write_parquet(place)
    return place


def row(claim_id, submitted, benefit, day="2024-12-31", **more):
    return {
        "claim_id": claim_id,
        "chosen_on": day,
        "submitted_amount": submitted,
        "benefit_basic": benefit,
        "fund_pool": benefit,
        "left_eligible": submitted - benefit,
        "out_of_pocket_amount": submitted - benefit,
        **more,
    }


def paired(folder, base, reform):
    staged = folder / "groups.parquet"
    pl.DataFrame({"claim_id": ["C1"], "birth_date": [None]}).write_parquet(staged)
    sums = Sums()
    tables = Tables(rows_table(folder, "a", base), rows_table(folder, "b", reform), staged)
    add_tables(sums, tables, groupings=())
    return sums


def test_a_stay_that_one_side_takes_apart_by_years_is_one_claim(tmp_path):
    apart = [row("C1/2024", 600, 100), row("C1/2025", 400, 300, "2025-01-02")]
    sums = paired(tmp_path, apart, [row("C1", 1_000, 500, "2025-01-02")])
    assert (sums.rows_count, sums.base_only_count, sums.reform_only_count) == (1, 0, 0)
    assert (sums.amounts["base_benefit_basic"], sums.amounts["reform_benefit_basic"]) == (400, 500)
    (changed,) = sums.changed
    assert changed["submitted_amount"].to_list() == [1_000]
    assert changed["change_amount"].to_list() == [100]


def test_what_is_paid_at_year_end_adds_no_cost_and_lowers_the_burden(tmp_path):
    def year(paid):
        return [row("C1", 1_000, 500), row("C2", 400, paid, is_annual=True)]

    sums = paired(tmp_path, year(40), year(60))
    (burden,) = sums.members
    assert burden["submitted_amount"].to_list() == [1_000]
    assert burden["base_out_of_pocket_amount"].to_list() == [500 - 40]
    assert burden["reform_out_of_pocket_amount"].to_list() == [500 - 60]


def test_a_layer_that_one_side_alone_has_counts_as_nothing_on_the_other(tmp_path):
    extra = row("C1", 1_000, 0) | {"benefit_extra": 500, "left_eligible": 500}
    extra |= {"fund_pool": 500, "out_of_pocket_amount": 500}
    sums = paired(tmp_path, [row("C1", 1_000, 500)], [extra])
    assert (sums.answer_changed, sums.amounts["base_benefit_extra"]) == (1, 0)
    assert sums.amounts["reform_benefit_extra"] == 500


def test_tables_stand_together_and_say_what_the_data_say(tmp_path):
    answer = asked_of(tmp_path, FOUR)
    out = tmp_path / "out"
    out.mkdir()
    write_tables(answer, out)
    told = json.loads((out / "what_if.json").read_text("utf-8"))
    assert told == as_data(answer)
    assert told["total"]["change_amount"] == 20_001
    assert told["total"]["change_rate"] == 500_038  # 200.01 of 399.99
    assert told["total"]["base_benefit_rate"] == 249_994  # 399.99 of 1600.00
    groups_table = pl.read_csv(out / "groups.csv", infer_schema=False)
    schemes = groups_table.filter(pl.col("grouping") == "scheme")
    assert schemes["group"].to_list() == ["employee", "resident"]
    assert schemes["change_amount"].to_list() == ["1", "20000"]
    assert schemes["share_of_change_rate"].to_list() == ["50", "999950"]
    funds = pl.read_csv(out / "funds.csv")
    assert funds["kind"].to_list() == ["fund", "fund", "layer", "total"]
    assert funds["change_amount"].to_list() == [12_001, 8_000, 20_001, 20_001]
    changed = pl.read_csv(out / "changed_claims.csv")
    assert changed["claim_id"].to_list() == ["C3", "C4", "C5"]
    assert changed["change_amount"].to_list() == [1, 10_000, 10_000]
    assert "reform_benefit_pooling" in changed.columns
    assert "reform_benefit_ward" not in changed.columns
    assert pl.read_csv(out / "one_sided_claims.csv").height == 0
    assert sorted(file.name for file in out.iterdir()) == [
        *("changed_claims.csv", "deciles.csv", "funds.csv", "groups.csv", "largest.csv"),
        *("one_sided_claims.csv", "what_if.json", "winners_losers.csv"),
    ]


def test_tables_of_nothing_have_their_heads(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    write_tables(asked_of(tmp_path, [visit(1, "M1", -5)]), out)
    for name in ("groups.csv", "deciles.csv", "largest.csv", "changed_claims.csv"):
        assert "change_amount" in (out / name).read_text("utf-8")


# -- by either engine ------------------------------------------------------------------------------


def both_engines(asked, sample, folder):
    """The answer of each engine as data and tables, without the engine's name."""
    told = []
    for engine in ("reference", "kernel"):
        answer = what_if(asked, sample, engine=engine)
        out = folder / engine
        out.mkdir()
        write_tables(answer, out)
        tables = {path.name: path.read_bytes() for path in out.glob("*.csv")}
        assert len(tables) >= 6
        data = as_data(answer)
        assert data.pop("engine") == engine
        told.append((data, tables))
    return told


@pytest.mark.parametrize(("reform", "base"), [("higher", ()), ("closed", ()), ("shift", ())])
def test_either_engine_gives_the_same_tables_for_a_few_claims(tmp_path, reform, base):
    asked = Asked(str(law_folder(tmp_path)), (reform,), base)
    sample = sample_of(claims_file(tmp_path, FOUR))
    reference, kernel = both_engines(asked, sample, tmp_path)
    assert kernel == reference


@pytest.mark.parametrize(
    ("year", "base"), [(2024, "outpatient_limit_2023"), (2020, "without_poor_tilt_2020")]
)
def test_either_engine_gives_the_same_tables_for_a_city(tmp_path, year, base):
    contract = Contract.of(open_law("370200", with_examples=True).area)
    make_city(Order(150, 3, year, 2), tmp_path / "city", contract=contract)
    asked = Asked("370200", (), (base,), with_examples=True)
    reference, kernel = both_engines(asked, sample_of(tmp_path / "city"), tmp_path)
    assert kernel == reference
    assert reference[0]["claims"]["read"] > 1_000
