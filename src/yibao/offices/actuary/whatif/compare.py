"""What if (政策模拟): one file of claims settled under two laws, and what differs between them.

The two laws are one area's, each with reforms of its own switched on (none: the law as it stands).
Both runs go through the same engine in full, history and counters included; the answers are then
compared claim by claim. The comparison is *static*: the same people, visits and bills on both
sides. What that cannot see is told with every answer (``CANNOT_SEE``).

Holds: every claim read is compared, or rejected by both, or by one; what funds pay more, members
bear less, to the fen. Refuses: to compare a law with itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.base.texts import Text
from yibao.engines.policy.area import AreaPolicy
from yibao.offices.actuary.settling import Way
from yibao.offices.actuary.whatif.grounds import grounds_of, question_texts
from yibao.offices.actuary.whatif.groups import in_order, stage_groups
from yibao.offices.actuary.whatif.pairs import Sums, Tables, add_tables
from yibao.offices.actuary.whatif.runs import AS_IT_STANDS, Asked, Run, Sample, Side, run
from yibao.offices.actuary.whatif.shapes import Change, Comparison, Counts, Sides
from yibao.offices.actuary.whatif.summing import (
    bands_of,
    deciles_of,
    groupings_of,
    members_of,
    moved_most,
    total_effect,
)

Progress = Callable[[Side, int, int], None]


class UnableToCompare(YibaoError):
    """A what-if that has no answer."""


def what_if(
    asked: Asked,
    sample: Sample,
    *,
    engine: str | Way = "reference",
    progress: Progress | None = None,
) -> Comparison:
    """Settle the claims under both laws and compare; ``progress`` is told side, done and all.

    ``engine`` is its name or a way of settling; the answer is the same for every one.

    Raises:
        UnableToCompare: if both sides are the same law.
        FaultsFound: if policy or claims cannot be used.
        UnableToSettle: if there is no such engine.
    """
    if set(asked.base) == set(asked.reform):
        raise _same_law(asked)
    way = engine if isinstance(engine, Way) else Way(engine)
    laws = asked.law("base"), asked.law("reform")
    with tempfile.TemporaryDirectory(prefix="yibao-what-if-") as name:
        folder = Path(name)
        base = run(laws[0], sample, engine=way, folder=folder / "base", tell=_of("base", progress))
        reform = run(
            laws[1], sample, engine=way, folder=folder / "reform", tell=_of("reform", progress)
        )
        return _compared(asked, sample, runs=(base, reform), engine=way.engine, folder=folder)


def _of(side: Side, progress: Progress | None) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        if progress is not None:
            progress(side, done, total)

    return tell


def _summed(
    sample: Sample, base: Run, reform: Run, *, folder: Path
) -> tuple[Sums, tuple[str, ...]]:
    """The sums over all parts, and the groupings that their claims carry."""
    facts = {**base.area.facts, **reform.area.facts}
    staged = [folder / f"groups-{number}.parquet" for number in range(len(sample.places))]
    found: list[str] = []
    for place, target in zip(sample.places, staged, strict=True):
        found += stage_groups(place, facts, target=target)
    groupings, sums = in_order(found), Sums()
    for tables in zip(base.tables, reform.tables, staged, strict=True):
        add_tables(sums, Tables(*tables), groupings=groupings)
    return sums, groupings


def _compared(
    asked: Asked, sample: Sample, *, runs: tuple[Run, Run], engine: str, folder: Path
) -> Comparison:
    base, reform = runs
    sums, groupings = _summed(sample, base, reform, folder=folder)
    members = members_of(sums)
    gains, losses = moved_most(members)
    grounds = grounds_of(base.tables), grounds_of(reform.tables)
    one_sided = _one_sided(sums, base, reform)
    comparison = Comparison(
        sides=_sides(asked, reform.area),
        engine=engine,
        made=sample.made,
        counts=_counts(sums, base, one_sided=one_sided),
        total=total_effect(sums),
        funds=_changes(sums, "fund", _fund_labels(base.area, reform.area)),
        layers=_changes(sums, "benefit", _layer_labels(base.area, reform.area)),
        groupings=groupings_of(sums, groupings, facts={**base.area.facts, **reform.area.facts}),
        deciles=deciles_of(members),
        bands=bands_of(members),
        gains=gains,
        losses=losses,
        base_grounds=grounds[0],
        reform_grounds=grounds[1],
        questions=question_texts(grounds, base.area, reform.area),
        changed_claims=_changed_claims(sums),
        one_sided_claims=one_sided,
    )
    _check(comparison)
    return comparison


def _same_law(asked: Asked) -> UnableToCompare:
    named = "+".join(asked.base) or AS_IT_STANDS
    return UnableToCompare(
        Text(f"两边是同一部规定（{named}）", f"both sides are the same law ({named})"),
        Text(
            "请写出改革方案的名称；基准另有方案时用 --base-reform",
            "name a reform; --base-reform puts another one under the base",
        ),
    )


def _sides(asked: Asked, area: AreaPolicy) -> Sides:
    labels = {overlay.name: overlay.label for overlay in area.overlays}

    def told(names: tuple[str, ...]) -> Text:
        if not names:
            return Text("现行规定", "the law as it stands")
        texts = [labels.get(name, Text(name, name)) for name in names]
        return Text("，".join(t.zh for t in texts), "; ".join(t.en for t in texts))

    return Sides(
        area.label, area.code, told(asked.base), told(asked.reform), asked.base, asked.reform
    )


def _changes(
    sums: Sums, kind: str, labels: dict[str, Text]
) -> tuple[tuple[str, Text, Change], ...]:
    """Funds or layers for which either run paid something, in the area's order."""
    found = []
    for name, label in labels.items():
        amounts = [sums.amounts.get(f"{side}_{kind}_{name}", 0) for side in ("base", "reform")]
        if any(amounts):
            found.append((name, label, Change(*amounts)))
    return tuple(found)


