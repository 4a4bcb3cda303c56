-- Requests of people about the data that are held about them. note and reason
-- are personal data and kept sealed.

-- +goose Up
CREATE TABLE requests (
    id          TEXT PRIMARY KEY,
    contact_id  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    channel     TEXT NOT NULL,
    note        TEXT NOT NULL,
    status      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    proof       TEXT NOT NULL,
    checked_by  TEXT NOT NULL,
    checked_at  BIGINT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_at BIGINT NOT NULL,
    ended_by    TEXT NOT NULL,
    ended_at    BIGINT NOT NULL,
    reason      TEXT NOT NULL,
    link_hash   TEXT NOT NULL,
    link_by     TEXT NOT NULL,
    link_until  BIGINT NOT NULL,
    doing_until BIGINT NOT NULL,
    version     BIGINT NOT NULL
);
CREATE INDEX requests_contact ON requests (contact_id, created_at);
CREATE INDEX requests_due ON requests (due_at, id) WHERE ended_at = 0;
CREATE INDEX requests_ended ON requests (ended_at, id) WHERE ended_at <> 0;

-- +goose Down
DROP TABLE requests;
