"""An auditor with books of its own: the journal as SQL reads it, dictionaries, and nothing else.

It shares no code with the product. It replays the journal in booking order and compares every
balance with what the ledger says, and every answer a client got with what stands in the journal.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import asyncpg

LINES = """
SELECT e.entry_id, e.client_id::text, e.event_kind::text, e.business_date::text AS day,
    e.memo::text, e.reverses_entry_id, e.reservation_id, l.line_number,
    a.account_code::text AS code, a.account_id, a.fund::text, a.clearing_pair::text AS pair,
    a.guard::text, l.party_id::text AS party, l.amount
FROM treasury.entry e JOIN treasury.line l USING (entry_id)
    JOIN treasury.account a USING (account_id)
ORDER BY e.entry_id, l.line_number
"""
HELD = "SELECT reservation_id, party_id::text AS party, amount FROM treasury.reservation"
ENDED = "SELECT reservation_id FROM treasury.reservation_end"
MARKS = """
SELECT number, action::text AS action, first_date::text AS first, last_date::text AS last
FROM treasury.period_mark ORDER BY number
"""
PERSONAL = """
SELECT account_id, party_id, balance_amount, reserved_amount FROM treasury.personal_balance
"""
BALANCES = "SELECT account_id, treasury.balance(account_id) FROM treasury.account"
EMPTY = """
SELECT count(*) FROM treasury.entry e
WHERE NOT EXISTS (SELECT FROM treasury.line l WHERE l.entry_id = e.entry_id)
"""
OVERDRAWN = ("personal_account_overdrawn", "fund_overdrawn", "period_closed")
LATE = ("reversal_repeated", "reversal_of_reversal", "reversal_unknown", "reservation_ended",
        "reservation_unknown", "reservation_exceeded", "client_id_reused")  # fmt: skip


class Auditor:
    """Reads everything once; :attr:`complaints` is what does not agree."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self.entries: dict[int, dict[str, Any]] = {}
        self.by_client: dict[str, int] = {}

    async def read(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            self.rows = [dict(row) for row in await connection.fetch(LINES)]
            self.held = [dict(row) for row in await connection.fetch(HELD)]
            self.ended = {row[0] for row in await connection.fetch(ENDED)}
            self.marks = [dict(row) for row in await connection.fetch(MARKS)]
            found = await connection.fetch(PERSONAL)
            self.personal = {(row[0], row[1]): (row[2], row[3]) for row in found}
            self.balances = dict(map(tuple, await connection.fetch(BALANCES)))
            self.empty = await connection.fetchval(EMPTY)
        await connection.close()

    def say(self, text: str) -> None:
        self.complaints.append(text)

    def replay(self) -> None:
        """Run through the journal in booking order."""
        self.moved: dict[int, int] = defaultdict(int)
        self.members: dict[tuple[int, str], int] = defaultdict(int)
        self.money: dict[str, int] = defaultdict(int)
        grouped: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in self.rows:
            grouped[row["entry_id"]].append(row)
        if self.empty:
            self.say(f"{self.empty} entries without lines")
        for number, lines in grouped.items():
            self.note(number, lines)
            self.add(number, lines)
            self.judge_day(number, lines[0])
        self.compare_accounts()
        self.compare_members()

    def add(self, number: int, lines: list[dict[str, Any]]) -> None:
        funds: dict[str, int] = defaultdict(int)
        pairs: dict[str, int] = defaultdict(int)
        for line in lines:
            self.moved[line["account_id"]] += line["amount"]
            funds[line["fund"]] += line["amount"]
            if line["pair"]:
                pairs[line["pair"]] += line["amount"]
            if line["guard"] == "personal":
                self.members[line["account_id"], line["party"]] -= line["amount"]
            if line["guard"] == "bank":
                self.money[line["fund"]] += line["amount"]
        for name, amount in [*funds.items(), *pairs.items()]:
            if amount:
                self.say(f"entry {number}: {name} sums to {amount}")
        for line in lines:
            if line["guard"] == "personal" and self.members[line["account_id"], line["party"]] < 0:
                self.say(f"entry {number}: {line['party']} stands below zero")

    def note(self, number: int, lines: list[dict[str, Any]]) -> None:
        first = lines[0]
        if first["client_id"] in self.by_client:
            self.say(f"{first['client_id']} stands twice")
        self.by_client[first["client_id"]] = number
        self.entries[number] = {
            "client_id": first["client_id"],
            "content": [first["event_kind"], first["day"], first["memo"],
                        [[line["code"], line["party"], line["amount"]] for line in lines]],
        }  # fmt: skip
        back = first["reverses_entry_id"]
        if back is not None:
            was = self.entries[back]["content"][3]
            if sorted(was) != sorted([c, p, -a] for c, p, a in self.entries[number]["content"][3]):
                self.say(f"entry {number} does not undo {back}")

    def judge_day(self, number: int, line: dict[str, Any]) -> None:
        over = [mark for mark in self.marks if mark["number"] < number
                and mark["first"] <= line["day"] <= mark["last"]]  # fmt: skip
        if over and over[-1]["action"] == "close":
            self.say(f"entry {number} is booked into {line['day']}, which was closed")

    def compare_accounts(self) -> None:
        for account, stands in self.balances.items():
            if stands != self.moved[account]:
                self.say(f"account {account}: ledger {stands}, journal {self.moved[account]}")
        for fund, amount in self.money.items():
            if amount < 0:
                self.say(f"fund {fund} is overdrawn: {amount}")

    def compare_members(self) -> None:
        reserved: dict[str, int] = defaultdict(int)
        for held in self.held:
            if held["reservation_id"] not in self.ended:
                reserved[held["party"]] += held["amount"]
        for (account, party), (stands, kept) in self.personal.items():
            journal = self.members[account, party]
            if stands != journal or kept != reserved[party] or kept > stands:
                self.say(f"{party}: ledger {stands}/{kept}, journal {journal}/{reserved[party]}")
        for key, amount in self.members.items():
            if amount and key not in self.personal:
                self.say(f"{key} has no balance row")

    def hear(self, operations: list[dict[str, Any]], answers: Path) -> None:
        """Compare what a client sent and was answered with the journal."""
        sent = {each["client_id"]: each for each in operations}
        lines = answers.read_text(encoding="utf-8").splitlines() if answers.exists() else []
        for text in lines:
            try:
                answer = json.loads(text)
            except ValueError:
                continue  # a killed client's last line
            self.judge(answer, sent)
        for each in operations:
            if "must" in each and each["client_id"] in self.by_client:
                self.say(f"{each['client_id']} is impossible ({each['must']}) and stands")

    def judge(self, answer: dict[str, Any], sent: dict[str, dict[str, Any]]) -> None:
        client_id, operation = answer["client_id"], sent.get(answer["client_id"], {})
        number = self.by_client.get(client_id)
        if "entry_id" in answer:
            if number != answer["entry_id"]:
                self.say(f"{client_id} was answered {answer['entry_id']} and stands as {number}")
            elif self.entries[number]["content"] != answer["content"]:
                self.say(f"{client_id} stands with other content than was answered")
        elif "content" in answer:
            code = answer["code"]
            if code == "client_id_reused":
                if number is None or self.entries[number]["content"] == answer["content"]:
                    self.say(f"{client_id} was refused as used before, and is not")
            elif "must" in operation and code != operation["must"]:
                self.say(f"{client_id} must be refused as {operation['must']}, was as {code}")
            elif "reverses" in operation and code == "facing_refused":
                pass  # a reversal of a reversal stands on the wrong sides
            elif "must" not in operation and code not in OVERDRAWN + LATE:
                self.say(f"{client_id} was refused as {code}")

    def every_entry_was_sent(self, sent: set[str]) -> None:
        for client_id in self.by_client:
            if client_id not in sent:
                self.say(f"{client_id} stands and nobody sent it")
