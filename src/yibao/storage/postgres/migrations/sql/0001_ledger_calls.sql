-- The ledger, last of four files: what the service role may call, and who may do what.

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
    -- id by id, by the whole key: as a join, a plan made while the table is small reads the whole area
    SELECT INTO entry_ids, are_new
        array_agg(coalesce(e.entry_id, 0) ORDER BY e.place),
        array_agg(e.entry_id IS NULL ORDER BY e.place)
    FROM (
        SELECT c.place, (SELECT known.entry_id FROM treasury.entry AS known
                WHERE known.area_code = area AND known.client_id = c.client_id) AS entry_id
        FROM unnest(client_ids) WITH ORDINALITY AS c (client_id, place) OFFSET 0
    ) AS e;
    IF false = ANY (are_new) THEN
        SELECT INTO fault c.client_id, e.entry_id
        FROM unnest(client_ids, digests, entry_ids) AS c (client_id, digest, entry_id)
            JOIN treasury.entry AS e USING (entry_id) WHERE e.content_digest <> c.digest LIMIT 1;
        IF FOUND THEN
            PERFORM treasury.refuse('client_id_reused', jsonb_build_object('entry', fault.client_id,
                'place', fault.entry_id));
        END IF;
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
    personal CONSTANT bigint[] := ARRAY(SELECT account_id FROM treasury.account WHERE guard = 'personal');
BEGIN
    SELECT INTO guarded, members array_agg(m.account_id), array_agg(m.party_id)
    FROM (SELECT DISTINCT l.account_id, l.party_id FROM unnest(accounts, parties) AS l (account_id, party_id)
        WHERE l.account_id = ANY (personal) ORDER BY 1, 2) AS m;
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
