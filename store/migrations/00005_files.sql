-- Files that people send. What tells anything about the person (the name) and
-- the key of the bytes are in sealed, under the contact's key.

-- +goose Up
CREATE TABLE files (
    id              TEXT PRIMARY KEY,
    contact_id      TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    message_id      TEXT NOT NULL,
    ticket          TEXT NOT NULL,
    state           TEXT NOT NULL,
    why             TEXT NOT NULL,
    sealed          TEXT NOT NULL,
    type            TEXT NOT NULL,
    size            BIGINT NOT NULL,
    sha256          TEXT NOT NULL,
    place           TEXT NOT NULL,
    scan            TEXT NOT NULL,
    channel         TEXT NOT NULL,
    source          TEXT NOT NULL,
    tries           BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    deleted_at      BIGINT NOT NULL
);
CREATE INDEX files_contact ON files (contact_id, created_at);
CREATE INDEX files_conversation ON files (conversation_id, created_at) WHERE conversation_id <> '';
CREATE INDEX files_ticket ON files (ticket) WHERE ticket <> '';
CREATE INDEX files_due ON files (next_at) WHERE state IN ('wanted', 'waiting');
CREATE INDEX files_loose ON files (created_at) WHERE message_id = '' AND deleted_at = 0;
CREATE UNIQUE INDEX files_place ON files (place) WHERE place <> '';
CREATE INDEX files_left ON files (deleted_at) WHERE deleted_at <> 0 AND place <> '';

-- +goose Down
DROP TABLE files;
