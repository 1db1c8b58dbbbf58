"""The treasury (财务): the funds' books, kept so that no program can bend them.

What an entry must be is decided by :mod:`yibao.engines.accounting` in words, and once more by the
database, where it cannot be gone round (migrations/sql/0001_ledger_*.sql). :mod:`books` installs an
area's chart as the owner; :mod:`posting` books, :mod:`reversing` undoes, :mod:`reserving` holds
money until it is booked, :mod:`closing` closes and reopens periods, :mod:`budgeting` keeps budgets
and permissions to overdraw. :mod:`balances`, :mod:`journal` and :mod:`statements` read;
:mod:`sealing` and :mod:`verifying` make what was booked provable. :mod:`filing` turns a file of
events into entries, :mod:`summing` a settled year into events, :mod:`reconciling` holds a
provider's list or a bank's statement against the books; :mod:`example_year` is the demo's money.

Holds: the nine promises of docs/ledger.md. Whoever acts is named in what is booked; whether they
may is for the caller to ask of :mod:`yibao.offices.access`.

Refuses: to book half of anything, to change or remove what was booked, and to answer one client id
with two results.
"""
