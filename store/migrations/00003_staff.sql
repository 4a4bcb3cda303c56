-- Staff: versions of accounts, second factor, history of passwords, tokens of
-- other systems, and the chain of the audit record.

-- +goose Up
ALTER TABLE accounts ADD COLUMN password_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN past_hashes TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN second_factor TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN edition BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN version BIGINT NOT NULL DEFAULT 1;

ALTER TABLE sessions ADD COLUMN stage TEXT NOT NULL DEFAULT '';
ALTER TABLE sessions ADD COLUMN method TEXT NOT NULL DEFAULT '';

CREATE TABLE api_tokens (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    hash         TEXT NOT NULL UNIQUE,
    actions      TEXT NOT NULL,
    region       TEXT NOT NULL,
    department   TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    revoked_at   BIGINT NOT NULL
);

-- seq is NULL for entries older than the chain; the first append after this
-- migration gives them their places. The only row of audit_head is the end of
-- the chain: who appends takes it first, so that nodes append one after another.
ALTER TABLE audit ADD COLUMN seq BIGINT;
ALTER TABLE audit ADD COLUMN hash TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX audit_seq ON audit (seq);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_object ON audit (object, seq);
CREATE TABLE audit_head (
    id   BIGINT PRIMARY KEY,
    seq  BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- +goose Down
DROP TABLE audit_head;
DROP INDEX audit_object;
DROP INDEX audit_actor;
DROP INDEX audit_seq;
ALTER TABLE audit DROP COLUMN hash;
ALTER TABLE audit DROP COLUMN seq;
DROP TABLE api_tokens;
ALTER TABLE sessions DROP COLUMN method;
ALTER TABLE sessions DROP COLUMN stage;
ALTER TABLE accounts DROP COLUMN version;
ALTER TABLE accounts DROP COLUMN edition;
ALTER TABLE accounts DROP COLUMN second_factor;
ALTER TABLE accounts DROP COLUMN past_hashes;
ALTER TABLE accounts DROP COLUMN password_at;
