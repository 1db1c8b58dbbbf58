"""`yibao ledger close`, `reopen`, `seal`, `verify`."""

from __future__ import annotations

import json
from datetime import date, timedelta

import asyncpg
import pytest

from tests.integration.conftest import Books, run
from tests.integration.ledger.conftest import Terminal

HEAD = "kind,client_id,business_date,fund,bank_id,amount"


def subsidy(ledger: Terminal, day: str, *, code: int = 0) -> str:
    row = f"government_subsidy,G-{day},{day},resident,B1,5"
    return ledger("post", ledger.file("g.csv", HEAD, row), code=code).err


def test_a_day_is_closed_with_all_before_it(posted: Terminal):
    told = json.loads(posted("close", "day", "2024-01-31", "--json").out)["closed"]
    assert [(one["first"], one["last"]) for one in told] == [("2023-12-31", "2024-01-31")]
    assert "[period_closed]" in subsidy(posted, "2024-01-31", code=4)
    subsidy(posted, "2024-02-01")
    assert "[period_closed_already]" in posted("close", "day", "2024-01-31", code=4).err
    later = date.today() + timedelta(days=3)  # noqa: DTZ011 - beyond every time zone's today
    assert "[period_not_over]" in posted("close", "day", later, code=4).err


def test_months_and_years_need_their_parts_or_close_them(posted: Terminal):
    assert "[period_parts_open]" in posted("close", "month", "2024-01", code=4).err
    assert "[period_parts_open]" in posted("close", "year", "2024", code=4).err
    kinds = [one["kind"] for one in json.loads(
        posted("close", "year", "2024", "--with-parts", "--json").out)["closed"]]  # fmt: skip
    assert kinds == ["day", *["month"] * 13, "year", "year"]  # December and the year of 2023 too
    assert "[period_closed]" in subsidy(posted, "2024-12-31", code=4)
    subsidy(posted, "2025-01-01")


def test_a_period_is_reopened_from_the_top_by_two_people(posted: Terminal):
    posted("close", "year", "2024", "--with-parts")
    why = ("--reason", "凭证 7 记错", "--second", "sun")
    assert "[period_within_closed]" in posted("reopen", "day", "2024-12-31", *why, code=4).err
    for kind, period in (("year", "2024"), ("month", "2024-12"), ("day", "2024-12-31")):
        posted("reopen", kind, period, *why)
    subsidy(posted, "2024-12-31")
    assert "[period_not_closed]" in posted("reopen", "day", "2024-12-31", *why, code=4).err
    told = json.loads(posted("close", "year", "2024", "--with-parts", "--json").out)["closed"]
    assert [one["kind"] for one in told] == ["day", "month", "year"]


@pytest.mark.parametrize(
    ("who", "second", "code"),
    [
        ("qian", "qian", "permission_missing"),
        ("qian", "zhao", "permission_missing"),
        ("sun", "sun", "permission_missing"),
        ("qian", "nobody", "login_needed"),
    ],
)
def test_who_may_not_is_refused(posted: Terminal, who: str, second: str, code: str):
    posted("close", "day", "2024-01-31")
    refused = posted("reopen", "day", "2024-01-31", "--reason", "x", "--second", second, as_=who,
                     code=4).err  # fmt: skip
    assert f"[{code}]" in refused
    assert "[permission_missing]" in posted("close", "day", "2024-02-01", as_="zhao", code=4).err


@pytest.mark.parametrize(
    ("kind", "period", "told"),
    [
        ("day", "2024-02-30", "no day"),
        ("month", "2024-13", "no month"),
        ("month", "2024-1", "no month"),
        ("year", "24", "no year"),
        ("day", "2024-01", "no day"),
    ],
)
def test_what_is_no_period_is_told(posted: Terminal, kind: str, period: str, told: str):
    assert told in posted("close", kind, period, code=4).err
    assert "写作" in posted("close", kind, period, "--language", "zh", code=4).err


def test_a_reopening_has_a_reason(posted: Terminal):
    posted("close", "day", "2024-01-31")
    words = ("reopen", "day", "2024-01-31", "--second", "sun")
    assert "--reason" in posted(*words, code=2).err
    assert "[reason_missing]" in posted(*words, "--reason", "", code=4).err


def test_books_are_sealed_exported_and_verified(posted: Terminal, qingdao: Books):
    seals = posted.folder / "seals.jsonl"
    assert "not sealed yet" not in posted("verify").out, "who books by a command seals it too"
    assert "0 seals made" in posted("seal").out
    told = posted("verify", "--export", seals, as_="zhao").out
    assert "everything holds" in told
    assert len(seals.read_text().splitlines()) == 1
    assert "全部相符" in posted("verify", "--seals", seals, "--language", "zh").out
    _bend(qingdao)
    found = posted("verify", "--seals", seals, "--json", code=1).out
    codes = {one["code"] for one in json.loads(found)["discrepancies"]}
    assert {"seal_differs", "row_changed"} <= codes
    other = posted.folder / "other.jsonl"
    posted("verify", "--export", other, code=1)
    assert not other.exists()
    assert "[seals_file_unreadable]" in posted("verify", "--seals", posted.file("x", "no"),
                                               code=3).err  # fmt: skip
    assert "[permission_missing]" in posted("verify", as_="sun", code=4).err


def _bend(books: Books) -> None:
    """Two lines of one entry a yuan larger, by a superuser with the triggers off."""

    async def work() -> None:
        connection = await asyncpg.connect(books.superuser_url)
        try:
            await connection.execute("ALTER TABLE treasury.line DISABLE TRIGGER ALL")
            await connection.execute(
                "UPDATE treasury.line SET amount = amount + 100 * sign(amount)::bigint WHERE"
                " entry_id = (SELECT entry_id FROM treasury.entry WHERE client_id = 'S-1')"
            )
        finally:
            await connection.close()

    run(work())
