"""`yibao ledger open`, `post`, `reverse`, `reserve`: what goes in, and what is refused how."""

from __future__ import annotations

import json

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.ledger.conftest import EVENTS, Terminal
from yibao.storage.postgres.database import Database

HEAD = "kind,client_id,business_date,fund,bank_id,amount"
GOOD = "government_subsidy,G-1,2024-01-31,resident,B1,700"
SPEND = "personal_account_use,{},2024-05-01,{},M1,H1"
USE_HEAD = "kind,client_id,business_date,amount,member_id,provider_id"


def entries(books: Books) -> list[str]:
    async def read() -> list[str]:
        async with await Database.open(books.service_url, size=1) as database:
            rows = await database.pool.fetch(
                "SELECT client_id::text FROM treasury.entry ORDER BY entry_id"
            )
        return [row[0] for row in rows]

    return run(read())


def test_events_are_posted_once_however_often_they_are_sent(ledger: Terminal, qingdao: Books):
    file = ledger.file("events.csv", *EVENTS)
    first = json.loads(ledger("post", file, "--json").out)
    assert (first["posted"], first["already"], first["refused"]) == (7, 0, 0)
    assert [row["client_id"] for row in first["entries"]] == entries(qingdao)
    assert first["entries"][1]["place"] == f"{file}:4"
    again = json.loads(ledger("post", file, "--json").out)
    assert (again["posted"], again["already"], again["refused"]) == (0, 7, 0)
    numbers = [[row["entry_id"] for row in told["entries"]] for told in (first, again)]
    assert numbers[0] == numbers[1]
    told = ledger("post", file, "--language", "zh").out
    assert "已记账 0，早已记账 7，拒绝 0" in told


def test_the_same_id_with_other_content_is_refused(posted: Terminal):
    row = "government_subsidy,C-1,2024-01-31,resident,B1,5"
    refused = posted("post", posted.file("more.csv", HEAD, GOOD, row), code=4).err
    assert "[client_id_reused]" in refused
    assert "more.csv:3" in refused
    assert "1 of 2 refused; nothing was booked" in refused


def test_one_that_the_books_refuse_takes_the_others_back(posted: Terminal, qingdao: Books):
    rows = (USE_HEAD, SPEND.format("U-1", "60"), SPEND.format("U-2", "40.01"))
    file = posted.file("use.csv", *rows)
    refused = posted("post", file, code=4)
    assert "use.csv:3: [personal_account_overdrawn]" in refused.err
    assert "fit, not booked 1, already 0, refused 1" in refused.out
    assert "U-1" not in entries(qingdao)
    each = posted("post", file, "--each", code=1)
    assert "posted 1, already 0, refused 1" in each.out
    assert entries(qingdao)[-1] == "U-1"
    exact = posted.file("exact.csv", USE_HEAD, SPEND.format("U-3", "40.00"))
    posted("post", exact)
    one_more = posted.file("more.csv", USE_HEAD, SPEND.format("U-4", "0.01"))
    assert "balance 0.00" in posted("post", one_more, code=4).err


def test_a_check_judges_by_the_books_and_books_nothing(posted: Terminal, qingdao: Books):
    before = entries(qingdao)
    assert "judged" not in posted("post", posted.file("g.csv", HEAD, GOOD), "--check").err
    bad = posted.file("use.csv", USE_HEAD, SPEND.format("U-1", "100.01"))
    assert "[personal_account_overdrawn]" in posted("post", bad, "--check", code=4).err
    assert entries(qingdao) == before


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((HEAD, GOOD.replace("700", "7.001")), ":2 [amount_invalid]"),
        ((HEAD, GOOD.replace("700", "seven")), ":2 [amount_invalid]"),
        ((HEAD, GOOD.replace("700", "-7")), ":2 [amount_negative]"),
        ((HEAD, GOOD.replace("700", "0")), ":2 [nothing_to_book]"),
        ((HEAD, GOOD.replace("resident", "rainy_day")), ":2 [fund_unknown]"),
        ((HEAD, GOOD.replace("2024-01-31", "31.1.2024")), ":2 [date_invalid]"),
        ((HEAD, GOOD.replace("government_subsidy", "present")), ":2 [event_unknown]"),
        ((HEAD, GOOD, GOOD), ":3; "),
        (("art,betrag", "x,1"), ":1 [column_missing]"),
        (
            (f"{HEAD},account_type",
             "contribution,C-9,2024-01-31,resident,B1,5,subsidy_income"),
            ":2 [event_role_refused]",
        ),
        (
            (f"{HEAD},account_type",
             "contribution,C-9,2024-01-31,critical_illness,B1,5,contribution_personal"),
            ":2 [account_unknown]",
        ),
    ],
)  # fmt: skip
def test_a_file_with_faults_posts_nothing(ledger: Terminal, qingdao: Books, rows, told: str):
    file = ledger.file("bad.csv", *rows)
    for way in ((), ("--each",), ("--language", "zh")):
        refused = ledger("post", file, *way, code=3).err
        assert f"bad.csv{told}" in refused
        assert ("处理: " if way[-1:] == ("zh",) else "What to do: ") in refused
    assert entries(qingdao) == []


