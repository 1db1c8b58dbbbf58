-- The ledger: books that cannot be bent.
--
-- The rules stand here, in the database, because a rule that stands only in a program is broken by the
-- next program. Three lines of defence hold each of them:
--   privileges    the service role may read, and call the functions at the end of this file; no more;
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

-- ------------------------------------------------------------------------------------ what never happens

-- Nothing booked is ever changed or removed, not even by the owner of the tables.
CREATE FUNCTION treasury.append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM treasury.refuse('append_only', jsonb_build_object(
        'table', TG_TABLE_NAME, 'operation', lower(TG_OP)));
    RETURN NULL;
END $$;

-- Derived sums move only when a trigger of this file moves them.
CREATE FUNCTION treasury.derived_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF pg_trigger_depth() < 2 OR TG_OP = 'TRUNCATE'
        OR (TG_OP = 'DELETE' AND TG_TABLE_NAME <> 'posting') THEN
        PERFORM treasury.refuse('append_only', jsonb_build_object(
            'table', TG_TABLE_NAME, 'operation', lower(TG_OP)));
    END IF;
    RETURN NULL;
END $$;

-- Whoever books has a transaction id before a number is drawn (seal_up_to counts on it), and sees what
-- others committed before each of its statements.
CREATE FUNCTION treasury.begin_booking() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM treasury.refuse('isolation_refused', jsonb_build_object(
            'isolation', current_setting('transaction_isolation')));
    END IF;
    PERFORM pg_current_xact_id();
END $$;

CREATE FUNCTION treasury.booking_begins() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM treasury.begin_booking();
    RETURN NULL;
END $$;

-- The last number that a seal covers; whatever is booked must come after it.
CREATE FUNCTION treasury.sealed_up_to() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT up_to_number FROM treasury.seal ORDER BY up_to_number DESC LIMIT 1), 0)
$$;

CREATE FUNCTION treasury.last_number() RETURNS bigint LANGUAGE sql AS $$
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM treasury.booking_number
$$;

-- Numbers come from the sequence, ahead of the last seal. The argument is the column that has them.
CREATE FUNCTION treasury.booking_numbered() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    unfit bigint;
BEGIN
    EXECUTE format('SELECT %1$I FROM added WHERE %1$I NOT BETWEEN $1 AND $2 LIMIT 1', TG_ARGV[0])
        INTO unfit USING treasury.sealed_up_to() + 1, treasury.last_number();
    IF unfit IS NOT NULL THEN
        PERFORM treasury.refuse('append_only', jsonb_build_object(
            'table', TG_TABLE_NAME, 'operation', 'insert', 'number', unfit));
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    name text;
    numbered text[];
BEGIN
    FOREACH name IN ARRAY ARRAY['book', 'chart_installation', 'account', 'account_end', 'facing',
        'facing_end', 'period_mark', 'budget', 'overdraft_permission', 'entry', 'line', 'reservation',
        'reservation_end', 'seal']
    LOOP
        EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON treasury.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION treasury.append_only()', name);
        EXECUTE format('CREATE TRIGGER booking_begins BEFORE INSERT ON treasury.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION treasury.booking_begins()', name);
    END LOOP;
    FOREACH numbered SLICE 1 IN ARRAY ARRAY[['book', 'number'], ['chart_installation', 'number'],
        ['account', 'account_id'], ['account_end', 'number'], ['facing', 'number'],
        ['facing_end', 'number'], ['period_mark', 'number'], ['budget', 'number'],
        ['overdraft_permission', 'number'], ['reservation', 'reservation_id'],
        ['reservation_end', 'number']]
    LOOP
        EXECUTE format('CREATE TRIGGER booking_numbered AFTER INSERT ON treasury.%I '
            'REFERENCING NEW TABLE AS added FOR EACH STATEMENT '
            'EXECUTE FUNCTION treasury.booking_numbered(%L)', numbered[1], numbered[2]);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['personal_balance', 'fund_guard', 'posting', 'day_sum', 'party_day_sum']
    LOOP
        EXECUTE format('CREATE TRIGGER derived_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE '
            'ON treasury.%I FOR EACH STATEMENT EXECUTE FUNCTION treasury.derived_only()', name);
    END LOOP;
END $$;

-- ------------------------------------------------------------------------------------- judging what comes

CREATE FUNCTION treasury.today(area text) RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (clock_timestamp() AT TIME ZONE time_zone)::date FROM treasury.book WHERE area_code = area
$$;

-- Whether the latest mark of a kind over a day is a close.
CREATE FUNCTION treasury.is_marked_closed(area text, kind text, day date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT action = 'close' FROM treasury.period_mark
        WHERE area_code = area AND period_kind = kind AND day BETWEEN first_date AND last_date
        ORDER BY number DESC LIMIT 1), false)
$$;

CREATE FUNCTION treasury.is_closed(area text, day date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT treasury.is_marked_closed(area, 'day', day)
$$;

-- Posters hold it shared until they commit; who closes, reopens or ends an account holds it alone.
CREATE FUNCTION treasury.lock_periods(area text, alone boolean) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF alone THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('treasury.period ' || area, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('treasury.period ' || area, 0));
    END IF;
END $$;

-- Two accounts of two funds make a clearing pair.
CREATE FUNCTION treasury.account_accepted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.clearing_pair <> '' AND (SELECT count(*) > 2 OR count(DISTINCT fund) < count(*)
            FROM treasury.account
            WHERE area_code = NEW.area_code AND clearing_pair = NEW.clearing_pair) THEN
        PERFORM treasury.refuse('clearing_unpaired', jsonb_build_object('account', NEW.account_code,
            'place', NEW.clearing_pair));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER account_accepted AFTER INSERT ON treasury.account
    FOR EACH ROW EXECUTE FUNCTION treasury.account_accepted();

-- An account does not end before business that is booked on it.
CREATE FUNCTION treasury.account_end_accepted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended treasury.account;
BEGIN
    SELECT * INTO ended FROM treasury.account WHERE account_id = NEW.account_id;
    PERFORM treasury.lock_periods(ended.area_code, true);
    IF NEW.valid_until <= ended.valid_from OR EXISTS (SELECT FROM treasury.line
            WHERE account_id = NEW.account_id AND business_date >= NEW.valid_until) THEN
        PERFORM treasury.refuse('account_in_use', jsonb_build_object('account', ended.account_code,
            'business_date', NEW.valid_until));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER account_end_accepted AFTER INSERT ON treasury.account_end
    FOR EACH ROW EXECUTE FUNCTION treasury.account_end_accepted();

-- Balance of an account in fen, debit positive: sealed sums plus what is not sealed yet.
CREATE FUNCTION treasury.balance(account bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT sum(debit_amount - credit_amount) FROM treasury.day_sum
            WHERE account_id = account), 0)::bigint
        + coalesce((SELECT sum(amount) FROM treasury.line
            WHERE entry_id > treasury.sealed_up_to() AND entry_id <= treasury.last_number()
                AND account_id + 0 = account), 0)::bigint  -- by number: the tail is short
$$;

-- New entries: numbers ahead of the last seal, business of open days since the book was opened, and a
-- reservation that is there. The entry that names a reservation ends it.
CREATE FUNCTION treasury.entries_accepted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on AS $$
DECLARE
    fault record;
