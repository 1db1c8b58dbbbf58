"""Opening a claim: its slots are checked, put in order, and loaded where the plan is annual.

Refuses, before any layer runs: an amount that is negative, not whole fen or beyond what the engine
counts in; a slot of a stream, layer or ceiling that the plan does not know; lines that do not sum
to the slots; an annual claim that brings amounts of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from yibao.base.checks import check
from yibao.base.errors import YibaoError
from yibao.base.money import AMOUNT_LIMIT, format_yuan
from yibao.base.texts import Text
from yibao.engines.benefits.book import CounterBook
from yibao.engines.benefits.claim import CLASSES, OUTCOMES, Claim, Slot
from yibao.engines.benefits.slots import ceiling_names, in_order
from yibao.engines.policy.law import PlanVersion

CLAIM_CODES = (
    "amount_not_fen",
    "amount_negative",
    "amount_too_large",
    "slot_unknown",
    "line_repeated",
    "lines_do_not_sum",
    "annual_with_amounts",
)
"""Why a claim cannot be adjudicated as it is, in order of precedence."""


class ClaimInvalid(YibaoError):
    """A claim's amounts cannot be adjudicated: ``code`` of :data:`CLAIM_CODES`, and the claim."""

    def __init__(self, code: str, claim_id: str, *, message: Text, remedy: Text) -> None:
        super().__init__(message, remedy)
        self.code = code
        self.claim_id = claim_id


def open_slots(version: PlanVersion, claim: Claim, *, book: CounterBook) -> dict[Slot, int]:
    """The claim's amounts by slot in canonical order, zeros left out.

    Raises:
        ClaimInvalid: with its code, before anything is decided.
        InvariantBroken: if counters would load a negative slot.
    """
    _check_amounts(claim, claim.slots)
    _check_slots(version, claim)
    _check_lines(claim)
    slots = dict(claim.slots)
    if version.is_annual:
        if claim.submitted_amount or claim.lines:
            raise _invalid(
                "annual_with_amounts",
                claim,
                ("年度方案的结算单不得自带费用", "an annual plan's claim brings no amounts"),
                ("请去掉费用与明细", "leave its amounts and lines out"),
            )
        slots = _loaded(version, book)
    return {slot: slots[slot] for slot in in_order(slots, version=version) if slots[slot]}


def _check_amounts(claim: Claim, slots: Mapping[Slot, int]) -> None:
    amounts = {str(slot): amount for slot, amount in slots.items()}
    for line in claim.lines:
        amounts |= {
            f"{line.line_id}.eligible_amount": line.eligible_amount,
            f"{line.line_id}.prior_self_pay_amount": line.prior_self_pay_amount,
            f"{line.line_id}.over_limit_amount": line.over_limit_amount,
            f"{line.line_id}.noncovered_amount": line.noncovered_amount,
        }
    for name, amount in amounts.items():
        _check_amount(claim, name, amount)
    _check_amount(claim, "Σ", sum(slots.values()))


def _check_amount(claim: Claim, name: str, amount: object) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise _invalid(
            "amount_not_fen",
            claim,
            (
                f"{name} 的金额 {amount} 不是整数分",
                f"the amount of {name}, {amount}, is not whole fen",
            ),
            ("金额须为整数分", "give amounts as whole fen"),
        )
    if amount < 0:
        raise _invalid(
            "amount_negative",
            claim,
            (f"{name} 的金额为负: {amount} 分", f"the amount of {name} is negative: {amount} fen"),
            ("退费须先与原明细冲抵", "net a refund against the line it belongs to first"),
        )
    if amount > AMOUNT_LIMIT:
        limit = format_yuan(AMOUNT_LIMIT, grouped=True)
        raise _invalid(
            "amount_too_large",
            claim,
            (f"{name} 的金额超过 {limit} 元", f"the amount of {name} is beyond {limit} yuan"),
            ("请核对金额的单位（分）", "check the unit: amounts are fen"),
        )


def _check_slots(version: PlanVersion, claim: Claim) -> None:
    for slot in claim.slots:
        if not _is_known(slot, version):
            streams = ", ".join(version.streams)
            layers = ", ".join(layer.name for layer in version.layers)
            raise _invalid(
                "slot_unknown",
                claim,
                (
                    f"方案没有费用分块 {slot}；通道: {streams}；保障层: {layers}",
                    f"the plan has no slot {slot}; streams: {streams}; layers: {layers}",
                ),
                ("请按上列名称改写分块", "write the slot with one of these names"),
            )


def _is_known(slot: Slot, version: PlanVersion) -> bool:
    if slot.stream not in version.streams:
        return False
    if not slot.layer:
        return slot.reason in CLASSES and not slot.ceiling
    if slot.reason not in OUTCOMES or (slot.ceiling and slot.reason != "over_ceiling"):
        return False
    for layer in version.layers:
        if layer.name == slot.layer:
            return slot.ceiling in ("", *ceiling_names(layer))
    drawn = [Slot.parse(draw.slot) for layer in version.layers for draw in layer.draws]
    return any(
        slot.layer == one.layer and slot.reason == one.reason and one.ceiling in ("", slot.ceiling)
        for one in drawn
    )


def _check_lines(claim: Claim) -> None:
    if not claim.lines:
        return
    names: set[str] = set()
    for name in (line.line_id for line in claim.lines):
        if name in names:
            raise _invalid(
                "line_repeated",
                claim,
                (f"明细号 {name} 重复", f"the line {name} stands twice"),
                ("请为每条明细使用不同的编号", "give every line an id of its own"),
            )
        names.add(name)
    sums: dict[Slot, int] = {}
    for line in claim.lines:
        for slot, amount in line.slots().items():
            sums[slot] = sums.get(slot, 0) + amount
    for slot in {**claim.slots, **sums}:
        stated, summed = claim.slots.get(slot, 0), sums.get(slot, 0)
        if stated != summed:
            raise _invalid(
                "lines_do_not_sum",
                claim,
                (
                    f"{slot}: 明细合计 {summed} 分，结算单 {stated} 分",
                    f"{slot}: the lines sum to {summed} fen, the claim says {stated} fen",
                ),
                ("请核对明细", "check the lines"),
            )


def _loaded(version: PlanVersion, book: CounterBook) -> dict[Slot, int]:
    """The slots of an annual claim: counter − Σ minus."""
    slots: dict[Slot, int] = {}
    for load in version.loads:
        amount = book.read(load.counter)[1] - sum(book.read(name)[1] for name in load.minus)
        check(amount >= 0, f"{version.plan_id} loads {load.slot} with {amount}")
        slot = Slot.parse(load.slot)
        slots[slot] = slots.get(slot, 0) + amount
    return slots


def _invalid(
    code: str, claim: Claim, message: tuple[str, str], remedy: tuple[str, str]
) -> ClaimInvalid:
    zh, en = message
    return ClaimInvalid(
        code,
        claim.claim_id,
        message=Text(f"结算单 {claim.claim_id}: {zh}", f"claim {claim.claim_id}: {en}"),
        remedy=Text(*remedy),
    )
