"""Scenarios as tables: an event, how it ends, and what stands afterwards, worked by hand.

Columns: event with its id (an id used again is sent again), what it moves, how it ends, then the
balance of the fund's bank, of what providers are owed, and of member M1's account, all in fen.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.integration.treasury.town import (
    AREA,
    DAY,
    benefit,
    contribution,
    credit,
    payment,
    use,
)
from yibao.offices.treasury.balances import Scope, balance
from yibao.offices.treasury.posting import Posted, post
from yibao.offices.treasury.reversing import Reversal, reverse

MAKERS = {"in": contribution, "owe": benefit, "pay": payment}
SCENARIOS = {
    "a fund takes in, owes and pays": """
        # event  id  amount  ends                        bank  owed  M1
        pay      p1  1       fund_overdrawn              0     0     0
        in       c1  100     new                         100   0     0
        owe      b1  60      new                         100   60    0
        pay      p2  101     fund_overdrawn              100   60    0
        pay      p2  60      new                         40    0     0
        pay      p2  60      again                       40    0     0
        pay      p2  61      client_id_reused            40    0     0
        pay      p3  40      new                         0     -40   0
        pay      p4  1       fund_overdrawn              0     -40   0
    """,
    "what came in is taken back": """
        in       c1  100     new                         100   0     0
        owe      b1  30      new                         100   30    0
        pay      p1  30      new                         70    0     0
        undo     c1  r1      fund_overdrawn              70    0     0
        undo     p1  r2      new                         100   30    0
        undo     p1  r3      reversal_repeated           100   30    0
        undo     c1  r1      new                         0     30    0
        undo     c1  r1      again                       0     30    0
    """,
    "a member's account": """
        use      u1  1       personal_account_overdrawn  0     0     0
        credit   k1  50      new                         0     0     50
        use      u1  51      personal_account_overdrawn  0     0     50
        use      u1  50      new                         0     50    0
        undo     k1  r1      personal_account_overdrawn  0     50    0
        undo     u1  r2      new                         0     0     50
        undo     k1  r1      new                         0     0     0
    """,
}


def rows_of(table: str) -> list[list[str]]:
    rows = [row.split() for row in table.splitlines()]
    return [row for row in rows if row and row[0] != "#"]


async def played(database, row: list[str], numbers: dict[str, int]) -> str:
    event, name, amount = row[:3]
    if event == "undo":
        asked = Reversal(numbers[name], amount, DAY + timedelta(days=1))
        answer = await reverse(database, asked, area=AREA, actor="clerk")
        name = amount
    else:
        makers = {
            **MAKERS,
            "use": lambda name, amount: use(name, "M1", amount),
            "credit": lambda name, amount: credit(name, "M1", amount),
        }
        entries = [makers[event](name, int(amount))]
        (answer,) = await post(database, entries, area=AREA, actor="clerk")
    if not isinstance(answer, Posted):
        return answer.code
    numbers[name] = answer.entry_id
    return "new" if answer.is_new else "again"


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_ends_as_written(at_work, name: str):
    table = rows_of(SCENARIOS[name])

    async def work(database, book):
        numbers: dict[str, int] = {}
        found = []
        for row in table:
            ends = await played(database, row, numbers)
            bank = await balance(database, Scope(account_code="pooling/bank"), book=book)
            owed = await balance(database, Scope(account_type="payable"), book=book)
            member = await balance(database, Scope(party_id="M1"), book=book)
            amounts = (bank.amount, -owed.amount, -member.amount)
            found.append([*row[:3], ends, *map(str, amounts)])
        return found

    assert at_work(work) == table
