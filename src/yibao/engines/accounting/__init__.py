"""Accounting (会计): the books of the funds as pure functions, and what an entry must be.

A chart of accounts is data of an area (:mod:`charts` reads ``policies/<area>/accounts``): which
funds there are, which accounts each has, and which account types an event may face. A business
event is a frozen dataclass (:mod:`events`); :mod:`postings` turns it into an :class:`entry.Entry`
of signed lines, :mod:`checking` says why an entry is refused, and :mod:`statements`,
:mod:`budgets` and :mod:`reconciling` read balances and lists that others fetched.

Holds: amounts are integer fen, debit above zero and credit below; every account belongs to exactly
one fund; every entry sums to zero in each fund and in each pair of clearing accounts; whatever is
shared out is shared by :func:`yibao.base.money.allocate`.

Refuses: to know what day it is, which entries stand in the books, or what a member is entitled to;
to alter an entry (it is reversed, whole and once); and to guess an account: what the chart does
not say is a refusal with a code.
"""
