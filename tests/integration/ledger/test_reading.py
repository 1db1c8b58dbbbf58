"""`yibao ledger balance`, `trial`, `journal`, `statement`, `budget`: what people read."""

from __future__ import annotations

import json

import polars as pl

from tests.integration.ledger.conftest import Terminal


def amounts(told: str, name: str = "balances") -> dict[str, int]:
    return {row["account"]: row["balance"] for row in json.loads(told)[name]}


def test_balances_are_those_worked_by_hand(posted: Terminal):
    # In: 41500 + 500. Out: 1100 paid to H1. Owed to H1: 1000.10 + 120.50 − 1100 = 20.60.
    assert amounts(posted("balance", "--fund", "resident", "--json").out) == {
        "resident/bank_special": 4_000_000,
        "resident/bank_spending": 90_000,
        "resident/provider_payable": 2_060,
        "resident/contribution_personal": 4_150_000,
        "resident/contribution_aided": 50_000,
        "resident/benefit_inpatient": 100_010,
        "resident/benefit_outpatient": 12_050,
        "": 0,
    }
    for words, fen in (
        (("resident/provider_payable",), -2_060),
        (("resident/provider_payable", "--as-of", "2024-03-14"), 0),
        (("resident/provider_payable", "--as-of", "2024-03-15"), -100_010),
        (("resident/provider_payable", "--as-of", "2024-04-29"), -112_060),
        (("resident/provider_payable", "--as-of", "2024-04-30"), -2_060),
        (("resident/provider_payable", "--known-on", "2024-12-31"), 0),
        (("--type", "provider_payable"), -2_060 - 9_900),
        (("--type", "provider_payable", "--party", "H2"), -9_900),
        (("--type", "personal_account_liability", "--party", "M2"), -25_055),
        (("--party", "B2"), 90_000),
    ):
        assert json.loads(posted("balance", *words, "--json").out)["amount"] == fen, words


def test_a_balance_reads_well_in_both_languages(posted: Terminal):
    told = posted("balance", "resident/bank_special", "--as-of", "2024-12-31").out
    assert "balance as of 2024-12-31" in told
    assert "Dr" in told
    assert "40,000.00" in told
    told = posted("balance", "resident/provider_payable", "--language", "zh").out
    assert "应付定点医药机构" in told
    assert "贷" in told
    assert "20.60" in told


def test_scopes_that_are_not_there_are_told(posted: Terminal):
    for words in (("resident/piggy",), ("--fund", "rainy_day"), ("--type", "piggy")):
        assert "[account_unknown]" in posted("balance", *words, code=4).err
    assert "[fund_unknown]" in posted("trial", "--fund", "rainy_day", code=4).err
    assert "[fund_unknown]" in posted(
        "statement", "--year", "2024", "--fund", "rainy_day", code=4).err  # fmt: skip
    assert "[account_unknown]" in posted("journal", "--account", "resident/piggy", code=4).err
    assert "[entry_unknown]" in posted("journal", "1", code=4).err


def test_debits_equal_credits_in_a_trial_balance(posted: Terminal):
    told = json.loads(posted("trial", "--year", "2024", "--json").out)
    # 42000 + 350.55 + 1000.10 + 120.50 + 99 + 2000 + 1100
    assert (told["debit_amount"], told["credit_amount"]) == (4_667_015, 4_667_015)
    quarter = ("--from", "2024-04-01", "--until", "2024-06-30")
    told = json.loads(posted("trial", *quarter, "--fund", "resident", "--json").out)
    payable = next(row for row in told["accounts"] if row["account"].endswith("provider_payable"))
    assert [payable[name] for name in ("opening", "debit_amount", "credit_amount", "balance")] == [
        *(-100_010, 110_000, 12_050, 2_060),
    ]
    assert told["debit_amount"] == told["credit_amount"] == 322_050  # 120.50 + 2000 + 1100


