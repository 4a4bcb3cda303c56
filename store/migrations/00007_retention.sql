-- Retention: what was anonymised, how old rows are found, where the audit record
-- begins after it was cut, and what each run did. The figures of a ticket's event
-- are the part of its data that tells nothing of a person.

-- +goose Up
ALTER TABLE ticket_events ADD COLUMN figures TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN anonymised BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE intakes ADD COLUMN anonymised BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE handoffs ADD COLUMN anonymised BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE alerts ADD COLUMN anonymised BOOLEAN NOT NULL DEFAULT FALSE;

CREATE INDEX tickets_age ON tickets (type, updated_at, number) WHERE NOT anonymised;
CREATE INDEX tickets_gone ON tickets (updated_at, number) WHERE anonymised;
CREATE INDEX intakes_age ON intakes (updated_at, id) WHERE NOT anonymised;
CREATE INDEX handoffs_age ON handoffs (created_at, id) WHERE NOT anonymised;
CREATE INDEX alerts_age ON alerts (created_at, id) WHERE NOT anonymised;
CREATE INDEX messages_age ON messages (created_at, id);
CREATE INDEX turns_age ON turns (created_at, id);
CREATE INDEX sessions_age ON sessions (expires_at, hash);
CREATE INDEX consents_age ON consents (at, id);
CREATE INDEX files_age ON files (created_at, id);
CREATE INDEX contacts_age ON contacts (created_at, id);

CREATE INDEX tickets_conversation ON tickets (conversation_id) WHERE status NOT IN ('closed', 'withdrawn');
CREATE INDEX turns_conversation ON turns (conversation_id, created_at);
CREATE INDEX alerts_conversation ON alerts (conversation_id);
CREATE INDEX intakes_ticket ON intakes (ticket) WHERE ticket <> '';
CREATE INDEX joined_ref ON joined (what, ref);
CREATE INDEX provider_ids_message ON provider_ids (message_id);

-- The only row says up to where the record was cut, and the hash it was cut at.
CREATE TABLE audit_anchor (
    id     BIGINT PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   TEXT NOT NULL,
    cut_at BIGINT NOT NULL
);
INSERT INTO audit_anchor (id, seq, hash, cut_at) VALUES (1, 0, '', 0);

CREATE TABLE retention_runs (
    id         TEXT PRIMARY KEY,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    complete   BOOLEAN NOT NULL,
    report     TEXT NOT NULL
);
CREATE INDEX retention_runs_started ON retention_runs (started_at);

-- +goose Down
DROP TABLE retention_runs;
DROP TABLE audit_anchor;
DROP INDEX provider_ids_message;
DROP INDEX joined_ref;
DROP INDEX intakes_ticket;
DROP INDEX alerts_conversation;
DROP INDEX turns_conversation;
DROP INDEX tickets_conversation;
DROP INDEX contacts_age;
DROP INDEX files_age;
DROP INDEX consents_age;
DROP INDEX sessions_age;
DROP INDEX turns_age;
DROP INDEX messages_age;
DROP INDEX alerts_age;
DROP INDEX handoffs_age;
DROP INDEX intakes_age;
DROP INDEX tickets_gone;
DROP INDEX tickets_age;
ALTER TABLE alerts DROP COLUMN anonymised;
ALTER TABLE handoffs DROP COLUMN anonymised;
ALTER TABLE intakes DROP COLUMN anonymised;
ALTER TABLE tickets DROP COLUMN anonymised;
ALTER TABLE ticket_events DROP COLUMN figures;
