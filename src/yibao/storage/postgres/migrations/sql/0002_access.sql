-- Access: people, roles, dated grants, institutions' keys, sessions, and the log that only grows.
-- `:service` is the service's role. It owns nothing here and may do what is granted at the end.

CREATE SCHEMA access;
REVOKE ALL ON SCHEMA access FROM PUBLIC;

-- What may be permitted, and the roles that bundle it. The rows come from data files of migrations;
-- the service reads them and cannot change what a role may do.

CREATE TABLE access.permission (
    code text NOT NULL,
    label_zh text NOT NULL,
    label_en text NOT NULL,
    CONSTRAINT pk_permission PRIMARY KEY (code),
    CONSTRAINT ck_permission_code CHECK (code ~ '^[a-z_]+\.[a-z_]+$')
);

CREATE TABLE access.role (
    code text NOT NULL,
    holder text NOT NULL,
    label_zh text NOT NULL,
    label_en text NOT NULL,
    CONSTRAINT pk_role PRIMARY KEY (code),
    CONSTRAINT ck_role_holder CHECK (holder IN ('person', 'key'))
);

CREATE TABLE access.role_permission (
    role_code text NOT NULL,
    permission_code text NOT NULL,
    CONSTRAINT pk_role_permission PRIMARY KEY (role_code, permission_code),
    CONSTRAINT fk_role_permission_role_code FOREIGN KEY (role_code) REFERENCES access.role (code),
    CONSTRAINT fk_role_permission_permission_code
        FOREIGN KEY (permission_code) REFERENCES access.permission (code)
);

-- One row a person of the bureau. A person is never deleted: the log points here.

CREATE TABLE access.person_account (
    id bigint GENERATED ALWAYS AS IDENTITY,
    login_name text NOT NULL,
    display_name text NOT NULL,
    password_hash text NOT NULL,
    state text NOT NULL DEFAULT 'active',
    must_change boolean NOT NULL,
    failed_attempts integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    password_at timestamptz NOT NULL,
    CONSTRAINT pk_person_account PRIMARY KEY (id),
    CONSTRAINT uq_person_account_login_name UNIQUE (login_name),
    CONSTRAINT ck_person_account_login_name CHECK (login_name ~ '^[a-z][a-z0-9._-]{1,31}$'),
    CONSTRAINT ck_person_account_display_name CHECK (length(display_name) BETWEEN 1 AND 100),
    CONSTRAINT ck_person_account_password_hash CHECK (password_hash LIKE '$argon2id$%'),
    CONSTRAINT ck_person_account_state CHECK (state IN ('active', 'suspended')),
    CONSTRAINT ck_person_account_failed_attempts CHECK (failed_attempts >= 0)
);

-- One row a role given to a person for a time. A grant counts from valid_from up to, not including,
-- the earlier of valid_until and withdrawn_at.

CREATE TABLE access.role_grant (
    id bigint GENERATED ALWAYS AS IDENTITY,
    person_id bigint NOT NULL,
    role_code text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    granted_by bigint,
    granted_at timestamptz NOT NULL,
    withdrawn_by bigint,
    withdrawn_at timestamptz,
    CONSTRAINT pk_role_grant PRIMARY KEY (id),
    CONSTRAINT fk_role_grant_person_id
        FOREIGN KEY (person_id) REFERENCES access.person_account (id),
    CONSTRAINT fk_role_grant_role_code FOREIGN KEY (role_code) REFERENCES access.role (code),
    CONSTRAINT fk_role_grant_granted_by
        FOREIGN KEY (granted_by) REFERENCES access.person_account (id),
    CONSTRAINT fk_role_grant_withdrawn_by
        FOREIGN KEY (withdrawn_by) REFERENCES access.person_account (id),
    CONSTRAINT ck_role_grant_validity CHECK (valid_until > valid_from),
    CONSTRAINT ck_role_grant_not_to_oneself CHECK (granted_by <> person_id),
    CONSTRAINT ck_role_grant_withdrawal CHECK ((withdrawn_by IS NULL) = (withdrawn_at IS NULL))
);
CREATE INDEX ix_role_grant_person_id ON access.role_grant (person_id);

-- One row a session of a person. It counts until the earliest of its two ends and its being ended.

CREATE TABLE access.session (
    id bigint GENERATED ALWAYS AS IDENTITY,
    token_digest bytea NOT NULL,
    person_id bigint NOT NULL,
    made_at timestamptz NOT NULL,
    idle_until timestamptz NOT NULL,
    longest_until timestamptz NOT NULL,
    ended_at timestamptz,
    place text NOT NULL,
    CONSTRAINT pk_session PRIMARY KEY (id),
    CONSTRAINT uq_session_token_digest UNIQUE (token_digest),
    CONSTRAINT fk_session_person_id FOREIGN KEY (person_id) REFERENCES access.person_account (id),
    CONSTRAINT ck_session_token_digest CHECK (octet_length(token_digest) = 32)
);
CREATE INDEX ix_session_person_id ON access.session (person_id);

-- One row a key of an institution. A key is replaced at most once, by a key of the same institution.

