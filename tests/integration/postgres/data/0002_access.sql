-- Written as of revision 0002_access: one person besides the shipped roles.
INSERT INTO access.person_account (login_name, display_name, password_hash, must_change, made_by, made_at,
    password_at)
VALUES ('li.wei', '李伟', '$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$aGFzaA', false, 'setup',
    '2024-01-01 00:00:00+00', '2024-01-01 00:00:00+00');