def _fund_labels(*areas: AreaPolicy) -> dict[str, Text]:
    layers = [(area, layer) for area in areas for plan in area.plans for layer in plan.layers]
    paid = [(area, part.fund) for area, layer in layers for part in layer.paid_by]
    used = {fund: area.fund_label(fund) for area, fund in paid}
    listed = [fund for area in areas for fund in area.funds]
    return {fund: used[fund] for fund in dict.fromkeys((*listed, *used)) if fund in used}


def _layer_labels(*areas: AreaPolicy) -> dict[str, Text]:
    layers = [layer for area in areas for plan in area.plans for layer in plan.layers]
    labels: dict[str, Text] = {}
    for layer in layers:
        labels.setdefault(layer.name, layer.label)
    return labels


def _changed_claims(sums: Sums) -> pl.DataFrame:
    """The changed claims; of the layers, those for which either run paid something."""
    whole = pl.concat(sums.changed).sort("member_id", "claim_id")
    idle = [name for name in whole.columns if "_benefit_" in name and _is_idle(sums, name)]
    return whole.drop(idle)


def _is_idle(sums: Sums, column: str) -> bool:
    layer = column.partition("_")[2]
    paid = (sums.amounts.get(f"{side}_{layer}", 1) for side in ("base", "reform"))
    return not any(paid)


def _one_sided(sums: Sums, base: Run, reform: Run) -> pl.DataFrame:
    """The claims that one run alone settled, with why the other rejected them."""
    reasons = [
        run.rejects.select(
            "claim_id", "code", "message_zh", "message_en", pl.lit(settled_in).alias("settled_in")
        )
        for run, settled_in in ((base, "reform"), (reform, "base"))
    ]
    told = pl.concat(reasons).unique(["claim_id", "settled_in"], keep="first")
    found = pl.concat(sums.one_sided).join(told, on=["claim_id", "settled_in"], how="left")
    return found.sort("member_id", "claim_id")


def _counts(sums: Sums, base: Run, *, one_sided: pl.DataFrame) -> Counts:
    read = base.claims_count
    settled = sums.rows_count + sums.base_only_count + sums.reform_only_count
    return Counts(
        read=read,
        compared=sums.rows_count,
        rejected_in_both=read - settled,
        rejected_in_base_only=sums.reform_only_count,
        rejected_in_reform_only=sums.base_only_count,
        touched_members_count=one_sided["member_id"].n_unique(),
        rules_changed=sums.rules_changed,
        plan_changed=sums.plan_changed,
        answer_changed=sums.answer_changed,
    )


def _check(comparison: Comparison) -> None:
    total, counts = comparison.total, comparison.counts
    change = total.benefit.change_amount
    check(
        counts.rejected_in_both >= 0
        and change == -total.out_of_pocket.change_amount
        and change == sum(fund.change_amount for _, _, fund in comparison.funds)
        and change == sum(layer.change_amount for _, _, layer in comparison.layers)
        and -change == sum(decile.out_of_pocket.change_amount for decile in comparison.deciles)
        and change == sum(band.winners_amount - band.losers_amount for band in comparison.bands),
        f"the parts of the what-if do not sum to {change}",
    )
