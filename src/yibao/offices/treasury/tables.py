"""The ledger's tables (账表) for queries; the migration made them, and what a row is stands there.

A test compares these with the migrated schema, so neither can drift. Nothing is written through
them: the service's role may only read, and books by the functions of schema ``treasury``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.types import TypeEngine

from yibao.storage.postgres.metadata import METADATA

SCHEMA = "treasury"


class _Word(Text):
    """``treasury.word``: no control character, no backslash, at most 400 letters."""

    __visit_name__ = "user_defined"

    def get_col_spec(self, **_: object) -> str:
        return f"{SCHEMA}.word"


WORD = _Word()
_MOMENT = DateTime(timezone=True)
_NEXT = text("nextval('treasury.booking_number')")
_THIS_TRANSACTION = text("pg_current_xact_id()::text::bigint")
_Kind = TypeEngine[Any] | type[TypeEngine[Any]]


def _needed(name: str, kind: _Kind = WORD) -> Column[Any]:
    return Column(name, kind, nullable=False)


def _words(*names: str) -> list[Column[Any]]:
    return [_needed(name) for name in names]


def _optional(name: str) -> Column[Any]:
    return Column(name, WORD, nullable=False, server_default="")


def _of(name: str, target: str, *, key: bool = False, kind: _Kind = BigInteger) -> Column[Any]:
    return Column(name, kind, ForeignKey(f"{SCHEMA}.{target}"), primary_key=key, nullable=False)


def _area(*, kind: _Kind = WORD, key: bool = False) -> Column[Any]:
    return _of("area_code", "book.area_code", kind=kind, key=key)


def _number(name: str = "number", *, key: bool = True) -> Column[int]:
    return Column(name, BigInteger, primary_key=key, nullable=False, server_default=_NEXT)


def _now(name: str) -> Column[Any]:
    return Column(name, _MOMENT, nullable=False, server_default=func.clock_timestamp())


def _once(*columns: str, name: str) -> UniqueConstraint:
    return UniqueConstraint(*columns, name=name)


def _sums() -> list[Column[Any]]:
    return [
        Column("business_date", Date, primary_key=True),
        Column("booking_date", Date, primary_key=True),
        *(_needed(name, BigInteger) for name in ("debit_amount", "credit_amount", "lines_count")),
    ]


BOOK = Table(
    "book",
    METADATA,
    Column("area_code", WORD, primary_key=True),
    _number(key=False),
    *_words("label_zh", "label_en", "time_zone"),
    _needed("opened_on", Date),
    _once("number", name="book_number_key"),
    schema=SCHEMA,
)
CHART_INSTALLATION = Table(
    "chart_installation",
    METADATA,
    *(_number(), _area(), *_words("digest", "installed_by"), _now("installed_at")),
    schema=SCHEMA,
)
ACCOUNT = Table(
    "account",
    METADATA,
    *(_number("account_id"), _area()),
    *_words("account_code", "fund", "account_type", "account_class", "holder", "guard"),
    *(_optional("clearing_pair"), *_words("label_zh", "label_en"), _needed("valid_from", Date)),
    _once("area_code", "account_code", name="account_area_code_account_code_key"),
    schema=SCHEMA,
)
ACCOUNT_END = Table(
    "account_end",
    METADATA,
    _of("account_id", "account.account_id", key=True),
    *(_number(key=False), _needed("valid_until", Date)),
    _once("number", name="account_end_number_key"),
    schema=SCHEMA,
)
FACING = Table(
    "facing",
    METADATA,
    *(_number(), _area(), *_words("event_kind", "account_type", "side")),
    _once(
        *("area_code", "event_kind", "account_type", "side"),
        name="facing_area_code_event_kind_account_type_side_key",
    ),
    schema=SCHEMA,
)
FACING_END = Table(
    "facing_end",
    METADATA,
    *(_of("facing_number", "facing.number", key=True), _number(key=False)),
    _once("number", name="facing_end_number_key"),
    schema=SCHEMA,
)
PERIOD_MARK = Table(
    "period_mark",
    METADATA,
    *(_number(), _area(), *_words("action", "period_kind")),
    *(_needed("first_date", Date), _needed("last_date", Date), _needed("marked_by")),
    *(_optional("approved_by"), _optional("reason"), _optional("balances_digest")),
    _now("marked_at"),
    Index("period_mark_by_day", "area_code", "period_kind", "last_date", "first_date"),
    schema=SCHEMA,
)
BUDGET = Table(
    "budget",
    METADATA,
    *(_number(), _area(), _needed("fund"), _needed("fund_year", Integer), _needed("heading")),
    *(_needed("amount", BigInteger), *_words("document", "decided_by"), _now("recorded_at")),
    Index("budget_by_year", "area_code", "fund_year", "fund", "heading", "number"),
    schema=SCHEMA,
)
OVERDRAFT_PERMISSION = Table(
    "overdraft_permission",
    METADATA,
    *(_number(), _area(), _needed("fund"), _needed("amount", BigInteger)),
    *(_needed("valid_from", Date), _needed("valid_until", Date)),
    *(*_words("document", "granted_by"), _now("recorded_at")),
    schema=SCHEMA,
)
ENTRY = Table(
    "entry",
    METADATA,
    *(Column("entry_id", BigInteger, primary_key=True), *_words("area_code", "client_id")),
    *(_needed("content_digest", LargeBinary), _needed("event_kind")),
    *(_needed("business_date", Date), _needed("booking_date", Date), _now("booked_at")),
    Column("posted_in", BigInteger, nullable=False, server_default=_THIS_TRANSACTION),
    Column("reverses_entry_id", BigInteger, ForeignKey(f"{SCHEMA}.entry.entry_id")),
    Column("reservation_id", BigInteger),
    *(_needed("actor"), _optional("source"), _optional("memo")),
    _once("area_code", "client_id", name="client_id_once"),
    Index(
        "reversed_once",
        "reverses_entry_id",
        unique=True,
        postgresql_where=text("reverses_entry_id IS NOT NULL"),
    ),
    Index(
        *("entry_by_day", "business_date"),
        postgresql_using="brin",
        postgresql_with={"pages_per_range": 32},
    ),
    schema=SCHEMA,
)
LINE = Table(
    "line",
    METADATA,
    Column("entry_id", BigInteger, primary_key=True),
    Column("line_number", SmallInteger, primary_key=True),
    *(_needed("account_id", BigInteger), _needed("amount", BigInteger)),
    *(_needed("business_date", Date), _optional("party_id")),
    Index("line_by_account", "account_id", "party_id", "business_date"),
    schema=SCHEMA,
)
POSTING = Table(
    "posting",
    METADATA,
    *(_needed("first_number", BigInteger), _needed("last_number", BigInteger)),
    prefixes=["UNLOGGED"],
    schema=SCHEMA,
)
PERSONAL_BALANCE = Table(
    "personal_balance",
    METADATA,
    *(
        _of("account_id", "account.account_id", key=True),
        Column("party_id", Text, primary_key=True),
    ),
    _needed("balance_amount", BigInteger),
    Column("reserved_amount", BigInteger, nullable=False, server_default=text("0")),
    schema=SCHEMA,
)
FUND_GUARD = Table(
    "fund_guard",
    METADATA,
    *(_area(kind=Text, key=True), Column("fund", Text, primary_key=True)),
    Column("uses", BigInteger, nullable=False, server_default=text("0")),
    schema=SCHEMA,
)
RESERVATION = Table(
    "reservation",
    METADATA,
    *(_number("reservation_id"), _area(), _needed("client_id")),
    *(_needed("content_digest", LargeBinary), _of("account_id", "account.account_id")),
    *(_optional("party_id"), _needed("amount", BigInteger), _needed("expires_at", _MOMENT)),
    *(_needed("actor"), _now("reserved_at")),
    _once("area_code", "client_id", name="reservation_client_id_once"),
    Index("reservation_by_account", "account_id", "party_id"),
    schema=SCHEMA,
)
RESERVATION_END = Table(
    "reservation_end",
    METADATA,
    *(_of("reservation_id", "reservation.reservation_id", key=True), _number(key=False)),
    *(*_words("outcome", "actor"), _now("ended_at")),
    _once("number", name="reservation_end_number_key"),
    schema=SCHEMA,
)
SEAL = Table(
    "seal",
    METADATA,
    Column("seal_id", BigInteger, primary_key=True, autoincrement=False),
    *(_needed(name, BigInteger) for name in ("after_number", "up_to_number", "rows_count")),
    *(_needed(name, BigInteger) for name in ("entries_count", "lines_count", "debit_amount")),
    *(_needed("previous_digest", Text), _needed("digest", Text)),
    *(_needed("row_marks", LargeBinary), _now("sealed_at")),
    Index("seal_by_number", "up_to_number", unique=True),
    schema=SCHEMA,
)
DAY_SUM = Table(
    "day_sum",
    METADATA,
    *(_of("account_id", "account.account_id", key=True), *_sums()),
    schema=SCHEMA,
)
PARTY_DAY_SUM = Table(
    "party_day_sum",
    METADATA,
    _of("account_id", "account.account_id", key=True),
    Column("party_id", Text, primary_key=True),
    *_sums(),
    schema=SCHEMA,
)
