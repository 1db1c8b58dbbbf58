-- The ledger, first of four files: books that cannot be bent; their tables.
--
-- The rules stand here, in the database, because a rule that stands only in a program is broken by the
-- next program. Three lines of defence hold each of them:
--   privileges    the service role may read, and call the functions of 0001_ledger_calls.sql; no more;
--   triggers      judge every row that anybody inserts, its owner included, and refuse every change, also
--                 where a superuser has set session_replication_role;
--   seals         a hash chain over everything booked, so that what a superuser bends is found.
--
-- Amounts are integer fen; debit > 0, credit < 0. Everything that is booked draws its number from one
-- sequence: the booking order. A refusal is an error of SQLSTATE YB000 whose message is its code and
-- whose detail is JSON that names the place.
--
-- Everything is judged in READ COMMITTED and refused at other levels: an old snapshot would not see that
-- a day was closed. Every function names schemas in full and fixes its search path, because a deferred
-- trigger runs, in older servers, with the path and the role of whoever commits.

CREATE SCHEMA treasury;
REVOKE ALL ON SCHEMA treasury FROM PUBLIC;

CREATE SEQUENCE treasury.booking_number AS bigint;

-- Text that is booked stands in sealed lines of tab-separated columns: it holds neither of these.
CREATE DOMAIN treasury.word AS text
    CHECK (value !~ '[\x01-\x1f\x7f\\]' AND length(value) <= 400);

CREATE FUNCTION treasury.refuse(code text, detail jsonb) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '%', code USING ERRCODE = 'YB000', DETAIL = detail::text;
END $$;

-- ------------------------------------------------------------------------------------------ the book

-- One row an area that keeps books here.
CREATE TABLE treasury.book (
    area_code    treasury.word PRIMARY KEY,
    number       bigint NOT NULL UNIQUE DEFAULT nextval('treasury.booking_number'),
    label_zh     treasury.word NOT NULL,
    label_en     treasury.word NOT NULL,
    time_zone    treasury.word NOT NULL,
    opened_on    date NOT NULL
);

