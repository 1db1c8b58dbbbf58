"""A city held to the published figures: every target counted over the same months, with its bounds.

Counted partition by partition, so memory is a partition's few columns. What the funds paid comes
from the result of `yibao settle` and is joined by claim. A city is a sample: bounds are wider by
three standard errors of a count, which is nothing for a big city and honest for a small one.

Holds: a figure that cannot be had (not settled, or amounts left to lines) is None, never a guess.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from yibao.base.errors import YibaoError
from yibao.base.money import FEN_PER_YUAN
from yibao.base.texts import Text
from yibao.offices.actuary.city.figures import MONTHS, Measure, Target, read_figures
from yibao.storage.files.partitions import Manifest, claims_in, read_manifest

_CLAIMS = (
    *("claim_id", "member_id", "settlement_date", "extra_kind", "scheme"),
    *("facility_level", "place_of_care", "submitted_amount"),
)
_PRIMARY = ("community", "level_1")
FUND = "fund_"
_NAME_A_RESULT = Text("请指定 yibao settle 的结果文件", "name a result of yibao settle")
_ERRORS = 3
_ELIGIBLE = "eligible_amount"


class UnableToMeasure(YibaoError):
    """The folder or the settled claims are not what they should be."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A target with what the city has, in the target's unit, None where it has none.

    ``slack`` is the sampling error that widens the bounds of the ratio.
    """

    target: Target
    published: float
    made: float | None
    slack: float = 0.0

    @property
    def ratio(self) -> float | None:
        """Generated over published."""
        return None if self.made is None else self.made / self.published

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """The lowest and highest ratio that count as inside, the sampling error included."""
        return self.target.ratios(self.slack)

    @property
    def is_within(self) -> bool | None:
        """Whether the ratio is inside the target's bounds."""
        return None if self.made is None else self.target.within(self.made, slack=self.slack)


def measure(folder: Path, *, settled: Path | None = None) -> list[Measured]:
    """Every target, in order; those that need settled claims only where ``settled`` is named.

    Raises:
        FaultsFound: if the folder is not whole.
        UnableToMeasure: if it is no synthetic city, or ``settled`` has other claims.
    """
    return measure_each(read_figures().targets.values(), folder, settled=settled)


def measure_each(
    wanted: Iterable[Target], folder: Path, *, settled: Path | None = None
) -> list[Measured]:
    """These targets, in order; see :func:`measure`."""
    wanted = list(wanted)
    manifest = read_manifest(folder)
    insured = insured_of(folder, manifest)
    year = int(manifest.made["year"])
    targets = [target for target in wanted if settled or not target.settled]
    sums = {target.name: (0, 0) for target in targets}
    lacking: set[str] = set()
    for frame in _frames(folder, settled):
        for target in targets:
            rows = frame.filter(_chosen(target, year))
            if target.measure.per == _ELIGIBLE and rows["is_lined"].any():
                lacking.add(target.name)
            above, below = _both_sides(rows, target.measure)
            sums[target.name] = (sums[target.name][0] + above, sums[target.name][1] + below)
    members = pl.scan_parquet(folder / "members.parquet")
    for target in targets:
        above, below = sums[target.name]
        if target.measure.count == "persons":
            above = _persons(members, target, year)
        sums[target.name] = (above, insured if target.measure.per == "insured" else below)
    return [
        _measured(target, None if target.name in lacking else sums.get(target.name))
        for target in wanted
    ]


def _measured(target: Target, sums: tuple[int, int] | None) -> Measured:
    published = target.value / target.per
    if sums is None or not sums[1]:
        return Measured(target, published, None)
    wanted, (above, below) = target.measure, sums
    is_yuan = wanted.sum and wanted.per in ("insured", "claims", "members")
    made = above / below / (FEN_PER_YUAN if is_yuan else 1)
    expected = below * published if wanted.per == "insured" and wanted.count else below
    slack = _ERRORS / math.sqrt(expected) if expected else 0.0
    return Measured(target, published, made, slack)


def insured_of(folder: Path, manifest: Manifest) -> int:
    """How many persons a city has.

    Raises:
        UnableToMeasure: if it is no synthetic city.
    """
    insured = manifest.made.get("members")
    if not isinstance(insured, int) or not (folder / "members.parquet").is_file():
        raise UnableToMeasure(
            Text(f"{folder} 不是合成城市", f"{folder} is no synthetic city"),
            Text("请用 yibao city make 生成", "make one with yibao city make"),
        )
    return insured