BEGIN
    PERFORM treasury.lock_periods(area_code, false)
        FROM (SELECT DISTINCT area_code FROM added ORDER BY 1) AS areas;
    WITH books AS MATERIALIZED (
        SELECT area_code, opened_on, treasury.today(area_code) AS today,
            treasury.sealed_up_to() AS sealed, treasury.last_number() AS drawn
        FROM treasury.book WHERE area_code IN (SELECT area_code FROM added)
    )
    SELECT INTO fault a.entry_id, a.client_id, a.business_date, code.code
    FROM added AS a LEFT JOIN books AS b USING (area_code)
        CROSS JOIN LATERAL (SELECT CASE
            WHEN b.today IS NULL THEN 'book_unknown'
            WHEN a.posted_in <> pg_current_xact_id()::text::bigint THEN 'append_only'
            WHEN a.booking_date > b.today THEN 'business_date_in_future'
            WHEN a.business_date < b.opened_on THEN 'business_date_before_opening'
            WHEN a.entry_id NOT BETWEEN b.sealed + 1 AND b.drawn THEN 'append_only'
            END AS code) AS code
    WHERE code.code IS NOT NULL ORDER BY a.entry_id LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse(fault.code, jsonb_build_object('entry', fault.client_id,
            'number', fault.entry_id, 'business_date', fault.business_date));
    END IF;
    WITH d AS MATERIALIZED (
        SELECT DISTINCT ON (area_code, business_date) area_code, business_date, client_id, entry_id
        FROM added ORDER BY area_code, business_date, entry_id
    )
    SELECT INTO fault d.area_code, d.business_date, d.client_id FROM d
    WHERE treasury.is_closed(d.area_code, d.business_date) ORDER BY d.entry_id LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse('period_closed', jsonb_build_object('entry', fault.client_id,
            'business_date', fault.business_date));
    END IF;
    IF EXISTS (SELECT FROM added WHERE reservation_id IS NOT NULL) THEN
        PERFORM 1 FROM treasury.reservation
            WHERE reservation_id IN (SELECT reservation_id FROM added)
            ORDER BY reservation_id FOR UPDATE;
        SELECT INTO fault u.*
        FROM (
            SELECT a.entry_id, a.client_id, a.reservation_id, CASE
                WHEN r.reservation_id IS NULL THEN 'reservation_unknown'
                WHEN x.reservation_id IS NOT NULL OR r.expires_at <= clock_timestamp()
                    OR row_number() OVER (PARTITION BY a.reservation_id ORDER BY a.entry_id) > 1
                    THEN 'reservation_ended'
                END AS code
            FROM added AS a
                LEFT JOIN treasury.reservation AS r ON r.reservation_id = a.reservation_id
                    AND r.area_code = a.area_code
                LEFT JOIN treasury.reservation_end AS x ON x.reservation_id = a.reservation_id
            WHERE a.reservation_id IS NOT NULL
        ) AS u WHERE u.code IS NOT NULL ORDER BY u.entry_id LIMIT 1;
        IF FOUND THEN
            PERFORM treasury.refuse(fault.code, jsonb_build_object('entry', fault.client_id,
                'place', fault.reservation_id));
        END IF;
        INSERT INTO treasury.reservation_end (reservation_id, outcome, actor)
            SELECT reservation_id, 'posted', actor FROM added
            WHERE reservation_id IS NOT NULL ORDER BY entry_id;
    END IF;
    INSERT INTO treasury.posting (first_number, last_number)
        SELECT min(entry_id), max(entry_id) FROM added HAVING count(*) > 0;
    RETURN NULL;
END $$;

CREATE TRIGGER entries_accepted AFTER INSERT ON treasury.entry
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION treasury.entries_accepted();

-- New lines: all lines of an entry in one statement, numbered from 1, on open accounts of its area that
-- may face the event, with a party where one belongs, and zero within each fund and each clearing pair.
CREATE FUNCTION treasury.lines_accepted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on AS $$
DECLARE
    fault record;
    mine bigint := pg_current_xact_id()::text::bigint;
    are_sound boolean;
BEGIN
    -- Lines of one event, account and side are judged together; only where one is unsound, each by itself.
    WITH booked AS MATERIALIZED (
        SELECT e.entry_id, e.area_code, e.event_kind, e.business_date, e.posted_in,
            e.reverses_entry_id IS NULL AS is_first
        FROM (SELECT DISTINCT entry_id FROM added) AS d JOIN treasury.entry AS e USING (entry_id)
    ), kinds AS MATERIALIZED (
        SELECT e.area_code, e.event_kind, e.is_first, l.account_id, l.amount > 0 AS is_debit,
            bool_or(l.party_id = '') AS lacks_party, bool_or(l.party_id <> '') AS has_party,
            min(e.business_date) AS first_date, max(e.business_date) AS last_date,
            bool_and(e.posted_in = mine AND l.business_date = e.business_date) AS is_ours
        FROM added AS l LEFT JOIN booked AS e USING (entry_id)
        GROUP BY e.area_code, e.event_kind, e.is_first, l.account_id, l.amount > 0
    )
    SELECT INTO are_sound bool_and(coalesce(k.is_ours AND a.area_code = k.area_code
        AND k.first_date >= a.valid_from AND NOT coalesce(k.last_date >= x.valid_until, false)
        AND NOT CASE a.holder WHEN 'none' THEN k.has_party ELSE k.lacks_party END
        AND EXISTS (SELECT FROM treasury.facing AS f
                LEFT JOIN treasury.facing_end AS w ON w.facing_number = f.number
            WHERE f.area_code = k.area_code AND f.event_kind = k.event_kind
                AND f.account_type = a.account_type
                AND f.side = CASE WHEN k.is_debit = k.is_first THEN 'debit' ELSE 'credit' END
                AND (w.number IS NULL OR NOT k.is_first)), false))
    FROM kinds AS k LEFT JOIN treasury.account AS a USING (account_id)
        LEFT JOIN treasury.account_end AS x USING (account_id);
    IF NOT are_sound THEN
        WITH booked AS MATERIALIZED (
            SELECT e.* FROM (SELECT DISTINCT entry_id FROM added) AS d
                JOIN treasury.entry AS e USING (entry_id)
        )
        SELECT INTO fault j.*
        FROM (
            SELECT l.entry_id, l.line_number, e.client_id, a.account_code, l.party_id, CASE
                WHEN e.entry_id IS NULL THEN 'entry_unknown'
                WHEN e.posted_in <> mine THEN 'append_only'
                WHEN l.business_date <> e.business_date THEN 'business_date_differs'
                WHEN a.account_id IS NULL OR a.area_code <> e.area_code THEN 'account_unknown'
                WHEN e.business_date < a.valid_from OR e.business_date >= x.valid_until
                    THEN 'account_not_open'
                WHEN a.holder <> 'none' AND l.party_id = '' THEN 'party_missing'
                WHEN a.holder = 'none' AND l.party_id <> '' THEN 'party_unexpected'
                WHEN f.number IS NULL OR (w.number IS NOT NULL AND e.reverses_entry_id IS NULL)
                    THEN 'facing_refused'
                END AS code
            FROM added AS l
                LEFT JOIN booked AS e USING (entry_id)
                LEFT JOIN treasury.account AS a USING (account_id)
                LEFT JOIN treasury.account_end AS x USING (account_id)
                LEFT JOIN treasury.facing AS f ON f.area_code = e.area_code
                    AND f.event_kind = e.event_kind AND f.account_type = a.account_type
                    AND f.side = CASE WHEN (l.amount > 0) = (e.reverses_entry_id IS NULL)
                        THEN 'debit' ELSE 'credit' END
                LEFT JOIN treasury.facing_end AS w ON w.facing_number = f.number
        ) AS j
        WHERE j.code IS NOT NULL ORDER BY j.entry_id, j.line_number LIMIT 1;
        IF FOUND THEN
            PERFORM treasury.refuse(fault.code, jsonb_build_object('entry', fault.client_id,
                'number', fault.entry_id, 'line', fault.line_number, 'account', fault.account_code,
                'party', fault.party_id));
        END IF;
    END IF;

    SELECT INTO fault s.*
    FROM (
        SELECT entry_id, 'append_only' AS code, '' AS place, count(*) AS amount
        FROM added GROUP BY entry_id
        HAVING min(line_number) <> 1 OR max(line_number) <> count(*)
        UNION ALL
        SELECT entry_id, 'wall_crossed', fund, sum(amount)
        FROM added JOIN treasury.account USING (account_id)
        GROUP BY entry_id, fund HAVING sum(amount) <> 0
        UNION ALL
        SELECT entry_id, 'clearing_unpaired', clearing_pair, sum(amount)
        FROM added JOIN treasury.account USING (account_id) WHERE clearing_pair <> ''
        GROUP BY entry_id, clearing_pair HAVING sum(amount) <> 0
    ) AS s ORDER BY s.entry_id, s.code DESC LIMIT 1;  -- a wall before a pair
    IF FOUND THEN
        IF fault.code = 'wall_crossed' AND
            (SELECT sum(amount) FROM added WHERE entry_id = fault.entry_id) <> 0 THEN
            fault.code := 'unbalanced';
        END IF;
        PERFORM treasury.refuse(fault.code, jsonb_build_object('number', fault.entry_id,
            'entry', (SELECT client_id FROM treasury.entry WHERE entry_id = fault.entry_id),
            'place', fault.place, 'amount', fault.amount));
    END IF;
    RETURN NULL;
