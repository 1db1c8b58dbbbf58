"""What a case file may run: claims through history and engine, entitlements, ways of paying."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.spec import figures
from tests.spec.reading import Case, Row
from tests.spec.running import Adjudicate, CaseInvalid, cells, law_of, run
from yibao.base.dates import parse_date
from yibao.base.money import format_yuan, parse_yuan
from yibao.engines.benefits.entitlements import EntitlementDetermination, determine
from yibao.engines.benefits.facts import typed
from yibao.engines.benefits.ways_of_paying import Account, pay
from yibao.engines.policy.unable import UnableToDetermine


def claims(case: Case, adjudicate: Adjudicate) -> list[str]:
    """Run a case of claims: one line for every cell that is not met."""
    outcomes = run(case, adjudicate)
    wrong = [
        figures.compare(outcome, heading, cell)
        for outcome in outcomes
        for heading, cell in outcome.row.expected.items()
    ]
    unexpected = [
        f"line {outcome.row.line}: answered {outcome.code}"
        for outcome in outcomes
        if outcome.code and "answer" not in outcome.row.expected
    ]
    return [*filter(None, wrong), *unexpected]


def entitlements(case: Case, adjudicate: Adjudicate) -> list[str]:
    """Run a case of entitlements: headings are lines of the formula, «fund …», or `answer`."""
    return [told for row in case.rows for told in _entitlement(case, row) if told]


def _entitlement(case: Case, row: Row) -> list[str]:
    answer, code = entitled(case, row)
    told = []
    for heading, cell in row.expected.items():
        if heading == "answer":
            met, found = cell == (code or "settled"), code or "settled"
        elif answer is None:
            met, found = False, f"none, the answer is {code}"
        else:
            value, is_amount = entitlement_figure(answer, heading)
            met = value == (parse_yuan(cell) if is_amount else int(cell))
            found = format_yuan(value) if is_amount else str(value)
        if not met:
            told.append(f"line {row.line}: {heading}: expected {cell}, found {found}")
    return told


def entitled(case: Case, row: Row) -> tuple[EntitlementDetermination | None, str]:
    """The answer of one row, or its code."""
    area = law_of(case)
    given = cells(case, row)
    day = parse_date(given.pop("date"))
    name = given.pop("entitlement", "")
    facts = {fact: typed(area.facts, fact, raw=text) for fact, text in given.items()}
    found = [
        version
        for version in area.entitlements
        if version.entitlement_id.endswith(f"/{name}" if name else "") and day in version.span
    ]
    if len(found) != 1:
        raise CaseInvalid(f"{case.file}:{row.line}: {len(found)} entitlements on {day}")
    try:
        return determine(found[0], facts, on=day), ""
    except UnableToDetermine as error:
        return None, error.code


def entitlement_figure(answer: EntitlementDetermination, heading: str) -> tuple[int, bool]:
    """A line's value or a fund's part, and whether it is an amount (fen), not a count."""
    if heading.startswith("fund "):
        return dict(answer.paid_by)[heading.removeprefix("fund ")], True
    line = next((line for line in answer.lines if line.name == heading), None)
    if line is None:
        raise CaseInvalid(f"'{heading}' is no line of {answer.entitlement_id}")
    return line.value, line.unit == "amount"


def ways_of_paying(case: Case, adjudicate: Adjudicate) -> list[str]:
    """Run a case of paying: `to pay`, `own`, `authorised` give `own`, `authorised`, `cash`."""
    told = []
    for row in case.rows:
        payment = pay(
            parse_yuan(row.given["to pay"]),
            Account("own", parse_yuan(row.given["own"])),
            authorised=[Account(name, amount) for name, amount in _purses(row.given["authorised"])],
        )
        (_, own), *others = payment.accounts
        found = (own, others, payment.cash_amount)
        said = row.expected
        expected = (parse_yuan(said["own"]), _purses(said["authorised"]), parse_yuan(said["cash"]))
        if found != expected:
            told.append(f"line {row.line}: expected {expected}, found {found} (fen)")
    return told


def _purses(cell: str) -> list[tuple[str, int]]:
    """Read «spouse 200 child 150»."""
    words = cell.split()
    return [(name, parse_yuan(yuan)) for name, yuan in zip(words[::2], words[1::2], strict=True)]


HOSTS: Mapping[str, Callable[[Case, Adjudicate], list[str]]] = {
    "claims": claims,
    "entitlements": entitlements,
    "ways_of_paying": ways_of_paying,
}