def _frames(folder: Path, settled: Path | None) -> Iterator[pl.DataFrame]:
    paid = paid_by_claim(settled) if settled else None
    joined = 0
    for place in claims_in(folder):
        scan = pl.scan_parquet(place.claims)
        names = scan.collect_schema().names()
        eligible = [pl.col(name) for name in names if name.partition(":")[0] == _ELIGIBLE]
        is_lined = pl.col(_ELIGIBLE).is_null().alias("is_lined")
        sums = pl.sum_horizontal(eligible).alias(_ELIGIBLE)
        rows = scan.select(is_lined, sums, *_CLAIMS)
        if paid is not None:
            rows = rows.join(paid, on="claim_id", how="left")
        frame = rows.collect(engine="streaming")
        if paid is not None:
            joined += frame["is_paid"].count()
        yield frame
    if paid is not None and (not joined or paid.select(pl.len()).collect().item() != joined):
        raise UnableToMeasure(
            Text(
                f"{settled} 不是由 {folder} 结算得到的", f"{settled} was not settled from {folder}"
            ),
            Text("请指定由该目录结算得到的文件", "name the file that settling this folder gave"),
        )


def paid_by_claim(settled: Path) -> pl.LazyFrame:
    """What each fund paid for each claim, years of one stay together.

    Raises:
        UnableToMeasure: if ``settled`` is no result of settling.
    """
    place = settled / "**/*.parquet" if settled.is_dir() else settled
    scan = pl.scan_csv(place) if place.suffix == ".csv" else pl.scan_parquet(place)
    try:
        names = scan.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UnableToMeasure(
            Text(f"无法读取 {settled}: {error}", f"cannot read {settled}: {error}"),
            _NAME_A_RESULT,
        ) from None
    funds = [name for name in names if name.startswith(FUND)]
    if not funds or "claim_id" not in names:
        raise UnableToMeasure(
            Text(f"{settled} 不是结算结果", f"{settled} is no result of settling"), _NAME_A_RESULT
        )
    claim = pl.col("claim_id").cast(pl.String).str.split("/").list.first().cast(pl.Int64)
    sums = scan.select(claim, *funds).group_by("claim_id").agg(pl.col(funds).sum())
    return sums.with_columns(is_paid=pl.lit(value=True))


def _chosen(target: Target, year: int) -> pl.Expr:
    wanted = target.measure
    chosen = pl.lit(value=wanted.count != "persons")
    if target.months < MONTHS:
        chosen &= pl.col("settlement_date") < date(year, target.months + 1, 1)
    if wanted.of:
        chosen &= pl.col("extra_kind").cast(pl.String).is_in(list(wanted.of))
    if wanted.scheme:
        chosen &= pl.col("scheme").cast(pl.String) == wanted.scheme
    if wanted.where == "elsewhere":
        chosen &= pl.col("place_of_care").cast(pl.String) != "local"
    return chosen


def _both_sides(rows: pl.DataFrame, wanted: Measure) -> tuple[int, int]:
    """A partition's part of what is counted and of what it is divided by."""
    funds = [name for name in rows.columns if name.startswith(FUND)]
    paid_by = [f"{FUND}{fund}" for fund in wanted.paid_by if f"{FUND}{fund}" in funds]
    paying = paid_by if wanted.paid_by else funds
    paid = pl.sum_horizontal([pl.col(name) for name in paying] or [pl.lit(0)])
    rows = rows.with_columns(fund_amount=paid)
    if wanted.paid_by and wanted.count:
        rows = rows.filter(pl.col("fund_amount") > 0)
    counted = rows
    if wanted.where == "primary":
        counted = rows.filter(pl.col("facility_level").cast(pl.String).is_in(_PRIMARY))
    return _total(counted, wanted.count or wanted.sum), _total(rows, wanted.per)


def _total(rows: pl.DataFrame, what: str) -> int:
    """Claims, distinct members, or the sum of an amount; nothing for what is counted elsewhere."""
    if what == "claims":
        return rows.height
    if what == "members":
        return rows["member_id"].n_unique()
    return int(rows[what].sum()) if what.endswith("_amount") else 0


def _persons(members: pl.LazyFrame, target: Target, year: int) -> int:
    """Persons who have something at any time of the target's months."""
    begins, ends = date(year, 1, 1), date(year, MONTHS, 31)
    if target.months < MONTHS:
        ends = date(year, target.months + 1, 1)
    recognised = pl.col("recognised_date")
    having = {
        "special_disease": recognised <= ends,
        "recognised_in_year": (recognised >= begins) & (recognised <= ends),
        "two_disease_hypertension": pl.col("has_hypertension"),
        "two_disease_diabetes": pl.col("has_diabetes"),
        "identity": pl.col("assistance_identity").cast(pl.String) != "no_identity",
        "poor": pl.col("is_poor"),
    }
    rows = members.filter(having[target.measure.having])
    return int(rows.select(pl.col("member_id").n_unique()).collect().item())


def outside(found: Sequence[Measured]) -> list[Measured]:
    """The targets that the city misses."""
    return [measured for measured in found if measured.is_within is False]
