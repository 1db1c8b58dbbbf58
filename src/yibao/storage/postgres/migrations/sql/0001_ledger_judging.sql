-- The ledger, second of four files: what is refused of anything that anybody inserts or changes.

-- ------------------------------------------------------------------------------------ what never happens

-- Nothing booked is ever changed or removed, not even by the owner of the tables.
CREATE FUNCTION treasury.append_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM treasury.refuse('append_only', jsonb_build_object(
        'table', TG_TABLE_NAME, 'operation', lower(TG_OP)));
    RETURN NULL;
END $$;

-- Derived sums move only when a trigger moves them.
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
        SELECT area_code, business_date, min(entry_id) AS entry_id FROM added GROUP BY 1, 2
    )
    SELECT INTO fault d.business_date, d.entry_id FROM d
    WHERE treasury.is_closed(d.area_code, d.business_date) ORDER BY d.entry_id LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse('period_closed', jsonb_build_object(
            'entry', (SELECT client_id FROM added WHERE entry_id = fault.entry_id),
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
        FROM treasury.entry AS e WHERE e.entry_id
            BETWEEN (SELECT min(entry_id) FROM added) AND (SELECT max(entry_id) FROM added)
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
    -- One sum over entries and lines: a join of the two was planned as a loop within a loop.
    SELECT INTO fault m.entry_id, sum(m.amount) AS amount, sum(m.lines_count) AS lines_count
    FROM (
        SELECT entry_id, 0::bigint AS amount, 0 AS lines_count FROM treasury.entry
        WHERE entry_id BETWEEN NEW.first_number AND NEW.last_number
        UNION ALL
        SELECT entry_id, amount, 1 FROM treasury.line
        WHERE entry_id BETWEEN NEW.first_number AND NEW.last_number
    ) AS m
    GROUP BY m.entry_id HAVING sum(m.amount) <> 0 OR sum(m.lines_count) = 0
    ORDER BY m.entry_id LIMIT 1;
    IF FOUND THEN
        PERFORM treasury.refuse(
            CASE WHEN fault.lines_count = 0 THEN 'entry_empty' ELSE 'unbalanced' END,
            jsonb_build_object('entry', (SELECT client_id FROM treasury.entry
                WHERE entry_id = fault.entry_id), 'amount', nullif(fault.amount, 0)));
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
