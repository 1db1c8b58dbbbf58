-- Written as of revision 0001_ledger: one book of an area, and its budget.
INSERT INTO treasury.book (area_code, label_zh, label_en, time_zone, opened_on)
VALUES ('370200', '青岛', 'Qingdao', 'Asia/Shanghai', '2024-01-01');
INSERT INTO treasury.budget (area_code, fund, fund_year, heading, amount, document, decided_by)
VALUES ('370200', 'employee_pooling', 2024, 'income', 123456789012, 'a decree', 'a bureau');
