"""What a determination rests on, without its explanation: values, examples, open questions.

Of two claims of one profile that drew by the same layers, both rest on the same. So the numbers are
asked once, by the reference engine, for each profile and each set of marks.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yibao.engines.benefits.kernel.blocks import Case, LayerBlocks
from yibao.engines.benefits.kernel.marks import marks_of
from yibao.engines.benefits.kernel.profiles import PlanBlocks
from yibao.engines.benefits.kernel.resolved import resolve, resolve_share
from yibao.engines.benefits.reference import ranked_sum
from yibao.engines.policy.law import NthStay
from yibao.engines.policy.used import NumberUsed


@dataclass(frozen=True, slots=True)
class Ground:
    """How many values were used, how many of them examples; open questions in order of use."""

    values_count: int
    examples_count: int
    open_ids: tuple[str, ...]

    @property
    def questions(self) -> str | None:
        """As the table of results has them."""
        return ";".join(self.open_ids) or None


@dataclass(slots=True)
class Grounds:
    """Grounds by layer, remembered."""

    layers: dict[tuple[object, ...], Ground] = field(default_factory=dict)

    def of(self, plan: PlanBlocks, case: Case, *, marks: int) -> Ground:
        """The ground of a claim that drew as its marks say."""
        found = [_ground(_derived(plan, case))]
        told = marks_of(plan.shape)
        for number, layer in enumerate(plan.layers):
            if told.drew(marks, number):
                stays = {index: told.stay(marks, index) for index in layer.shape.nth}
                draws = tuple(told.draws_of(marks, number))
                found.append(self._layer(layer, case, stays, draws))
        return Ground(
            sum(one.values_count for one in found),
            sum(one.examples_count for one in found),
            tuple(dict.fromkeys(open_id for one in found for open_id in one.open_ids)),
        )

    def _layer(
        self, layer: LayerBlocks, case: Case, stays: dict[int, int], draws: tuple[int, ...]
    ) -> Ground:
        key = (id(layer), case.seen(layer.asked), tuple(stays.items()), draws)
        found = self.layers.get(key)
        if found is None:
            run = layer.run(case.only(layer.asked), stays)
            listed = layer.layer.draws
            shares = [resolve_share(listed[draw], layer.layer, run=run) for draw in draws]
            numbers = [*shares, *resolve(layer.layer, run).numbers]
            found = _ground(numbers, layer.layer.structure.open_ids)
            self.layers[key] = found
        return found


def _derived(plan: PlanBlocks, case: Case) -> list[NumberUsed]:
    """Numbers behind derived facts, which are used before the first layer."""
    facts = dict(case.claim.facts)
    numbers: list[NumberUsed] = []
    for rule in plan.version.derived:
        if isinstance(rule, NthStay):
            facts[rule.fact] = 1
        else:
            facts[rule.fact], used = ranked_sum(rule, case.claim, facts=facts, on=case.on)
            numbers += used
    return numbers


def _ground(numbers: list[NumberUsed], open_ids: tuple[str, ...] = ()) -> Ground:
    is_example = {(number.name, number.row): number.is_example for number in numbers}
    asked = [
        open_id for number in numbers for source in number.provenance for open_id in source.open_ids
    ]
    return Ground(len(is_example), sum(is_example.values()), (*open_ids, *asked))
