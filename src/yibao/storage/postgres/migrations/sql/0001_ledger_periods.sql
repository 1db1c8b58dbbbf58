-- The ledger, third of four files: reservations, periods, and the sums behind seals.

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