def test_the_journal_is_searched_page_by_page(posted: Terminal):
    seen, after = [], 0
    while after is not None:
        page = json.loads(posted("journal", "--size", "3", "--after", after, "--json").out)
        seen += dict.fromkeys(row["client_id"] for row in page["lines"])
        after = page["next_after"]
    assert seen == ["C-1", "K-1", "S-1", "S-2", "S-3", "T-1", "P-1"]
    assert "the next page: --after" in posted("journal", "--size", "2").out
    for words, ids in (
        (("--party", "H1"), ["S-1", "S-2", "P-1"]),
        (("--account", "resident/bank_spending"), ["T-1", "P-1"]),
        (("--amount", "1000.10"), ["S-1"]),
        (("--source", "claim-78"), ["S-2"]),
        (("--event", "settlement", "--from", "2024-04-01", "--until", "2024-04-01"), ["S-2"]),
        (("--event", "settlement", "--party", "H2"), ["S-3"]),
        (("--client-id", "nobody"), []),
    ):
        found = json.loads(posted("journal", *words, "--json").out)["lines"]
        assert list(dict.fromkeys(row["client_id"] for row in found)) == ids, words


def test_odd_words_are_refused_before_anything_is_done(posted: Terminal):
    for words in (("--size", "0"), ("--size", "-3"), (str(2**63),), ("--amount", "1.001")):
        assert "What to do" in posted("journal", *words, code=2).err
    assert posted("journal", "--amount", "0", code=2).err
    backwards = ("--from", "2024-02-01", "--until", "2024-01-31")
    for command in ("trial", "statement", "journal"):
        assert "2024-01-31 lies before 2024-02-01" in posted(command, *backwards, code=4).err
    for words in (("balance", "--party", "\udcff"), ("balance", "resident/\udcff")):
        assert "UTF-8" in posted(*words, code=2).err
    assert posted("balance", "--party", "x' OR '1'='1").code == 0


def test_an_entry_is_shown_in_full(posted: Terminal):
    rows = json.loads(posted("journal", "--client-id", "S-1", "--json").out)["lines"]
    told = posted("journal", rows[0]["number"], "--language", "zh").out
    for word in ("结算", "S-1", "claim-77", "person:", "resident/benefit_inpatient", "1,000.10"):
        assert word in told


def test_tables_are_written_as_csv_xlsx_and_json(posted: Terminal):
    place = posted.folder / "balances"
    for suffix in ("csv", "xlsx", "json"):
        posted("balance", "--fund", "resident", "--out", f"{place}.{suffix}")
    table = pl.read_csv(f"{place}.csv", infer_schema=False)
    assert table.columns == [
        *("account", "name", "debit, yuan", "credit, yuan", "side", "balance, yuan"),
    ]
    assert table["balance, yuan"].to_list()[:3] == ["40000.00", "900.00", "20.60"]
    book = pl.read_excel(f"{place}.xlsx")
    assert book["balance, yuan"].to_list()[:3] == [40_000, 900, 20.6]
    data = json.loads((posted.folder / "balances.json").read_text())
    assert [row["balance"] for row in data["balances"]][:3] == [4_000_000, 90_000, 2_060]
    odd = posted("balance", "--fund", "resident", "--out", f"{place}.pdf", code=2).err
    assert ".csv, .xlsx, .json" in odd
    gone = posted.folder / "gone" / "x.csv"
    assert "cannot write" in posted("balance", "--fund", "resident", "--out", gone, code=4).err
    every = posted.folder / "journal.csv"
    posted("journal", "--size", "1", "--out", every)
    assert pl.read_csv(every, infer_schema=False)["client id"].unique().len() == 7


def test_a_statement_is_the_one_worked_by_hand(posted: Terminal):
    told = json.loads(posted("statement", "--year", "2024", "--json").out)
    assert told["totals"]["resident"] == {
        "brought_forward": 0,
        "income": 4_200_000,
        "spending": 112_060,
        "result": 4_087_940,
        "carried_forward": 4_087_940,
        "assets": 4_090_000,
        "liabilities": 2_060,
    }
    personal = told["totals"]["personal_account"]
    # Credited 350.55 and nothing used: the national form has spent nothing and holds it all.
    assert (personal["spending"], personal["national_spending"]) == (35_055, 0)
    assert (personal["carried_forward"], personal["national_balance"]) == (-35_055, 0)
    half = ("--from", "2024-04-01", "--until", "2024-04-30", "--fund", "resident", "--json")
    april = json.loads(posted("statement", *half).out)["totals"]["resident"]
    assert (april["brought_forward"], april["spending"]) == (4_200_000 - 100_010, 12_050)
    shown = posted("statement", "--year", "2024", "--fund", "resident", "--language", "zh").out
    for word in ("居民医保基金 收支表", "滚存结余", "40,879.40", "待遇支出—住院费用"):
        assert word in shown
    assert "40,879.40" in posted("statement", "--year", "2024", "--brief").out
    assert "nothing stands" in posted("statement", "--year", "2001").out
    assert posted("statement", code=2).err
    assert posted("statement", "--year", "2024", "--from", "2024-01-01", code=2).err


