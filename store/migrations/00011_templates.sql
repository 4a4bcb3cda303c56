-- Templates of replies that the handlers of a department share, and a way to the
-- movements of tickets that the figures of a department are computed from.

-- +goose Up
CREATE TABLE reply_templates (
    id         TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    title      TEXT NOT NULL,
    text       TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    version    BIGINT NOT NULL
);
CREATE INDEX reply_templates_department ON reply_templates (department, title);
CREATE INDEX ticket_events_moved ON ticket_events (at) WHERE kind IN ('dispatched', 'returned');

-- +goose Down
DROP INDEX ticket_events_moved;
DROP TABLE reply_templates;