def test_a_file_that_is_missing_is_told(ledger: Terminal):
    assert "gone.csv [file_unreadable]" in ledger("post", "gone.csv", code=3).err


def test_what_only_the_books_can_know_is_told_with_its_line(posted: Terminal):
    posted("close", "day", "2024-01-31")
    file = posted.file("late.csv", HEAD, GOOD, GOOD.replace("G-1", "G-2").replace("01-31", "02-01"))
    told = posted("post", file, code=4).err
    assert "late.csv:2: [period_closed]" in told
    assert "2024-01-31" in told
    early = posted.file("early.csv", HEAD, GOOD.replace("2024-01-31", "2023-12-30"))
    assert "[business_date_before_opening]" in posted("post", early, code=4).err
    future = posted.file("future.csv", HEAD, GOOD.replace("2024-01-31", "2199-01-01"))
    assert "[business_date_in_future]" in posted("post", future, code=4).err
    poor = posted.file("poor.csv", "kind,client_id,business_date,fund,bank_id,provider_id,amount",
                       "provider_payment,P-9,2024-06-01,resident,B2,H1,40900.01")  # fmt: skip
    assert "[fund_overdrawn]" in posted("post", poor, code=4).err
    posted("post", posted.file("rich.csv", *poor.read_text().replace(".01", "").splitlines()))


@pytest.mark.parametrize("who", ["wang", "zhao", "sun", "li"])
def test_only_who_may_post_posts(ledger: Terminal, qingdao: Books, who: str):
    file = ledger.file("g.csv", HEAD, GOOD)
    refused = ledger("post", file, as_=who, code=4).err
    assert "[permission_missing]" in refused
    assert "ledger.post" in refused
    assert entries(qingdao) == []


def test_money_leaves_only_by_who_may_pay(posted: Terminal, qingdao: Books):
    async def forbid() -> None:
        connection = await asyncpg.connect(qingdao.superuser_url)
        try:
            await connection.execute("SET session_replication_role = replica")
            await connection.execute(
                "DELETE FROM access.role_permission WHERE permission_code = 'ledger.pay'"
            )
        finally:
            await connection.close()

    run(forbid())
    rows = ("kind,client_id,business_date,fund,bank_id,provider_id,amount",
            "provider_payment,P-9,2024-06-01,resident,B2,H1,5")  # fmt: skip
    refused = posted("post", posted.file("pay.csv", *rows), code=4).err
    assert "[permission_missing]" in refused
    assert "ledger.pay" in refused
    assert "P-9" not in entries(qingdao)
    moved = (
        "kind,client_id,business_date,fund,from_type,from_bank_id,to_type,to_bank_id,amount",
        "bank_transfer,T-9,2024-06-01,resident,bank_special,B1,bank_spending,B2,5",
    )
    posted("post", posted.file("move.csv", *moved))  # between two banks of one fund: none leaves


def test_an_act_and_a_refusal_leave_lines_in_the_log(ledger: Terminal, qingdao: Books):
    file = ledger.file("g.csv", HEAD, GOOD)
    ledger("post", file)
    ledger("post", file, as_="wang", code=4)

    async def read() -> list[tuple[str, ...]]:
        async with await Database.open(qingdao.service_url, size=1) as database:
            rows = await database.pool.fetch(
                "SELECT actor_name, object_id, outcome, detail FROM access.log_entry"
                " WHERE action = 'ledger.post' ORDER BY id"
            )
        return [tuple(row) for row in rows]

    assert run(read()) == [
        ("qian", "g.csv", "done", "posted 1, already 0, refused 0"),
        ("wang", "g.csv", "refused", "permission_missing"),
    ]


