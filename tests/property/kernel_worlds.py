"""What holds two engines against each other: plans of one shape, years of many members, figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from random import Random

from tests.property.random_plans import HERE, random_plan, random_year
from yibao.base.errors import YibaoError
from yibao.engines.benefits.balances import after
from yibao.engines.benefits.claim import Balances, Claim, CounterKey
from yibao.engines.benefits.determination import Determination
from yibao.engines.benefits.kernel import layout
from yibao.engines.benefits.kernel.batch import Results, Wanted, rejection, settle
from yibao.engines.benefits.kernel.claims import Numbered, batch_of
from yibao.engines.benefits.kernel.program import Program, program_of
from yibao.engines.benefits.kernel.single import Kernel
from yibao.engines.benefits.kernel.tracks import left_column
from yibao.engines.benefits.reference import adjudicate
from yibao.engines.policy.law import (
    Band,
    Bands,
    Ceiling,
    ExampleNeeded,
    Layer,
    Literal_,
    Number,
    PlanVersion,
    Rows,
)
from yibao.storage.files.compiled import CompiledCode

MILLION = 1_000_000
LOAD = CompiledCode()
WANTED = Wanted(funds=True, figures=True, totals=True)


@cache
def kernel() -> Kernel:
    return Kernel(LOAD)


@cache
def program(versions: tuple[PlanVersion, ...]) -> Program:
    return program_of(versions, LOAD)


# ------------------------------------------------------------------ plans of one shape


def renumbered(version: PlanVersion, seed: int | str) -> PlanVersion:
    """A plan of the same shape with other numbers."""
    random = Random(f"numbers {seed}")
    layers = tuple(_layer(layer, random) for layer in version.layers)
    return replace(version, layers=layers, policy_hash=f"{version.policy_hash}/{seed}")


def _layer(layer: Layer, random: Random) -> Layer:
    deductible = layer.deductible
    if deductible is not None:
        maximum = deductible.yearly_maximum
        deductible = replace(
            deductible,
            due=_amount(deductible.due, random),
            yearly_maximum=maximum and _ceiling(maximum, random),
        )
    draws = tuple(
        replace(draw, share=_rate(draw.share, random)) if draw.share else draw
        for draw in layer.draws
    )
    return replace(
        layer,
        draws=draws,
        deductible=deductible,
        ceilings_before_deductible=_ceilings(layer.ceilings_before_deductible, random),
        ceilings_after_deductible=_ceilings(layer.ceilings_after_deductible, random),
        payment_ceilings=_ceilings(layer.payment_ceilings, random),
        pays=_pays(layer.pays, random),
    )


def _pays(pays, random: Random):
    if not isinstance(pays, Bands):
        return replace(
            pays,
            share=pays.share and _rate(pays.share, random),
            amount=pays.amount and _amount(pays.amount, random),
        )
    factor = Fraction(random.randrange(1, 300), 100)
    bands = tuple(
        Band(
            _rate(band.rate, random),
            to=band.to and _scaled(band.to, factor),
            start=band.start and _scaled(band.start, factor),
            is_open=band.is_open,
        )
        for band in pays.bands
    )
    return replace(pays, bands=bands)


def _ceilings(ceilings: Iterable[Ceiling], random: Random) -> tuple[Ceiling, ...]:
    return tuple(_ceiling(ceiling, random) for ceiling in ceilings)


def _ceiling(ceiling: Ceiling, random: Random) -> Ceiling:
    return replace(ceiling, amount=_amount(ceiling.amount, random))


def _amount(number: Number, random: Random) -> Number:
    """Every amount below the number moves by itself."""
    body = number.body
    if isinstance(body, Rows):
        rows = tuple(replace(row, number=_amount(row.number, random)) for row in body.rows)
        excepts = tuple(replace(row, number=_amount(row.number, random)) for row in body.excepts)
        return replace(number, body=Rows(rows, excepts))
    if isinstance(body, Literal_) and body.value is not None:
        value = body.value * random.randrange(0, 300) // 100 + random.randrange(60)
        return replace(number, body=replace(body, value=value))
    return number


def _rate(number: Number, random: Random) -> Number:
    body = number.body
    if not isinstance(body, Literal_) or body.value is None:
        return number
    below = random.choice((0, body.value, random.randrange(body.value + 1)))
    return replace(number, body=replace(body, value=below))


def _scaled(number: Number, factor: Fraction) -> Number:
    body = number.body
    if not isinstance(body, Literal_) or body.value is None:
        return number
    return replace(number, body=replace(body, value=int(body.value * factor)))


# ------------------------------------------------------------------ numbers that cannot be had


def with_holes(version: PlanVersion, seed: int | str) -> PlanVersion:
    """The same shape, with some numbers that only an example could give, mostly in one row."""
    random = Random(f"holes {seed}")

    def hole(number: Number) -> Number:
        if random.random() > 0.25:
            return number
        if isinstance(number.body, Rows):
            rows = list(number.body.rows)
            place = random.randrange(len(rows))
            rows[place] = replace(rows[place], number=_hole(rows[place].number))
            return replace(number, body=replace(number.body, rows=tuple(rows)))
        return _hole(number) if random.random() < 0.3 else number

    def ceilings(listed: tuple[Ceiling, ...]) -> tuple[Ceiling, ...]:
        return tuple(replace(one, amount=hole(one.amount)) for one in listed)

    layers = []
    for layer in version.layers:
        deductible = layer.deductible
        draws = tuple(
            replace(draw, share=hole(draw.share)) if draw.share else draw for draw in layer.draws
        )
        layers.append(
            replace(
                layer,
                draws=draws,
                deductible=deductible and replace(deductible, due=hole(deductible.due)),
                ceilings_before_deductible=ceilings(layer.ceilings_before_deductible),
                ceilings_after_deductible=ceilings(layer.ceilings_after_deductible),
                payment_ceilings=ceilings(layer.payment_ceilings),
            )
        )
    return replace(version, layers=tuple(layers), policy_hash=f"{version.policy_hash}/holes {seed}")


def _hole(number: Number) -> Number:
    return replace(number, body=ExampleNeeded(HERE), steps=())


def forgetful(claims: list[Claim], seed: int | str) -> list[Claim]:
    """The same claims, some of which do not state a fact, or no family or episode."""
    random = Random(f"forgotten {seed}")
    made = []
    for claim in claims:
        facts = dict(claim.facts)
        if random.random() < 0.35:
            facts.pop(random.choice(sorted(facts)))
        family = "" if random.random() < 0.1 else claim.family_id
        episode = "" if random.random() < 0.1 else claim.episode_id
        made.append(replace(claim, facts=facts, family_id=family, episode_id=episode))
    return made


# ------------------------------------------------------------------ years, settled twice


@dataclass
class World:
    """Versions of one shape, and the years of many families, each under one of them."""

    versions: tuple[PlanVersion, ...]
    years: list[tuple[PlanVersion, list[Claim]]]

    @property
    def rows(self) -> list[tuple[PlanVersion, Claim]]:
        return [(version, claim) for version, claims in self.years for claim in claims]


def world(seed: int | str, years: int, *, holes: bool = False, variants: int = 10) -> World:
    """A random shape: ``years`` family-years under ``variants`` plans of that shape."""
    base = random_plan(seed)
    versions = [base, *(renumbered(base, number) for number in range(1, variants))]
    if holes:
        versions = [with_holes(version, number) for number, version in enumerate(versions)]
    made = []
    for number in range(years):
        version = versions[number % len(versions)]
        claims = random_year(f"{seed}/{number}", version)
        if holes:
            claims = forgetful(claims, f"{seed}/{number}")
        made.append((version, [_of_family(claim, number) for claim in claims]))
    return World(tuple(versions), made)


def _of_family(claim: Claim, number: int) -> Claim:
    family = claim.family_id and f"{claim.family_id}-{number}"
    return replace(claim, member_id=f"{claim.member_id}-{number}", family_id=family)


Answer = Determination | YibaoError


def answers(versions_claims: Iterable[tuple[PlanVersion, list[Claim]]]) -> Iterator[Answer]:
    """The reference's answers; a claim that it refuses leaves no trace."""
    for version, claims in versions_claims:
        balances = Balances()
        for claim in claims:
            try:
                found: Answer = adjudicate(version, claim, balances=balances)
            except YibaoError as error:
                found = error
            else:
                balances = after(balances, found)
            yield found


