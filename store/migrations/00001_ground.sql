-- The ground floor. One text for both dialects: TEXT, BIGINT and BOOLEAN mean
-- the same in SQLite and PostgreSQL. Times are microseconds of UTC, 0 for none.

-- +goose Up
CREATE TABLE contacts (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    lang       TEXT NOT NULL,
    roster     BOOLEAN NOT NULL,
    opted_out  BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE addresses (
    address    TEXT PRIMARY KEY,
    contact_id TEXT NOT NULL REFERENCES contacts (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX addresses_contact ON addresses (contact_id, created_at);

CREATE TABLE conversations (
    id           TEXT PRIMARY KEY,
    channel      TEXT NOT NULL,
    channel_kind TEXT NOT NULL,
    address      TEXT NOT NULL,
    contact_id   TEXT NOT NULL REFERENCES contacts (id),
    audience     TEXT NOT NULL,
    region       TEXT NOT NULL,
    lang         TEXT NOT NULL,
    holder       TEXT NOT NULL,
    agent_id     TEXT NOT NULL,
    handoff_id   TEXT NOT NULL,
    intake_id    TEXT NOT NULL,
    roster_claim BOOLEAN NOT NULL,
    safety_said  TEXT NOT NULL,
    state        TEXT NOT NULL,
    version      BIGINT NOT NULL,
    last_seq     BIGINT NOT NULL,
    last_in_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    UNIQUE (channel, address)
);
CREATE INDEX conversations_contact ON conversations (contact_id, last_in_at);

-- Inbound and outbound alike; an outbound row is its own outbox entry. Outbound
-- rows have no external id (NULL): what the provider called their parts is in
-- provider_ids, so that its numbering can never shadow an inbound message.
CREATE TABLE messages (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    seq             BIGINT NOT NULL,
    direction       TEXT NOT NULL,
    author          TEXT NOT NULL,
    channel         TEXT NOT NULL,
    external_id     TEXT,
    content         TEXT NOT NULL,
    turn_id         TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    status          TEXT NOT NULL,
    path            TEXT NOT NULL,
    kind            TEXT NOT NULL,
    urgency         BIGINT NOT NULL,
    params          TEXT NOT NULL,
    dedupe_key      TEXT NOT NULL,
    not_before      BIGINT NOT NULL,
    not_after       BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    repeated        BOOLEAN NOT NULL,
    claimed_by      TEXT NOT NULL,
    claimed_until   BIGINT NOT NULL,
    provider_ids    TEXT NOT NULL,
    parts_sent      BIGINT NOT NULL,
    error           TEXT NOT NULL,
    sent_at         BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT NOT NULL GENERATED ALWAYS AS
                    (CASE WHEN claimed_until > not_before AND claimed_until > created_at THEN claimed_until
                          WHEN not_before > created_at THEN not_before ELSE created_at END) STORED,
    UNIQUE (channel, external_id),
    UNIQUE (conversation_id, seq)
);
CREATE INDEX messages_inbox ON messages (conversation_id, seq) WHERE direction = 'in' AND turn_id = '';
CREATE INDEX messages_due ON messages (urgency, due_at) WHERE status IN ('queued', 'sending');
CREATE INDEX messages_pending ON messages (conversation_id, seq) WHERE status IN ('queued', 'sending');
CREATE INDEX messages_trouble ON messages (status) WHERE status IN ('uncertain', 'failed', 'expired', 'fallback');
CREATE UNIQUE INDEX messages_dedupe ON messages (conversation_id, dedupe_key) WHERE dedupe_key <> '';

CREATE TABLE provider_ids (
    provider_id TEXT NOT NULL,
    channel     TEXT NOT NULL,
    message_id  TEXT NOT NULL REFERENCES messages (id),
    PRIMARY KEY (provider_id, channel, message_id)
);

CREATE TABLE turns (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    inbox           TEXT NOT NULL,
    state_before    TEXT NOT NULL,
    facts           TEXT NOT NULL,
    outcome         TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE intakes (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    contact_id      TEXT NOT NULL,
    channel         TEXT NOT NULL,
    type            TEXT NOT NULL,
    matter          TEXT NOT NULL,
    region          TEXT NOT NULL,
    question        TEXT NOT NULL,
    result          TEXT NOT NULL,
    articles        TEXT NOT NULL,
    ticket          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL
);
CREATE INDEX intakes_conversation ON intakes (conversation_id, created_at);

CREATE TABLE tickets (
    number          TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    type            TEXT NOT NULL,
    matter          TEXT NOT NULL,
    title           TEXT NOT NULL,
    region          TEXT NOT NULL,
    department      TEXT NOT NULL,
    department_name TEXT NOT NULL,
    status          TEXT NOT NULL,
    fields          TEXT NOT NULL,
    confidential    BOOLEAN NOT NULL,
    anonymous       BOOLEAN NOT NULL,
    urgent          BOOLEAN NOT NULL,
    contact_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    channel         TEXT NOT NULL,
    reopened        BIGINT NOT NULL,
    returned        BIGINT NOT NULL,
    urged           BIGINT NOT NULL,
    reply           TEXT NOT NULL,
    solved          TEXT NOT NULL,
    satisfied       TEXT NOT NULL,
    due_at          BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX tickets_contact ON tickets (contact_id, created_at);
CREATE INDEX tickets_department ON tickets (department, status, number);
CREATE INDEX tickets_status_due ON tickets (status, due_at);

CREATE TABLE ticket_events (
    id     TEXT NOT NULL,
    number TEXT NOT NULL REFERENCES tickets (number),
    seq    BIGINT NOT NULL,
    kind   TEXT NOT NULL,
    actor  TEXT NOT NULL,
    data   TEXT NOT NULL,
    at     BIGINT NOT NULL,
    PRIMARY KEY (number, seq)
);

CREATE TABLE handoffs (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    contact_id      TEXT NOT NULL,
    reason          TEXT NOT NULL,
    queue           TEXT NOT NULL,
    priority        BIGINT NOT NULL,
    status          TEXT NOT NULL,
    agent_id        TEXT NOT NULL,
    summary         TEXT NOT NULL,
    draft           TEXT NOT NULL,
    matter          TEXT NOT NULL,
    type            TEXT NOT NULL,
    articles        TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    accepted_at     BIGINT NOT NULL,
    closed_at       BIGINT NOT NULL,
    version         BIGINT NOT NULL
);
CREATE INDEX handoffs_status ON handoffs (status, priority DESC, created_at);
CREATE INDEX handoffs_conversation ON handoffs (conversation_id);

CREATE TABLE alerts (
    id              TEXT PRIMARY KEY,
    conversation_id TEXT NOT NULL,
    kind            TEXT NOT NULL,
    text            TEXT NOT NULL,
    seen_by         TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE INDEX alerts_created ON alerts (created_at);
CREATE INDEX alerts_unseen ON alerts (created_at) WHERE seen_by = '';

-- Every version of every article; newest marks the one that counts.
CREATE TABLE articles (
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,
    title      TEXT NOT NULL,
    body       TEXT NOT NULL,
    asked_as   TEXT NOT NULL,
    keywords   TEXT NOT NULL,
    department TEXT NOT NULL,
    source     TEXT NOT NULL,
    regions    TEXT NOT NULL,
    audience   TEXT NOT NULL,
    theme      TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    valid_to   BIGINT NOT NULL,
    status     TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    revision   BIGINT NOT NULL DEFAULT 0,
    newest     BOOLEAN NOT NULL DEFAULT FALSE,
    PRIMARY KEY (id, version)
);
CREATE UNIQUE INDEX articles_newest ON articles (id) WHERE newest;
CREATE INDEX articles_revision ON articles (revision) WHERE newest;
CREATE INDEX articles_status ON articles (status, id) WHERE newest;

CREATE TABLE accounts (
    id            TEXT PRIMARY KEY,
    login         TEXT NOT NULL UNIQUE,
    name          TEXT NOT NULL,
    roles         TEXT NOT NULL,
    department    TEXT NOT NULL,
    region        TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    must_change   BOOLEAN NOT NULL,
    disabled      BOOLEAN NOT NULL,
    failures      BIGINT NOT NULL,
    locked_until  BIGINT NOT NULL,
    last_login_at BIGINT NOT NULL,
    created_at    BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash       TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    csrf       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE audit (
    id     TEXT PRIMARY KEY,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    result TEXT NOT NULL,
    at     BIGINT NOT NULL
);

CREATE TABLE serials (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- +goose Down
DROP TABLE settings;
DROP TABLE serials;
DROP TABLE audit;
DROP TABLE sessions;
DROP TABLE accounts;
DROP TABLE articles;
DROP TABLE alerts;
DROP TABLE handoffs;
DROP TABLE ticket_events;
DROP TABLE tickets;
DROP TABLE intakes;
DROP TABLE turns;
DROP TABLE provider_ids;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE addresses;
DROP TABLE contacts;