def test_an_entry_is_reversed_once_and_whole(posted: Terminal):
    (row,) = json.loads(posted("journal", "--client-id", "S-2", "--json").out)["lines"][:1]
    number = row["number"]
    assert "posted 1" in posted("reverse", number, "R-2", "2024-04-05", "--memo", "twice").out
    assert "[reversal_repeated]" in posted("reverse", number, "R-3", "2024-04-06", code=4).err
    assert "[entry_unknown]" in posted("reverse", 999_999, "R-4", "2024-04-06", code=4).err
    shown = json.loads(posted("journal", number, "--json").out)
    assert shown["head"]["reversed_by"] == number + _behind(posted, number)
    balance = json.loads(posted("balance", "resident/benefit_outpatient", "--json").out)
    assert balance["amount"] == 0
    assert "[permission_missing]" in posted("reverse", number, "R", "2024-04-05", as_="sun",
                                            code=4).err  # fmt: skip


def _behind(posted: Terminal, number: int) -> int:
    lines = json.loads(posted("journal", "--client-id", "R-2", "--json").out)["lines"]
    return int(lines[0]["number"]) - number


def test_money_is_held_used_and_let_go(posted: Terminal):
    place = ("personal_account/personal_account_liability", "--party", "M1")
    until = ("--until", "2199-01-01 10:00")
    held = json.loads(posted("reserve", "H-1", place[0], "60", *place[1:], *until, "--json").out)
    again = posted("reserve", "H-1", place[0], "60", *place[1:], *until).out
    assert "it stood already" in again
    over = posted("reserve", "H-2", place[0], "40.01", *place[1:], *until, code=4).err
    assert "[personal_account_overdrawn]" in over
    shown = posted("balance", "--type", "personal_account_liability", "--party", "M1", "--json").out
    (personal,) = json.loads(shown)["personal"]
    assert (personal["balance_amount"], personal["reserved_amount"]) == (10_000, 6_000)
    used = f"{SPEND.format('U-1', '50')},{held['reservation']}"
    posted("post", posted.file("use.csv", f"{USE_HEAD},reservation", used))
    assert "[reservation_ended]" in posted("release", held["reservation"], code=4).err
    other = json.loads(posted("reserve", "H-3", place[0], "50", *place[1:], *until, "--json").out)
    assert "released" in posted("release", other["reservation"]).out
    assert "[account_unknown]" in posted("reserve", "H-4", "resident/piggy", "1", *until,
                                         code=4).err  # fmt: skip


def test_a_reservation_into_the_past_is_told_as_such(posted: Terminal):
    hold = ("H-1", "personal_account/personal_account_liability", "60", "--party", "M1")
    past = ("--until", "2020-01-01 10:00")
    told = posted("reserve", *hold, *past, code=4).err
    assert "[reservation_ended]" in told
    assert "its time is over" in told
    assert "up to a moment that is still to come" in told
    told = posted("reserve", *hold, *past, "--language", "zh", code=4).err
    assert "已到期" in told
    assert "到期时刻须晚于现在" in told


def test_an_overdraft_is_permitted_by_a_reviewer_for_some_days(posted: Terminal):
    days = ("--from", "2024-01-01", "--until", "2199-01-01", "--document", "文9")
    assert "[permission_missing]" in posted("overdraft", "resident", "500", *days, code=4).err
    posted("overdraft", "resident", "500", *days, as_="sun")
    rows = ("kind,client_id,business_date,fund,bank_id,provider_id,amount",
            "provider_payment,P-9,2024-06-01,resident,B2,H1,{}")  # fmt: skip
    same = ("--from", "2024-01-01", "--until", "2024-01-01", "--document", "文9")
    assert "not included" in posted("overdraft", "resident", "5", *same, as_="sun", code=4).err
    assert posted("overdraft", "resident", "0", *days, as_="sun", code=2).err
    assert "[fund_unknown]" in posted("overdraft", "x", "5", *days, as_="sun", code=4).err
    beyond = posted.file("pay.csv", rows[0], rows[1].format("41400.01"))
    assert "permitted 500.00" in posted("post", beyond, code=4).err
    posted("post", posted.file("pay.csv", rows[0], rows[1].format("41400.00")))


def test_a_book_is_opened_by_the_owner_and_a_newer_chart_adds(at, database: Books, qingdao: Books):
    ledger = at(qingdao, with_owner=True)
    assert "accounts added 0" in ledger("open", "370200").out
    assert "[chart_changed]" in ledger("open", "370200", "--on", "2023-12-30", code=4).err
    assert "[permission_missing]" in ledger("open", "370200", as_="zhao", code=4).err
    made = json.loads(ledger("open", "370100", "--on", "2023-12-31", "--json").out)
    assert made["accounts_added"] > 100
    assert "--area: 370100, 370200" in ledger("trial", code=2).err
    assert ledger("trial", "--area", "370100").code == 0
    assert "[chart_missing]" in ledger("open", "999999", "--on", "2023-12-31", code=3).err
    assert "--on DAY" in ledger("open", "360400", code=2).err