END $$;

-- Triggers of one table fire in the order of their names.
CREATE TRIGGER judge_1_lines AFTER INSERT ON treasury.line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION treasury.lines_accepted();

-- Members' accounts: the row of each member is locked in order, and the balance, run through entry by
-- entry, never falls below what is reserved. An entry frees the reservation that it names, no earlier.
CREATE FUNCTION treasury.personal_accounts_moved() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on AS $$
DECLARE
    accounts bigint[];
    parties text[];
    changes bigint[];
    freed bigint[];
    lowest bigint[];
    done_accounts bigint[];
    done_parties text[];
    frees boolean;
    fault record;
BEGIN
    SELECT INTO frees EXISTS (SELECT FROM treasury.entry AS e WHERE e.entry_id BETWEEN
        (SELECT min(entry_id) FROM added) AND (SELECT max(entry_id) FROM added)
        AND e.reservation_id IS NOT NULL);
    -- Per member: the change, what is freed, and the lowest that change less freed comes to on the way.
    WITH moved AS (
        SELECT account_id, party_id::text AS party_id, entry_id, sum(-amount)::bigint AS change
        FROM added
        WHERE account_id IN (SELECT account_id FROM treasury.account WHERE guard = 'personal')
        GROUP BY 1, 2, 3
    ), freeing AS MATERIALIZED (
        SELECT e.entry_id, r.account_id, r.party_id::text AS party_id, r.amount
        FROM (SELECT DISTINCT entry_id FROM moved) AS d JOIN treasury.entry AS e USING (entry_id)
            JOIN treasury.reservation AS r USING (reservation_id)
        WHERE frees
    ), running AS (
        SELECT m.account_id, m.party_id, m.change, coalesce(f.amount, 0) AS freed,
            sum(m.change + coalesce(f.amount, 0)) OVER (PARTITION BY m.account_id, m.party_id
                ORDER BY m.entry_id) AS so_far
        FROM moved AS m LEFT JOIN freeing AS f USING (entry_id, account_id, party_id)
    ), summed AS (
        SELECT account_id, party_id, sum(change)::bigint AS change, sum(running.freed)::bigint AS freed,
            min(so_far)::bigint AS lowest
        FROM running GROUP BY 1, 2 ORDER BY 1, 2
    )
    SELECT INTO accounts, parties, changes, freed, lowest array_agg(s.account_id),
        array_agg(s.party_id), array_agg(s.change), array_agg(s.freed), array_agg(s.lowest)
    FROM summed AS s;
    IF accounts IS NULL THEN
        RETURN NULL;
    END IF;
    WITH changed AS (
        UPDATE treasury.personal_balance AS b
        SET balance_amount = b.balance_amount + m.change, reserved_amount = b.reserved_amount - m.freed
        FROM unnest(accounts, parties, changes, freed, lowest)
            AS m (account_id, party_id, change, freed, lowest)
        WHERE b.account_id = m.account_id AND b.party_id = m.party_id
            AND b.balance_amount + m.lowest >= b.reserved_amount
        RETURNING b.account_id, b.party_id
    )
    SELECT INTO done_accounts, done_parties coalesce(array_agg(c.account_id), '{}'),
        coalesce(array_agg(c.party_id), '{}') FROM changed AS c;
    IF cardinality(done_accounts) < cardinality(accounts) THEN
        WITH made AS (
            INSERT INTO treasury.personal_balance AS b (account_id, party_id, balance_amount)
            SELECT m.account_id, m.party_id, m.change
            FROM unnest(accounts, parties, changes, lowest) AS m (account_id, party_id, change, lowest)
            WHERE m.lowest >= 0 AND NOT EXISTS (SELECT FROM treasury.personal_balance AS k
                WHERE k.account_id = m.account_id AND k.party_id = m.party_id)
            ORDER BY 1, 2
            ON CONFLICT (account_id, party_id) DO UPDATE
                SET balance_amount = b.balance_amount + excluded.balance_amount
            RETURNING b.account_id, b.party_id
        )
        SELECT INTO done_accounts, done_parties done_accounts || coalesce(array_agg(c.account_id), '{}'),
            done_parties || coalesce(array_agg(c.party_id), '{}') FROM made AS c;
    END IF;
    IF cardinality(done_accounts) < cardinality(accounts) THEN
        WITH moved AS (
            SELECT l.account_id, l.party_id::text AS party_id, l.entry_id, sum(-l.amount) AS change,
                coalesce(max(r.amount), 0) AS freed
            FROM added AS l JOIN treasury.account AS a USING (account_id)
                JOIN treasury.entry AS e USING (entry_id)
                LEFT JOIN treasury.reservation AS r ON r.reservation_id = e.reservation_id
                    AND r.account_id = l.account_id AND r.party_id = l.party_id
            WHERE a.guard = 'personal' GROUP BY 1, 2, 3
        ), running AS (
            SELECT account_id, party_id, entry_id, sum(change) OVER so_far AS change,
                sum(moved.freed) OVER so_far AS freed
            FROM moved WINDOW so_far AS (PARTITION BY account_id, party_id ORDER BY entry_id)
        )
        SELECT INTO fault r.account_id, r.party_id, r.entry_id,
            coalesce(b.balance_amount, 0) AS balance_amount, r.change,
            coalesce(b.reserved_amount, 0) - r.freed AS reserved
        FROM running AS r LEFT JOIN treasury.personal_balance AS b USING (account_id, party_id)
        WHERE coalesce(b.balance_amount, 0) + r.change < coalesce(b.reserved_amount, 0) - r.freed
            AND NOT EXISTS (SELECT FROM unnest(done_accounts, done_parties) AS d (account_id, party_id)
                WHERE d.account_id = r.account_id AND d.party_id = r.party_id)
        ORDER BY r.entry_id LIMIT 1;
        PERFORM treasury.refuse('personal_account_overdrawn', jsonb_build_object(
            'entry', (SELECT client_id FROM treasury.entry WHERE entry_id = fault.entry_id),
            'number', fault.entry_id, 'party', fault.party_id,
            'account', (SELECT account_code FROM treasury.account WHERE account_id = fault.account_id),
            'balance', fault.balance_amount, 'reserved', fault.reserved,
            'after', fault.balance_amount + fault.change));
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER judge_2_personal_accounts AFTER INSERT ON treasury.line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION treasury.personal_accounts_moved();

