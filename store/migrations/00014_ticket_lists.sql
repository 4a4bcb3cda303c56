-- Lists of tickets and the figures of a department, however many tickets there are:
-- each list is read in its own order from an index that holds only what the list
-- may show, so that a page costs a page. The departments that a ticket came to and
-- left are a column, so that those of one are found without reading all.

-- +goose Up
DROP INDEX tickets_department;
DROP INDEX tickets_status_due;
DROP INDEX tickets_due;
DROP INDEX tickets_pending;
DROP INDEX ticket_events_moved;

CREATE INDEX tickets_department ON tickets (department, number);
CREATE INDEX tickets_worked ON tickets (department, updated_at, number);
CREATE INDEX tickets_open ON tickets (number, region) WHERE status IN ('accepted', 'dispatched', 'handling');
CREATE INDEX tickets_open_with ON tickets (department, due_at, number) WHERE status IN ('accepted', 'dispatched', 'handling');
CREATE INDEX tickets_open_due ON tickets (due_at, number, region) WHERE status IN ('accepted', 'dispatched', 'handling');
CREATE INDEX tickets_pending ON tickets (due_at, number, region) WHERE pending <> '';
CREATE INDEX tickets_against ON tickets (due_at, number, region) WHERE life LIKE '%"accused":["%';
CREATE INDEX tickets_unlit ON tickets (due_at, number, region, department) WHERE status IN ('accepted', 'dispatched', 'handling') AND life NOT LIKE '%"light":"%';
CREATE INDEX tickets_open_yellow ON tickets (due_at, number, region, department) WHERE status IN ('accepted', 'dispatched', 'handling') AND life LIKE '%"light":"yellow"%';
CREATE INDEX tickets_yellow ON tickets (number, region, department) WHERE life LIKE '%"light":"yellow"%';
CREATE INDEX ticket_tasks_kind ON ticket_tasks (kind, addressee, id) WHERE done_at = 0;

ALTER TABLE ticket_events ADD COLUMN department TEXT NOT NULL DEFAULT '';
CREATE TABLE departments_met AS SELECT DISTINCT department FROM tickets WHERE department <> '';
UPDATE ticket_events SET department = COALESCE((
    SELECT d.department FROM departments_met d
    WHERE ticket_events.figures LIKE '%"department":"' || d.department || '"%' LIMIT 1), '')
WHERE kind IN ('dispatched', 'returned');
DROP TABLE departments_met;
CREATE INDEX ticket_events_department ON ticket_events (department, at, number) WHERE department <> '';

-- +goose Down
DROP INDEX ticket_events_department;
ALTER TABLE ticket_events DROP COLUMN department;
DROP INDEX ticket_tasks_kind;
DROP INDEX tickets_yellow;
DROP INDEX tickets_open_yellow;
DROP INDEX tickets_unlit;
DROP INDEX tickets_against;
DROP INDEX tickets_pending;
DROP INDEX tickets_open_due;
DROP INDEX tickets_open_with;
DROP INDEX tickets_open;
DROP INDEX tickets_worked;
DROP INDEX tickets_department;

CREATE INDEX tickets_department ON tickets (department, status, number);
CREATE INDEX tickets_status_due ON tickets (status, due_at);
CREATE INDEX tickets_due ON tickets (department, due_at, number);
CREATE INDEX tickets_pending ON tickets (pending, number) WHERE pending <> '';
CREATE INDEX ticket_events_moved ON ticket_events (at) WHERE kind IN ('dispatched', 'returned');