CREATE TABLE access.api_key (
    key_id text NOT NULL,
    secret_digest bytea NOT NULL,
    institution_code text NOT NULL,
    label text NOT NULL,
    scopes text[] NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    replaces text,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    revoked_by text,
    revoked_at timestamptz,
    last_used_at timestamptz,
    CONSTRAINT pk_api_key PRIMARY KEY (key_id),
    CONSTRAINT uq_api_key_replaces UNIQUE (replaces),
    CONSTRAINT fk_api_key_replaces FOREIGN KEY (replaces) REFERENCES access.api_key (key_id),
    CONSTRAINT ck_api_key_key_id CHECK (key_id ~ '^[0-9a-f]{16}$'),
    CONSTRAINT ck_api_key_secret_digest CHECK (octet_length(secret_digest) = 32),
    CONSTRAINT ck_api_key_institution_code CHECK (institution_code ~ '^[A-Z0-9]{1,30}$'),
    CONSTRAINT ck_api_key_scopes CHECK (cardinality(scopes) > 0),
    CONSTRAINT ck_api_key_validity CHECK (valid_until >= valid_from),
    CONSTRAINT ck_api_key_revocation CHECK ((revoked_by IS NULL) = (revoked_at IS NULL))
);
CREATE INDEX ix_api_key_institution_code ON access.api_key (institution_code);

-- The log: one row an act on an object, or the refusal of one.

CREATE TABLE access.log_entry (
    id bigint GENERATED ALWAYS AS IDENTITY,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_kind text NOT NULL,
    actor_id text NOT NULL,
    actor_name text NOT NULL,
    institution_code text NOT NULL,
    action text NOT NULL,
    object_kind text NOT NULL,
    object_id text NOT NULL,
    purpose text NOT NULL,
    outcome text NOT NULL,
    detail text NOT NULL,
    place text NOT NULL,
    request_id text NOT NULL,
    CONSTRAINT pk_log_entry PRIMARY KEY (id),
    CONSTRAINT ck_log_entry_actor_kind
        CHECK (actor_kind IN ('person', 'key', 'system', 'nobody')),
    CONSTRAINT ck_log_entry_actor_id CHECK ((actor_id = '') = (actor_kind = 'nobody')),
    CONSTRAINT ck_log_entry_action CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT ck_log_entry_outcome CHECK (outcome IN ('done', 'refused', 'failed'))
);
CREATE INDEX ix_log_entry_object_kind_object_id_id
    ON access.log_entry (object_kind, object_id, id);
CREATE INDEX ix_log_entry_actor_kind_actor_id_id ON access.log_entry (actor_kind, actor_id, id);
CREATE INDEX ix_log_entry_recorded_at ON access.log_entry USING brin (recorded_at);

-- The log is not changed, by anybody: the triggers fire for the owner too, and in replication.

CREATE FUNCTION access.refuse_change() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'access.log_entry only grows: % is refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER log_entry_only_grows BEFORE UPDATE OR DELETE ON access.log_entry
    FOR EACH ROW EXECUTE FUNCTION access.refuse_change();
CREATE TRIGGER log_entry_is_not_emptied BEFORE TRUNCATE ON access.log_entry
    FOR EACH STATEMENT EXECUTE FUNCTION access.refuse_change();
ALTER TABLE access.log_entry ENABLE ALWAYS TRIGGER log_entry_only_grows;
ALTER TABLE access.log_entry ENABLE ALWAYS TRIGGER log_entry_is_not_emptied;

-- What was taken away stays away: an end can come, and come sooner, and is never undone.

CREATE FUNCTION access.keep_withdrawn() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.withdrawn_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'grant % was withdrawn and stays so', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_grant_stays_withdrawn BEFORE UPDATE ON access.role_grant
    FOR EACH ROW EXECUTE FUNCTION access.keep_withdrawn();

CREATE FUNCTION access.keep_ended() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.ended_at IS NOT NULL AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'session % has ended and stays so', OLD.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER session_stays_ended BEFORE UPDATE ON access.session
    FOR EACH ROW EXECUTE FUNCTION access.keep_ended();

CREATE FUNCTION access.keep_revoked() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at
        OR NEW.valid_until > OLD.valid_until THEN
        RAISE EXCEPTION 'key % can end sooner, and not later', OLD.key_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER api_key_stays_revoked BEFORE UPDATE ON access.api_key
    FOR EACH ROW EXECUTE FUNCTION access.keep_revoked();

-- A role that no person granted (the first administrator's) needs the owner's own account.

CREATE FUNCTION access.need_granter() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.granted_by IS NULL AND NOT pg_has_role(
        current_user, (SELECT relowner FROM pg_catalog.pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION 'only the owner may grant a role in nobody''s name'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER role_grant_has_granter BEFORE INSERT ON access.role_grant
    FOR EACH ROW EXECUTE FUNCTION access.need_granter();

-- What the service may do.

GRANT USAGE ON SCHEMA access TO :service;
GRANT SELECT ON ALL TABLES IN SCHEMA access TO :service;
GRANT INSERT ON access.person_account, access.role_grant, access.session, access.api_key
    TO :service;
GRANT UPDATE (display_name, password_hash, state, must_change, failed_attempts, locked_until,
    password_at) ON access.person_account TO :service;
GRANT UPDATE (withdrawn_by, withdrawn_at) ON access.role_grant TO :service;
GRANT UPDATE (idle_until, ended_at) ON access.session TO :service;
GRANT UPDATE (valid_until, revoked_by, revoked_at, last_used_at) ON access.api_key TO :service;
-- Neither number nor time of a line of the log is the service's to say.
GRANT INSERT (actor_kind, actor_id, actor_name, institution_code, action, object_kind, object_id,
    purpose, outcome, detail, place, request_id) ON access.log_entry TO :service;
