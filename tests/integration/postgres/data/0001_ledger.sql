-- Written as of revision 0001_ledger: a book with accounts, an entry and its reversal, a member's account with
-- something reserved on it, a budget, a permission and closed days.
INSERT INTO treasury.book (area_code, label_zh, label_en, time_zone, opened_on)
VALUES ('370200', '青岛', 'Qingdao', 'Asia/Shanghai', '2024-01-01');
INSERT INTO treasury.account (area_code, account_code, fund, account_type, account_class, holder, guard,
    label_zh, label_en, valid_from)
VALUES
    ('370200', 'resident/bank', 'resident', 'bank', 'asset', 'bank', 'bank', '银行', 'bank', '2024-01-01'),
    ('370200', 'resident/income', 'resident', 'income', 'income', 'none', 'none', '收入', 'income', '2024-01-01'),
    ('370200', 'personal/credited', 'personal', 'credited', 'expense', 'none', 'none', '划入', 'credited',
        '2024-01-01'),
    ('370200', 'personal/members', 'personal', 'members', 'liability', 'member', 'personal', '个人账户',
        'members', '2024-01-01');
INSERT INTO treasury.facing (area_code, event_kind, account_type, side)
VALUES
    ('370200', 'contribution', 'bank', 'debit'), ('370200', 'contribution', 'income', 'credit'),
    ('370200', 'credit', 'credited', 'debit'), ('370200', 'credit', 'members', 'credit');
INSERT INTO treasury.budget (area_code, fund, fund_year, heading, amount, document, decided_by)
VALUES ('370200', 'employee_pooling', 2024, 'income', 123456789012, 'a decree', 'a bureau');
INSERT INTO treasury.overdraft_permission (area_code, fund, amount, valid_from, valid_until, document,
    granted_by)
VALUES ('370200', 'resident', 100, '2024-01-01', '2025-01-01', 'a decree', 'a bureau');

SELECT treasury.post('370200', ARRAY['a', 'b'], ARRAY[sha256('a'), sha256('b')],
    ARRAY['contribution', 'credit'], ARRAY['2024-01-02', '2024-01-02']::date[], ARRAY[0, 0]::bigint[],
    ARRAY[0, 0]::bigint[], ARRAY['clerk', 'clerk'], ARRAY['', ''], ARRAY['', ''],
    ARRAY[1, 1, 2, 2], ARRAY[1, 2, 1, 2]::smallint[],
    (SELECT array_agg(account_id ORDER BY place) FROM unnest(ARRAY['resident/bank', 'resident/income',
        'personal/credited', 'personal/members']) WITH ORDINALITY AS n (account_code, place)
        JOIN treasury.account USING (account_code)),
    ARRAY['bank 1', '', '', 'M1'], ARRAY[500, -500, 70, -70]::bigint[]);
SELECT treasury.post('370200', ARRAY['a undone'], ARRAY[sha256('c')], ARRAY['contribution'],
    ARRAY['2024-01-03']::date[], ARRAY[(SELECT entry_id FROM treasury.entry WHERE client_id = 'a')],
    ARRAY[0]::bigint[], ARRAY['clerk'], ARRAY[''], ARRAY['booked twice'], ARRAY[1, 1],
    ARRAY[1, 2]::smallint[],
    (SELECT array_agg(account_id ORDER BY account_code) FROM treasury.account WHERE fund = 'resident'),
    ARRAY['bank 1', ''], ARRAY[-500, 500]::bigint[]);
SELECT treasury.reserve('370200', 'held', sha256('held'),
    (SELECT account_id FROM treasury.account WHERE account_code = 'personal/members'), 'M1', 30,
    '2200-01-01 00:00:00+00', 'clerk');
SELECT treasury.close_period('370200', 'day', '2024-01-01', '2024-01-03', 'accountant');
