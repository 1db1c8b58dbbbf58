"""Overlays: named changes by path, on as asked, never silent about what they miss or fight over."""

from __future__ import annotations

import pytest

from tests.unit.policy.small_area import FILES, compiled, faults_in, line_of, told
from yibao.base.findings import FaultsFound
from yibao.engines.policy.compiler import Options
from yibao.engines.policy.law import Bands, Ceiling, Layer, Literal_, PlanVersion, Rows

HEAD = 'overlay: {name}\nkind: {kind}\narea: "999999"\nname: {{zh: 改, en: change}}\nchanges:\n'


def overlay(*changes: str, name: str = "ours", kind: str = "law") -> str:
    return HEAD.format(name=name, kind=kind) + "".join(f"  - {change}\n" for change in changes)


def layer(*changes: str, number: int = 0, plan: str = "clinic", **more) -> Layer:
    return version(*changes, plan=plan, **more).layers[number]


def version(*changes: str, plan: str = "clinic", **more) -> PlanVersion:
    files = {**FILES, "overlay.yaml": overlay(*changes)}
    return next(v for v in compiled(files, **more).plans if v.plan_id == f"999999/{plan}")


def found(*changes: str) -> list[str]:
    return [told(fault) for fault in faults_in({**FILES, "overlay.yaml": overlay(*changes)})]


def value(number) -> int | None:
    assert isinstance(number.body, Literal_)
    return number.body.value


def bands(one: Layer) -> Bands:
    assert isinstance(one.pays, Bands)
    return one.pays


REPLACE = '{at: clinic/basic/bands/list/1/rate, replace: {is: "65%", source: S1, confidence: H}}'


def test_examples_are_on_only_when_asked():
    off, on = compiled(), compiled(options=Options(with_examples=True))
    rates = [value(bands(policy.plans[0].layers[0]).bands[0].rate) for policy in (off, on)]
    assert rates == [600_000, 650_000]
    assert [[note.is_on for note in policy.overlays] for policy in (off, on)] == [[False], [True]]
    assert on.overlays[0].paths == ("clinic/basic/bands/list/1/rate",)
    assert off.plans[0].policy_hash != on.plans[0].policy_hash
    body = bands(on.plans[0].layers[0]).bands[0].rate.body
    assert isinstance(body, Literal_)
    assert body.provenance.confidence == "example"
    assert body.provenance.where.file == "999999/examples.yaml"


def test_a_law_overlay_is_always_on():
    assert value(bands(layer(REPLACE)).bands[0].rate) == 650_000


def test_a_reform_is_on_by_name_only():
    files = {**FILES, "reform.yaml": overlay(REPLACE, name="more", kind="reform")}
    assert value(bands(compiled(files).plans[0].layers[0]).bands[0].rate) == 600_000
    on = compiled(files, options=Options(reforms=("more",)))
    assert value(bands(on.plans[0].layers[0]).bands[0].rate) == 650_000


def test_an_unknown_reform_is_a_fault():
    (fault,) = faults_in(FILES, options=Options(reforms=("les",)))
    assert (fault.code, str(fault.where)) == ("reform_unknown", "--reform")
    assert "没有名为“les”的改革方案" in fault.told("zh")


def test_replace_reaches_names_dates_and_positions():
    row = "{at: clinic/basic/deductible/due/2024-01-01/rows/2, replace: {level: high, is: 700}}"
    rows = layer(row).deductible.due.body
    assert isinstance(rows, Rows)
    assert [value(each.number) for each in rows.rows] == [0, 70_000]
    share = '{at: clinic/basic/paid_by/pooling/share, replace: "80%"}'
    other = '{at: clinic/basic/paid_by/treasury/share, replace: "20%"}'
    assert [value(p.share) for p in layer(share, other).paid_by] == [800_000, 200_000]
    assert compiled(
        {**FILES, "o.yaml": overlay("{at: clinic/applies_to/scheme, replace: [employee]}")}
    )


def test_add_appends_to_a_list_and_adds_a_key():
    ceiling = "{at: clinic/basic/payment_ceilings, add: {name: more, amount: 9000}}"
    names = [c.name for c in layer(ceiling).payment_ceilings]
    assert names == ["yearly", "more"]
    key = "{at: clinic/basic/open, add: [whose]}"
    assert layer(key).structure.open_ids == ("whose",)
    third = (
        "layer: third, name: {zh: 三, en: third}, draws: ['coinsurance@second'],"
        " paid_by: [{fund: pooling, share: '100%'}],"
        " top_up: {target: {share: '50%', of: [eligible]}, counting: [basic]}"
    )
    extra = f"{{at: clinic/layers, add: {{{third}}}}}"
    assert [one.name for one in version(extra).layers] == ["basic", "second", "third"]


def test_remove_takes_an_entry_out():
    assert layer("{at: clinic/basic/cost_ceilings, remove: true}").ceilings_before_deductible == ()
    assert [one.name for one in version("{at: clinic/second, remove: true}").layers] == ["basic"]


def test_changes_of_one_overlay_apply_in_the_listed_order():
    twice = REPLACE.replace("65%", "66%")
    assert value(bands(layer(REPLACE, twice)).bands[0].rate) == 660_000