-- One row a chart of accounts put into force; its accounts and facings were booked just after it.
CREATE TABLE treasury.chart_installation (
    number        bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code     treasury.word NOT NULL REFERENCES treasury.book,
    digest        treasury.word NOT NULL CHECK (length(digest) = 64),
    installed_by  treasury.word NOT NULL CHECK (installed_by <> ''),
    installed_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row an account. It belongs to one fund for ever; what ends is said by account_end.
CREATE TABLE treasury.account (
    account_id     bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code      treasury.word NOT NULL REFERENCES treasury.book,
    account_code   treasury.word NOT NULL,
    fund           treasury.word NOT NULL CHECK (fund <> ''),
    account_type   treasury.word NOT NULL CHECK (account_type <> ''),
    account_class  treasury.word NOT NULL
        CHECK (account_class IN ('asset', 'liability', 'income', 'expense', 'balance')),
    holder         treasury.word NOT NULL
        CHECK (holder IN ('none', 'member', 'provider', 'supplier', 'bank')),
    guard          treasury.word NOT NULL CHECK (guard IN ('none', 'personal', 'bank')),
    clearing_pair  treasury.word NOT NULL DEFAULT '',
    label_zh       treasury.word NOT NULL,
    label_en       treasury.word NOT NULL,
    valid_from     date NOT NULL,
    UNIQUE (area_code, account_code),
    CHECK (guard <> 'personal' OR (account_class = 'liability' AND holder = 'member')),
    CHECK (guard <> 'bank' OR account_class = 'asset'),
    CHECK (account_code = fund || '/' || account_type)
);

-- One row an account that takes no business from a day on.
CREATE TABLE treasury.account_end (
    account_id   bigint PRIMARY KEY REFERENCES treasury.account,
    number       bigint NOT NULL UNIQUE DEFAULT nextval('treasury.booking_number'),
    valid_until  date NOT NULL
);

-- One row a side of an event on which an account type may stand, until facing_end withdraws it.
CREATE TABLE treasury.facing (
    number        bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code     treasury.word NOT NULL REFERENCES treasury.book,
    event_kind    treasury.word NOT NULL,
    account_type  treasury.word NOT NULL,
    side          treasury.word NOT NULL CHECK (side IN ('debit', 'credit')),
    UNIQUE (area_code, event_kind, account_type, side)
);

CREATE TABLE treasury.facing_end (
    facing_number  bigint PRIMARY KEY REFERENCES treasury.facing,
    number         bigint NOT NULL UNIQUE DEFAULT nextval('treasury.booking_number')
);

-- One row a period closed or reopened. The latest mark of kind day over a day decides whether business of
-- that day is taken; months and years are closed over closed days, and keep those from being reopened.
CREATE TABLE treasury.period_mark (
    number           bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code        treasury.word NOT NULL REFERENCES treasury.book,
    action           treasury.word NOT NULL CHECK (action IN ('close', 'reopen')),
    period_kind      treasury.word NOT NULL CHECK (period_kind IN ('day', 'month', 'year')),
    first_date       date NOT NULL,
    last_date        date NOT NULL CHECK (last_date >= first_date),
    marked_by        treasury.word NOT NULL CHECK (marked_by <> ''),
    approved_by      treasury.word NOT NULL DEFAULT '',
    reason           treasury.word NOT NULL DEFAULT '',
    balances_digest  treasury.word NOT NULL DEFAULT '',
    marked_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (action = 'close' OR (approved_by <> '' AND approved_by <> marked_by AND reason <> ''))
);
CREATE INDEX period_mark_by_day ON treasury.period_mark (area_code, period_kind, last_date, first_date);

-- One row a budget figure decided; a later row for the same heading replaces it.
CREATE TABLE treasury.budget (
    number       bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code    treasury.word NOT NULL REFERENCES treasury.book,
    fund         treasury.word NOT NULL,
    fund_year    integer NOT NULL CHECK (fund_year BETWEEN 1998 AND 2200),
    heading      treasury.word NOT NULL,
    amount       bigint NOT NULL CHECK (amount >= 0),
    document     treasury.word NOT NULL CHECK (document <> ''),
    decided_by   treasury.word NOT NULL CHECK (decided_by <> ''),
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX budget_by_year ON treasury.budget (area_code, fund_year, fund, heading, number);

-- One row a permission to overdraw a fund's bank accounts by an amount, between two days.
CREATE TABLE treasury.overdraft_permission (
    number       bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code    treasury.word NOT NULL REFERENCES treasury.book,
    fund         treasury.word NOT NULL,
    amount       bigint NOT NULL CHECK (amount > 0),
    valid_from   date NOT NULL,
    valid_until  date NOT NULL CHECK (valid_until > valid_from),
    document     treasury.word NOT NULL CHECK (document <> ''),
    granted_by   treasury.word NOT NULL CHECK (granted_by <> ''),
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ----------------------------------------------------------------------------------- entries and lines

-- One row a business event as booked.
CREATE TABLE treasury.entry (
    entry_id           bigint PRIMARY KEY,
    area_code          treasury.word NOT NULL,
    client_id          treasury.word NOT NULL CHECK (client_id <> ''),
    content_digest     bytea NOT NULL CHECK (octet_length(content_digest) = 32),
    event_kind         treasury.word NOT NULL,
    business_date      date NOT NULL,
    booking_date       date NOT NULL,
    booked_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    posted_in          bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    reverses_entry_id  bigint REFERENCES treasury.entry,
    reservation_id     bigint,
    actor              treasury.word NOT NULL CHECK (actor <> ''),
    source             treasury.word NOT NULL DEFAULT '',
    memo               treasury.word NOT NULL DEFAULT '',
    CONSTRAINT client_id_once UNIQUE (area_code, client_id),
    CHECK (business_date <= booking_date)
);
CREATE UNIQUE INDEX reversed_once ON treasury.entry (reverses_entry_id)
    WHERE reverses_entry_id IS NOT NULL;
CREATE INDEX entry_by_day ON treasury.entry USING brin (business_date) WITH (pages_per_range = 32);

-- One row an account moved by an entry. That entry and account exist is judged for all lines of a
-- statement at once (judge_1_lines): a foreign key, checked row by row, costs a third of posting.
CREATE TABLE treasury.line (
    entry_id       bigint NOT NULL,
    line_number    smallint NOT NULL CHECK (line_number > 0),
    account_id     bigint NOT NULL,
    amount         bigint NOT NULL
        CHECK (amount <> 0 AND amount BETWEEN -10000000000000 AND 10000000000000),
    business_date  date NOT NULL,
    party_id       treasury.word NOT NULL DEFAULT '',
    PRIMARY KEY (entry_id, line_number)
);
CREATE INDEX line_by_account ON treasury.line (account_id, party_id, business_date);

-- One row a statement that booked entries, while its transaction runs: the deferred constraint hangs on
-- it, once for all its entries. It is no part of the books. Written by triggers only.
CREATE UNLOGGED TABLE treasury.posting (
    first_number  bigint NOT NULL,
    last_number   bigint NOT NULL
);

-- One row a member's account: what stands on it and what of that is reserved. Written by triggers only.
CREATE TABLE treasury.personal_balance (
    account_id       bigint NOT NULL REFERENCES treasury.account,
    party_id         text NOT NULL,
    balance_amount   bigint NOT NULL CHECK (balance_amount >= 0),
    reserved_amount  bigint NOT NULL DEFAULT 0
        CHECK (reserved_amount BETWEEN 0 AND balance_amount),
    PRIMARY KEY (account_id, party_id)
) WITH (fillfactor = 70);

-- One row a fund whose bank accounts were paid from: locked while money leaves. Written by triggers only.
CREATE TABLE treasury.fund_guard (
    area_code  text NOT NULL REFERENCES treasury.book,
    fund       text NOT NULL,
    uses       bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (area_code, fund)
);

-- One row an amount held on a guarded account until it is posted, voided or expired.
CREATE TABLE treasury.reservation (
    reservation_id  bigint PRIMARY KEY DEFAULT nextval('treasury.booking_number'),
    area_code       treasury.word NOT NULL REFERENCES treasury.book,
    client_id       treasury.word NOT NULL CHECK (client_id <> ''),
    content_digest  bytea NOT NULL CHECK (octet_length(content_digest) = 32),
    account_id      bigint NOT NULL REFERENCES treasury.account,
    party_id        treasury.word NOT NULL DEFAULT '',
    amount          bigint NOT NULL CHECK (amount > 0),
    expires_at      timestamptz NOT NULL,
    actor           treasury.word NOT NULL CHECK (actor <> ''),
    reserved_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT reservation_client_id_once UNIQUE (area_code, client_id)
);
CREATE INDEX reservation_by_account ON treasury.reservation (account_id, party_id);

-- One row a reservation that came to its end.
CREATE TABLE treasury.reservation_end (
    reservation_id  bigint PRIMARY KEY REFERENCES treasury.reservation,
    number          bigint NOT NULL UNIQUE DEFAULT nextval('treasury.booking_number'),
    outcome         treasury.word NOT NULL CHECK (outcome IN ('posted', 'voided', 'expired')),
    actor           treasury.word NOT NULL CHECK (actor <> ''),
    ended_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- ------------------------------------------------------------------------------- seals and derived sums

-- One row a block of the booking order, hashed together with the seal before it. row_marks has the first
-- four bytes of each row's own SHA-256: it proves nothing, and names the row when the digest differs.
CREATE TABLE treasury.seal (
    seal_id          bigint PRIMARY KEY CHECK (seal_id > 0),
    after_number     bigint NOT NULL,
    up_to_number     bigint NOT NULL CHECK (up_to_number > after_number),
    rows_count       bigint NOT NULL,
    entries_count    bigint NOT NULL,
    lines_count      bigint NOT NULL,
    debit_amount     bigint NOT NULL,
    previous_digest  text NOT NULL,
    digest           text NOT NULL CHECK (length(digest) = 64),
    row_marks        bytea NOT NULL,
    sealed_at        timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX seal_by_number ON treasury.seal (up_to_number);

-- One row an account, business day and booking day: what sealed entries moved. Written by triggers only.
CREATE TABLE treasury.day_sum (
    account_id     bigint NOT NULL REFERENCES treasury.account,
    business_date  date NOT NULL,
    booking_date   date NOT NULL,
    debit_amount   bigint NOT NULL,
    credit_amount  bigint NOT NULL,
    lines_count    bigint NOT NULL,
    PRIMARY KEY (account_id, business_date, booking_date)
) WITH (fillfactor = 70);

-- The same by party, for accounts of providers, suppliers and banks (members have too many).
CREATE TABLE treasury.party_day_sum (
    account_id     bigint NOT NULL REFERENCES treasury.account,
    party_id       text NOT NULL,
    business_date  date NOT NULL,
    booking_date   date NOT NULL,
    debit_amount   bigint NOT NULL,
    credit_amount  bigint NOT NULL,
    lines_count    bigint NOT NULL,
    PRIMARY KEY (account_id, party_id, business_date, booking_date)
) WITH (fillfactor = 70);

-- Everything booked as one line of text each, in booking order: what a seal hashes. An auditor reads the
-- same with psql and hashes it with sha256sum (docs/ledger.md).
CREATE VIEW treasury.sealed_text (number, part, text) AS
    SELECT number, 0::smallint, concat_ws(E'\t', 'book', number, area_code, time_zone,
        to_char(opened_on, 'YYYY-MM-DD'), label_zh, label_en) FROM treasury.book
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'chart_installation', number, area_code, digest, installed_by,
        (extract(epoch FROM installed_at) * 1000000)::bigint) FROM treasury.chart_installation
    UNION ALL
    SELECT account_id, 0::smallint, concat_ws(E'\t', 'account', account_id, area_code, account_code, fund,
        account_type, account_class, holder, guard, clearing_pair,
        to_char(valid_from, 'YYYY-MM-DD'), label_zh, label_en) FROM treasury.account
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'account_end', number, account_id,
        to_char(valid_until, 'YYYY-MM-DD')) FROM treasury.account_end
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'facing', number, area_code, event_kind, account_type, side)
        FROM treasury.facing
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'facing_end', number, facing_number) FROM treasury.facing_end
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'period_mark', number, area_code, action, period_kind,
        to_char(first_date, 'YYYY-MM-DD'), to_char(last_date, 'YYYY-MM-DD'), marked_by, approved_by,
        reason, balances_digest, (extract(epoch FROM marked_at) * 1000000)::bigint)
        FROM treasury.period_mark
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'budget', number, area_code, fund, fund_year, heading, amount,
        document, decided_by, (extract(epoch FROM recorded_at) * 1000000)::bigint) FROM treasury.budget
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'overdraft_permission', number, area_code, fund, amount,
        to_char(valid_from, 'YYYY-MM-DD'), to_char(valid_until, 'YYYY-MM-DD'), document, granted_by,
        (extract(epoch FROM recorded_at) * 1000000)::bigint) FROM treasury.overdraft_permission
    UNION ALL
    SELECT reservation_id, 0::smallint, concat_ws(E'\t', 'reservation', reservation_id, area_code, client_id,
        encode(content_digest, 'hex'), account_id, party_id, amount,
        (extract(epoch FROM expires_at) * 1000000)::bigint, actor,
        (extract(epoch FROM reserved_at) * 1000000)::bigint) FROM treasury.reservation
    UNION ALL
    SELECT number, 0::smallint, concat_ws(E'\t', 'reservation_end', number, reservation_id, outcome, actor,
        (extract(epoch FROM ended_at) * 1000000)::bigint) FROM treasury.reservation_end
    UNION ALL
    SELECT entry_id, 0::smallint, concat_ws(E'\t', 'entry', entry_id, area_code, client_id,
        encode(content_digest, 'hex'), event_kind, to_char(business_date, 'YYYY-MM-DD'),
        to_char(booking_date, 'YYYY-MM-DD'), (extract(epoch FROM booked_at) * 1000000)::bigint,
        coalesce(reverses_entry_id, 0), coalesce(reservation_id, 0), posted_in, actor, source, memo)
        FROM treasury.entry
    UNION ALL
    SELECT entry_id, line_number, concat_ws(E'\t', 'line', entry_id, line_number, account_id,
        amount, to_char(business_date, 'YYYY-MM-DD'), party_id) FROM treasury.line;