def settled(world: World, *, wanted: Wanted = WANTED) -> tuple[Program, Numbered, Results]:
    made = program(world.versions)
    numbered = batch_of(made, world.rows)
    return made, numbered, settle(made, numbered.batch, wanted=wanted)


# ------------------------------------------------------------------ what is compared


def expected_columns(found: Determination) -> dict[str, int]:
    """The columns of results, from a determination; zeros left out."""
    columns = {f"benefit_{layer.layer}": layer.benefit_amount for layer in found.layers}
    for slot, amount in found.left:
        columns[left_column(slot)] = columns.get(left_column(slot), 0) + amount
    columns |= {f"fund_{fund}": amount for fund, amount in found.by_fund.items()}
    return {name: amount for name, amount in columns.items() if amount}


def expected_figures(found: Determination) -> list[list[int]]:
    """A claim's figures by layer, in the order of :data:`layout.FIGURES_OF_LAYER`."""
    figures = []
    for layer in found.layers:
        cut_after = min(
            [layer.admitted_amount - layer.deductible_amount]
            + [use.room for use in layer.ceilings_after_deductible if use.room is not None]
        )
        figures.append(
            [
                layer.base_amount,
                layer.admitted_amount,
                layer.deductible_amount,
                cut_after if layer.base_amount else 0,
                layer.covered_before_payment_ceiling,
                layer.uncapped_benefit_amount,
                layer.covered_amount,
                layer.benefit_amount,
            ]
        )
    return figures


def difference(made: Program, results: Results, index: int, found: Answer) -> str:
    """What a claim's results and the reference's answer do not agree in; empty if nothing."""
    refused = rejection(made, results, index=index)
    if not isinstance(found, Determination):
        code = getattr(refused, "code", None)
        is_same = code == getattr(found, "code", "?")
        return "" if is_same else f"refused by {refused!r}, not {found!r}"
    if refused is not None:
        return f"refused: {refused!r}"
    amounts = results.columns[:, index].tolist()
    columns = {name: amount for name, amount in zip(made.outputs, amounts, strict=True) if amount}
    if columns != expected_columns(found):
        return f"columns {columns} ≠ {expected_columns(found)}"
    if len(results.figures):
        figures = results.figures[index].tolist()[: len(found.layers)]
        if figures != expected_figures(found):
            return f"{layout.FIGURES_OF_LAYER}: {figures} ≠ {expected_figures(found)}"
    return ""


def closing_differences(
    made: Program, numbered: Numbered, closing: dict[CounterKey, int]
) -> list[str]:
    """Where the sums that compiled code left differ from the reference's balances."""
    wrong = []
    for name, (_, place) in made.sums.places.items():
        if name.startswith("number of "):
            continue
        group = made.sums.group_of(name)
        for keys, row in numbered.rows.get(group, {}).items():
            found = int(numbered.batch.sums[group][row, place])
            expected = closing.get(CounterKey(name, keys), 0)
            if found != expected:
                wrong.append(f"{name} {keys}: {found} ≠ {expected}")
    return wrong