-- What a fund may still pay out of one bank account: its balance, less what is reserved on it.
CREATE FUNCTION treasury.bank_available(account bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT treasury.balance(account) - coalesce((SELECT sum(r.amount) FROM treasury.reservation AS r
        LEFT JOIN treasury.reservation_end AS e USING (reservation_id)
        WHERE r.account_id = account AND e.reservation_id IS NULL), 0)::bigint
$$;

CREATE FUNCTION treasury.overdraft_allowed(area text, of_fund text, day date) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(amount), 0)::bigint FROM treasury.overdraft_permission
    WHERE area_code = area AND fund = of_fund AND day >= valid_from AND day < valid_until
$$;

-- What a fund may still pay out of all its bank accounts.
CREATE FUNCTION treasury.fund_available(area text, of_fund text) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(treasury.bank_available(account_id)), 0)::bigint FROM treasury.account
        WHERE area_code = area AND fund = of_fund AND guard = 'bank'
$$;

-- One who takes money from a fund at a time.
CREATE FUNCTION treasury.lock_fund(area text, of_fund text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO treasury.fund_guard (area_code, fund) VALUES (area, of_fund) ON CONFLICT DO NOTHING;
    UPDATE treasury.fund_guard SET uses = uses + 1 WHERE area_code = area AND fund = of_fund;
END $$;

-- Money leaves a bank: its fund is locked, and no entry that takes from it, one after the other, leaves
-- it below zero further than a permission of today allows.
CREATE FUNCTION treasury.banks_paid() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on AS $$
DECLARE
    paying record;
    available bigint;
    allowed bigint;
    fault record;
BEGIN
    FOR paying IN SELECT DISTINCT a.area_code, a.fund
        FROM added AS l JOIN treasury.account AS a USING (account_id)
        WHERE a.guard = 'bank' AND l.amount < 0 ORDER BY 1, 2
    LOOP
        PERFORM treasury.lock_fund(paying.area_code, paying.fund);
        available := treasury.fund_available(paying.area_code, paying.fund);
        allowed := treasury.overdraft_allowed(paying.area_code, paying.fund,
            treasury.today(paying.area_code));
        WITH moved AS (
            SELECT l.entry_id, sum(l.amount) AS change, coalesce(max(k.amount), 0) AS freed
            FROM added AS l JOIN treasury.account AS a USING (account_id)
                JOIN treasury.entry AS e USING (entry_id)
                LEFT JOIN (treasury.reservation AS r JOIN treasury.account AS h USING (account_id)) AS k
                    ON k.reservation_id = e.reservation_id AND k.guard = 'bank' AND k.fund = a.fund
            WHERE a.guard = 'bank' AND a.area_code = paying.area_code AND a.fund = paying.fund
            GROUP BY 1
        )
        SELECT INTO fault m.entry_id, m.after FROM (
            SELECT entry_id, change, available - coalesce(sum(change + freed) OVER (
                ORDER BY entry_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0) AS after
            FROM moved
        ) AS m WHERE m.change < 0 AND m.after + allowed < 0 ORDER BY m.entry_id LIMIT 1;
        IF FOUND THEN
            PERFORM treasury.refuse('fund_overdrawn', jsonb_build_object(
                'entry', (SELECT client_id FROM treasury.entry WHERE entry_id = fault.entry_id),
                'number', fault.entry_id, 'fund', paying.fund, 'after', fault.after,
                'permitted', allowed));
        END IF;
    END LOOP;
    RETURN NULL;
END $$;

CREATE TRIGGER judge_3_banks AFTER INSERT ON treasury.line
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION treasury.banks_paid();

-- Judged at commit at the latest (post does it at its end), whatever happened before: every entry has lines,
-- they sum to zero, a reversal mirrors what it reverses, a reservation is used and not exceeded, and no
-- seal has passed an entry by.
CREATE FUNCTION treasury.entries_close() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off
    SET enable_hashjoin = off SET enable_mergejoin = on AS $$
DECLARE
    fault record;
BEGIN
    SELECT INTO fault e.client_id, s.amount
    FROM treasury.entry AS e LEFT JOIN (
            SELECT entry_id, sum(amount) AS amount FROM treasury.line
            WHERE entry_id BETWEEN NEW.first_number AND NEW.last_number GROUP BY entry_id
        ) AS s USING (entry_id)
    WHERE e.entry_id BETWEEN NEW.first_number AND NEW.last_number
        AND (s.amount IS NULL OR s.amount <> 0) ORDER BY e.entry_id LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse(CASE WHEN fault.amount IS NULL THEN 'entry_empty' ELSE 'unbalanced' END,
            jsonb_build_object('entry', fault.client_id, 'amount', fault.amount));
    END IF;
    IF NEW.first_number <= treasury.sealed_up_to() THEN
        PERFORM treasury.refuse('append_only', jsonb_build_object('number', NEW.first_number));
    END IF;
    PERFORM treasury.entry_closes(e) FROM treasury.entry AS e
        WHERE e.entry_id BETWEEN NEW.first_number AND NEW.last_number
            AND (e.reservation_id IS NOT NULL OR e.reverses_entry_id IS NOT NULL)
        ORDER BY e.entry_id;
    DELETE FROM treasury.posting
        WHERE first_number = NEW.first_number AND last_number = NEW.last_number;
    RETURN NULL;
END $$;

CREATE FUNCTION treasury.entry_closes(booked treasury.entry) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    used bigint;
    reversed treasury.entry;
BEGIN
    IF booked.reservation_id IS NOT NULL THEN
        SELECT sum(CASE a.guard WHEN 'bank' THEN -l.amount ELSE l.amount END) INTO used
        FROM treasury.reservation AS r JOIN treasury.account AS a USING (account_id)
            JOIN treasury.line AS l ON l.entry_id = booked.entry_id
                AND l.account_id = r.account_id AND l.party_id = r.party_id
        WHERE r.reservation_id = booked.reservation_id;
        IF used IS NULL OR used <= 0 THEN
            PERFORM treasury.refuse('reservation_unknown', jsonb_build_object('entry', booked.client_id,
                'place', booked.reservation_id));
        ELSIF used > (SELECT amount FROM treasury.reservation
                WHERE reservation_id = booked.reservation_id) THEN
            PERFORM treasury.refuse('reservation_exceeded', jsonb_build_object('entry', booked.client_id,
                'place', booked.reservation_id, 'amount', used));
        END IF;
    END IF;
    IF booked.reverses_entry_id IS NOT NULL THEN
        SELECT * INTO reversed FROM treasury.entry WHERE entry_id = booked.reverses_entry_id;
        IF reversed.area_code <> booked.area_code THEN
            PERFORM treasury.refuse('reversal_unknown', jsonb_build_object('entry', booked.client_id,
                'place', booked.reverses_entry_id));
        ELSIF reversed.reverses_entry_id IS NOT NULL
            OR reversed.event_kind <> booked.event_kind OR reversed.business_date > booked.business_date
            OR EXISTS (SELECT FROM treasury.line
                WHERE entry_id IN (booked.entry_id, booked.reverses_entry_id)
                GROUP BY account_id, party_id HAVING sum(amount) <> 0
                    OR sum(amount) FILTER (WHERE entry_id = booked.entry_id AND amount > 0)
                        IS DISTINCT FROM
                        -sum(amount) FILTER (WHERE entry_id <> booked.entry_id AND amount < 0)) THEN
            PERFORM treasury.refuse('reversal_differs', jsonb_build_object('entry', booked.client_id,
                'place', booked.reverses_entry_id));
        END IF;
    END IF;
END $$;

CREATE CONSTRAINT TRIGGER entries_close AFTER INSERT ON treasury.posting
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION treasury.entries_close();

-- ------------------------------------------------------------------------------------------ reservations

-- A reservation holds an amount on a guarded account: it is refused where that much is not there.
CREATE FUNCTION treasury.reservation_accepted() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held treasury.account;
    balance treasury.personal_balance;
    available bigint;
    allowed bigint;
BEGIN
    SELECT * INTO held FROM treasury.account WHERE account_id = NEW.account_id;
    IF held.area_code <> NEW.area_code OR held.guard = 'none' THEN
        PERFORM treasury.refuse('account_unknown', jsonb_build_object('entry', NEW.client_id,
            'account', held.account_code));
    END IF;
    IF (held.holder <> 'none') <> (NEW.party_id <> '') THEN
        PERFORM treasury.refuse(
            CASE WHEN NEW.party_id = '' THEN 'party_missing' ELSE 'party_unexpected' END,
            jsonb_build_object('entry', NEW.client_id, 'account', held.account_code));
    END IF;
    IF NEW.expires_at <= clock_timestamp() THEN
        PERFORM treasury.refuse('reservation_ended', jsonb_build_object('entry', NEW.client_id));
    END IF;
    IF held.guard = 'bank' THEN
        PERFORM treasury.lock_fund(held.area_code, held.fund);
        available := treasury.fund_available(held.area_code, held.fund);
        allowed := treasury.overdraft_allowed(held.area_code, held.fund,
            treasury.today(held.area_code));
        IF available + allowed < 0 THEN
            PERFORM treasury.refuse('fund_overdrawn', jsonb_build_object('entry', NEW.client_id,
                'fund', held.fund, 'after', available, 'permitted', allowed));
        END IF;
        RETURN NULL;
    END IF;
    SELECT * INTO balance FROM treasury.personal_balance
        WHERE account_id = NEW.account_id AND party_id = NEW.party_id FOR UPDATE;
    IF balance IS NULL OR balance.balance_amount - balance.reserved_amount < NEW.amount THEN
        PERFORM treasury.refuse('personal_account_overdrawn', jsonb_build_object(
            'entry', NEW.client_id, 'party', NEW.party_id, 'account', held.account_code,
            'balance', coalesce(balance.balance_amount, 0),
            'reserved', coalesce(balance.reserved_amount, 0)));
    END IF;
    UPDATE treasury.personal_balance SET reserved_amount = reserved_amount + NEW.amount
        WHERE account_id = NEW.account_id AND party_id = NEW.party_id;
    RETURN NULL;
END $$;

CREATE TRIGGER reservation_accepted AFTER INSERT ON treasury.reservation
    FOR EACH ROW EXECUTE FUNCTION treasury.reservation_accepted();

-- A reservation ends as posted by the entry that names it (whose lines free the amount), as expired when
-- its time is over, and as voided before that.
CREATE FUNCTION treasury.reservation_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held treasury.reservation;
BEGIN
    SELECT * INTO held FROM treasury.reservation WHERE reservation_id = NEW.reservation_id;
    IF (NEW.outcome = 'expired' AND held.expires_at > clock_timestamp())
        OR (NEW.outcome = 'posted' AND NOT EXISTS (SELECT FROM treasury.entry AS e
            WHERE e.reservation_id = NEW.reservation_id AND e.posted_in = pg_current_xact_id()::text::bigint)) THEN
        PERFORM treasury.refuse('reservation_ended', jsonb_build_object('place', NEW.reservation_id,
            'entry', held.client_id));
    END IF;
    IF NEW.outcome <> 'posted' THEN
        UPDATE treasury.personal_balance AS b SET reserved_amount = b.reserved_amount - held.amount
        FROM treasury.account AS a
        WHERE a.account_id = held.account_id AND a.guard = 'personal'
            AND b.account_id = held.account_id AND b.party_id = held.party_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER reservation_ended AFTER INSERT ON treasury.reservation_end
    FOR EACH ROW EXECUTE FUNCTION treasury.reservation_ended();

-- ------------------------------------------------------------------------------------------------ periods

-- Days are closed in order and without gaps, from the day the book was opened; a calendar month when its
-- days are, a calendar year when its months are. What is closed over is reopened from the top: the year,
-- the month, the day; and by two people, of whom the second is not the one who closed.
CREATE FUNCTION treasury.period_marked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    opened date;
    start date;
    code text;
    parts text := CASE NEW.period_kind WHEN 'month' THEN 'day' WHEN 'year' THEN 'month' END;
    above text := CASE NEW.period_kind WHEN 'day' THEN 'month' WHEN 'month' THEN 'year' END;
BEGIN
    PERFORM treasury.lock_periods(NEW.area_code, true);
    SELECT opened_on INTO opened FROM treasury.book WHERE area_code = NEW.area_code;
    start := greatest(NEW.first_date, opened);
    IF NEW.period_kind <> 'day' AND (NEW.first_date <> date_trunc(NEW.period_kind, NEW.first_date::timestamp)::date
        OR NEW.last_date <> (date_trunc(NEW.period_kind, NEW.first_date::timestamp)
            + ('1 ' || NEW.period_kind)::interval)::date - 1) THEN
        code := 'period_not_whole';
    ELSIF NEW.last_date < opened OR (NEW.period_kind = 'day' AND NEW.first_date < opened) THEN
        code := 'business_date_before_opening';
    ELSIF NEW.last_date > treasury.today(NEW.area_code) THEN
        code := 'period_not_over';
    ELSIF NEW.action = 'close' THEN
        SELECT CASE WHEN bool_or(treasury.is_marked_closed(NEW.area_code, NEW.period_kind, day))
                THEN 'period_closed_already'
            WHEN parts IS NOT NULL
                    AND bool_or(NOT treasury.is_marked_closed(NEW.area_code, parts, day))
                THEN 'period_parts_open' END INTO code
        FROM generate_series(0, NEW.last_date - start) AS gone, LATERAL (SELECT start + gone AS day);
        IF code IS NULL AND start > opened AND NOT treasury.is_marked_closed(
                NEW.area_code, NEW.period_kind, start - 1) THEN
            code := 'period_before_open';
        END IF;
    ELSIF NEW.reason = '' THEN
        code := 'reason_missing';
    ELSIF NEW.approved_by IN ('', NEW.marked_by) THEN
        code := 'second_person_missing';
    ELSE
        SELECT CASE
            WHEN NOT bool_and(treasury.is_marked_closed(NEW.area_code, NEW.period_kind, day))
                THEN 'period_not_closed'
            WHEN bool_or(treasury.is_marked_closed(NEW.area_code, above, day))
                THEN 'period_within_closed'
            WHEN bool_or(NEW.approved_by = (SELECT marked_by FROM treasury.period_mark
                WHERE area_code = NEW.area_code AND period_kind = NEW.period_kind
                    AND day BETWEEN first_date AND last_date ORDER BY number DESC LIMIT 1))
                THEN 'second_person_missing' END INTO code
        FROM generate_series(0, NEW.last_date - start) AS gone, LATERAL (SELECT start + gone AS day);
    END IF;
    IF code IS NOT NULL THEN
        PERFORM treasury.refuse(code, jsonb_build_object('place', NEW.period_kind,
            'first_date', NEW.first_date, 'last_date', NEW.last_date));
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER period_marked BEFORE INSERT ON treasury.period_mark
    FOR EACH ROW EXECUTE FUNCTION treasury.period_marked();

-- Every account that was moved by the end of a day, as lines of text: code, debit and credit turnover
-- since the opening. A close keeps the SHA-256 of it.
CREATE FUNCTION treasury.balances_text(area text, last_day date) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(string_agg(concat_ws(E'\t', account_code, debit, credit), E'\n'
        ORDER BY account_code COLLATE "C") || E'\n', '')
    FROM (
        SELECT a.account_code, sum(m.debit) AS debit, sum(m.credit) AS credit
        FROM (
            SELECT account_id, debit_amount AS debit, credit_amount AS credit FROM treasury.day_sum
            WHERE business_date <= last_day
            UNION ALL
            SELECT account_id, greatest(amount, 0), greatest(-amount, 0) FROM treasury.line
            WHERE entry_id > treasury.sealed_up_to() AND entry_id <= treasury.last_number()
                AND business_date <= last_day
        ) AS m JOIN treasury.account AS a USING (account_id)
        WHERE a.area_code = area GROUP BY a.account_code
    ) AS moved
$$;

-- --------------------------------------------------------------------------------------- sums behind seals

CREATE FUNCTION treasury.seal_summed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    before treasury.seal;
BEGIN
    SELECT * INTO before FROM treasury.seal WHERE seal_id < NEW.seal_id ORDER BY seal_id DESC LIMIT 1;
    IF NEW.seal_id <> coalesce(before.seal_id, 0) + 1
        OR NEW.after_number <> coalesce(before.up_to_number, 0)
        OR NEW.previous_digest <> coalesce(before.digest, '')
        OR NEW.up_to_number > treasury.last_number() THEN
        PERFORM treasury.refuse('append_only', jsonb_build_object(
            'table', TG_TABLE_NAME, 'operation', 'insert', 'number', NEW.seal_id));
    END IF;
    INSERT INTO treasury.day_sum AS d
        SELECT l.account_id, l.business_date, e.booking_date,
            coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0),
            coalesce(sum(-l.amount) FILTER (WHERE l.amount < 0), 0), count(*)
        FROM treasury.line AS l JOIN treasury.entry AS e USING (entry_id)
        WHERE l.entry_id > NEW.after_number AND l.entry_id <= NEW.up_to_number
        GROUP BY 1, 2, 3
        ON CONFLICT (account_id, business_date, booking_date) DO UPDATE SET
            debit_amount = d.debit_amount + excluded.debit_amount,
            credit_amount = d.credit_amount + excluded.credit_amount,
            lines_count = d.lines_count + excluded.lines_count;
    INSERT INTO treasury.party_day_sum AS d
        SELECT l.account_id, l.party_id, l.business_date, e.booking_date,
            coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0),
            coalesce(sum(-l.amount) FILTER (WHERE l.amount < 0), 0), count(*)
        FROM treasury.line AS l JOIN treasury.entry AS e USING (entry_id)
            JOIN treasury.account AS a USING (account_id)
        WHERE l.entry_id > NEW.after_number AND l.entry_id <= NEW.up_to_number
            AND a.holder NOT IN ('none', 'member')
        GROUP BY 1, 2, 3, 4
        ON CONFLICT (account_id, party_id, business_date, booking_date) DO UPDATE SET
            debit_amount = d.debit_amount + excluded.debit_amount,
            credit_amount = d.credit_amount + excluded.credit_amount,
            lines_count = d.lines_count + excluded.lines_count;
    RETURN NULL;