def test_a_budget_warns_at_its_thresholds_and_by_income(posted: Terminal):
    document = ("--document", "文1")
    for heading, yuan in (("benefits", "1400.75"), ("income", "40000"), ("spending", "1500")):
        posted("budget", "set", "resident", "2024", heading, yuan, *document)
    told = json.loads(posted("budget", "show", "2024", "--json").out)
    found = {row["heading"]["en"]: row for row in told["executions"]}
    assert found["benefits"]["actual_amount"] == 112_060
    assert (found["benefits"]["rate"], found["benefits"]["warning"]["en"]) == ("80.0%", "watch")
    assert found["spending"]["warning"] == ""  # 1120.60 of 1500 is 74.7 %
    posted("budget", "set", "resident", "2024", "benefits", "1120.60", *document)
    told = json.loads(posted("budget", "show", "2024", "--json").out)
    benefits = next(row for row in told["executions"] if row["heading"]["en"] == "benefits")
    assert (benefits["budget_amount"], benefits["warning"]["en"]) == (112_060, "over budget")
    (check,) = [one for one in told["income_checks"] if one["fund"]["en"] == "resident fund"]
    assert (check["planned_gap_amount"], check["actual_gap_amount"]) == (3_850_000, 4_087_940)
    assert check["planned"]["en"] == "plans within income"
    posted("budget", "set", "resident", "2024", "spending", "40000.01", *document)
    told = json.loads(posted("budget", "show", "2024", "--json").out)
    plans = {one["fund"]["en"]: one for one in told["income_checks"]}
    assert plans["resident fund"]["planned"]["en"] == "plans beyond income"
    assert plans["resident fund"]["planned_gap_amount"] == -1
    unplanned = plans["critical-illness fund"]
    assert unplanned["planned"]["en"] == "income or spending not set"
    assert unplanned["planned_gap_amount"] is None
    assert "no budget is set" in posted("budget", "show", "2025").out
    set_resident = ("budget", "set", "resident", "2024")
    assert "[heading_unknown]" in posted(*set_resident, "parties", "5", *document, code=4).err
    assert "two decimals" in posted(*set_resident, "income", "5.001", *document, code=2).err
    negative = ("budget", "set", *document, "--", "resident", "2024", "income", "-5")
    assert "≥ 0.00" in posted(*negative, code=2, as_="").err
    assert "400" in posted(*set_resident, "income", "5", "--document", " ", code=2).err
    assert "[permission_missing]" in posted(*set_resident, "income", "5", *document, as_="zhao",
                                            code=4).err  # fmt: skip


def test_a_member_named_by_an_identity_number_is_masked_by_role(posted: Terminal):
    numbers = ("99901019490101003X", "999010490101003", "9990104901010031")  # the last has 16
    head = "kind,client_id,business_date,member_id,amount"
    rows = [f"personal_account_credit,K-9,2024-05-02,{number},5" for number in numbers]
    provider = "999010194901010048"  # an institution's code is nobody's identity
    settled = f"settlement,S-9,2024-05-02,resident,{provider},inpatient,7"
    posted("post", posted.file("credit.csv", head, *rows))
    posted("post", posted.file("settled.csv",
                               "kind,client_id,business_date,fund,provider_id,care_type,amount",
                               settled))  # fmt: skip
    (line, *_) = json.loads(posted("journal", "--client-id", "K-9", "--json").out)["lines"]

    def shown(*words: object, as_: str) -> list[str]:
        told = json.loads(posted("journal", *words, "--json", as_=as_).out)
        return [one["party"] for one in told["lines"] if one["party"]]

    masked = ["999***********003X", "999*********003", numbers[2]]
    for words in (("--client-id", "K-9"), (line["number"],)):
        assert shown(*words, as_="sun") == list(numbers)  # a reviewer may read them
        assert shown(*words, as_="zhao") == masked
        assert shown(*words, as_="qian") == masked
    assert shown("--client-id", "S-9", as_="zhao") == [provider]
    out = posted.folder / "journal.csv"
    posted("journal", "--client-id", "K-9", "--out", out, as_="zhao")
    assert numbers[0] not in out.read_text("utf-8-sig")
