-- People: keys, proofs, joins, consent, codes and the roster. BYTEA is no type of
-- SQLite's, which keeps a blob as it is under any name.

-- +goose Up
CREATE TABLE keys (
    id           TEXT PRIMARY KEY,
    owner        TEXT NOT NULL,
    holder       TEXT NOT NULL,
    serial       BIGINT NOT NULL,
    root         TEXT NOT NULL,
    wrapped      TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    destroyed_at BIGINT NOT NULL,
    UNIQUE (owner, serial)
);
CREATE INDEX keys_root ON keys (root, id) WHERE destroyed_at = 0;
CREATE INDEX keys_holder ON keys (holder);

CREATE TABLE proofs (
    address    TEXT PRIMARY KEY REFERENCES addresses (address) ON DELETE CASCADE,
    contact_id TEXT NOT NULL,
    how        TEXT NOT NULL,
    proved_by  TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX proofs_contact ON proofs (contact_id);

CREATE TABLE joins (
    id           TEXT PRIMARY KEY,
    kept_id      TEXT NOT NULL REFERENCES contacts (id),
    gone_id      TEXT NOT NULL REFERENCES contacts (id),
    address      TEXT NOT NULL,
    how          TEXT NOT NULL,
    joined_by    TEXT NOT NULL,
    at           BIGINT NOT NULL,
    separated_at BIGINT NOT NULL,
    separated_by TEXT NOT NULL,
    was_roster   BOOLEAN NOT NULL,
    was_opted    BOOLEAN NOT NULL,
    took_name    BOOLEAN NOT NULL
);
CREATE INDEX joins_kept ON joins (kept_id, at);
CREATE INDEX joins_gone ON joins (gone_id, at);

CREATE TABLE joined (
    join_id TEXT NOT NULL REFERENCES joins (id),
    what    TEXT NOT NULL,
    ref     TEXT NOT NULL,
    PRIMARY KEY (join_id, what, ref)
);

CREATE TABLE consents (
    id         TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL,
    purpose    TEXT NOT NULL,
    wording    TEXT NOT NULL,
    given      BOOLEAN NOT NULL,
    channel    TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX consents_contact ON consents (contact_id, purpose, at);

CREATE TABLE opt_outs (
    contact_id TEXT NOT NULL,
    kind       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (contact_id, kind)
);

-- Codes are counted by these rows themselves; a gate is the row that two
-- requests for the same number compete for, so that both cannot pass.
CREATE TABLE codes (
    id         TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL,
    phone_hash TEXT NOT NULL,
    asker_hash TEXT NOT NULL,
    hash       TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    wiped      BOOLEAN NOT NULL
);
CREATE INDEX codes_phone ON codes (phone_hash, created_at);
CREATE INDEX codes_asker ON codes (asker_hash, created_at);
CREATE INDEX codes_created ON codes (created_at);
CREATE INDEX codes_unwiped ON codes (expires_at) WHERE NOT wiped;

CREATE TABLE code_gates (
    name TEXT PRIMARY KEY,
    at   BIGINT NOT NULL
);

CREATE TABLE rosters (
    id         TEXT PRIMARY KEY,
    kinds      TEXT NOT NULL,
    file_rows  BIGINT NOT NULL,
    phones     BIGINT NOT NULL,
    made_by    TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    in_use     BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX rosters_in_use ON rosters (in_use) WHERE in_use;

CREATE TABLE roster_blocks (
    roster_id TEXT NOT NULL REFERENCES rosters (id),
    bucket    BIGINT NOT NULL,
    data      BYTEA NOT NULL,
    PRIMARY KEY (roster_id, bucket)
);

CREATE INDEX intakes_contact ON intakes (contact_id);
CREATE INDEX handoffs_contact ON handoffs (contact_id);

-- +goose Down
DROP INDEX handoffs_contact;
DROP INDEX intakes_contact;
DROP TABLE roster_blocks;
DROP TABLE rosters;
DROP TABLE code_gates;
DROP TABLE codes;
DROP TABLE opt_outs;
DROP TABLE consents;
DROP TABLE joined;
DROP TABLE joins;
DROP TABLE proofs;
DROP TABLE keys;
