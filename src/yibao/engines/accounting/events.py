"""Business events (业务事件): what happened to the funds' money, before it is an entry.

Every event is frozen, has the ``client_id`` and ``business_date`` of the entry it becomes, and
amounts in fen above zero. Which accounts it faces is data: an event's kind and roles are played by
account types that the chart names (``events.yaml``). :data:`ROLES` says which roles the postings
ask for, so that a chart without one is a fault when it is read and not when money moves.

Refuses: nothing by itself; :func:`yibao.engines.accounting.postings.entry_of` refuses an event
that has no lines to make, or an amount that is not above zero.
"""

from __future__ import annotations

from collections.abc import Mapping

ROLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "settlement": (("benefit", "personal_account"), ("provider",)),
    "contribution": (("bank",), ("income",)),
    "contribution_refund": (("income",), ("bank",)),
    "government_subsidy": (("bank",), ("income",)),
    "interest": (("bank",), ("income",)),
    "other_income": (("bank",), ("income",)),
    "other_spending": (("spending",), ("bank",)),
    "personal_account_credit": (("credited",), ("personal_account",)),
    "personal_account_use": (("personal_account",), ("provider",)),
    "personal_account_payout": (("personal_account",), ("bank",)),
    "personal_account_premium": (("personal_account",), ("income",)),
    "advance": (("advance",), ("bank",)),
    "advance_recovery": (("payable", "bank"), ("advance",)),
    "provider_payment": (("provider",), ("bank",)),
    "margin_withheld": (("provider",), ("margin",)),
    "margin_release": (("margin",), ("provider", "forfeited")),
    "supplier_delivery": (("procurement",), ("supplier",)),
    "supplier_payment": (("supplier",), ("bank",)),
    "procurement_recovery": (("provider",), ("procurement",)),
    "recoupment": (("receivable",), ("benefit", "damages")),
    "recoupment_collected": (("provider", "bank"), ("receivable",)),
    "cash_benefit": (("benefit",), ("member",)),
    "member_payment": (("member",), ("bank",)),
    "fund_transfer": (("spending",), ("income",)),
    "clearing_payment": (("bank",), ("bank",)),
    "bank_transfer": (("bank",), ("bank",)),
    "opening": (("opening",), ("opening",)),
}
"""By event kind: the roles of its debit and of its credit side."""