def test_numbers_indices_area_and_register_are_reached():
    limit = "{at: numbers/limit/is, replace: 7000}"
    second = bands(layer(limit, number=1)).bands[1].start
    assert value(second) == 700_000
    assert found("{at: indices/income/years/2024, remove: true}") == [
        f"999999/clinic.yaml:{line_of(FILES['clinic.yaml'], 'index: income')} index_year_missing"
    ]
    policy = compiled(
        {
            **FILES,
            "o.yaml": overlay(
                "{at: area/products/clinic/from, replace: 2024-06-01}",
                "{at: register/clinic/checked_on, replace: 2025-07-01}",
            ),
        }
    )
    assert str(policy.products[0].span.start) == "2024-06-01"
    assert str(policy.verified[0].checked_on) == "2025-07-01"


def test_an_entitlement_is_reached_by_its_lines():
    files = {**FILES, "o.yaml": overlay("{at: allowance/days/is, replace: 100}")}
    assert value(compiled(files).entitlements[0].lines[0].number) == 100


@pytest.mark.parametrize(
    ("at", "step", "known"),
    [
        ("clinics/basic/draws", "clinics", "clinic"),
        ("clinic/base/draws", "base", "basic"),
        ("clinic/basic/bands/list/3/rate", "3", ""),
        ("clinic/basic/deductible/due/2023-01-01", "2023-01-01", "2024-01-01"),
        ("clinic/basic/payment_ceilings/yearly_limit", "yearly_limit", "yearly"),
        ("numbers/limits/is", "limits", "limit"),
        ("layers/basic/draws", "layers", ""),
    ],
)
def test_a_path_that_hits_nothing_says_where_it_goes_astray(at: str, step: str, known: str):
    files = {**FILES, "overlay.yaml": overlay(f"{{at: {at}, remove: true}}")}
    (fault,) = faults_in(files)
    assert told(fault) == "999999/overlay.yaml:6 overlay_misses"
    assert f"it ends at '{step}'" in fault.message.en
    assert f"止于“{step}”" in fault.message.zh
    assert known in fault.remedy.en


def test_adding_to_what_is_neither_list_nor_mapping_misses():
    assert found('{at: clinic/basic/name/zh, add: "x"}') == ["999999/overlay.yaml:6 overlay_misses"]


def test_entries_of_one_name_are_told_apart_by_their_date():
    later = (
        FILES["stay.yaml"]
        + FILES["stay.yaml"].partition("layers:\n")[2].partition("  - layer: floor")[0]
    )
    later = later.replace(
        "  - layer: basic", "  - from: 2024-01-01\n    until: 2025-01-01\n    layer: basic", 1
    )
    head, _, tail = later.rpartition("  - layer: basic")
    files = {**FILES, "stay.yaml": f"{head}  - from: 2025-01-01\n    layer: basic{tail}"}
    assert faults_in(files) == []
    change = "{{at: stay/basic{}/deductible/yearly_maximum/amount, replace: 3000}}"
    (fault,) = faults_in({**files, "o.yaml": overlay(change.format(""))})
    assert fault.code == "overlay_ambiguous"
    assert "write the `from` date" in fault.told("en")
    assert "请在其后写出该条的 from 日期" in fault.told("zh")
    policy = compiled({**files, "o.yaml": overlay(change.format("/2025-01-01"))})
    maxima = []
    for made in policy.plans:
        for one in made.layers:
            if made.plan_id.endswith("stay") and one.name == "basic":
                maximum = one.deductible.yearly_maximum
                assert isinstance(maximum, Ceiling)
                maxima.append(value(maximum.amount))
    assert maxima == [200_000, 300_000]


@pytest.mark.parametrize(
    "other",
    [
        REPLACE,
        "{at: clinic/basic/bands, replace: {}}",
        "{at: clinic/basic/bands/list/1/rate/source, add: S1}",
    ],
)
def test_two_overlays_on_one_path_or_a_part_of_it_clash(other: str):
    files = {
        **FILES,
        "a.yaml": overlay(REPLACE, name="first"),
        "b.yaml": overlay(other, name="second"),
    }
    with pytest.raises(FaultsFound) as caught:
        compiled(files)
    fault = next(one for one in caught.value.faults if one.code == "overlay_clash")
    assert told(fault) == "999999/b.yaml:6 overlay_clash"
    assert fault.also[0].file == "999999/a.yaml"
    assert "'second' and 'first' change one place" in fault.message.en


def test_an_overlay_that_is_off_does_not_clash():
    files = {**FILES, "b.yaml": overlay(REPLACE, name="second")}
    assert faults_in(files) == []
    assert "overlay_clash" in [
        fault.code for fault in faults_in(files, options=Options(with_examples=True))
    ]


def test_paths_that_only_begin_alike_do_not_clash():
    one = overlay("{at: clinic/basic/open, add: [whose]}", name="first")
    two = overlay("{at: clinic/basic/open_too, add: [whose]}", name="second")
    codes = [fault.code for fault in faults_in({**FILES, "a.yaml": one, "b.yaml": two})]
    assert "overlay_clash" not in codes


def test_a_fault_in_what_an_overlay_writes_is_told_at_the_overlay():
    scalar = "{at: clinic/basic/bands/list/1/to, replace: 1e5x}"
    assert found(scalar) == ["999999/overlay.yaml:6 amount_invalid"]
    mapping = "{at: clinic/basic/bands/list/1/rate, replace: {is: 70}}"
    assert found(mapping) == ["999999/overlay.yaml:6 rate_invalid"]
