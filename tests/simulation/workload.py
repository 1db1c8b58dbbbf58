"""A seeded workload: what each process will send, made before anything is sent.

An operation is a plain dictionary, so that the auditor reads data and no code of the product. The
same seed makes the same operations; what becomes of them depends on who comes first.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

Operation = dict[str, Any]

OPENED = date(2024, 1, 1)
FIRST_DAY = date(2024, 3, 1)
DAYS = 12
MEMBERS = 12
PROVIDERS = 5
INVALID = {
    "unbalanced": [["pooling/benefit", "", 700], ["pooling/payable", "H1", -699]],
    "wall_crossed": [["pooling/benefit", "", 5], ["relief/payable", "H1", -5]],
    "facing_refused": [["pooling/benefit", "", -5], ["pooling/payable", "H1", 5]],
    "account_unknown": [["pooling/nowhere", "", 5], ["pooling/payable", "H1", -5]],
    "party_missing": [["pooling/benefit", "", 5], ["pooling/payable", "", -5]],
    "party_unexpected": [["pooling/benefit", "M1", 5], ["pooling/payable", "H1", -5]],
    "amount_zero": [["pooling/benefit", "", 0], ["pooling/payable", "H1", 0]],
}


def operations(seed: int, *, process: int, count: int) -> list[Operation]:
    """The operations of one process, in order; ids are its own."""
    draw = random.Random(f"{seed}/{process}")
    made: list[Operation] = []
    for number in range(count):
        made.append(_operation(draw, f"s{seed}-p{process}-{number}", made, process=process))
    return made


def _operation(
    draw: random.Random, client_id: str, before: list[Operation], *, process: int
) -> Operation:
    kinds = {
        "contribution": 10, "settlement": 28, "credit": 16, "use": 22, "payment": 6, "transfer": 5,
        "reversal": 8, "again": 6, "other_content": 4, "invalid": 8, "reserve": 6, "spend": 4,
        "release": 3, "close": 2 if process == 0 else 0, "reopen": 1 if process == 0 else 0,
    }  # fmt: skip
    kind = draw.choices(list(kinds), list(kinds.values()))[0]
    entries = [each for each in before if each["kind"] == "entry"]
    held = [each for each in before if each["kind"] == "reserve"]
    if kind in ("reversal", "again", "other_content") and not entries:
        kind = "credit"
    if kind in ("spend", "release") and not held:
        kind = "reserve"
    if kind in ("close", "reopen"):
        return _mark(client_id, [each for each in before if each["kind"] in ("close", "reopen")])
    if kind == "reserve":
        return {
            "kind": kind, "client_id": client_id, "party": _member(draw),
            "amount": draw.randrange(1, 4_000),
        }  # fmt: skip
    if kind == "release":
        return {"kind": kind, "client_id": client_id, "of": draw.choice(held)["client_id"]}
    if kind == "again":
        return {"kind": "again", "client_id": client_id, "of": draw.choice(entries)["client_id"]}
    return {"kind": "entry", "client_id": client_id, **_entry(draw, kind, entries, held)}


def _mark(client_id: str, marks: list[Operation]) -> Operation:
    """Days are closed one after the other; every third mark opens the last of them again."""
    last = marks[-1] if marks else None
    if last is None:
        first, until = OPENED, FIRST_DAY
    elif last["kind"] == "reopen":
        first = until = date.fromisoformat(last["last"])
    else:
        first = until = date.fromisoformat(last["last"]) + timedelta(days=1)
    kind = "close"
    if last is not None and len(marks) % 3 == 2:
        kind, first, until = "reopen", *(date.fromisoformat(last["last"]),) * 2
    return {
        "kind": kind, "client_id": client_id, "first": first.isoformat(), "last": until.isoformat()
    }  # fmt: skip


def _entry(
    draw: random.Random, kind: str, entries: list[Operation], held: list[Operation]
) -> dict[str, Any]:
    if kind == "invalid":
        code = draw.choice(list(INVALID))
        return {
            "event": "settlement", "day": _day(draw).isoformat(), "lines": INVALID[code],
            "must": code,
        }  # fmt: skip
    if kind == "reversal":
        return {"reverses": draw.choice(entries)["client_id"]}
    if kind == "other_content":
        return {"reuses": draw.choice(entries)["client_id"]}
    if kind == "spend":
        reserved = draw.choice(held)
        amount = draw.randrange(1, reserved["amount"] + 1)
        lines = [["personal/members", reserved["party"], amount],
                 ["personal/payable", _provider(draw), -amount]]  # fmt: skip
        day = _day(draw).isoformat()
        return {"event": "settlement", "day": day, "lines": lines, "spends": reserved["client_id"]}
    event, lines = _lines(draw, kind)
    return {"event": event, "day": _day(draw).isoformat(), "lines": lines}


def _lines(draw: random.Random, kind: str) -> tuple[str, list[list[Any]]]:
    amount, fund = draw.randrange(1, 9_000), draw.choice(("pooling", "relief"))
    provider, member = _provider(draw), _member(draw)
    if kind == "contribution":
        lines = [[f"{fund}/bank", "B1", amount * 3], [f"{fund}/contribution", "", -amount * 3]]
    elif kind == "payment":
        lines = [[f"{fund}/payable", provider, amount], [f"{fund}/bank", "B1", -amount]]
    elif kind == "credit":
        lines = [["personal/credited", "", amount], ["personal/members", member, -amount]]
    elif kind == "transfer":
        lines = [["pooling/given", "", amount], ["pooling/clearing_relief", "", -amount],
                 ["relief/clearing_pooling", "", amount],
                 ["relief/received", "", -amount]]  # fmt: skip
    else:
        share = draw.randrange(1, 3_000)
        used = [["personal/members", member, share], ["personal/payable", provider, -share]]
        paid = []
        for each in ("pooling", "relief"):
            paid += [[f"{each}/benefit", "", amount], [f"{each}/payable", provider, -amount]]
        lines = used if kind == "use" else paid[: draw.choice((2, 4))]
        if kind == "settlement" and draw.random() < 0.4:
            lines = lines + used
        return "settlement", lines
    return kind, lines


def _day(draw: random.Random) -> date:
    return FIRST_DAY + timedelta(days=draw.randrange(DAYS))


def _member(draw: random.Random) -> str:
    return f"M{draw.randrange(MEMBERS)}"


def _provider(draw: random.Random) -> str:
    return f"H{draw.randrange(PROVIDERS)}"
