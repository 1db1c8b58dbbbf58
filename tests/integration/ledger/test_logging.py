"""No act without its line in the log of access, and no line that says more than was done."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.conftest import Books, run
from tests.integration.ledger.conftest import Terminal
from yibao.offices.access import log
from yibao.offices.access.log import Deed
from yibao.storage.postgres.database import Database

HOLD = ("personal_account/personal_account_liability", "--party", "M1")
UNTIL = ("--until", "2999-01-01 00:00")
DOCUMENT = ("--document", "财预〔2024〕9号")
SUBSIDY = "kind,client_id,business_date,fund,bank_id,amount"
MORE = "government_subsidy,G-1,2024-05-01,resident,B1,69800"


def fetch(books: Books, statement: str) -> list[tuple[Any, ...]]:
    async def read() -> list[tuple[Any, ...]]:
        async with await Database.open(books.service_url, size=1) as database:
            return [tuple(row) for row in await database.pool.fetch(statement)]

    return run(read())


def booked(books: Books) -> list[tuple[Any, ...]]:
    """Everything that draws a number."""
    return fetch(books, "SELECT text FROM treasury.sealed_text ORDER BY number, part")


def lines(books: Books, action: str) -> list[tuple[Any, ...]]:
    return fetch(
        books,
        "SELECT actor_name, outcome, detail FROM access.log_entry"
        f" WHERE action = '{action}' ORDER BY id",
    )


def number_of(books: Books, client_id: str) -> int:
    found = "SELECT entry_id FROM treasury.entry WHERE client_id = '{}'"
    ((number,),) = fetch(books, found.format(client_id))
    return int(number)


ACTS: dict[str, tuple[tuple[object, ...], str]] = {
    "close": (("close", "day", "2024-01-31"), "qian"),
    "close with parts": (("close", "month", "2024-01", "--with-parts"), "qian"),
    "reopen": (("reopen", "day", "2023-12-31", "--reason", "wrong", "--second", "sun"), "qian"),
    "reserve": (("reserve", "HOLD-2", *HOLD[:1], "12.00", *HOLD[1:], *UNTIL), "qian"),
    "release": (("release", "RESERVATION"), "qian"),
    "budget": (("budget", "set", "resident", "2024", "income", "5", *DOCUMENT), "qian"),
    "overdraft": (
        ("overdraft", "resident", "5", "--from", "2024-01-01", "--until", "2024-01-02", *DOCUMENT),
        "sun",
    ),
    "post": (("post", "FILE"), "qian"),
    "post each": (("post", "FILE", "--each"), "qian"),
    "reverse": (("reverse", "S-2", "R-2", "2024-04-05"), "qian"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_whose_line_cannot_be_written_is_not_booked(
    act: str, posted: Terminal, qingdao: Books, monkeypatch: pytest.MonkeyPatch
):
    posted("close", "day", "2023-12-31")
    posted("reserve", "HOLD-1", *HOLD[:1], "10.00", *HOLD[1:], *UNTIL)
    ((reservation,),) = fetch(qingdao, "SELECT reservation_id FROM treasury.reservation")
    known = {
        "RESERVATION": reservation,
        "FILE": posted.file("more.csv", SUBSIDY, MORE),
        "S-2": number_of(qingdao, "S-2"),
    }
    words, who = ACTS[act]
    typed = [known.get(str(word), word) for word in words]
    before = booked(qingdao)
    recorded = log.record

    async def no_line(connection: Any, actor: Any, *deeds: Deed) -> None:
        if any(deed.outcome == "done" for deed in deeds):
            raise RuntimeError("the power fails")
        await recorded(connection, actor, *deeds)

    with monkeypatch.context() as broken:
        broken.setattr(log, "record", no_line)
        with pytest.raises(RuntimeError, match="the power fails"):
            posted(*typed, as_=who)
    assert booked(qingdao) == before
    posted(*typed, as_=who)
    assert booked(qingdao) != before


def test_each_period_that_is_closed_has_a_line(posted: Terminal, qingdao: Books):
    posted("close", "month", "2023-12", "--with-parts")
    assert lines(qingdao, "ledger.close") == [
        ("qian", "done", "day 2023-12-31 2023-12-31"),
        ("qian", "done", "month 2023-12-01 2023-12-31"),
    ]


def test_what_the_books_refuse_is_logged_as_refused(posted: Terminal, qingdao: Books):
    posted("reserve", "HOLD-1", *HOLD[:1], "100.01", *HOLD[1:], *UNTIL, code=4)  # M1 has 100.00
    assert lines(qingdao, "ledger.reserve") == [("qian", "refused", "personal_account_overdrawn")]
    posted("close", "month", "2024-01", code=4)
    assert lines(qingdao, "ledger.close") == [("qian", "refused", "period_parts_open")]
    number = number_of(qingdao, "S-2")
    posted("reverse", number, "R-2", "2024-04-05")
    posted("reverse", number, "R-3", "2024-04-06", code=4)
    assert lines(qingdao, "ledger.reverse") == [
        ("qian", "done", "posted 1, already 0, refused 0"),
        ("qian", "refused", "reversal_repeated"),
    ]
    posted("release", 999_999, code=4)
    assert lines(qingdao, "ledger.release") == [("qian", "refused", "reservation_unknown")]


def test_a_refused_file_is_logged_as_refused(posted: Terminal, qingdao: Books):
    other = MORE.replace("G-1", "C-1")  # an id of the books, with other content
    posted("post", posted.file("other.csv", SUBSIDY, MORE, other), code=4)
    assert lines(qingdao, "ledger.post")[1:] == [("qian", "refused", "client_id_reused")]
    posted("post", posted.file("other.csv", SUBSIDY, MORE, other), "--each", code=1)
    assert lines(qingdao, "ledger.post")[2:] == [("qian", "done", "posted 1, already 0, refused 1")]