END $$;

CREATE TRIGGER seal_summed AFTER INSERT ON treasury.seal
    FOR EACH ROW EXECUTE FUNCTION treasury.seal_summed();

-- =================================================================== what the service role may call

-- Books entries: all of them, or none. Entry i has the i-th element of the entry arrays; line j belongs to
-- the entry that line_of[j] names (from 1). A client id that is booked with the same content gives its
-- entry again; with other content the call is refused. A reservation named by an entry ends with it.
-- Plans go by index only, in the triggers too: one made while the tables are small is kept by a session.
CREATE FUNCTION treasury.post(
    area text, client_ids text[], digests bytea[], kinds text[], business_dates date[],
    reverses bigint[], reservations bigint[], actors text[], sources text[], memos text[],
    line_of integer[], line_numbers smallint[], account_ids bigint[], parties text[], amounts bigint[],
    OUT entry_ids bigint[], OUT are_new boolean[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    fault record;
    booked_on date := treasury.today(area);
BEGIN
    PERFORM treasury.begin_booking();
    IF booked_on IS NULL THEN
        PERFORM treasury.refuse('book_unknown', jsonb_build_object('area', area));
    END IF;
    PERFORM treasury.lock_periods(area, false);  -- before any number is drawn: a close knows them all
    PERFORM treasury.check_shape(cardinality(client_ids), ARRAY[
            treasury.shape(digests), treasury.shape(kinds), treasury.shape(business_dates),
            treasury.shape(reverses), treasury.shape(reservations), treasury.shape(actors),
            treasury.shape(sources), treasury.shape(memos), treasury.shape(client_ids)]);
    PERFORM treasury.check_shape(cardinality(line_of), ARRAY[
            treasury.shape(line_numbers), treasury.shape(account_ids), treasury.shape(parties),
            treasury.shape(amounts), treasury.shape(line_of)]);
    IF EXISTS (SELECT FROM unnest(line_of) AS l (place)
            WHERE place NOT BETWEEN 1 AND cardinality(client_ids)) THEN
        PERFORM treasury.refuse('arrays_unfit', jsonb_build_object('place', 'line_of'));
    END IF;
    IF cardinality(client_ids) = 0 THEN
        entry_ids := '{}';
        are_new := '{}';
        RETURN;
    END IF;
    SELECT INTO entry_ids, are_new
        array_agg(coalesce(e.entry_id, 0) ORDER BY c.place),
        array_agg(e.entry_id IS NULL ORDER BY c.place)
    FROM unnest(client_ids) WITH ORDINALITY AS c (client_id, place)
        LEFT JOIN treasury.entry AS e ON e.area_code = area AND e.client_id = c.client_id;
    SELECT INTO fault c.client_id, e.entry_id
    FROM unnest(client_ids, digests, entry_ids) AS c (client_id, digest, entry_id)
        JOIN treasury.entry AS e USING (entry_id) WHERE e.content_digest <> c.digest LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse('client_id_reused', jsonb_build_object('entry', fault.client_id,
            'place', fault.entry_id));
    END IF;
    IF NOT true = ANY (are_new) THEN
        RETURN;
    END IF;
    SELECT INTO fault c.client_id, c.business_date
    FROM unnest(client_ids, business_dates, are_new) WITH ORDINALITY
        AS c (client_id, business_date, is_new, place)
    WHERE c.is_new AND c.business_date > booked_on ORDER BY c.place LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse('business_date_in_future', jsonb_build_object(
            'entry', fault.client_id, 'business_date', fault.business_date));
    END IF;
    FOR fault IN SELECT c.client_id, c.reversed
        FROM unnest(client_ids, reverses, are_new) WITH ORDINALITY
            AS c (client_id, reversed, is_new, place)
        WHERE c.is_new AND c.reversed <> 0 ORDER BY c.place
    LOOP
        IF NOT EXISTS (SELECT FROM treasury.entry WHERE entry_id = fault.reversed) THEN
            PERFORM treasury.refuse('reversal_unknown', jsonb_build_object(
                'entry', fault.client_id, 'place', fault.reversed));
        ELSIF EXISTS (SELECT FROM treasury.entry WHERE reverses_entry_id = fault.reversed) THEN
            PERFORM treasury.refuse('reversal_repeated', jsonb_build_object(
                'entry', fault.client_id, 'place', fault.reversed));
        END IF;
    END LOOP;
    PERFORM treasury.lock_members(account_ids, parties);
    SELECT INTO entry_ids array_agg(CASE WHEN n.is_new
            THEN nextval('treasury.booking_number') ELSE n.entry_id END ORDER BY n.place)
    FROM unnest(entry_ids, are_new) WITH ORDINALITY AS n (entry_id, is_new, place);
    SET CONSTRAINTS treasury.entries_close DEFERRED;
    INSERT INTO treasury.entry (entry_id, area_code, client_id, content_digest, event_kind,
            business_date, booking_date, reverses_entry_id, reservation_id, actor, source, memo)
        SELECT entry_id, area, client_id, digest, kind, business_date, booked_on, nullif(reversed, 0),
            nullif(reserved, 0), actor, source, memo
        FROM unnest(entry_ids, are_new, client_ids, digests, kinds, business_dates, reverses,
                reservations, actors, sources, memos)
            AS n (entry_id, is_new, client_id, digest, kind, business_date, reversed, reserved, actor,
                source, memo)
        WHERE is_new;
    INSERT INTO treasury.line (entry_id, line_number, account_id, amount, business_date, party_id)
        SELECT entry_ids[line_entry], line_number, account_id, amount, business_dates[line_entry], party
        FROM unnest(line_of, line_numbers, account_ids, parties, amounts)
            AS n (line_entry, line_number, account_id, party, amount)
        WHERE are_new[line_entry];
    SET CONSTRAINTS treasury.entries_close IMMEDIATE;  -- so that a refusal is told here, not at commit
END $$;

-- Locks members' accounts before their entries are numbered, so that a member's entries follow each other
-- in the journal as they did in fact. Whoever brings new members does it alone.
CREATE FUNCTION treasury.lock_members(accounts bigint[], parties text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET enable_hashjoin = on AS $$
DECLARE
    members text[];
    guarded bigint[];
    locked bigint;
BEGIN
    SELECT INTO guarded, members array_agg(m.account_id), array_agg(m.party_id)
    FROM (SELECT DISTINCT l.account_id, l.party_id FROM unnest(accounts, parties) AS l (account_id, party_id)
        WHERE l.account_id IN (SELECT a.account_id FROM treasury.account AS a WHERE a.guard = 'personal')
        ORDER BY 1, 2) AS m;
    IF guarded IS NULL THEN
        RETURN;
    END IF;
    FOR attempt IN 1..2 LOOP
        PERFORM 1 FROM unnest(guarded, members) AS m (account_id, party_id)
            JOIN treasury.personal_balance AS b USING (account_id, party_id)
            ORDER BY b.account_id, b.party_id FOR UPDATE OF b;
        GET DIAGNOSTICS locked = ROW_COUNT;
        EXIT WHEN attempt = 2 OR locked = cardinality(guarded);
        PERFORM pg_advisory_xact_lock(hashtextextended('treasury.new_members', 0));
    END LOOP;
END $$;

-- The length of an array that has one dimension, begins at 1 and has no NULL; else -1.
CREATE FUNCTION treasury.shape(given anyarray) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN cardinality(given) = 0 THEN 0
        WHEN array_ndims(given) = 1 AND array_lower(given, 1) = 1
            AND array_position(given, NULL) IS NULL THEN cardinality(given)
        ELSE -1 END
$$;

CREATE FUNCTION treasury.check_shape(wanted integer, shapes integer[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF wanted IS NULL OR NOT (wanted = ALL (shapes)) IS NOT FALSE THEN
        PERFORM treasury.refuse('arrays_unfit', jsonb_build_object('place', wanted, 'shapes', shapes));
    END IF;
END $$;

-- Holds an amount on a guarded account; the same client id and content gives the same reservation.
CREATE FUNCTION treasury.reserve(area text, client_id text, digest bytea, account bigint, party text,
    amount bigint, expires_at timestamptz, actor text, OUT reservation_id bigint, OUT is_new boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    known treasury.reservation;
BEGIN
    PERFORM treasury.begin_booking();
    SELECT * INTO known FROM treasury.reservation AS r
        WHERE r.area_code = area AND r.client_id = reserve.client_id;
    IF FOUND THEN
        IF known.content_digest <> digest THEN
            PERFORM treasury.refuse('client_id_reused', jsonb_build_object(
                'entry', client_id, 'place', known.reservation_id));
        END IF;
        reservation_id := known.reservation_id;
        is_new := false;
        RETURN;
    END IF;
    INSERT INTO treasury.reservation (area_code, client_id, content_digest, account_id, party_id,
            amount, expires_at, actor)
        VALUES (area, reserve.client_id, digest, account, party, reserve.amount, reserve.expires_at,
            reserve.actor)
        RETURNING treasury.reservation.reservation_id INTO reserve.reservation_id;
    is_new := true;
END $$;

-- Lets go of what a reservation holds, before its time (voided) or after it (expired).
CREATE FUNCTION treasury.release_reservation(area text, wanted bigint, who text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    held treasury.reservation;
BEGIN
    PERFORM treasury.begin_booking();
    SELECT * INTO held FROM treasury.reservation AS r
        WHERE r.reservation_id = wanted AND r.area_code = area FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM treasury.refuse('reservation_unknown', jsonb_build_object('place', wanted));
    END IF;
    IF EXISTS (SELECT FROM treasury.reservation_end AS e WHERE e.reservation_id = wanted) THEN
        PERFORM treasury.refuse('reservation_ended', jsonb_build_object('place', wanted,
            'entry', held.client_id));
    END IF;
    INSERT INTO treasury.reservation_end (reservation_id, outcome, actor)
        VALUES (wanted, CASE WHEN held.expires_at <= clock_timestamp() THEN 'expired'
            ELSE 'voided' END, who);
END $$;

-- Lets go of every reservation of an area whose time is over; how many.
CREATE FUNCTION treasury.release_expired(area text, who text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    released bigint;
BEGIN
    PERFORM treasury.begin_booking();
    WITH over AS MATERIALIZED (
        SELECT r.reservation_id FROM treasury.reservation AS r
        WHERE r.area_code = area AND r.expires_at <= clock_timestamp() AND NOT EXISTS (
            SELECT FROM treasury.reservation_end AS e WHERE e.reservation_id = r.reservation_id)
        ORDER BY r.reservation_id FOR UPDATE SKIP LOCKED
    )
    INSERT INTO treasury.reservation_end (reservation_id, outcome, actor)
        SELECT reservation_id, 'expired', who FROM over ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END $$;

-- The last number drawn: how far there is something to seal.
CREATE FUNCTION treasury.horizon(OUT up_to bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    up_to := treasury.last_number();
END $$;

-- Seals what comes after the last seal, up to a number: a million numbers a call at most, and at once only
-- if everybody who may have drawn one of them has ended; it waits for them up to ten seconds. The seal's
-- id; NULL where there is nothing to seal, or somebody is still at it.
CREATE FUNCTION treasury.seal_up_to(wanted bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    largest CONSTANT bigint := 1000000;
    last treasury.seal;
    content text;
    counted record;
    made bigint;
    rivals xid[];
    patience timestamptz := clock_timestamp() + interval '10 seconds';
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        PERFORM treasury.refuse('isolation_refused', jsonb_build_object(
            'isolation', current_setting('transaction_isolation')));
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('treasury.seal', 0));
    SELECT * INTO last FROM treasury.seal ORDER BY seal_id DESC LIMIT 1;
    wanted := least(wanted, treasury.last_number(), coalesce(last.up_to_number, 0) + largest);
    IF wanted IS NULL OR wanted <= coalesce(last.up_to_number, 0) THEN
        RETURN NULL;
    END IF;
    -- Who drew a number had a transaction id before, and with it a lock that is held to the end. (A
    -- snapshot does not do: its xmax lies behind the last transaction that ended, not the last begun.)
    rivals := ARRAY(SELECT l.transactionid FROM pg_locks AS l LEFT JOIN pg_stat_activity AS a USING (pid)
        WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
            AND l.pid IS DISTINCT FROM pg_backend_pid()
            AND (a.datid IS NULL OR a.datname = current_database()));
    WHILE EXISTS (SELECT FROM pg_locks AS l WHERE l.locktype = 'transactionid'
        AND l.mode = 'ExclusiveLock' AND l.granted AND l.transactionid = ANY (rivals))
    LOOP
        IF clock_timestamp() > patience THEN
            RETURN NULL;
        END IF;
        PERFORM pg_sleep(0.002);
    END LOOP;
    SELECT string_agg(t.text, E'\n' ORDER BY t.number, t.part), count(*) AS rows_count,
            count(*) FILTER (WHERE t.text LIKE E'entry\t%') AS entries_count,
            count(*) FILTER (WHERE t.part > 0) AS lines_count,
            coalesce(string_agg(substr(sha256(convert_to(t.text, 'UTF8')), 1, 4), ''::bytea
                ORDER BY t.number, t.part), ''::bytea) AS row_marks
        INTO counted
        FROM treasury.sealed_text AS t
        WHERE t.number > coalesce(last.up_to_number, 0) AND t.number <= wanted;
    content := coalesce(counted.string_agg || E'\n', '');
    INSERT INTO treasury.seal (seal_id, after_number, up_to_number, rows_count, entries_count,
            lines_count, debit_amount, previous_digest, row_marks, digest)
        SELECT coalesce(last.seal_id, 0) + 1, coalesce(last.up_to_number, 0), wanted,
            counted.rows_count, counted.entries_count, counted.lines_count,
            coalesce((SELECT sum(amount) FROM treasury.line WHERE amount > 0
                AND entry_id > coalesce(last.up_to_number, 0) AND entry_id <= wanted), 0),
            coalesce(last.digest, ''), counted.row_marks,
            encode(sha256(convert_to(coalesce(last.digest, '') || E'\n' || content, 'UTF8')), 'hex')
        RETURNING seal_id INTO made;
    RETURN made;
END $$;

-- Closes days, a month or a year (rules: treasury.period_marked), and keeps the digest of the balances.
CREATE FUNCTION treasury.close_period(area text, kind text, first_day date, last_day date, who text)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM treasury.begin_booking();
    PERFORM treasury.lock_periods(area, true);
    INSERT INTO treasury.period_mark (area_code, action, period_kind, first_date, last_date, marked_by,
            balances_digest)
        VALUES (area, 'close', kind, first_day, last_day, who, encode(sha256(convert_to(
            treasury.balances_text(area, last_day), 'UTF8')), 'hex'))
        RETURNING number INTO made;
    RETURN made;
END $$;

-- Opens a closed period again: asked for by one person, approved by another, for a reason.
CREATE FUNCTION treasury.reopen_period(area text, kind text, first_day date, last_day date, who text,
    approved_by text, reason text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM treasury.begin_booking();
    PERFORM treasury.lock_periods(area, true);
    INSERT INTO treasury.period_mark (area_code, action, period_kind, first_date, last_date, marked_by,
            approved_by, reason)
        VALUES (area, 'reopen', kind, first_day, last_day, who, reopen_period.approved_by,
            reopen_period.reason)
        RETURNING number INTO made;
    RETURN made;
END $$;

CREATE FUNCTION treasury.record_budget(area text, fund text, fund_year integer, heading text,
    amount bigint, document text, who text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM treasury.begin_booking();
    PERFORM treasury.check_fund(area, record_budget.fund);
    INSERT INTO treasury.budget (area_code, fund, fund_year, heading, amount, document, decided_by)
        VALUES (area, record_budget.fund, record_budget.fund_year, record_budget.heading,
            record_budget.amount, record_budget.document, who)
        RETURNING number INTO made;
    RETURN made;
END $$;

CREATE FUNCTION treasury.permit_overdraft(area text, fund text, amount bigint, valid_from date,
    valid_until date, document text, who text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    made bigint;
BEGIN
    PERFORM treasury.begin_booking();
    PERFORM treasury.check_fund(area, permit_overdraft.fund);
    INSERT INTO treasury.overdraft_permission (area_code, fund, amount, valid_from, valid_until,
            document, granted_by)
        VALUES (area, permit_overdraft.fund, permit_overdraft.amount, permit_overdraft.valid_from,
            permit_overdraft.valid_until, permit_overdraft.document, who)
        RETURNING number INTO made;
    RETURN made;
END $$;

CREATE FUNCTION treasury.check_fund(area text, wanted text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM treasury.account WHERE area_code = area AND fund = wanted) THEN
        PERFORM treasury.refuse('fund_unknown', jsonb_build_object('area', area, 'fund', wanted));
    END IF;
END $$;

-- ------------------------------------------------------------------- always on, and who may do what

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT c.relname, t.tgname FROM pg_catalog.pg_trigger AS t
        JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
        WHERE c.relnamespace = 'treasury'::pg_catalog.regnamespace AND NOT t.tgisinternal
    LOOP
        EXECUTE pg_catalog.format('ALTER TABLE treasury.%I ENABLE ALWAYS TRIGGER %I', found.relname, found.tgname);
    END LOOP;
END $$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA treasury FROM PUBLIC;
GRANT USAGE ON SCHEMA treasury TO {{service_role}};
GRANT SELECT ON ALL TABLES IN SCHEMA treasury TO {{service_role}};
GRANT SELECT ON SEQUENCE treasury.booking_number TO {{service_role}};
GRANT EXECUTE ON FUNCTION treasury.today, treasury.sealed_up_to, treasury.last_number,
    treasury.is_marked_closed, treasury.is_closed, treasury.balance, treasury.bank_available,
    treasury.fund_available, treasury.overdraft_allowed, treasury.balances_text, treasury.post,
    treasury.reserve, treasury.release_reservation, treasury.release_expired, treasury.horizon,
    treasury.seal_up_to, treasury.close_period, treasury.reopen_period, treasury.record_budget,
    treasury.permit_overdraft TO {{service_role}};
