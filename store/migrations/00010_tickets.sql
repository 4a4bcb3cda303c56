-- Tickets: what of their life is looked up, the timer that runs out first, what
-- staff have to do about them, and incidents that concern many people.

-- +goose Up
ALTER TABLE tickets ADD COLUMN parent TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN incident TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN pending TEXT NOT NULL DEFAULT '';
ALTER TABLE tickets ADD COLUMN next_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tickets ADD COLUMN life TEXT NOT NULL DEFAULT '';
UPDATE tickets SET next_at = due_at WHERE status IN ('accepted', 'dispatched', 'handling');
UPDATE tickets SET next_at = updated_at + 259200000000 WHERE status = 'answered';

CREATE INDEX tickets_next ON tickets (next_at, number) WHERE next_at > 0;
CREATE INDEX tickets_parent ON tickets (parent) WHERE parent <> '';
CREATE INDEX tickets_incident ON tickets (incident, number) WHERE incident <> '';
CREATE INDEX tickets_pending ON tickets (pending, number) WHERE pending <> '';
CREATE INDEX tickets_due ON tickets (department, due_at, number);
CREATE INDEX tickets_alike ON tickets (created_at, matter, region);

CREATE TABLE ticket_tasks (
    id         TEXT PRIMARY KEY,
    number     TEXT NOT NULL REFERENCES tickets (number),
    kind       TEXT NOT NULL,
    addressee  TEXT NOT NULL,
    department TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at    BIGINT NOT NULL,
    done_by    TEXT NOT NULL,
    result     TEXT NOT NULL
);
CREATE INDEX ticket_tasks_open ON ticket_tasks (department, addressee, id) WHERE done_at = 0;
CREATE INDEX ticket_tasks_number ON ticket_tasks (number);

CREATE TABLE incidents (
    id         TEXT PRIMARY KEY,
    state      TEXT NOT NULL,
    matter     TEXT NOT NULL,
    region     TEXT NOT NULL,
    cause      TEXT NOT NULL,
    text       TEXT NOT NULL,
    until      BIGINT NOT NULL,
    answer     TEXT NOT NULL,
    tickets    BIGINT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);
CREATE INDEX incidents_state ON incidents (state, id);

-- +goose Down
DROP TABLE incidents;
DROP TABLE ticket_tasks;
DROP INDEX tickets_alike;
DROP INDEX tickets_due;
DROP INDEX tickets_pending;
DROP INDEX tickets_incident;
DROP INDEX tickets_parent;
DROP INDEX tickets_next;
ALTER TABLE tickets DROP COLUMN life;
ALTER TABLE tickets DROP COLUMN next_at;
ALTER TABLE tickets DROP COLUMN pending;
ALTER TABLE tickets DROP COLUMN incident;
ALTER TABLE tickets DROP COLUMN parent;
